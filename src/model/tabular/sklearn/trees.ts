/** scikit-learn's trees, forests and gradient boosting, from their arrays. */
import { sizeOf } from '../../../maths/ndarray.js';
import { makeTree, treeEnsemble } from '../ensemble.js';
import { broken, Field, unsupported } from '../fields.js';
import { MISSING, type Link, type Tree, type TreeEnsemble } from '../interface.js';

const SINGLE = /^(DecisionTree|ExtraTree)(Classifier|Regressor)$/;
const FOREST = /^(RandomForest|ExtraTrees|Bagging)(Classifier|Regressor)$/;
const BOOSTING = /^GradientBoosting(Classifier|Regressor)$/;

/** Told by its arrays, in scikit-learn's names. */
export function hasSklearnTrees(file: Field): boolean {
  return (
    Array.isArray(file.get('trees').value) && file.get('trees').list()[0]?.has('children_left')
  );
}

export interface SklearnTrees {
  readonly trees: TreeEnsemble;
  readonly link: Link;
  /** True where the trees tell which way a missing value goes. */
  readonly missing: boolean;
}

/**
 * Trees as scikit-learn predicts with them: numbers rounded to float32, `<=`,
 * class proportions averaged over a forest, boosting from its first guess.
 */
export function readSklearnTrees(file: Field, features: number): SklearnTrees {
  const name = file.get('class_').text();
  const fields = file.get('trees').list();
  const classes = file.has('classes') ? file.get('classes').list().length : 0;
  const boosting = BOOSTING.test(name);
  if (!boosting && !SINGLE.test(name) && !FOREST.test(name)) {
    throw unsupported(
      file.file,
      `trees of the class '${name}'; known are decision trees, random forests, extra trees, bagging, gradient boosting and AdaBoost`,
    );
  }
  const widths = fields.map((tree) => tree.get('value').array().shape);
  const base = boosting ? file.get('init_raw_prediction').numbers() : undefined;
  const outputs = base?.length ?? sizeOf(widths[0].slice(1));
  if (base === undefined && classes > 0 && outputs !== classes) {
    throw unsupported(file.file, `a tree classifier of several outputs; give one file an output`);
  }
  const scale = boosting ? file.get('learning_rate').number() : 1 / fields.length;
  const trees = fields.map((tree, t) => {
    const at = boosting
      ? Int32Array.of(t % outputs)
      : Int32Array.from({ length: outputs }, (_, k) => k);
    return readTree(withColumns(file, tree, t), at, scale, classes > 0 && !boosting);
  });
  const exponential =
    boosting &&
    (file.get('params').get('loss').value === 'exponential' ||
      (file.has('estimator') && /loss='exponential'/.test(file.get('estimator').text())));
  return {
    trees: treeEnsemble(
      {
        trees,
        features,
        outputs,
        base: base ?? new Float64Array(outputs),
        comparison: '<=',
        float32: true,
        coverUnit: 'samples',
        averaged: !boosting,
        ...importances(file, fields, features),
      },
      file.file,
    ),
    link: boosting && classes > 0 ? boostingLink(outputs, exponential) : { kind: 'identity' },
    // boosting refuses missing values, trees of old versions do not know them
    missing: !boosting && fields.every((tree) => tree.has('missing_go_to_left')),
  };
}

/** Bagging may show each tree some columns only, in an order of its own. */
function withColumns(file: Field, tree: Field, t: number): Field {
  const columns = file.get('estimators_features_');
  if (!columns.exists) return tree;
  const own = columns.list()[t].numbers();
  const feature = Array.from(tree.get('feature').numbers(), (j) => own[j] ?? j);
  return new Field({ ...(tree.value as object), feature }, tree.file, tree.path);
}

function boostingLink(outputs: number, exponential: boolean): Link {
  if (outputs > 1) return { kind: 'softmax' };
  return exponential ? { kind: 'logistic', scale: 2 } : { kind: 'logistic' };
}

/** One tree's arrays. `proportions`: the values are shares of classes. */
export function readTree(
  tree: Field,
  outputs: Int32Array,
  scale: number,
  proportions: boolean,
): Tree {
  const left = Int32Array.from(tree.get('children_left').numbers());
  const nodes = left.length;
  const width = outputs.length;
  const stored = tree.get('value').numbers(nodes * width);
  if (proportions) normalise(stored, width);
  const inner = (n: number) => left[n] >= 0;
  const optional = (key: string) => (tree.has(key) ? tree.get(key).numbers(nodes) : undefined);
  const samples = optional('n_node_samples');
  const cover = optional('weighted_n_node_samples') ?? samples;
  const impurity = optional('impurity');
  const right = Int32Array.from(tree.get('children_right').numbers(nodes));
  return makeTree({
    left,
    right,
    feature: Int32Array.from(tree.get('feature').numbers(nodes), (j, n) => (inner(n) ? j : -1)),
    threshold: tree
      .get('threshold')
      .numbers(nodes)
      .map((x, n) => (inner(n) ? x : NaN)),
    values: stored,
    stored,
    outputs,
    scale,
    missing: new Uint8Array(nodes).fill(MISSING.nan),
    ...(tree.has('missing_go_to_left') && {
      defaultLeft: Uint8Array.from(tree.get('missing_go_to_left').numbers(nodes)),
    }),
    ...(cover !== undefined && { cover }),
    ...(samples !== undefined && { samples }),
    ...(impurity !== undefined && { impurity }),
    ...(impurity !== undefined &&
      cover !== undefined && { gain: decreases(left, right, impurity, cover) }),
  });
}

/** Versions before 1.3 keep weighted counts; proportions stay as they are. */
function normalise(values: Float64Array, width: number): void {
  for (let at = 0; at < values.length; at += width) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += values[at + k];
    if (sum === 0 || Math.abs(sum - 1) < 1e-12) continue;
    for (let k = 0; k < width; k++) values[at + k] /= sum;
  }
}

/** How much impurity each split takes away, weighted by samples. */
function decreases(
  left: Int32Array,
  right: Int32Array,
  impurity: Float64Array,
  cover: Float64Array,
): Float64Array {
  return cover.map((count, n) => {
    const [a, b] = [left[n], right[n]];
    return a < 0 ? 0 : count * impurity[n] - cover[a] * impurity[a] - cover[b] * impurity[b];
  });
}

/** The file's own importances, with their spread over the trees of a forest. */
function importances(file: Field, trees: readonly Field[], features: number) {
  if (!file.has('feature_importances_')) return {};
  const values = file.get('feature_importances_').numbers(features);
  const each = trees.filter((tree) => tree.has('feature_importances_'));
  if (each.length !== trees.length || each.length < 2) return { importances: { values } };
  const all = each.map((tree) => tree.get('feature_importances_').numbers(features));
  const spread = values.map((_, j) => {
    const mean = all.reduce((sum, one) => sum + one[j], 0) / all.length;
    return Math.sqrt(all.reduce((sum, one) => sum + (one[j] - mean) ** 2, 0) / all.length);
  });
  if (spread.some((x) => !Number.isFinite(x)))
    throw broken(file.file, 'importances are not finite');
  return { importances: { values, spread } };
}
