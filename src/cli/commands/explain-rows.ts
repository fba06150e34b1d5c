/** `whylens explain` of rows and texts: `--row`, `--table` with `--at`, `--text`. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { WhylensError } from '../../errors.js';
import { explainPrediction } from '../../explain/explain.js';
import type { Explanation } from '../../explanation.js';
import type { Registry } from '../../container/registry.js';
import { parseOption, validateOptions } from '../../options.js';
import type { CommandContext } from '../commands.js';
import type { ExplainFlags } from '../flags/explain.js';
import { flagsBeside, formatOptions, splitPair } from '../flags/format.js';
import { more } from '../flags/shared.js';
import { Messages } from '../io.js';
import { openModel } from '../model.js';
import { Outputs, STDOUT } from '../outputs.js';
import { formatterOf, formattersFor, writeOutput } from '../rendering.js';
import { parseTarget } from '../target-expression.js';

export function addRowOptions(command: Command): Command {
  return command
    .addOption(
      more('--row <file>', 'Explain a row: a JSON file with an object by feature name, or a list.'),
    )
    .addOption(
      more(
        '--table <file>',
        'Explain a row of a table: CSV, JSON lines, JSON or Arrow. --at says which.',
      ),
    )
    .addOption(
      more('--at <n>', 'Which row of --table, counted from 0. Default: 0.').argParser(Number),
    )
    .addOption(more('--text <text>', 'Explain a text.'))
    .addOption(
      more(
        '--background <file>',
        'A table of rows that stand for unknown values, for methods that need one.',
      ),
    );
}

/** True if a row or a text is to be explained. */
export function wantsRows({ row, table, text }: ExplainFlags): boolean {
  return row !== undefined || table !== undefined || text !== undefined;
}

export async function explainRows(
  command: Command,
  flags: ExplainFlags,
  own: ReadonlySet<string>,
  registry: Registry,
  context: CommandContext,
): Promise<void> {
  const out = flags.out;
  const messages = new Messages(context.io, flags, out === STDOUT);
  const document = await documentOf(flags);
  const method = command.getOptionValueSource('method') === 'default' ? undefined : flags.method;
  const opt = flags.opt ?? [];
  if (method === undefined && opt.length > 0) {
    throw new WhylensError('USAGE', '--opt belongs to a method; name it with --method');
  }
  const given = method === undefined ? {} : optionsOf(registry, method, opt, command);
  const background =
    flags.background === undefined ? {} : { background: await tableOf(String(flags.background)) };
  const formatters = formattersFor(
    registry,
    flags.as ?? (out === undefined ? 'text' : undefined),
    out,
  );
  const outputs = new Outputs({
    out,
    extension: formatters[0].extensions[0] ?? 'txt',
    several: false,
    force: flags.force,
    endingNeeded: formatters[0].extensions.includes('png'),
    inputs: { files: [], models: [flags.model] },
  });
  const opened = await openModel(flags.model, flags, context.io);
  try {
    const explanation: Explanation = await explainPrediction(opened.model, document, {
      ...given,
      ...background,
      container: await context.container(),
      method: method as string,
      score: flags.score,
      targets:
        flags.target?.length === 1 && flags.target[0] === 'all'
          ? 'all'
          : flags.target?.map((text) => parseTarget(text, opened.model.labels)),
      seed: flags.seed,
      batchSize: flags.batchSize,
      maxMemory: flags.maxMemory,
      signal: context.io.signal,
    });
    for (const warning of explanation.warnings) messages.complain(warning);
    const formatter = formatterOf(formatters, explanation.kind);
    const ending = out === undefined ? '' : extname(out).slice(1).toLowerCase();
    const chosen = formatOptions(formatter, registry, flags, own, ending);
    const result = formatter.format(explanation, chosen);
    if (out === undefined && (flags.as === undefined || typeof result === 'string')) {
      messages.print(String(result).trimEnd());
    } else {
      const output = outputs.next('explanation', explanation.method, []);
      await writeOutput(context.io, output, result);
      if (output.path !== STDOUT) messages.note(output.path);
    }
  } finally {
    opened.model.dispose();
  }
}

async function documentOf({ row, table, text, at }: ExplainFlags): Promise<unknown> {
  const named = [row, table, text].filter((flag) => flag !== undefined);
  if (named.length > 1) {
    throw new WhylensError('USAGE', 'give one of --row, --table and --text');
  }
  if (text !== undefined) return String(text);
  if (row !== undefined) return json(String(row));
  const index = at === undefined ? 0 : Number(at);
  const { columns, rows } = await tableOf(String(table));
  const found = rows[index];
  if (!Number.isInteger(index) || found === undefined) {
    throw new WhylensError(
      'USAGE',
      `--at must be a row of the table, from 0 to ${rows.length - 1}, got ${String(at)}`,
    );
  }
  return Object.fromEntries(columns.map((name, j) => [name, found[j]]));
}

async function json(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new WhylensError('FILE', `cannot read the row '${path}': ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the row '${path}' must be JSON, an object by feature name or a list: ${(cause as Error).message}`,
      { cause },
    );
  }
}

export async function tableOf(path: string) {
  const { readTable } = await import('../../node/read-table.js');
  return readTable(path);
}

function optionsOf(
  registry: Registry,
  method: string,
  pairs: readonly string[],
  command: Command,
): Record<string, unknown> {
  const explainer = registry.explainer(method);
  const { options } = explainer.rows ?? explainer;
  const owner = `method '${method}'`;
  const given = Object.fromEntries(
    pairs
      .map((pair) => splitPair('--opt', pair))
      .map(([name, text]) => [
        name,
        Object.hasOwn(options, name) ? parseOption(owner, name, options[name], text) : text,
      ]),
  ) as Record<string, unknown>;
  validateOptions(owner, options, given, flagsBeside(command));
  return given;
}
