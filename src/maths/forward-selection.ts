/** Chooses the few features that a linear model should have. */
import { ridge, type Observations } from './least-squares.js';
import { weightedFit } from './lime.js';

/**
 * Forward selection as LIME does it: one feature after the other is taken,
 * each time the one with which a least squares fit explains most of the
 * weighted spread (R²).
 *
 * @param values of one right side
 * @returns columns in the order in which they were taken
 */
export function forwardSelection(
  rows: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  values: ArrayLike<number>,
  count: number,
): number[] {
  const columns = rows[0].length;
  const taken: number[] = [];
  while (taken.length < Math.min(count, columns)) {
    let best = -1;
    let most = -Infinity;
    for (let j = 0; j < columns; j++) {
      if (taken.includes(j)) continue;
      const observed = pick(rows, weights, values, [...taken, j]);
      const fit = weightedFit(observed, ridge(observed, 0))[0] ?? 0;
      if (fit > most) [best, most] = [j, fit];
    }
    taken.push(best);
  }
  return taken;
}

/**
 * The features with the largest |coefficient · value in the first row| of a
 * ridge regression with penalty 0.01: LIME's `highest_weights`.
 */
export function highestWeights(
  rows: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  values: ArrayLike<number>,
  count: number,
): number[] {
  const [{ coefficients }] = ridge({ rows, weights, values: [values] }, 0.01);
  return [...coefficients.keys()]
    .sort((a, b) => Math.abs(coefficients[b] * rows[0][b]) - Math.abs(coefficients[a] * rows[0][a]))
    .slice(0, count);
}

/** Only these columns. */
export function pick(
  rows: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  values: ArrayLike<number>,
  columns: readonly number[],
): Observations {
  return { rows: rows.map((row) => columns.map((j) => row[j])), weights, values: [values] };
}
