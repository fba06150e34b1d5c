/** What `whylens evaluate` says in the end: a row a method, a column a metric. */
import type { Evaluation } from '../evaluate/evaluate.js';
import type { MetricInfo, TabularMetric, Metric } from '../evaluate/metrics.js';
import { estimate } from '../maths/metrics/interval.js';
import { validateOptions, type OptionSpecs } from '../options.js';
import { cleanJson } from './clean.js';
import { parseTexts, splitPair } from './flags/format.js';
import type { Messages } from './io.js';
import { STDOUT } from './outputs.js';
import { table } from './table.js';

export interface Evaluated {
  /** The picture, or what stands in its place. */
  readonly image?: string;
  readonly document?: string;
  readonly evaluation: Evaluation;
}

interface EvaluationReport {
  readonly flags: { readonly json?: string; readonly seed?: number };
  readonly methods: readonly string[];
  readonly metrics: readonly (Metric | TabularMetric)[];
  readonly info: Readonly<Record<string, MetricInfo>>;
  /** What several of them are called. */
  readonly what: 'pictures' | 'rows';
  /** What stands beside the results in the JSON. */
  readonly about?: Readonly<Record<string, unknown>>;
  readonly messages: Messages;
}

/** A row a method: its value, or over several pictures or rows the mean and its 95 % interval. */
export async function reportEvaluations(
  results: readonly Evaluated[],
  { flags, methods, metrics, info, what, about, messages }: EvaluationReport,
): Promise<void> {
  const estimates = methods.map((method) => {
    const mine = results.filter(({ evaluation }) => evaluation.method === method);
    return metrics.map((metric) =>
      estimate(
        mine.flatMap(({ evaluation }) => evaluation.values[metric] ?? []),
        { seed: flags.seed },
      ),
    );
  });
  if (flags.json !== undefined) {
    const content = `${cleanJson({ metrics, ...about, results })}\n`;
    if (flags.json === STDOUT) {
      messages.io.stdout.write(content);
      return;
    }
    const { writeFileWhole } = await import('../node/write-file.js');
    await writeFileWhole(flags.json, content);
  }
  if (results.length === 0) return;
  const rows = methods.map((method, i) => [
    method,
    ...estimates[i].map((found) => {
      if (found === undefined) return '–';
      const mean = found.mean.toFixed(3);
      return found.n === 1 ? mean : `${mean} [${found.low.toFixed(3)}, ${found.high.toFixed(3)}]`;
    }),
  ]);
  const head = metrics.map((metric) => `${metric} ${info[metric].better === 'higher' ? '↑' : '↓'}`);
  messages.print(
    table(
      ['method', ...head],
      rows,
      head.map((_, i) => i + 1),
    ),
  );
  for (const { image, evaluation } of results) {
    const { reason } = evaluation.randomisation ?? {};
    if (reason !== undefined) {
      messages.print(`${evaluation.method} fails the randomisation check on ${image}: ${reason}`);
    }
  }
  const several = new Set(results.map(({ image, document }) => image ?? document)).size;
  if (several > 1) messages.print(`means over ${several} ${what} [95 % interval]`);
  if (flags.json !== undefined) messages.note(flags.json);
}

/** Pairs of `--metric-opt` as settings, checked. */
export function metricOptions(
  pairs: readonly string[],
  specs: OptionSpecs,
): Record<string, unknown> {
  const owner = 'the metrics';
  const texts = Object.fromEntries(pairs.map((pair) => splitPair('--metric-opt', pair)));
  return validateOptions(owner, specs, parseTexts(owner, specs, texts));
}
