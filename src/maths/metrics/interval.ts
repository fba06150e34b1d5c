import { seededRandom } from '../random.js';

/** A mean and how far it can be trusted. */
export interface Estimate {
  readonly mean: number;
  /** Ends of the 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** The mean of `values` with its 95 % percentile bootstrap interval; undefined without values. */
export function estimate(
  values: readonly number[],
  { seed = 0, draws = 2000 } = {},
): Estimate | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const random = seededRandom(seed);
  const means = Float64Array.from({ length: draws }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.integer(n)];
    return sum / n;
  }).sort();
  return {
    mean: values.reduce((a, b) => a + b, 0) / n,
    low: means[Math.floor(0.025 * draws)],
    high: means[Math.ceil(0.975 * draws) - 1],
    n,
  };
}
