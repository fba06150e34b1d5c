import type { FeatureWeight, FeatureWeights } from '../explanation.js';
import { invalid, optionalNumber, requireNumber } from './checks.js';

/** Features and weights in any common form: records, pairs, a map or an object. */
export type FeatureEntries =
  | Iterable<FeatureWeight | readonly [feature: string, weight: number]>
  | Readonly<Record<string, number>>;

/** Which features take part: these names, names that match, or what the function says. */
export type FeatureFilter =
  readonly string[] | RegExp | ((feature: string, value: FeatureWeight['value']) => boolean);

/** Options of all lists of features: which are kept, and how many. */
export interface FeatureOptions {
  /** Only these features; the others are not counted as remaining either. Default: all. */
  readonly filter?: FeatureFilter;
}

/** Options of `featureWeights`. */
export interface FeatureWeightsOptions extends FeatureOptions {
  /**
   * How many are kept: a number for the largest of either sign together, or
   * one for each sign as `{ pos, neg }` or `[pos, neg]`. Default: all.
   */
  readonly top?:
    number | { readonly pos?: number; readonly neg?: number } | readonly [pos: number, neg: number];
}

/** Options of `featureImportances`. */
export interface FeatureImportancesOptions extends FeatureOptions {
  /** How many are kept. Default: all. */
  readonly top?: number;
}

/**
 * Sorts weights by size into those for and those against, keeps the `top`
 * ones and counts the rest. A weight of zero says nothing and is left out;
 * equal weights keep their order.
 *
 * @throws WhylensError `INVALID_EXPLANATION` for a weight, spread or `top` that is not a finite number
 * @example
 * featureWeights({ age: 0.5, income: 2, debt: -1.5 }, { top: [1, 1], filter: /^(?!age)/ });
 */
export function featureWeights(
  entries: FeatureEntries,
  { top, filter }: FeatureWeightsOptions = {},
): FeatureWeights {
  const all = selected(entries, filter).filter(({ weight }) => weight !== 0);
  const sorted = [...all].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const [pos, neg] = [
    sorted.filter(({ weight }) => weight > 0),
    sorted.filter(({ weight }) => weight < 0),
  ];
  let [keptPos, keptNeg] = [pos, neg];
  if (typeof top === 'number') {
    const kept = new Set(sorted.slice(0, countOf(top)));
    keptPos = pos.filter((entry) => kept.has(entry));
    keptNeg = neg.filter((entry) => kept.has(entry));
  } else if (top !== undefined) {
    const [most, least] = 'pos' in top || 'neg' in top ? [top.pos, top.neg] : (top as number[]);
    keptPos = pos.slice(0, most === undefined ? undefined : countOf(most));
    keptNeg = neg.slice(0, least === undefined ? undefined : countOf(least));
  }
  return {
    pos: keptPos,
    neg: keptNeg,
    posRemaining: pos.length - keptPos.length,
    negRemaining: neg.length - keptNeg.length,
  };
}

/**
 * Sorts importances from the largest down, keeps the `top` ones and counts the
 * rest: the fields of a `feature-importances` record. Zero and negative values (a shuffled column
 * that helped) are kept, since they mean something here.
 *
 * @example
 * const record = { ...about, kind: 'feature-importances', ...featureImportances(entries, { top: 20 }) };
 */
export function featureImportances(
  entries: FeatureEntries,
  { top, filter }: FeatureImportancesOptions = {},
): { readonly importances: readonly FeatureWeight[]; readonly remaining: number } {
  const all = [...selected(entries, filter)].sort((a, b) => b.weight - a.weight);
  const importances = all.slice(0, top === undefined ? undefined : countOf(top));
  return { importances, remaining: all.length - importances.length };
}

function selected(entries: FeatureEntries, filter: FeatureFilter | undefined): FeatureWeight[] {
  const list: FeatureWeight[] = [];
  for (const entry of isIterable(entries) ? entries : Object.entries(entries)) {
    const record = checked(isPair(entry) ? { feature: entry[0], weight: entry[1] } : entry);
    if (takes(filter, record)) list.push(record);
  }
  return list;
}

function checked(entry: FeatureWeight): FeatureWeight {
  const { feature, weight, std, value } = entry;
  if (typeof feature !== 'string') {
    throw invalid(`the name of a feature must be a string, got ${String(feature)}`);
  }
  requireNumber(weight, `the weight of feature '${feature}'`);
  optionalNumber(std, `the spread of feature '${feature}'`);
  if (typeof value !== 'string') optionalNumber(value, `the value of feature '${feature}'`);
  return {
    feature,
    weight,
    ...(std !== undefined && { std }),
    ...(value !== undefined && { value }),
  };
}

function takes(filter: FeatureFilter | undefined, { feature, value }: FeatureWeight): boolean {
  if (filter === undefined) return true;
  if (typeof filter === 'function') return filter(feature, value);
  // `search` and no `test`: a global expression must not remember where it stopped
  if (filter instanceof RegExp) return feature.search(filter) !== -1;
  return filter.includes(feature);
}

function countOf(top: number): number {
  if (Number.isInteger(top) && top >= 0) return top;
  throw invalid(`'top' must be a whole number of at least 0, or two of them, got ${String(top)}`);
}

function isIterable(
  entries: FeatureEntries,
): entries is Exclude<FeatureEntries, Record<string, number>> {
  return Symbol.iterator in entries;
}

function isPair(
  entry: FeatureWeight | readonly [string, number],
): entry is readonly [string, number] {
  return Array.isArray(entry);
}
