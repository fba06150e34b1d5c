/** What LIME (Ribeiro et al. 2016) weighs and measures. */
import type { Observations } from './least-squares.js';

/**
 * √exp(−d²/width²), d = 1 − cos(row, ones) = 1 − √(share shown): 1 for the
 * whole picture, least for the empty one (whose cosine counts as 0).
 */
export function cosineKernel(row: ArrayLike<number>, width: number): number {
  let shown = 0;
  for (let i = 0; i < row.length; i++) shown += row[i];
  const distance = 1 - Math.sqrt(shown / row.length);
  return Math.sqrt(Math.exp(-(distance ** 2) / width ** 2));
}

/** Weighted R² of linear models, one for each right side; null if the values do not vary. */
export function weightedFit(
  { rows, weights, values }: Observations,
  fits: readonly { readonly coefficients: Float64Array; readonly intercept: number }[],
): (number | null)[] {
  let total = 0;
  for (let i = 0; i < rows.length; i++) total += weights[i];
  return fits.map(({ coefficients, intercept }, side) => {
    const y = values[side];
    let mean = 0;
    for (let i = 0; i < rows.length; i++) mean += (weights[i] * y[i]) / total;
    let missed = 0;
    let spread = 0;
    rows.forEach((row, i) => {
      let fitted = intercept;
      coefficients.forEach((b, j) => (fitted += b * row[j]));
      missed += weights[i] * (y[i] - fitted) ** 2;
      spread += weights[i] * (y[i] - mean) ** 2;
    });
    return spread === 0 ? null : 1 - missed / spread;
  });
}
