/** Models that XGBoost saved, as JSON or UBJSON (the same tree of fields). */
import { makeTree, treeEnsemble } from './ensemble.js';
import { unsupported, type Field } from './fields.js';
import {
  MISSING,
  type CategorySplit,
  type FeatureInfo,
  type LinearPart,
  type Link,
  type RowModel,
  type Tree,
} from './interface.js';
import { rowModel, type Part } from './make-model.js';
import type { ReadOptions } from './read-options.js';

/** Told by its fields. */
export function isXgboost(file: Field): boolean {
  return file.get('learner').get('gradient_booster').isObject();
}

/** What the margin is to the prediction, by objective. */
const LINKS: Readonly<Record<string, Link['kind']>> = {
  'reg:squarederror': 'identity',
  'reg:linear': 'identity',
  'reg:squaredlogerror': 'identity',
  'reg:pseudohubererror': 'identity',
  'reg:absoluteerror': 'identity',
  'reg:quantileerror': 'identity',
  'reg:expectileerror': 'identity',
  'reg:logistic': 'sigmoid',
  'binary:logistic': 'logistic',
  'binary:logitraw': 'svm',
  'binary:hinge': 'step',
  'count:poisson': 'exp',
  'reg:gamma': 'exp',
  'reg:tweedie': 'exp',
  'survival:cox': 'exp',
  'survival:aft': 'exp',
  'multi:softprob': 'softmax',
  'multi:softmax': 'softmax',
  'rank:pairwise': 'identity',
  'rank:ndcg': 'identity',
  'rank:map': 'identity',
};

/**
 * A model of `save_model`: base score (a number or one a class), DART weights,
 * several trees a round, categories, default directions. Numbers are rounded
 * to float32, as XGBoost holds them.
 *
 * @throws `MODEL_LOAD` for a file that does not fit together; `UNSUPPORTED_MODEL`
 */
export function readXgboost(file: Field, options: ReadOptions): RowModel {
  const learner = file.get('learner');
  const params = learner.get('learner_model_param');
  const objective = learner.get('objective').get('name').text();
  const kind = LINKS[objective] as Link['kind'] | undefined;
  if (kind === undefined) {
    throw unsupported(
      file.file,
      `an XGBoost model of objective '${objective}', whose prediction is not known here; known are ${Object.keys(LINKS).join(', ')}`,
    );
  }
  const features = params.get('num_feature').count(1, 1e7);
  const classes = params.has('num_class') ? params.get('num_class').count(0, 1e6) : 0;
  const targets = params.has('num_target') ? params.get('num_target').count(1, 1e6) : 1;
  const outputs = Math.max(classes, targets, 1);
  const booster = learner.get('gradient_booster');
  const link: Link = { kind };
  // since version 3 a raw logit starts from its base score as it is
  const raw = objective === 'binary:logitraw' && versionOf(file) >= 3;
  const base = baseScores(params.get('base_score'), outputs, raw ? 'identity' : kind);
  const part: Part =
    booster.get('name').value === 'gblinear'
      ? { linear: linearBooster(booster.get('model'), features, outputs, base) }
      : { trees: treeBooster(booster, features, outputs, base, file.file, roundsOf(learner)) };
  const binary = objective.startsWith('binary:');
  const count = 'trees' in part ? part.trees.trees.length : 0;
  return rowModel({
    name: options.name,
    source: `XGBoost ${objective}${'trees' in part ? `, ${count} trees` : ', linear'}`,
    part,
    link,
    task: binary || classes > 0 ? 'classification' : 'regression',
    ...(options.classNames !== undefined && { classNames: options.classNames }),
    ...(!binary &&
      classes === 0 &&
      options.classNames !== undefined && { outputNames: options.classNames }),
    features: featuresOf(learner, booster, features, options),
  });
}

function versionOf(file: Field): number {
  const { value } = file.get('version');
  return Array.isArray(value) ? Number(value[0]) : 0;
}

/**
 * How many rounds predict: all, but for a model that stopped early and was
 * saved by scikit-learn's interface, which takes those up to the best one.
 */
function roundsOf(learner: Field): number | undefined {
  const attributes = learner.get('attributes');
  if (!attributes.has('scikit_learn') || !attributes.has('best_iteration')) return undefined;
  return attributes.get('best_iteration').count(0, 1e9) + 1;
}

/** In output space, a number or a list written as a string. */
function baseScores(field: Field, outputs: number, kind: Link['kind']): Float64Array {
  const text = typeof field.value === 'string' ? field.value.trim() : String(field.number(0.5));
  const given = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((item) => Number(item));
  if (
    text === '' ||
    given.some((x) => !Number.isFinite(x)) ||
    ![1, outputs].includes(given.length)
  ) {
    throw field.wrong(`one number, or one for each of the ${outputs} outputs`);
  }
  return Float64Array.from({ length: outputs }, (_, k) => {
    const score = Math.fround(given[given.length === 1 ? 0 : k]);
    if (kind === 'logistic' || kind === 'sigmoid' || kind === 'svm') {
      if (!(score > 0 && score < 1)) throw field.wrong('a probability between 0 and 1');
      return -Math.log(1 / score - 1);
    }
    if (kind !== 'exp') return score;
    if (!(score > 0)) throw field.wrong('above 0');
    return Math.log(score);
  });
}

