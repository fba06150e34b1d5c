/**
 * Fitted estimators with all their attributes, as the exporter of
 * docs/models-of-tables.md writes them, in the names that the readers read.
 */

type Json = Readonly<Record<string, unknown>>;

/** Attributes that the readers know by another name. */
const NAMES: Readonly<Record<string, string>> = {
  classes_: 'classes',
  feature_names_in_: 'feature_names',
  n_features_in_: 'n_features',
  _probA: 'probA_',
  _probB: 'probB_',
  _n_support: 'n_support_',
  _fit_X: 'fit_X_',
  _y: 'y_',
  _label_binarizer: 'label_binarizer_',
};

/** The same estimator with `params`, `classes`, `feature_names` and `trees`; other values are left as they are. */
export function fromDump(value: unknown): unknown {
  if (!isObject(value) || typeof value.class_ !== 'string') return value;
  const found: Record<string, unknown> = { params: value, ...value };
  for (const [own, name] of Object.entries(NAMES)) {
    if (value[own] !== undefined && value[own] !== null) found[name] ??= value[own];
  }
  if (typeof value._gamma === 'number') found.gamma = value._gamma;
  if (found.classes !== undefined) found.classes = listOf(found.classes);
  const members = value.estimators_ === undefined ? [value] : flat(value.estimators_);
  const trees = members.map((member) => (isObject(member) ? treeOf(member) : undefined));
  if (found.trees === undefined && trees.every((tree) => tree !== undefined)) found.trees = trees;
  if (value.class_ === 'OneVsRestClassifier' && found.coef_ === undefined) {
    Object.assign(found, stacked(members));
  }
  return found;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value.data)) return value;
  return value.data.map((entry) =>
    typeof entry === 'boolean' ? (entry ? 'True' : 'False') : entry,
  );
}

/** Estimators of boosting are a table, a row a round. */
function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flat() : [];
}

/** The arrays of `tree_`, in the names that its attributes have in Python. */
function treeOf({ tree_: tree }: Json): Json | undefined {
  if (!isObject(tree)) return undefined;
  const { nodes, values } = tree;
  if (!isObject(nodes)) return tree;
  const { left_child: left, right_child: right, ...others } = nodes;
  return { ...others, children_left: left, children_right: right, value: values };
}

/** Coefficients of one model a class, put together. */
function stacked(members: readonly unknown[]): Json {
  const linear = members.filter(
    (member): member is Json => isObject(member) && isObject(member.coef_),
  );
  if (linear.length === 0 || linear.length !== members.length) return {};
  const rows = linear.map(({ coef_: coefficients }) => [(coefficients as Json).data].flat());
  const [{ class_: name, loss, fit_intercept: intercept }] = linear;
  return {
    coef_: rows,
    intercept_: linear.map(({ intercept_: own }) => [isObject(own) ? own.data : own].flat()[0]),
    estimator: `OneVsRestClassifier(${String(name)}(${typeof loss === 'string' ? `loss='${loss}'` : ''}))`,
    params: { fit_intercept: intercept },
  };
}
