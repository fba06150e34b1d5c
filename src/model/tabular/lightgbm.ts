/** What LightGBM's two forms have in common: objectives, missing types, names. */
import { treeEnsemble } from './ensemble.js';
import { broken, unsupported } from './fields.js';
import { MISSING, type FeatureInfo, type Link, type RowModel, type Tree } from './interface.js';
import { linearLeafMargins, type LinearLeaf } from './linear-leaves.js';
import { rowModel, type Part } from './make-model.js';
import type { ReadOptions } from './read-options.js';

/** The facts of the file before the trees. */
export interface LightgbmHead {
  readonly objective: string;
  readonly classes: number;
  readonly treesPerIteration: number;
  readonly features: number;
  readonly featureNames: readonly string[];
  /** True for random forests: predictions are divided by the number of rounds. */
  readonly averaged: boolean;
  /** Per feature: the categories seen in training, for features of categories. */
  readonly seen: readonly (readonly number[] | undefined)[];
  /** Categories of a pandas table, in the order of the features that have them. */
  readonly pandas?: readonly (readonly (string | number)[])[];
}

/** A tree as it is read: what it adds to, and how much it counts, the head tells. */
export type LightgbmTree = Omit<Tree, 'outputs' | 'scale'> & {
  /** By node, for leaves that are linear models. */
  readonly linear?: readonly (LinearLeaf | undefined)[];
};

/** Words of `objective` and what the margin is to the prediction. */
function linkOf(objective: string, file: string): Link {
  const [name, ...words] = objective.split(/\s+/);
  const sigmoid = words.map((word) => /^sigmoid:(.+)$/.exec(word)?.[1]).find(Boolean);
  const scale = sigmoid === undefined ? 1 : Number(sigmoid);
  if (!(Number.isFinite(scale) && scale > 0)) throw broken(file, `its sigmoid is '${sigmoid}'`);
  switch (name) {
    case 'binary':
      return { kind: 'logistic', scale };
    case 'cross_entropy':
    case 'xentropy':
      return { kind: 'sigmoid' };
    case 'cross_entropy_lambda':
    case 'xentlambda':
      return { kind: 'log1p-exp' };
    case 'multiclass':
    case 'softmax':
      return { kind: 'softmax' };
    case 'multiclassova':
    case 'multiclass_ova':
    case 'ova':
    case 'ovr':
      return { kind: 'sigmoid', scale };
    case 'poisson':
    case 'gamma':
    case 'tweedie':
      return { kind: 'exp' };
    case 'regression':
    case 'regression_l2':
    case 'mean_squared_error':
    case 'mse':
    case 'l2':
    case 'regression_l1':
    case 'l1':
    case 'huber':
    case 'fair':
    case 'quantile':
    case 'mape':
    case 'custom':
    case 'none':
    case 'lambdarank':
    case 'rank_xendcg':
    case '':
      return { kind: words.includes('sqrt') ? 'signed-square' : 'identity' };
    default:
      throw unsupported(
        file,
        `a LightGBM model of objective '${objective}', whose prediction is not known here`,
      );
  }
}

export function lightgbmModel(
  head: LightgbmHead,
  trees: readonly LightgbmTree[],
  file: string,
  options: ReadOptions,
): RowModel {
  const link = linkOf(head.objective, file);
  const outputs = head.treesPerIteration;
  if (trees.length === 0 || trees.length % outputs !== 0) {
    throw broken(file, `it has ${trees.length} trees for ${outputs} in each round`);
  }
  const rounds = trees.length / outputs;
  const classification = /^(binary|multiclass|softmax|ova|ovr)/.test(head.objective);
  const ensemble = treeEnsemble(
    {
      trees: trees.map(({ linear: _linear, ...tree }, t) => ({
        ...tree,
        outputs: Int32Array.of(t % outputs),
        scale: head.averaged ? 1 / rounds : 1,
      })),
      features: head.features,
      outputs,
      base: new Float64Array(outputs),
      comparison: '<=',
      float32: false,
      coverUnit: 'samples',
      averaged: head.averaged,
    },
    file,
  );
  const leaves = trees.map(({ linear }) => linear);
  const isLinear = leaves.some((linear) => linear !== undefined);
  if (
    leaves.some((linear) =>
      linear?.some((leaf) => leaf?.features.some((j) => !(j >= 0 && j < head.features))),
    )
  ) {
    throw broken(file, `a linear leaf uses a feature beyond ${head.features}`);
  }
  const part: Part = isLinear
    ? { network: (rows) => linearLeafMargins(ensemble, leaves, rows), outputs }
    : { trees: ensemble };
  return rowModel({
    name: options.name,
    source: `LightGBM ${head.objective || 'regression'}, ${trees.length} ${isLinear ? 'linear ' : ''}trees`,
    part,
    link,
    task: classification ? 'classification' : 'regression',
    ...(classification && options.classNames !== undefined && { classNames: options.classNames }),
    ...(!classification && options.classNames !== undefined && { outputNames: options.classNames }),
    features: features(head, trees, options),
  });
}

function features(
  head: LightgbmHead,
  trees: readonly Pick<Tree, 'feature' | 'missing' | 'categories'>[],
  options: ReadOptions,
): FeatureInfo[] {
  const split = new Set<number>();
  for (const { categories, feature } of trees) {
    categories?.forEach((item, node) => item !== undefined && split.add(feature[node]));
  }
  let next = 0;
  return Array.from({ length: head.features }, (_, j) => {
    const seen = head.seen[j];
    const categorical = seen !== undefined || split.has(j);
    const named = categorical && seen !== undefined ? head.pandas?.[next++] : undefined;
    return {
      name: options.featureNames?.[j] ?? head.featureNames[j] ?? `Column_${j}`,
      missing: true,
      ...(named !== undefined
        ? { categories: named }
        : seen !== undefined && { codes: seen.filter((code) => code >= 0) }),
    };
  });
}

export const MISSING_TYPES: Readonly<Record<string, number>> = {
  None: MISSING.none,
  Zero: MISSING.zero,
  NaN: MISSING.nan,
};