function linearBooster(
  model: Field,
  features: number,
  outputs: number,
  base: Float64Array,
): LinearPart {
  // weights[feature, output], the biases last
  const weights = model
    .get('weights')
    .numbers((features + 1) * outputs)
    .map(Math.fround);
  return {
    outputs,
    features,
    coefficients: Float64Array.from(
      { length: outputs * features },
      (_, i) => weights[(i % features) * outputs + Math.floor(i / features)],
    ),
    intercept: base.map((score, k) => score + weights[features * outputs + k]),
    hasIntercept: true,
  };
}

function treeBooster(
  booster: Field,
  features: number,
  outputs: number,
  base: Float64Array,
  file: string,
  rounds: number | undefined,
) {
  const dart = booster.has('gbtree');
  const model = dart ? booster.get('gbtree').get('model') : booster.get('model');
  const fields = model.get('trees').list();
  const info = model.get('tree_info').numbers(fields.length);
  const weights = dart ? booster.get('weight_drop').numbers(fields.length) : undefined;
  const starts = model.has('iteration_indptr') ? model.get('iteration_indptr').numbers() : [];
  const last = rounds === undefined ? undefined : starts[rounds];
  const trees = fields.slice(0, last ?? fields.length).map((tree, t) => {
    const scale = weights === undefined ? 1 : Math.fround(weights[t]);
    return readTree(tree, outputs, info[t], scale);
  });
  return treeEnsemble(
    {
      trees,
      features,
      outputs,
      base,
      comparison: '<',
      float32: true,
      coverUnit: 'hessian',
      averaged: false,
    },
    file,
  );
}

function readTree(tree: Field, outputs: number, output: number, scale: number): Tree {
  const left = Int32Array.from(tree.get('left_children').numbers());
  const nodes = left.length;
  const vector = tree.get('tree_param').get('size_leaf_vector').number(1) > 1;
  const width = vector ? outputs : 1;
  const conditions = tree.get('split_conditions').numbers(nodes).map(Math.fround);
  const inner = (node: number) => left[node] >= 0;
  const types = tree.has('split_type') ? tree.get('split_type').numbers(nodes) : undefined;
  const categories = types?.some((type) => type === 1) === true ? splits(tree, nodes) : undefined;
  // trees of vector leaves keep the leaves in base_weights
  const leaves = vector
    ? tree
        .get('base_weights')
        .numbers(nodes * width)
        .map(Math.fround)
    : conditions;
  return makeTree({
    left,
    right: Int32Array.from(tree.get('right_children').numbers(nodes)),
    feature: Int32Array.from(tree.get('split_indices').numbers(nodes), (j, n) =>
      inner(n) ? j : -1,
    ),
    threshold: conditions.map((x, n) => (inner(n) && categories?.[n] === undefined ? x : NaN)),
    values: leaves.map((x, i) => (inner(Math.floor(i / width)) ? 0 : x)),
    outputs: vector ? Int32Array.from({ length: outputs }, (_, k) => k) : Int32Array.of(output),
    defaultLeft: Uint8Array.from(tree.get('default_left').numbers(nodes)),
    missing: new Uint8Array(nodes).fill(MISSING.nan),
    scale,
    cover: tree.get('sum_hessian').numbers(nodes).map(Math.fround),
    ...(tree.has('loss_changes') && {
      gain: tree
        .get('loss_changes')
        .numbers(nodes)
        .map((x, n) => (inner(n) ? Math.fround(x) : 0)),
    }),
    ...(categories !== undefined && { categories }),
  });
}

/** Listed categories go right. */
function splits(tree: Field, nodes: number): (CategorySplit | undefined)[] {
  const at = tree.get('categories_nodes').numbers();
  const from = tree.get('categories_segments').numbers(at.length);
  const sizes = tree.get('categories_sizes').numbers(at.length);
  const codes = tree.get('categories').numbers();
  const list = Array.from({ length: nodes }, (): CategorySplit | undefined => undefined);
  at.forEach((node, i) => {
    if (!(node >= 0 && node < nodes) || !(from[i] >= 0 && from[i] + sizes[i] <= codes.length)) {
      throw tree.get('categories_nodes').wrong('nodes with categories', `node ${node}`);
    }
    list[node] = { codes: new Set(codes.subarray(from[i], from[i] + sizes[i])), listed: 'right' };
  });
  return list;
}

function featuresOf(
  learner: Field,
  booster: Field,
  count: number,
  options: ReadOptions,
): FeatureInfo[] {
  const own = learner.has('feature_names') ? learner.get('feature_names').texts() : [];
  const names = options.featureNames ?? (own.length === count ? own : undefined);
  const types = learner.has('feature_types') ? learner.get('feature_types').texts() : [];
  const model = booster.has('gbtree') ? booster.get('gbtree').get('model') : booster.get('model');
  const encoders = model.get('cats').has('enc') ? model.get('cats').get('enc').list() : [];
  return Array.from({ length: count }, (_, j) => {
    const categories = types[j] === 'c' && j < encoders.length ? categoriesOf(encoders[j]) : [];
    return {
      name: names?.[j] ?? `f${j}`,
      missing: true,
      ...(categories.length > 0 && { categories }),
    };
  });
}

/** Numbers, or strings as bytes with offsets. */
function categoriesOf(encoder: Field): (string | number)[] {
  const values = encoder.get('values').list();
  if (!encoder.has('offsets')) {
    return values.map((item) => (typeof item.value === 'string' ? item.value : item.number()));
  }
  const offsets = encoder.get('offsets').numbers();
  const bytes = Uint8Array.from(values, (item) => item.number());
  return Array.from({ length: Math.max(0, offsets.length - 1) }, (_, k) =>
    new TextDecoder().decode(bytes.subarray(offsets[k], offsets[k + 1])),
  );
}
