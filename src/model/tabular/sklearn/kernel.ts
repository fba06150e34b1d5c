/** scikit-learn's support vector machines with a kernel: a sum over the support vectors. */
import { broken, unsupported, type Field } from '../fields.js';
import type { Columns, LinearPart, Rows } from '../interface.js';
import { dotProduct, squaredDistance } from '../kernels.js';
import { sigmoid } from '../link.js';
import type { Network } from './network.js';
import { coupled } from './pairwise.js';

/** Told by its support vectors. */
export function isKernelMachine(file: Field): boolean {
  return file.has('support_vectors_') && file.has('dual_coef_');
}

/** Σ_i dual_i · support_i: with the linear kernel one score is a linear model. */
export function readLinearKernel(file: Field): LinearPart | undefined {
  const dual = file.get('dual_coef_').matrix();
  if (kernelName(file) !== 'linear' || dual.rows !== 1 || hasPlatt(file)) return undefined;
  const support = file.get('support_vectors_').matrix();
  if (dual.columns !== support.rows) throw mismatch(file, dual.columns, support.rows);
  const coefficients = new Float64Array(support.columns);
  support.data.forEach((x, i) => {
    coefficients[i % support.columns] += x * dual.data[Math.floor(i / support.columns)];
  });
  return {
    outputs: 1,
    features: support.columns,
    coefficients,
    intercept: file.get('intercept_').numbers(1),
    hasIntercept: true,
  };
}

/**
 * Σ_i dual_i · k(support_i, x) + intercept: the value of a regression, the
 * distance to the border of two classes. Of more classes each pair has one, and
 * a class's score is the number of pairs it wins, with the sum of its distances
 * (below a third) deciding between equals. Where it was fitted with
 * `probability=True`, the probabilities are Platt's.
 */
export function readKernelMachine(file: Field, features: number): Network {
  const support = file.get('support_vectors_').matrix();
  if (support.columns !== features) {
    throw broken(file.file, `support vectors have ${support.columns} features of ${features}`);
  }
  const classes = file.has('classes') ? file.get('classes').list().length : 0;
  const pairs = classes > 2 ? (classes * (classes - 1)) / 2 : 1;
  const dual = file.get('dual_coef_').numbers(Math.max(1, classes - 1) * support.rows);
  const intercept = file.get('intercept_').numbers(pairs);
  const kernel = kernelOf(kernelName(file), file, (key, fallback) =>
    (file.has(key) ? file.get(key) : file.get('params').get(key)).number(fallback),
  );
  const similar = (row: Float64Array): Float64Array =>
    Float64Array.from({ length: support.rows }, (_, i) =>
      kernel(support.data.subarray(i * features, (i + 1) * features), row),
    );
  const decide =
    classes > 2
      ? pairwise(file, dual, intercept, classes, support.rows)
      : (k: Float64Array) => Float64Array.of(dotProduct(dual, k) + intercept[0]);
  const outputs = classes > 2 ? classes : 1;
  const marginsOf = (decisions: Float64Array): Float64Array =>
    classes > 2 ? won(decisions, classes) : decisions;
  const table = (
    { count, data }: Rows,
    columns: number,
    of: (decisions: Float64Array) => Float64Array,
  ): Columns => {
    const result = new Float64Array(count * columns);
    for (let n = 0; n < count; n++) {
      const row = data.subarray(n * features, (n + 1) * features);
      result.set(of(decide(similar(row))), n * columns);
    }
    return { count, columns, data: result };
  };
  const network = (rows: Rows): Columns => table(rows, outputs, marginsOf);
  if (!hasPlatt(file)) {
    return { outputs, link: { kind: classes > 0 ? 'svm' : 'identity' }, network };
  }
  const a = file.get('probA_').numbers(pairs);
  const b = file.get('probB_').numbers(pairs);
  // the library's own decision of two classes has the other sign
  const sign = classes === 2 ? -1 : 1;
  const probabilities = (decisions: Float64Array): Float64Array =>
    coupled(
      decisions.map((d, p) => sigmoid(-(a[p] * sign * d + b[p]))),
      classes,
    );
  return {
    outputs,
    link: { kind: classes === 2 ? 'logistic' : 'softmax' },
    network,
    predict: (rows) => ({
      margins: network(rows),
      values: table(rows, classes, probabilities),
    }),
  };
}

function mismatch(file: Field, got: number, vectors: number) {
  return broken(file.file, `it has ${got} dual coefficients, but ${vectors} support vectors`);
}

function hasPlatt(file: Field): boolean {
  return file.has('classes') && file.has('probA_') && file.get('probA_').numbers().length > 0;
}

function kernelName(file: Field): string {
  const field = file.has('kernel') ? file.get('kernel') : file.get('params').get('kernel');
  return field.exists ? field.text() : 'rbf';
}

/** A decision for each pair of classes, positive for the first; support vectors are sorted by class. */
function pairwise(
  file: Field,
  dual: Float64Array,
  intercept: Float64Array,
  classes: number,
  vectors: number,
): (similar: Float64Array) => Float64Array {
  const sizes = file.get('n_support_').numbers(classes);
  const starts = Array.from(sizes, (_, c) => sizes.subarray(0, c).reduce((x, y) => x + y, 0));
  if (starts[classes - 1] + sizes[classes - 1] !== vectors) {
    throw file.get('n_support_').wrong(`numbers that sum to ${vectors} support vectors`);
  }
  return (similar) => {
    const decisions = Float64Array.from(intercept);
    let pair = 0;
    for (let i = 0; i < classes; i++) {
      for (let j = i + 1; j < classes; j++, pair++) {
        for (let s = starts[i]; s < starts[i] + sizes[i]; s++) {
          decisions[pair] += dual[(j - 1) * vectors + s] * similar[s];
        }
        for (let s = starts[j]; s < starts[j] + sizes[j]; s++) {
          decisions[pair] += dual[i * vectors + s] * similar[s];
        }
      }
    }
    return decisions;
  };
}

/** scikit-learn's `decision_function_shape='ovr'`. */
function won(decisions: Float64Array, classes: number): Float64Array {
  const votes = new Float64Array(classes);
  const sums = new Float64Array(classes);
  let pair = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, pair++) {
      const d = decisions[pair];
      votes[d < 0 ? j : i]++;
      sums[i] += d;
      sums[j] -= d;
    }
  }
  return votes.map((v, k) => v + sums[k] / (3 * (Math.abs(sums[k]) + 1)));
}

type Kernel = (a: Float64Array, b: Float64Array) => number;

function kernelOf(
  name: string,
  file: Field,
  parameter: (key: string, fallback?: number) => number,
): Kernel {
  const dot: Kernel = dotProduct;
  if (name === 'linear') return dot;
  const gamma = parameter('gamma');
  if (name === 'rbf') {
    return (a, b) => Math.exp(-gamma * squaredDistance(a, b));
  }
  const shift = parameter('coef0', 0);
  if (name === 'poly') {
    const degree = parameter('degree', 3);
    return (a, b) => (gamma * dot(a, b) + shift) ** degree;
  }
  if (name === 'sigmoid') return (a, b) => Math.tanh(gamma * dot(a, b) + shift);
  throw unsupported(file.file, `a support vector machine with the kernel '${name}'`);
}
