import { featureImportances, type FeatureFilter } from '../builders/feature-weights.js';
import { AbortedError, WhylensError } from '../errors.js';
import { watchingProgress } from '../explain/progress.js';
import type { FeatureImportancesExplanation } from '../explanation.js';
import { seededRandom } from '../maths/random.js';
import type { RowModel, Rows } from '../model/tabular/interface.js';
import { featureFilterOf } from './filter.js';
import { metricFor, type MetricFunction } from './metrics.js';
import { requireRowModel, requireTable, truthColumn, truthNumbers } from './model.js';

/** Options of `permutationImportance`. */
export interface PermutationImportanceOptions {
  /** Name of a metric, or a function of which higher is better. Default `'accuracy'`; `'r2'` for regressions. */
  readonly metric?: string | MetricFunction;
  /** How often each column is shuffled. Default 5. */
  readonly repeats?: number;
  /** Default 0. */
  readonly seed?: number;
  /** `permutations[feature][repeat]`: row `i` takes the value of row `permutations[…][i]`. Default: drawn from the seed. */
  readonly permutations?: readonly (readonly ArrayLike<number>[])[];
  /** How many features are kept. Default: all. */
  readonly top?: number | null;
  readonly featureRe?: RegExp | string;
  readonly featureFilter?: (name: string) => boolean;
  readonly signal?: AbortSignal;
  /** Called with the number of shuffled tables done, and their total. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Rows predicted together. */
const TOGETHER = 8192;

/**
 * How much a model's score falls when one column is shuffled (Breiman 2001;
 * Fisher, Rudin and Dominici 2019, arXiv 1801.01489): the mean over `repeats`
 * shuffles as `weight`, their standard deviation as `std`; formatters show
 * ± 2 std. Negative if shuffling helped.
 *
 * `parameters.baseScore` is the score of the table as it is, and
 * `parameters.falls` holds every shuffle's fall, `[feature][repeat]`.
 *
 * If two columns are correlated, one still tells what is in the other when that is shuffled: both
 * may look unimportant. Prefer `tree-shap` or `kernel-shap` for single rows.
 *
 * @param truth class names or indices, or values, one for each row; or the name of the table's
 * column that has them
 * @throws WhylensError `UNSUPPORTED_MODEL`, `INVALID_DOCUMENT`, `INVALID_OPTION`, `ABORTED`
 * @example
 * const record = await permutationImportance(model, await readTable('test.csv'), 'churned', { repeats: 10 });
 */
export async function permutationImportance(
  model: unknown,
  table: unknown,
  truth: string | ArrayLike<unknown>,
  options: PermutationImportanceOptions = {},
): Promise<FeatureImportancesExplanation> {
  return watchingProgress(options.onProgress, (onProgress) =>
    importancesBy(model, table, truth, options, onProgress),
  );
}

async function importancesBy(
  model: unknown,
  table: unknown,
  truth: string | ArrayLike<unknown>,
  options: PermutationImportanceOptions,
  onProgress: PermutationImportanceOptions['onProgress'],
): Promise<FeatureImportancesExplanation> {
  const rowModel = requireRowModel(model, 'permutationImportance');
  const { features } = rowModel;
  const {
    repeats = options.permutations?.[0]?.length ?? 5,
    seed = 0,
    permutations,
    top,
    signal,
  } = options;
  requireCount(repeats);
  const rows = requireTable(table, rowModel);
  const given = typeof truth === 'string' ? truthColumn(table, truth) : truth;
  const numbers = truthNumbers(given, rowModel, rows.count);
  const { name, measure } = metricFor(options.metric, rowModel);
  requirePermutations(permutations, features.length, repeats, rows.count);
  const baseScore = finite(measure(numbers, await rowModel.predict(rows, { signal })), name);
  const random = seededRandom(seed);
  const total = features.length * repeats;
  const falls: number[][] = [];
  // several shuffled tables go through the model together while they are small
  const together = Math.max(1, Math.floor(TOGETHER / rows.count));
  for (let j = 0; j < features.length; j++) {
    const own: number[] = [];
    for (let first = 0; first < repeats; first += together) {
      if (signal?.aborted === true)
        throw new AbortedError(j * repeats + first, total, signal.reason);
      const count = Math.min(together, repeats - first);
      const orders = Array.from(
        { length: count },
        (_, r) => permutations?.[j][first + r] ?? shuffled(rows.count, random),
      );
      own.push(
        ...(await scoresOf(rowModel, rows, j, orders, numbers, measure, signal)).map(
          (score) => baseScore - finite(score, name),
        ),
      );
      onProgress?.(j * repeats + first + count, total);
    }
    falls.push(own);
  }
  const entries = features.map((feature, j) => ({
    feature: feature.name,
    ...meanAndSpread(falls[j]),
  }));
  const filter: FeatureFilter | undefined = featureFilterOf(options);
  return {
    kind: 'feature-importances',
    estimator: rowModel.name,
    method: 'permutation-importance',
    description: `How much the score (${name}) falls when the column is shuffled: mean ± 2 standard deviations over ${repeats} shuffles. Shuffling a column that another one repeats costs little.`,
    isRegression: rowModel.task === 'regression',
    parameters: { metric: name, baseScore, repeats, seed, rows: rows.count, falls },
    warnings: rows.count < 30 ? [`only ${rows.count} rows: the importances are rough`] : [],
    ...featureImportances(entries, {
      ...(typeof top === 'number' && { top }),
      ...(filter !== undefined && { filter }),
    }),
  };
}

async function scoresOf(
  model: RowModel,
  rows: Rows,
  column: number,
  orders: readonly ArrayLike<number>[],
  truth: Float64Array,
  measure: MetricFunction,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const { count, columns, data } = rows;
  const all = new Float64Array(orders.length * data.length);
  orders.forEach((order, r) => {
    const start = r * data.length;
    all.set(data, start);
    for (let n = 0; n < count; n++)
      all[start + n * columns + column] = data[order[n] * columns + column];
  });
  const prediction = await model.predict(
    { count: orders.length * count, columns, data: all },
    { signal },
  );
  const part = ({ data: values, columns: width }: typeof prediction.values, r: number) => ({
    count,
    columns: width,
    data: values.subarray(r * count * width, (r + 1) * count * width),
  });
  return orders.map((_, r) => {
    const values = part(prediction.values, r);
    const margins = prediction.margins === prediction.values ? values : part(prediction.margins, r);
    return measure(truth, { values, margins });
  });
}

function shuffled(count: number, random: { integer(n: number): number }): Int32Array {
  const order = Int32Array.from({ length: count }, (_, n) => n);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function meanAndSpread(falls: readonly number[]): { weight: number; std: number } {
  const weight = falls.reduce((a, b) => a + b, 0) / falls.length;
  const variance = falls.reduce((sum, fall) => sum + (fall - weight) ** 2, 0) / falls.length;
  return { weight, std: Math.sqrt(variance) };
}

function finite(score: number, metric: string): number {
  if (Number.isFinite(score)) return score;
  throw new WhylensError(
    'INVALID_OPTION',
    `metric '${metric}' came to ${score}; it needs a table with more than one class, or another metric`,
  );
}

function requireCount(repeats: number): void {
  if (Number.isInteger(repeats) && repeats >= 1) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `repeats must be a whole number of at least 1, got ${repeats}`,
  );
}

function requirePermutations(
  permutations: PermutationImportanceOptions['permutations'],
  features: number,
  repeats: number,
  count: number,
): void {
  if (permutations === undefined) return;
  const sound =
    permutations.length === features &&
    permutations.every(
      (list) => list.length >= repeats && list.every((order) => isPermutation(order, count)),
    );
  if (sound) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `permutations must hold, for each of ${features} features, ${repeats} lists with every row number from 0 to ${count - 1} once`,
  );
}

function isPermutation(order: ArrayLike<number>, count: number): boolean {
  const seen = new Uint8Array(count);
  for (let i = 0; i < order.length; i++) if (order[i] >= 0 && order[i] < count) seen[order[i]] = 1;
  return order.length === count && !seen.includes(0);
}
