/** scikit-learn's HistGradientBoosting, from its predictors' nodes. */
import { makeTree, treeEnsemble } from '../ensemble.js';
import { unsupported, type Field } from '../fields.js';
import { MISSING, type Link, type Tree, type TreeEnsemble } from '../interface.js';

/** Told by its attributes. */
export function isHistogramBoosting(file: Field): boolean {
  return file.has('_predictors') && file.has('_baseline_prediction');
}

/** Numbers are compared as they are, in float64. */
export function readHistogramBoosting(
  file: Field,
  features: number,
): { readonly trees: TreeEnsemble; readonly link: Link } {
  const encodes = (nodes: Field) =>
    nodes.has('is_categorical') &&
    nodes
      .get('is_categorical')
      .numbers()
      .some((is) => is === 1);
  const predictors = file
    .get('_predictors')
    .list()
    .flatMap((round) => round.list());
  if (file.has('_preprocessor') || predictors.some((one) => encodes(one.get('nodes')))) {
    throw unsupported(
      file.file,
      'a HistGradientBoosting that encodes categories itself; put an OrdinalEncoder before it in a Pipeline, or export it to ONNX',
    );
  }
  const base = file.get('_baseline_prediction').numbers();
  const trees = predictors.map((predictor, t) => readTree(predictor, t % base.length));
  return {
    trees: treeEnsemble(
      {
        trees,
        features,
        outputs: base.length,
        base,
        comparison: '<=',
        float32: false,
        coverUnit: 'samples',
        averaged: false,
      },
      file.file,
    ),
    link: linkOf(file, base.length),
  };
}

function linkOf(file: Field, outputs: number): Link {
  if (file.has('classes')) return { kind: outputs === 1 ? 'logistic' : 'softmax' };
  const { value: loss } = file.get('params').get('loss');
  return { kind: loss === 'poisson' || loss === 'gamma' ? 'exp' : 'identity' };
}

function readTree(predictor: Field, output: number): Tree {
  const nodes = predictor.get('nodes');
  const leaves = nodes.get('is_leaf').numbers();
  const numbers = (key: string) => nodes.get(key).numbers(leaves.length);
  const inner = (n: number) => leaves[n] === 0;
  const child = (key: string) => Int32Array.from(numbers(key), (to, n) => (inner(n) ? to : -1));
  return makeTree({
    left: child('left'),
    right: child('right'),
    feature: Int32Array.from(numbers('feature_idx'), (j, n) => (inner(n) ? j : -1)),
    threshold: numbers('num_threshold').map((x, n) => (inner(n) ? x : NaN)),
    defaultLeft: Uint8Array.from(numbers('missing_go_to_left')),
    missing: new Uint8Array(leaves.length).fill(MISSING.nan),
    values: numbers('value'),
    outputs: Int32Array.of(output),
    cover: numbers('count'),
    ...(nodes.has('gain') && { gain: numbers('gain').map((g, n) => (inner(n) ? g : 0)) }),
  });
}
