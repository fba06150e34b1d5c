/** scikit-learn's AdaBoost: trees that vote with weights. */
import { makeTree, treeEnsemble } from '../ensemble.js';
import { unsupported, type Field } from '../fields.js';
import type { Columns, Link, Rows, Tree, TreeEnsemble } from '../interface.js';
import type { Network } from './network.js';
import { readTree } from './trees.js';

/** Told by its class. */
export function isAdaBoost(file: Field): boolean {
  return /^AdaBoost(Classifier|Regressor)$/.test(String(file.get('class_').value));
}

/**
 * A tree that names a class adds its weight to that class and takes weight / (classes − 1) from
 * the others; weights sum to 1. Of two classes there is one margin, the difference of their votes.
 * (`SAMME.R` of old versions votes with logarithms of probabilities.)
 */
export function readAdaBoost(
  file: Field,
  features: number,
): { readonly trees: TreeEnsemble; readonly link: Link } {
  const classes = file.get('classes').list().length;
  const fields = file.get('trees').list();
  const params = file.get('params');
  const real = params.get('algorithm').value === 'SAMME.R';
  const weights = weightsOf(file, fields.length);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const every = Int32Array.from({ length: classes }, (_, k) => k);
  const trees = fields.map((field, t): Tree => {
    const { stored, ...tree } = readTree(field, every, 1, true);
    const proportions = stored ?? tree.values;
    const votes = new Float64Array(tree.left.length * classes);
    for (let node = 0; node < tree.left.length; node++) {
      const own = proportions.subarray(node * classes, (node + 1) * classes);
      votes.set(real ? logarithms(own) : named(own), node * classes);
    }
    const two = classes === 2;
    return makeTree({
      ...tree,
      values: two ? differences(votes) : votes,
      outputs: two ? Int32Array.of(0) : every,
      scale: weights[t] / total,
    });
  });
  const outputs = classes === 2 ? 1 : classes;
  return {
    trees: treeEnsemble(
      {
        trees,
        features,
        outputs,
        base: new Float64Array(outputs),
        comparison: '<=',
        float32: true,
        coverUnit: 'samples',
        averaged: false,
        ...(file.has('feature_importances_') && {
          importances: { values: file.get('feature_importances_').numbers(features) },
        }),
      },
      file.file,
    ),
    link: classes === 2 ? { kind: 'logistic' } : { kind: 'softmax', scale: 1 / (classes - 1) },
  };
}

/** As many weights as there are trees: the file has room for rounds that did not come. */
function weightsOf(file: Field, count: number): Float64Array {
  const weights = file.get('estimator_weights_').numbers();
  if (weights.length < count) {
    throw file.get('estimator_weights_').wrong(`${count} numbers, one a tree`, `${weights.length}`);
  }
  return weights.slice(0, count);
}

function topOf(values: ArrayLike<number>): number {
  let top = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[top]) top = k;
  return top;
}

function named(proportions: Float64Array): Float64Array {
  const top = topOf(proportions);
  return proportions.map((_, k) => (k === top ? 1 : -1 / (proportions.length - 1)));
}

/** (K − 1) · (ln p − mean ln p). */
function logarithms(proportions: Float64Array): Float64Array {
  const logs = proportions.map((p) => Math.log(Math.max(p, Number.EPSILON)));
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  return logs.map((x) => (logs.length - 1) * (x - mean));
}

/** Votes for the second class less those for the first. */
function differences(votes: Float64Array): Float64Array {
  return Float64Array.from({ length: votes.length / 2 }, (_, n) => votes[2 * n + 1] - votes[2 * n]);
}

/** The weighted median of what the trees say, which is not a sum of them. */
export function readMedianBoost(file: Field, features: number): Network {
  const fields = file.get('trees').list();
  const weights = weightsOf(file, fields.length);
  const half = weights.reduce((sum, w) => sum + w, 0) / 2;
  const each = treeEnsemble(
    {
      trees: fields.map((field) => readTree(field, Int32Array.of(0), 1, false)),
      features,
      outputs: 1,
      base: new Float64Array(1),
      comparison: '<=',
      float32: true,
      coverUnit: 'samples',
      averaged: false,
    },
    file.file,
  );
  return {
    outputs: 1,
    link: { kind: 'identity' },
    network: ({ count, columns, data }: Rows): Columns => {
      const medians = Float64Array.from({ length: count }, (_, n) => {
        const row = data.subarray(n * columns, (n + 1) * columns);
        const said = each.trees.map((tree, t) => tree.values[each.leaf(t, row)]);
        const order = [...said.keys()].sort((a, b) => said[a] - said[b] || a - b);
        let sum = 0;
        for (const t of order) {
          sum += weights[t];
          if (sum >= half) return said[t];
        }
        return said[order[order.length - 1]];
      });
      return { count, columns: 1, data: medians };
    },
  };
}

/** AdaBoost over anything but trees. */
export function withoutTrees(file: Field): Error {
  return unsupported(
    file.file,
    `an ${String(file.get('class_').value)} whose members are no trees with their arrays in 'trees'. See docs/models-of-tables.md for what to export, or export it to ONNX`,
  );
}
