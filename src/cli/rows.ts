/** Rows and texts on the command line: `--row`, `--table` with `--at`, `--text`, `--background`. */
import type { Command } from 'commander';
import type { Registry } from '../container/registry.js';
import type { Table } from '../documents/table.js';
import { WhylensError } from '../errors.js';
import { isTabularModel } from '../model/tabular/interface.js';
import { modelRows } from '../model/tabular/read-rows.js';
import { validateOptions, type OptionSpecs } from '../options.js';
import { readFileBounded } from '../node/read-file.js';
import type { Fail } from '../reading/fetch.js';
import { limitsOf } from '../reading/limits.js';
import { isTaken } from './config/taken.js';
import { flagName, flagsBeside, parseTexts, splitPair } from './flags/format.js';
import { more } from './flags/shared.js';

/** The flags as commander parses them. */
export interface RowFlags {
  readonly row?: unknown;
  readonly table?: unknown;
  readonly at?: unknown;
  readonly text?: unknown;
  readonly background?: unknown;
  readonly [flag: string]: unknown;
}

/** A row or a text, and where it stands for whoever wrote it. */
export interface NamedRow {
  readonly document: unknown;
  /** What messages call it: `row 12 of rows.csv`. */
  readonly name: string;
  /** The file that a row is in, and which of its rows it is, counted from 0. */
  readonly place?: { readonly what: string; readonly first: number };
}

/** @param all what is done if `--at` is not given: all rows, or the first */
export function addRowOptions(
  command: Command,
  { verb, all }: { readonly verb: string; readonly all: boolean },
): Command {
  return command
    .addOption(
      more('--row <file>', `${verb} a row: a JSON file with an object by feature name, or a list.`),
    )
    .addOption(
      more(
        '--table <file>',
        `${verb} ${all ? 'the rows' : 'a row'} of a table: CSV, JSON lines, JSON or Arrow. --at says which.`,
      ),
    )
    .addOption(
      more(
        '--at <n>',
        `Which row of --table, counted from 0. Default: ${all ? 'all' : '0'}.`,
      ).argParser(Number),
    )
    .addOption(more('--text <text>', `${verb} a text.`))
    .addOption(
      more(
        '--background <file>',
        'A table of rows that stand for unknown values, for methods that need one.',
      ),
    );
}

/** True if rows or a text are meant, and no pictures. */
export function wantsRows({ row, table, text }: RowFlags, pictures: readonly unknown[]): boolean {
  const named = [row, table, text].filter((flag) => flag !== undefined);
  if (named.length > 0 && pictures.length > 0) {
    throw new WhylensError('USAGE', 'give pictures, or one of --row, --table and --text');
  }
  if (named.length > 1) {
    throw new WhylensError('USAGE', 'give one of --row, --table and --text');
  }
  return named.length > 0;
}

/** Refuses what only says something about rows where there are none. */
export function refuseRowFlags(flags: RowFlags): void {
  for (const name of ['at', 'background'] as const) {
    if (flags[name] === undefined || isTaken(flags, name)) continue;
    throw new WhylensError(
      'USAGE',
      `--${name} is for rows; name them with --row or --table, or leave it out`,
    );
  }
}

/** Refuses what only says something about pictures where there are none. */
export function refusePictureFlags(flags: object, names: readonly string[]): void {
  for (const name of names) {
    if ((flags as Record<string, unknown>)[name] === undefined || isTaken(flags, name)) continue;
    throw new WhylensError(
      'USAGE',
      `${flagName(name)} is for pictures, and a row or a text is named; leave it out`,
    );
  }
}

/** The files among the flags, which no output may overwrite. */
export function rowFiles({ row, table, background }: RowFlags): string[] {
  return [row, table, background].filter((file): file is string => typeof file === 'string');
}

export interface NamedRows {
  readonly rows: readonly NamedRow[];
  /** All of the table that they are from. */
  readonly table?: Table;
}

/** The rows or the text that the flags name; of a table the row `--at`, else all of them. */
export async function namedRows({ row, table, text, at }: RowFlags): Promise<NamedRows> {
  if (at !== undefined && table === undefined) {
    throw new WhylensError('USAGE', '--at says which row of --table, and there is no --table');
  }
  if (text !== undefined) return { rows: [{ document: String(text), name: 'the text' }] };
  if (row !== undefined) {
    const what = String(row);
    return { rows: [{ document: await json(what), name: what, place: { what, first: 0 } }] };
  }
  const what = String(table);
  const read = await tableOf(what);
  const { columns, rows } = read;
  const index = at === undefined ? undefined : Number(at);
  if (index !== undefined && !(Number.isInteger(index) && index >= 0 && index < rows.length)) {
    throw new WhylensError(
      'USAGE',
      rows.length === 0
        ? `${what} holds no rows, so there is no row ${String(at)}`
        : `--at must be a row of the table, from 0 to ${rows.length - 1}, got ${String(at)}`,
    );
  }
  if (rows.length === 0) {
    throw new WhylensError('INVALID_DOCUMENT', `the table ${what} holds no rows`);
  }
  const named = (index === undefined ? rows.map((_, n) => n) : [index]).map((n) => ({
    document: Object.fromEntries(columns.map((name, j) => [name, rows[n][j]])),
    name: `row ${n} of ${what}`,
    place: { what, first: n },
  }));
  return { rows: named, table: read };
}

/**
 * Refuses a row that the model cannot read, in the words of the file that it is in.
 *
 * @throws WhylensError `INVALID_DOCUMENT` with row and column
 */
export function checkRow(model: unknown, { document, place }: NamedRow): void {
  if (place === undefined || !isTabularModel(model) || model.documents !== 'rows') return;
  modelRows(document, model, place.what, place.first);
}

export async function tableOf(path: string): Promise<Table> {
  const { readTable } = await import('../node/read-table.js');
  return readTable(path);
}

/** The option `background`, out of its file. */
export async function backgroundOf({ background }: RowFlags): Promise<{ background?: unknown }> {
  return background === undefined ? {} : { background: await tableOf(String(background)) };
}

/** The options that a method has for rows and texts. */
export function optionsForRows(registry: Registry, method: string): OptionSpecs {
  const explainer = registry.explainer(method);
  return (explainer.rows ?? explainer).options;
}

/** Pairs of `--opt` as the options that a method has for rows and texts. */
export function rowOptions(
  registry: Registry,
  method: string,
  pairs: readonly string[],
  command: Command,
): Record<string, unknown> {
  const options = optionsForRows(registry, method);
  const owner = `method '${method}'`;
  const texts = Object.fromEntries(pairs.map((pair) => splitPair('--opt', pair)));
  const given = parseTexts(owner, options, texts);
  validateOptions(owner, options, given, flagsBeside(command));
  return given;
}

async function json(path: string): Promise<unknown> {
  const fail: Fail = (why, details) =>
    new WhylensError('FILE', `cannot read the row '${path}': ${why}`, details);
  const bytes = await readFileBounded(path, { limits: limitsOf('--row', {}), fail, named: true });
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (cause) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the row '${path}' must be JSON, an object by feature name or a list: ${(cause as Error).message}`,
      { cause },
    );
  }
}
