/** The steps from the base value, which is the same for all rows, to the score of this one, feature by feature. */
import { greatest } from '../../src/maths/extremes.js';
import type {
  FeatureWeight,
  FeatureWeightsExplanation,
  FeatureWeightsTarget,
} from '../../src/explanation.js';

/** A step up or down. */
export interface WaterfallStep {
  /** The feature; left out for the step that holds all features below the cut. */
  readonly item?: FeatureWeight;
  /** How many features such a step holds. */
  readonly more: number;
  readonly from: number;
  readonly to: number;
}

export interface Waterfall {
  /** The base value, or the bias. */
  readonly base: number;
  /** True if the steps begin with the bias, which is one of the features. */
  readonly fromBias: boolean;
  readonly score: number;
  /** The largest first, the most negative last, those below the cut as one step. */
  readonly steps: readonly WaterfallStep[];
  /** The least and the largest value of all ends. */
  readonly low: number;
  readonly high: number;
}

const BIAS = '<BIAS>';
/** The parts may differ from their sum only by rounding. */
const ROUNDING = 1e-6;

/**
 * The steps of target `t`, or undefined if the weights do not add up from a base value to the
 * score (a linear model fitted around the row) or the record is not of a row.
 */
export function waterfallOf(
  { parameters }: FeatureWeightsExplanation,
  target: FeatureWeightsTarget,
  t: number,
): Waterfall | undefined {
  const { score, featureWeights } = target;
  const { pos, neg, posRemaining, negRemaining } = featureWeights;
  const all = [...pos, ...neg];
  if (score === undefined || !all.some(({ value }) => value !== undefined)) return undefined;
  const bias = all.find(({ feature }) => feature === BIAS);
  const given = parameters.baseValue;
  const base = Array.isArray(given) ? (given as readonly unknown[])[t] : (given ?? bias?.weight);
  if (typeof base !== 'number' || !Number.isFinite(base) || !Number.isFinite(score)) {
    return undefined;
  }
  const shown = all.filter((item) => given !== undefined || item !== bias);
  const rest = score - base - shown.reduce((sum, { weight }) => sum + weight, 0);
  const largest = Math.max(Math.abs(score), Math.abs(base));
  const size = greatest(
    shown.map(({ weight }) => Math.abs(weight)),
    largest,
  );
  const more = posRemaining + negRemaining;
  if (more === 0 && Math.abs(rest) > ROUNDING * size) return undefined;
  const steps: WaterfallStep[] = [];
  let at = base;
  const step = (weight: number, item?: FeatureWeight) => {
    steps.push({ ...(item !== undefined && { item }), more, from: at, to: at + weight });
    at += weight;
  };
  const listed = (item: FeatureWeight) => shown.includes(item);
  pos.filter(listed).forEach((item) => step(item.weight, item));
  if (more > 0) step(rest);
  [...neg]
    .reverse()
    .filter(listed)
    .forEach((item) => step(item.weight, item));
  const ends = [base, score, ...steps.map(({ to }) => to)];
  return {
    base,
    fromBias: given === undefined,
    score,
    steps,
    low: ends.reduce((a, b) => Math.min(a, b)),
    high: ends.reduce((a, b) => Math.max(a, b)),
  };
}
