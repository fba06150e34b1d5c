/** `whylens evaluate` of rows and texts: methods put to the test by taking features and words away. */
import type { Command } from 'commander';
import type { Registry } from '../../container/registry.js';
import type { Table } from '../../documents/table.js';
import { WhylensError } from '../../errors.js';
import { evaluateExplanation, type Evaluation } from '../../evaluate/evaluate.js';
import { TABULAR_METRIC_INFO } from '../../evaluate/metrics.js';
import { TABULAR_METRIC_OPTIONS } from '../../evaluate/options.js';
import { tabularMetrics } from '../../evaluate/tabular.js';
import { explainPrediction } from '../../explain/explain.js';
import { append } from '../../maths/extremes.js';
import type { CommandContext } from '../commands.js';
import { eachOf } from '../each.js';
import { metricOptions, reportEvaluations, type Evaluated } from '../evaluations.js';
import { list, pairsOf } from '../flags/compare.js';
import { Messages } from '../io.js';
import { openModel } from '../model.js';
import { STDOUT } from '../outputs.js';
import { Progress } from '../progress.js';
import { pluginsOf, refuseInput } from '../protect.js';
import {
  backgroundOf,
  checkRow,
  namedRows,
  optionsForRows,
  refusePictureFlags,
  rowFiles,
  rowOptions,
  type NamedRow,
} from '../rows.js';
import { parseTarget } from '../target-expression.js';
import type { EvaluateFlags } from './evaluate.js';

export async function evaluateRows(
  command: Command,
  flags: EvaluateFlags,
  registry: Registry,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const messages = new Messages(io, flags, flags.json === STDOUT);
  refusePictureFlags(flags, ['boxes', 'layer', 'mask', 'forInput', 'output']);
  const named = command.getOptionValueSource('method') !== 'default';
  const methods = named ? [...new Set(list(flags.method))] : [undefined];
  const own = methods.map(
    (method) =>
      [method, optionsAmong(registry, method, methods, flags.opt ?? [], command)] as const,
  );
  const metrics = tabularMetrics(
    flags.metric === undefined || flags.metric === 'all' ? flags.metric : list(flags.metric),
  );
  const settings = metricOptions(flags.metricOpt ?? [], TABULAR_METRIC_OPTIONS);
  const { rows, table } = await namedRows(flags);
  const background = await backgroundFor(flags, table, messages);
  refuseInput(flags.json, {
    files: [...rowFiles(flags), flags.labels, ...pluginsOf({ ...flags })],
    models: [flags.model],
  });
  const opened = await openModel(flags.model, flags, io);
  const progress = new Progress(messages, flags);
  const shared = {
    container: await context.container(),
    seed: flags.seed,
    batchSize: flags.batchSize,
    maxMemory: flags.maxMemory,
    signal: io.signal,
    onProgress: progress.update,
  };
  const one = async (
    { document, name }: NamedRow,
    method: string | undefined,
    options: Readonly<Record<string, unknown>>,
  ): Promise<Evaluation> => {
    progress.name(method ?? '');
    const explanation = await explainPrediction(opened.model, document, {
      ...shared,
      ...options,
      ...(takesBackground(registry, method) && background),
      method: method as string,
      top: null,
      score: flags.score,
      ...(flags.target !== undefined && {
        targets: [parseTarget(flags.target, opened.model.labels)],
      }),
    });
    const evaluation = await evaluateExplanation(opened.model, document, explanation, {
      ...shared,
      ...settings,
      ...background,
      metrics,
    });
    progress.stop();
    for (const warning of [...explanation.warnings, ...evaluation.warnings]) {
      messages.complain(`${name}, ${evaluation.method}: ${warning}`);
    }
    return evaluation;
  };
  const results: Evaluated[] = [];
  try {
    const ended = await eachOf(
      rows,
      {
        what: 'rows',
        name: (row) => row.name,
        messages,
        verbose: flags.verbose,
        settle: () => progress.stop(),
      },
      async (row) => {
        checkRow(opened.model.model, row);
        // all methods or none, so that each line is over the same rows
        const found: Evaluated[] = [];
        for (const [method, options] of own) {
          found.push({ document: row.name, evaluation: await one(row, method, options) });
        }
        append(results, found);
      },
    );
    if (ended.done > 0) {
      await reportEvaluations(results, {
        ...{ flags, metrics, messages },
        methods: [...new Set(results.map(({ evaluation }) => evaluation.method))],
        info: TABULAR_METRIC_INFO,
        what: 'rows',
      });
    }
    context.exitWith(ended.report());
  } finally {
    opened.model.dispose();
  }
}

/** What is taken away gets the values of these rows: those that are named, else those of the table itself. */
async function backgroundFor(
  flags: EvaluateFlags,
  table: Table | undefined,
  messages: Messages,
): Promise<{ background?: unknown }> {
  if (flags.text !== undefined) return {};
  if (flags.background !== undefined) return backgroundOf(flags);
  if (table !== undefined && table.rows.length > 1) {
    messages.note(
      `background: the ${table.rows.length} rows of ${String(flags.table)}; --background names others`,
    );
    return { background: table };
  }
  throw new WhylensError(
    'USAGE',
    'evaluating an explanation of a row takes features away, which needs rows that stand for unknown values: give --background with a table of them, such as the training data',
  );
}

/** Without a name the method is one of those that take one where there are rows. */
function takesBackground(registry: Registry, method: string | undefined): boolean {
  if (method === undefined) return true;
  return Object.hasOwn(optionsForRows(registry, method), 'background');
}

/** The pairs that a method has; one that no method has is told by the first of them. */
function optionsAmong(
  registry: Registry,
  method: string | undefined,
  methods: readonly (string | undefined)[],
  pairs: readonly string[],
  command: Command,
): Record<string, unknown> {
  if (method === undefined) {
    if (pairs.length === 0) return {};
    throw new WhylensError('USAGE', '--opt belongs to a method; name it with --method');
  }
  const mine = pairsOf(method, methods as string[], pairs, (id) => optionsForRows(registry, id));
  return rowOptions(registry, method, mine, command);
}
