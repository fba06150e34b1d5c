/** What a batch explains: a list of references, made once and stored, so that a resumed run means the same. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { WhylensError } from '../../errors.js';
import type { Cell, Table } from '../../documents/table.js';
import { ARCHIVE, entriesOf } from './archive.js';

/** One document, as plain data; `output` is the name of its results without ending. */
export type DocumentReference = {
  readonly index: number;
  /** As it is shown. */
  readonly name: string;
  readonly output: string;
  /** Its own target, as on the command line. */
  readonly target?: string;
} & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'entry'; readonly archive: string; readonly entry: string }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'row'; readonly row: Readonly<Record<string, Cell>> }
);

/** A reference before it has its place in the list. */
type Found = { readonly name: string; readonly base: string; readonly target?: string } & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'entry'; readonly archive: string; readonly entry: string }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'row'; readonly row: Readonly<Record<string, Cell>> }
);

export interface DocumentOptions {
  /** Column of a table that holds pictures or texts. Default: the first name of the list below that the table has. */
  readonly documentColumn?: string;
  /** Column of a table that holds targets. Default `target`, for tables of pictures and texts. */
  readonly targetColumn?: string;
  /** Lines of standard input, for `-`. */
  readonly stdin: () => Promise<string>;
}

const PICTURE = /[.](png|jpe?g|webp|gif|tiff?|avif)$/i;
const TABLE = /[.](csv|tsv|jsonl|ndjson|arrow|feather)$/i;
const PICTURE_COLUMNS = ['image', 'picture', 'path', 'file'];
const TEXT_COLUMNS = ['text', 'sentence', 'document'];
/** Names of the batch's own files, which no result may take. */
const RESERVED = ['batch', 'journal', 'documents', 'results', 'gallery'];
const LONGEST_PART = 120;

/**
 * Files, folders with all below them, patterns, addresses, archives, tables and
 * `-` for a list on standard input, in the order given; within a folder by name.
 *
 * @throws WhylensError `USAGE` for none at all, `FILE` for what is not there
 */
export async function findDocuments(
  inputs: readonly string[],
  options: DocumentOptions,
): Promise<DocumentReference[]> {
  const taken = new Map(RESERVED.map((name) => [name, 1]));
  const list: DocumentReference[] = [];
  for (const input of inputs) {
    for (const { base, ...found } of await documentsOf(input, options)) {
      list.push({ index: list.length, ...found, output: unique(base, taken) });
    }
  }
  if (list.length > 0) return list;
  throw new WhylensError(
    'USAGE',
    'a batch needs documents: pictures, folders, patterns, archives, tables (CSV, JSON lines, Arrow), or - for a list on standard input',
  );
}

async function documentsOf(input: string, options: DocumentOptions): Promise<Found[]> {
  if (input === '-') return listed(await options.stdin(), options);
  if (/^https?:/i.test(input)) return [address(input)];
  const found = await stat(input).catch(() => undefined);
  if (found?.isDirectory() === true) return folder(input);
  if (found === undefined && /[*?[{]/.test(input)) return pattern(input);
  if (found === undefined) {
    throw new WhylensError('FILE', `there is no '${input}'`, { facts: { path: input } });
  }
  if (ARCHIVE.test(input)) return archive(input);
  if (TABLE.test(input)) return table(input, options);
  return [file(input, basename(input))];
}

function file(path: string, within: string, target?: string): Found {
  const base = within.slice(0, within.length - extname(within).length);
  return { kind: 'file', name: path, path: resolve(path), base, ...(target && { target }) };
}

function address(text: string, target?: string): Found {
  const path = URL.canParse(text) ? new URL(text).pathname : text;
  const name = basename(path, extname(path)) || 'image';
  return { kind: 'address', name: text, address: text, base: name, ...(target && { target }) };
}

/** All pictures below a folder. Links to folders are not followed: they may lead in a circle. */
async function folder(path: string): Promise<Found[]> {
  const found: Found[] = [];
  const visit = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const full = join(at, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) await visit(full);
      else if ((entry.isFile() || entry.isSymbolicLink()) && PICTURE.test(entry.name)) {
        found.push(file(full, relative(path, full)));
      }
    }
  };
  await visit(path);
  if (found.length > 0) return found;
  throw new WhylensError('FILE', `folder '${path}' and the folders below it hold no picture`, {
    facts: { folder: path },
  });
}

async function pattern(input: string): Promise<Found[]> {
  const { glob } = await import('tinyglobby');
  const matches = await glob(input.replaceAll('\\', '/'), { onlyFiles: true });
  if (matches.length > 0) return matches.sort().map((path) => file(path, basename(path)));
  throw new WhylensError('FILE', `no file matches '${input}'`, { facts: { pattern: input } });
}

async function archive(path: string): Promise<Found[]> {
  const names = (await entriesOf(path)).filter(
    (name) => PICTURE.test(name) && !/(^|[/])([.](?![/])|__MACOSX)/.test(name),
  );
  if (names.length > 0) {
    return names.map((entry) => ({
      kind: 'entry',
      name: `${path}/${entry}`,
      archive: resolve(path),
      entry,
      base: entry.slice(0, entry.length - extname(entry).length),
    }));
  }
  throw new WhylensError('FILE', `archive '${path}' holds no picture`, { facts: { path } });
}

