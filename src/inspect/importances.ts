/** How much the trees of a model use each feature. */
import { WhylensError } from '../errors.js';
import type { Tree, TreeEnsemble } from '../model/tabular/interface.js';

/** How the importance of a feature in a tree is counted. */
export type ImportanceKind = 'gain' | 'weight' | 'cover' | 'impurity';

export interface Importances {
  readonly kind: ImportanceKind;
  /** Sum to 1. */
  readonly values: Float64Array;
  /** Standard deviation over the trees of a forest. */
  readonly spread?: Float64Array;
}

/**
 * - `gain`: the gain of the splits; XGBoost's mean for each split, LightGBM's sum.
 * - `weight`: number of splits. `cover`: mean cover of the splits.
 * - `impurity`: scikit-learn's, the mean over the trees with their spread; what
 *   `gain` means for models that have impurities.
 */
export function importancesOf(trees: TreeEnsemble, wanted?: ImportanceKind): Importances {
  const known = ['gain', 'weight', 'cover', 'impurity', undefined];
  if (!known.includes(wanted)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `importance must be gain, weight, cover or impurity, got '${String(wanted)}'`,
    );
  }
  const first = trees.trees[0];
  const hasImpurity = trees.importances !== undefined || first?.impurity !== undefined;
  if (hasImpurity && (wanted === undefined || wanted === 'gain' || wanted === 'impurity')) {
    return { kind: 'impurity', ...impurities(trees) };
  }
  const kind = wanted ?? (first?.gain === undefined ? 'weight' : 'gain');
  if (
    (kind === 'gain' && first?.gain === undefined) ||
    kind === 'impurity' ||
    (kind === 'cover' && !trees.hasCover)
  ) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the file of this model does not tell the ${kind} of its splits; importance 'weight' counts them`,
    );
  }
  return { kind, values: shares(bySplit(trees, kind)) };
}

function bySplit(trees: TreeEnsemble, kind: 'gain' | 'weight' | 'cover'): Float64Array {
  const sums = new Float64Array(trees.features);
  const counts = new Float64Array(trees.features);
  for (const { left, feature, gain, cover } of trees.trees) {
    for (let node = 0; node < left.length; node++) {
      if (left[node] < 0) continue;
      counts[feature[node]]++;
      sums[feature[node]] += kind === 'gain' ? gain![node] : kind === 'cover' ? cover![node] : 1;
    }
  }
  // LightGBM adds the gains up, XGBoost takes the mean
  const mean = kind === 'cover' || (kind === 'gain' && trees.coverUnit === 'hessian');
  return mean ? sums.map((sum, j) => (counts[j] === 0 ? 0 : sum / counts[j])) : sums;
}

function impurities(trees: TreeEnsemble): Omit<Importances, 'kind'> {
  if (trees.importances !== undefined) return trees.importances;
  const grown = trees.trees.filter(({ left }) => left[0] >= 0);
  if (grown.length === 0 || grown.some(({ impurity }) => impurity === undefined)) {
    return { values: new Float64Array(trees.features) };
  }
  const raw = grown.map((tree) => ofTree(tree, trees.features));
  const each = raw.map(shares);
  // a forest is the mean of trees of equal rank; in boosting a tree counts by what it explains
  const summed = trees.averaged ? each : raw;
  const values = shares(
    Float64Array.from({ length: trees.features }, (_, j) =>
      summed.reduce((sum, one) => sum + one[j], 0),
    ),
  );
  if (each.length === 1) return { values };
  const spread = values.map((_, j) => {
    const mean = each.reduce((sum, one) => sum + one[j], 0) / each.length;
    return Math.sqrt(each.reduce((sum, one) => sum + (one[j] - mean) ** 2, 0) / each.length);
  });
  return { values, spread };
}

function ofTree({ left, right, feature, impurity, cover }: Tree, features: number): Float64Array {
  const sums = new Float64Array(features);
  for (let node = 0; node < left.length; node++) {
    if (left[node] < 0) continue;
    const part = (at: number) => (cover?.[at] ?? 0) * impurity![at];
    sums[feature[node]] += part(node) - part(left[node]) - part(right[node]);
  }
  return sums;
}

function shares(values: Float64Array): Float64Array {
  const sum = values.reduce((a, b) => a + b, 0);
  return sum > 0 ? values.map((value) => value / sum) : values;
}
