/** The weighted linear model that LIME fits, and how well it fits. */
import { WhylensError } from '../../../src/errors.js';
import { forwardSelection, highestWeights, pick } from '../../../src/maths/forward-selection.js';
import { ridge } from '../../../src/maths/least-squares.js';
import { weightedFit } from '../../../src/maths/lime.js';
import type { OptionSpecs } from '../../../src/options.js';

/** Up to this many features are selected one after the other. */
const MOST_FORWARD = 6;
/** A fit below this R² gives a warning. */
export const POOR_FIT = 0.5;

export const LIME_OPTIONS = {
  features: {
    type: 'number',
    integer: true,
    min: 1,
    default: 10,
    help: 'how many features the linear model has',
  },
  selection: {
    type: 'choice',
    choices: ['auto', 'forward', 'highest-weights', 'none'],
    default: 'auto',
    help: "how they are selected: one after the other by R² ('forward'), by their part in a ridge of all ('highest-weights'), not at all; auto: forward up to 6",
  },
  alpha: { type: 'number', min: 0, default: 1, help: 'ridge penalty of the linear model' },
} as const satisfies OptionSpecs;

export interface LimeFit {
  /** By column of the rows, 0 where it was not selected. */
  readonly coefficients: Float64Array;
  /** Columns, largest |coefficient| first. */
  readonly selected: readonly number[];
  readonly intercept: number;
  /** What the linear model predicts for the first row. */
  readonly local: number;
  /** Weighted R²; null if the scores do not vary. */
  readonly fit: number | null;
  /** What the linear model predicts for every row. */
  readonly fitted: Float64Array;
}

/** @param rows the explained sample first */
export function limeFit(
  rows: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  values: ArrayLike<number>,
  {
    features,
    selection,
    alpha,
  }: { readonly features: number; readonly selection: string; readonly alpha: number },
): LimeFit {
  const columns = rows[0].length;
  const auto = features <= MOST_FORWARD ? 'forward' : 'highest-weights';
  const how = selection === 'auto' ? auto : selection;
  const taken =
    how === 'none' || (how === 'highest-weights' && features >= columns)
      ? Array.from({ length: columns }, (_, j) => j)
      : (how === 'forward' ? forwardSelection : highestWeights)(rows, weights, values, features);
  const observed = pick(rows, weights, values, taken);
  const fits = ridge(observed, alpha);
  const [{ coefficients: own, intercept }] = fits;
  const coefficients = new Float64Array(columns);
  taken.forEach((j, i) => (coefficients[j] = own[i]));
  const fitted = Float64Array.from(observed.rows, (row) =>
    own.reduce((sum, b, i) => sum + b * row[i], intercept),
  );
  return {
    coefficients,
    selected: [...taken].sort((a, b) => Math.abs(coefficients[b]) - Math.abs(coefficients[a])),
    intercept,
    local: fitted[0],
    fit: weightedFit(observed, fits)[0],
    fitted,
  };
}

/** Mean Σ p ln(p/q) between a probability and the linear model's, both with their complements; null if they are not probabilities. */
export function klDivergence(
  values: ArrayLike<number>,
  fitted: ArrayLike<number>,
  weights: ArrayLike<number>,
): number | null {
  let [sum, total] = [0, 0];
  for (let n = 0; n < values.length; n++) {
    const p = values[n];
    if (!(p >= 0 && p <= 1)) return null;
    const q = Math.min(1 - 1e-9, Math.max(1e-9, fitted[n]));
    const part = (a: number, b: number) => (a > 0 ? a * Math.log(a / b) : 0);
    sum += weights[n] * (part(p, q) + part(1 - p, 1 - q));
    total += weights[n];
  }
  return sum / total;
}

/** Weights that were handed in: one for each sample, none negative. */
export function requireWeights(weights: unknown, count: number): Float64Array {
  const list = weights as ArrayLike<number> | undefined;
  const sound =
    list !== undefined &&
    list.length === count &&
    Array.from(list).every((w) => Number.isFinite(w) && w >= 0) &&
    Array.from(list).some((w) => w > 0);
  if (sound) return Float64Array.from(list);
  throw new WhylensError(
    'INVALID_OPTION',
    `the weights of given samples must be ${count} finite numbers of at least 0, not all 0, one for each sample`,
  );
}