/** One document for each row: a picture, a text, or the row itself. */
async function table(path: string, options: DocumentOptions): Promise<Found[]> {
  const { readTable } = await import('../../node/read-table.js');
  const read = await readTable(path);
  const { documentColumn, targetColumn } = options;
  const chosen = column(path, read, documentColumn, [...PICTURE_COLUMNS, ...TEXT_COLUMNS]);
  const isDocument = chosen !== undefined;
  const targets = column(path, read, targetColumn, isDocument ? ['target'] : []);
  // names such as 007 are not numbers
  const asText = [chosen, targets].filter((name) => name !== undefined);
  const types = Object.fromEntries(asText.map((name) => [name, 'text' as const]));
  const { columns, rows } = asText.length === 0 ? read : await readTable(path, { types });
  const width = String(Math.max(rows.length - 1, 0)).length;
  return rows.map((cells, at) => {
    const cell = (name: string | undefined) =>
      name === undefined ? undefined : cells[columns.indexOf(name)];
    const value = cell(chosen);
    const given = cell(targets);
    const target = given === null || given === undefined ? undefined : String(given);
    const where = `${path}, row ${at}`;
    const base = `row-${String(at).padStart(width, '0')}`;
    if (!isDocument) {
      const row = Object.fromEntries(columns.map((name, j) => [name, cells[j]]));
      if (targets !== undefined) delete row[targets];
      return { kind: 'row', name: where, base, row, ...(target && { target }) };
    }
    if (value === null || value === undefined || value === '') {
      throw new WhylensError('INVALID_DOCUMENT', `${where}: column '${chosen}' is empty`, {
        facts: { path, row: at, column: chosen },
      });
    }
    const text = String(value);
    if (TEXT_COLUMNS.includes(chosen) || (chosen === documentColumn && !isPlace(text))) {
      return { kind: 'text', name: where, base, text, ...(target && { target }) };
    }
    return place(text, dirname(path), target);
  });
}

function column(
  path: string,
  { columns }: Table,
  named: string | undefined,
  usual: readonly string[],
): string | undefined {
  if (named === undefined) return usual.find((name) => columns.includes(name));
  if (columns.includes(named)) return named;
  throw new WhylensError(
    'INVALID_DOCUMENT',
    `table '${path}' has no column '${named}'; its columns are ${columns.join(', ')}`,
    { facts: { path, column: named, columns } },
  );
}

function isPlace(text: string): boolean {
  return /^https?:/i.test(text) || PICTURE.test(text);
}

/** A path in a table or a list is relative to the folder of that file. */
function place(text: string, from: string, target?: string): Found {
  if (/^https?:/i.test(text)) return address(text, target);
  const path = isAbsolute(text) ? text : join(from, text);
  return file(path, isAbsolute(text) ? basename(text) : text, target);
}

/** One document for each line: a path or an address, or a JSON object with `image` or `text`, and `target`. */
function listed(text: string, { documentColumn, targetColumn }: DocumentOptions): Found[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line, at) => {
    if (!line.trimStart().startsWith('{')) return place(line, '.');
    const where = `standard input, line ${at + 1}`;
    let object: Record<string, Cell>;
    try {
      object = JSON.parse(line) as Record<string, Cell>;
    } catch (cause) {
      throw new WhylensError('INVALID_DOCUMENT', `${where} is no JSON: ${String(cause)}`, {
        cause,
      });
    }
    const pictures = documentColumn === undefined ? PICTURE_COLUMNS : [documentColumn];
    const { [targetColumn ?? 'target']: given, ...rest } = object;
    const target = given === undefined || given === null ? undefined : String(given);
    const picture = pictures.find((name) => typeof object[name] === 'string');
    if (picture !== undefined) return place(String(object[picture]), '.', target);
    const base = `line-${at + 1}`;
    const words = TEXT_COLUMNS.find((name) => typeof object[name] === 'string');
    if (words !== undefined) {
      const text = String(object[words]);
      return { kind: 'text', name: where, base, text, ...(target && { target }) };
    }
    const row = targetColumn === undefined ? object : rest;
    return {
      kind: 'row',
      name: where,
      base,
      row,
      ...(targetColumn !== undefined && target && { target }),
    };
  });
}

/** A safe relative name that no other document has, whatever the letters' case. */
function unique(base: string, taken: Map<string, number>): string {
  const safe = base
    .split(/[/\\]+/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .map((part) => clean(part))
    .join('/');
  const name = safe === '' ? 'document' : safe;
  const key = name.toLowerCase();
  let candidate = name;
  // from where the last one of this name got its number: a list may hold one name a million times
  let number = taken.get(key) ?? 0;
  while (taken.has(candidate.toLowerCase())) candidate = `${name}-${++number}`;
  taken.set(key, Math.max(number, 1));
  if (candidate !== name) taken.set(candidate.toLowerCase(), 1);
  return candidate;
}

/** Without characters that mean something to a file system, a shell or a terminal; `~` is reserved for targets. */
function clean(part: string): string {
  const safe = part.normalize('NFC').replace(/[\p{C}<>:"|?*~]+/gu, '-');
  return [...safe].slice(0, LONGEST_PART).join('').replace(/^[.]+/, '') || 'x';
}
