/** The nearest row of another class, made of the row and rows of that class. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { AbortedError } from '../../../src/errors.js';
import type { RowModel, Rows, TabularPrediction } from '../../../src/model/tabular/interface.js';
import { rowList } from './model.js';

/** How often the way back of a number is halved. */
const HALVINGS = 12;

export interface SearchOptions {
  /** Which columns may change. */
  readonly free: readonly boolean[];
  /** The table whose columns' spread is the unit of distance. */
  readonly spread: Rows;
  readonly candidates: number;
  /** Whether row `n` of a prediction is in the wanted class. */
  readonly right: (prediction: TabularPrediction, n: number) => boolean;
}

/**
 * Takes the values of the nearest other rows, undoes the changes that are not needed (the largest
 * first), and moves numbers back by halving.
 *
 * @param others rows of the wanted class
 */
export async function nearestOther(
  { batch: { signal } }: Pick<ExplainContext, 'batch'>,
  model: RowModel,
  row: Float64Array,
  others: readonly Float64Array[],
  { free, spread, candidates, right }: SearchOptions,
): Promise<Float64Array | undefined> {
  const units = unitsOf(rowList(spread), row.length);
  const cost = (a: Float64Array, j: number) =>
    costOf(a[j], row[j], units[j], model.features[j].categories !== undefined);
  const distance = (a: Float64Array) => a.reduce((sum, _, j) => sum + cost(a, j), 0);
  const isRight = async (rows: readonly Float64Array[]) => {
    if (signal?.aborted === true) throw new AbortedError(0, rows.length, signal.reason);
    const data = new Float64Array(rows.length * row.length);
    rows.forEach((one, n) => data.set(one, n * row.length));
    const prediction = await model.predict(
      { count: rows.length, columns: row.length, data },
      { signal },
    );
    return rows.map((_, n) => right(prediction, n));
  };
  const mixed = others.map((other) => other.map((value, j) => (free[j] ? value : row[j])));
  if (mixed.length === 0) return undefined;
  const reached = await isRight(mixed);
  const starts = mixed
    .filter((_, i) => reached[i])
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, candidates);
  let best: Float64Array | undefined;
  for (const start of starts) {
    const found = start.slice();
    const changed = [...found.keys()]
      .filter((j) => cost(found, j) > 0)
      .sort((a, b) => cost(found, b) - cost(found, a));
    for (const j of changed) {
      const value = found[j];
      found[j] = row[j];
      if (changed.every((k) => cost(found, k) === 0) || !(await isRight([found]))[0])
        found[j] = value;
    }
    for (const j of changed) {
      if (cost(found, j) === 0 || model.features[j].categories !== undefined) continue;
      if (Number.isNaN(found[j]) || Number.isNaN(row[j])) continue;
      await backtrack(found, j, row[j], isRight);
    }
    if (best === undefined || distance(found) < distance(best)) best = found;
  }
  return best;
}

/** Moves one number towards `goal` as far as the class allows. */
async function backtrack(
  found: Float64Array,
  j: number,
  goal: number,
  isRight: (rows: readonly Float64Array[]) => Promise<boolean[]>,
): Promise<void> {
  let good = found[j];
  let bad = goal;
  // whole numbers stay whole
  const whole = Number.isInteger(good) && Number.isInteger(goal);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = whole ? Math.round((good + bad) / 2) : (good + bad) / 2;
    if (middle === good || middle === bad) break;
    found[j] = middle;
    if ((await isRight([found]))[0]) good = middle;
    else bad = middle;
  }
  found[j] = good;
}

function costOf(a: number, b: number, unit: number, category: boolean): number {
  if (Object.is(a + 0, b + 0)) return 0;
  if (category || Number.isNaN(a) || Number.isNaN(b)) return 1;
  return Math.abs(a - b) / unit;
}

/** Standard deviations; 1 for columns that do not vary. */
function unitsOf(rows: readonly Float64Array[], columns: number): Float64Array {
  return Float64Array.from({ length: columns }, (_, j) => {
    const known = rows.map((row) => row[j]).filter((value) => !Number.isNaN(value));
    const mean = known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
    const spread = Math.sqrt(
      known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length),
    );
    return spread > 0 ? spread : 1;
  });
}
