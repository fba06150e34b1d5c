/** `whylens explain` of rows and texts: `--row`, `--table` with `--at`, `--text`. */
import { extname } from 'node:path';
import type { Command } from 'commander';
import { WhylensError } from '../../errors.js';
import { explainPrediction } from '../../explain/explain.js';
import type { Explanation } from '../../explanation.js';
import type { Registry } from '../../container/registry.js';
import type { CommandContext } from '../commands.js';
import type { ExplainFlags } from '../flags/explain.js';
import { formatOptions } from '../flags/format.js';
import { Messages } from '../io.js';
import { openModel } from '../model.js';
import { Outputs, STDOUT } from '../outputs.js';
import { formatterOf, formattersFor, writeOutput } from '../rendering.js';
import {
  backgroundOf,
  checkRow,
  namedRows,
  refusePictureFlags,
  rowFiles,
  rowOptions,
} from '../rows.js';
import { parseTarget } from '../target-expression.js';

export async function explainRows(
  command: Command,
  flags: ExplainFlags,
  own: ReadonlySet<string>,
  registry: Registry,
  context: CommandContext,
): Promise<void> {
  const out = flags.out;
  const messages = new Messages(context.io, flags, out === STDOUT);
  refusePictureFlags(flags, ['layer', 'mask', 'forInput']);
  // of a table the first row, where none is named
  const { rows } = await namedRows({
    ...flags,
    ...(flags.table !== undefined && { at: flags.at ?? 0 }),
  });
  const [row] = rows;
  const method = command.getOptionValueSource('method') === 'default' ? undefined : flags.method;
  const opt = flags.opt ?? [];
  if (method === undefined && opt.length > 0) {
    throw new WhylensError('USAGE', '--opt belongs to a method; name it with --method');
  }
  const given = method === undefined ? {} : rowOptions(registry, method, opt, command);
  const background = await backgroundOf(flags);
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
    inputs: { files: rowFiles(flags), models: [flags.model] },
  });
  const opened = await openModel(flags.model, flags, context.io);
  try {
    checkRow(opened.model.model, row);
    const explanation: Explanation = await explainPrediction(opened.model, row.document, {
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
