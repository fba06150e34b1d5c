/** Reduces a table to a few typical rows. */
import { seededRandom } from './random.js';
import { greatest } from './extremes.js';

/** Rows that stand for others, and how many each stands for. */
export interface Summary {
  readonly rows: readonly Float64Array[];
  /** Sum to 1. */
  readonly weights: Float64Array;
}

const ROUNDS = 100;

/**
 * k-means (Lloyd 1982, started as k-means++ does, Arthur and Vassilvitskii
 * 2007) over columns brought to one spread; each centre's numbers are then
 * moved to the nearest number that occurs in the column, so that codes and
 * counts stay what they are. As `shap.kmeans` does.
 *
 * Missing numbers count as the column's mean; a centre of rows that mostly
 * miss a number misses it too.
 */
export function kMeans(rows: readonly ArrayLike<number>[], count: number, seed: number): Summary {
  const columns = rows[0].length;
  const scaled = standardised(rows);
  const random = seededRandom(seed);
  let centres = [scaled[random.integer(rows.length)]];
  const nearest = new Float64Array(rows.length).fill(Infinity);
  while (centres.length < Math.min(count, rows.length)) {
    const last = centres[centres.length - 1];
    let total = 0;
    scaled.forEach((row, n) => {
      nearest[n] = Math.min(nearest[n], distance(row, last));
      total += nearest[n];
    });
    if (total === 0) break;
    let at = random.uniform() * total;
    const next = nearest.findIndex((d) => (at -= d) < 0);
    centres.push(scaled[next === -1 ? nearest.indexOf(greatest(nearest)) : next]);
  }
  const owner = new Int32Array(rows.length).fill(-1);
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false;
    scaled.forEach((row, n) => {
      let best = 0;
      let least = Infinity;
      centres.forEach((centre, c) => {
        const d = distance(row, centre);
        if (d < least) [best, least] = [c, d];
      });
      if (owner[n] !== best) moved = true;
      owner[n] = best;
    });
    if (!moved) break;
    centres = centres.map((old, c) => meanOf(scaled, owner, c) ?? old);
  }
  const kept = centres.map((_, c) => c).filter((c) => owner.includes(c));
  return {
    rows: kept.map((c) => snapped(rows, owner, c, columns)),
    weights: Float64Array.from(kept, (c) => owner.filter((o) => o === c).length / rows.length),
  };
}

function standardised(rows: readonly ArrayLike<number>[]): Float64Array[] {
  const columns = rows[0].length;
  const result = rows.map(() => new Float64Array(columns));
  for (let j = 0; j < columns; j++) {
    const known = rows.map((row) => row[j]).filter((x) => !Number.isNaN(x));
    const mean = known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
    const spread = Math.sqrt(
      known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, known.length),
    );
    rows.forEach((row, n) => {
      result[n][j] = Number.isNaN(row[j]) || spread === 0 ? 0 : (row[j] - mean) / spread;
    });
  }
  return result;
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] - b[j]) ** 2;
  return sum;
}

function meanOf(
  rows: readonly Float64Array[],
  owner: Int32Array,
  c: number,
): Float64Array | undefined {
  const mean = new Float64Array(rows[0].length);
  let count = 0;
  rows.forEach((row, n) => {
    if (owner[n] !== c) return;
    count++;
    for (let j = 0; j < row.length; j++) mean[j] += row[j];
  });
  return count === 0 ? undefined : mean.map((sum) => sum / count);
}

/** The centre in the table's own numbers, each the nearest one that occurs. */
function snapped(
  rows: readonly ArrayLike<number>[],
  owner: Int32Array,
  c: number,
  columns: number,
): Float64Array {
  const own = rows.filter((_, n) => owner[n] === c);
  return Float64Array.from({ length: columns }, (_, j) => {
    const known = own.map((row) => row[j]).filter((x) => !Number.isNaN(x));
    if (2 * known.length < own.length || known.length === 0) return NaN;
    const mean = known.reduce((a, b) => a + b, 0) / known.length;
    let best = known[0];
    for (const row of rows) if (Math.abs(row[j] - mean) < Math.abs(best - mean)) best = row[j];
    return best;
  });
}
