/** What the operators of tabular graphs compute, in float32 as ONNX Runtime does. */
import { sizeOf } from '../../../maths/ndarray.js';
import { linearMargins } from '../linear.js';
import { dotProduct, squaredDistance } from '../kernels.js';
import { applyLink, sigmoid } from '../link.js';
import { ensembleMargins } from '../ensemble.js';
import type { Columns, LinearPart, Link } from '../interface.js';
import type { Node } from './attributes.js';
import {
  besideMatrices,
  isWords,
  mapMatrix,
  pickColumns,
  zipMatrix,
  type Flowing,
  type Matrix,
} from './tensor.js';
import { postTransform, readOnnxTrees } from './trees.js';

/** One operator: from its inputs to its first output of interest (scores before labels). */
export type Operator = (node: Node, inputs: readonly Flowing[], file: string) => Flowing;

function numbers(node: Node, inputs: readonly Flowing[], at = 0): Matrix {
  const value = inputs[at];
  if (value === undefined || isWords(value)) throw node.wrong(`needs numbers as input ${at}`);
  return value;
}

const each =
  (change: (x: number) => number): Operator =>
  (node, inputs) =>
    mapMatrix(numbers(node, inputs), change);
const both =
  (join: (x: number, y: number) => number): Operator =>
  (node, inputs) =>
    zipMatrix(numbers(node, inputs), numbers(node, inputs, 1), join);
const same: Operator = (_, inputs) => inputs[0];

/** `offset` and `scale` of a Scaler, one for all columns or one each. */
const scaler: Operator = (node, inputs) => {
  const offset = node.numbers('offset');
  const scale = node.numbers('scale');
  const of = (list: Float64Array, j: number, fallback: number) =>
    list.length === 0 ? fallback : list[list.length === 1 ? 0 : j];
  return mapMatrix(numbers(node, inputs), (x, j) =>
    Math.fround(Math.fround(x - of(offset, j, 0)) * of(scale, j, 1)),
  );
};

const normalizer: Operator = (node, inputs) => {
  const kind = node.text('norm', 'MAX');
  const p = node.has('p') ? node.number('p', 2) : undefined;
  return perRow(numbers(node, inputs), (row) => {
    const size =
      kind === 'L1' || p === 1
        ? row.reduce((sum, x) => sum + Math.abs(x), 0)
        : kind === 'L2' || p === 2
          ? Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))
          : row.reduce((most, x) => Math.max(most, x), -Infinity);
    return size === 0 ? row : row.map((x) => x / size);
  });
};

const imputer: Operator = (node, inputs) => {
  const floats = node.numbers('imputed_value_floats');
  const values = floats.length > 0 ? floats : node.numbers('imputed_value_int64s');
  const replaced = node.number('replaced_value_float', node.number('replaced_value_int64', NaN));
  if (values.length === 0) throw node.wrong('has no values to put in');
  return mapMatrix(numbers(node, inputs), (x, j) =>
    x === replaced || (Number.isNaN(replaced) && Number.isNaN(x))
      ? values[values.length === 1 ? 0 : j]
      : x,
  );
};

const oneHot: Operator = (node, inputs) => {
  const [value] = inputs;
  const zeros = node.number('zeros', 1) !== 0;
  const words = node.texts('cats_strings');
  const codes = node.numbers('cats_int64s');
  const places = isWords(value)
    ? value.words.map((word) => words.indexOf(word))
    : Array.from(value.data, (x) => codes.indexOf(Math.trunc(x)));
  const size = isWords(value) ? words.length : codes.length;
  if (size === 0) throw node.wrong('has no categories of the kind that it is given');
  const unknown = places.indexOf(-1);
  if (unknown !== -1 && !zeros)
    throw node.wrong(`is given a category it does not know, in row ${unknown}`);
  const data = new Float64Array(places.length * size);
  places.forEach((k, n) => {
    if (k >= 0) data[n * size + k] = 1;
  });
  const rows = isWords(value) ? value.words.length : value.rows;
  return { rows, columns: data.length / rows, data };
};

const labelEncoder: Operator = (node, inputs) => {
  const [value] = inputs;
  const keys = node.labels('keys_strings', 'keys_int64s', 'keys_floats') ?? [];
  const results = [node.numbers('values_floats'), node.numbers('values_int64s')].find(
    (list) => list.length > 0,
  );
  const fallback = node.number('default_float', node.number('default_int64', -1));
  if (results === undefined || results.length !== keys.length) {
    throw node.wrong('maps to something else than one number a key');
  }
  const table = new Map(keys.map((key, i) => [key, results[i]]));
  const own = isWords(value) ? value.words : Array.from(value.data, String);
  const data = Float64Array.from(own, (key) => table.get(key) ?? fallback);
  return isWords(value) ? { rows: data.length, columns: 1, data } : { ...value, data };
};

/** The coefficients of a LinearClassifier or LinearRegressor. */
export function linearOf(node: Node): { readonly linear: LinearPart; readonly link: Link } {
  const coefficients = node.numbers('coefficients');
  const intercepts = node.numbers('intercepts');
  const outputs =
    node.op === 'LinearRegressor' ? node.number('targets', 1) : Math.max(1, intercepts.length);
  const features = coefficients.length / outputs;
  if (!Number.isInteger(features) || features === 0) {
    throw node.wrong(`has ${coefficients.length} coefficients for ${outputs} outputs`);
  }
  const labels = node.labels('classlabels_strings', 'classlabels_ints')?.length ?? 0;
  return {
    link: oneSided(postTransform(node), outputs === 1 && labels === 2),
    linear: {
      outputs,
      features,
      coefficients,
      intercept: Float64Array.from({ length: outputs }, (_, k) => intercepts[k] ?? 0),
      hasIntercept: intercepts.some((x) => x !== 0),
    },
  };
}

/** One score for two labels: the margin of the second. */
function oneSided(link: Link, single: boolean): Link {
  if (!single) return link;
  if (link.kind === 'sigmoid') return { kind: 'logistic' };
  return link.kind === 'identity' ? { kind: 'svm' } : link;
}

const linear: Operator = (node, inputs) => {
  const { linear: part, link } = linearOf(node);
  const x = numbers(node, inputs);
  if (x.columns !== part.features) {
    throw node.wrong(`has coefficients of ${part.features} features, and gets ${x.columns}`);
  }
  return linked(linearMargins(part, { count: x.rows, ...x }), link);
};

const trees: Operator = (node, inputs, file) => {
  const x = numbers(node, inputs);
  const { trees: ensemble, link } = treesOf(node, x.columns, file);
  return linked(ensembleMargins(ensemble, { count: x.rows, ...x }), link);
};

const known = new WeakMap<Node, ReturnType<typeof readOnnxTrees>>();
/** Read once a node. */
export function treesOf(node: Node, features: number, file: string) {
  let found = known.get(node);
  if (found === undefined) known.set(node, (found = readOnnxTrees(node, features, file)));
  return found;
}

function linked(margins: Columns, link: Link): Matrix {
  const {
    count: rows,
    columns,
    data,
  } = link.kind === 'svm' && margins.columns === 1
    ? {
        count: margins.count,
        columns: 2,
        data: margins.data.length === 0 ? margins.data : sides(margins.data),
      }
    : applyLink(margins, link);
  return mapMatrix({ rows, columns, data }, (x) => x);
}

function sides(margins: Float64Array): Float64Array {
  return Float64Array.from(
    { length: 2 * margins.length },
    (_, i) => (i % 2 === 0 ? -1 : 1) * margins[i >> 1],
  );
}

const svm: Operator = (node, inputs) => {
  const x = numbers(node, inputs);
  const vectors = node.numbers('support_vectors');
  const dual = node.numbers('coefficients');
  const [rho = 0] = node.numbers('rho');
  const [gamma = 0, coef0 = 0, degree = 3] = node.numbers('kernel_params');
  const kind = node.text('kernel_type', 'LINEAR');
  const count = node.number('n_supports', 0);
  if (count === 0 && kind !== 'LINEAR') throw node.wrong('has no support vectors');
  const size = x.columns;
  const of = (values: Float64Array, n: number) => values.subarray(n * size, (n + 1) * size);
  const dot = dotProduct;
  const kernels: Readonly<Record<string, (a: Float64Array, b: Float64Array) => number>> = {
    LINEAR: dot,
    RBF: (a, b) => Math.exp(-gamma * squaredDistance(a, b)),
    POLY: (a, b) => (gamma * dot(a, b) + coef0) ** degree,
    SIGMOID: (a, b) => Math.tanh(gamma * dot(a, b) + coef0),
  };
  const kernel = kernels[kind];
  const data = Float64Array.from({ length: x.rows }, (_, n) => {
    if (count === 0) return dot(of(x.data, n), dual) + rho;
    let sum = rho;
    for (let i = 0; i < count; i++) sum += dual[i] * kernel(of(vectors, i), of(x.data, n));
    return sum;
  });
  return mapMatrix({ rows: x.rows, columns: 1, data }, (v) => v);
};

function perRow(matrix: Matrix, change: (row: Float64Array) => Float64Array): Matrix {
  const data = new Float64Array(matrix.data.length);
  for (let n = 0; n < matrix.rows; n++) {
    const at = n * matrix.columns;
    data.set(change(matrix.data.subarray(at, at + matrix.columns)), at);
  }
  return mapMatrix({ ...matrix, data }, (x) => x);
}

function product(a: Matrix, b: Matrix, node: Node): Matrix {
  if (a.columns !== b.rows) throw node.wrong(`multiplies ${a.columns} columns by ${b.rows} rows`);
  const data = new Float64Array(a.rows * b.columns);
  for (let n = 0; n < a.rows; n++) {
    for (let k = 0; k < b.columns; k++) {
      let sum = 0;
      for (let j = 0; j < a.columns; j++)
        sum += a.data[n * a.columns + j] * b.data[j * b.columns + k];
      data[n * b.columns + k] = Math.fround(sum);
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  return {
    rows: columns,
    columns: rows,
    data: Float64Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
  };
}

const gemm: Operator = (node, inputs) => {
  const a = numbers(node, inputs);
  const b = numbers(node, inputs, 1);
  const made = product(
    node.number('transA', 0) === 1 ? transposed(a) : a,
    node.number('transB', 0) === 1 ? transposed(b) : b,
    node,
  );
  const scaled = mapMatrix(made, (x) => x * node.number('alpha', 1));
  if (inputs[2] === undefined) return scaled;
  const beta = node.number('beta', 1);
  return zipMatrix(scaled, numbers(node, inputs, 2), (x, y) => x + beta * y);
};

const slice: Operator = (node, inputs) => {
  const x = numbers(node, inputs);
  const list = (at: number, name: string) =>
    inputs[at] === undefined ? node.numbers(name) : numbers(node, inputs, at).data;
  const [start] = list(1, 'starts');
  const [end] = list(2, 'ends');
  const axes = list(3, 'axes');
  const [step = 1] = list(4, 'steps');
  if (axes.length !== 1 || (axes[0] !== 1 && axes[0] !== -1) || step !== 1) {
    throw node.wrong('slices something else than columns');
  }
  const from = start < 0 ? start + x.columns : start;
  const to = Math.min(x.columns, end < 0 ? end + x.columns : end);
  return pickColumns(
    x,
    Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i),
  );
};

const pick: Operator = (node, inputs) => {
  const chosen = Array.from(numbers(node, inputs, 1).data);
  const x = numbers(node, inputs);
  if (chosen.some((j) => !(j >= 0 && j < x.columns)))
    throw node.wrong('takes columns that are not there');
  return pickColumns(x, chosen);
};

export const OPERATORS: Readonly<Record<string, Operator>> = {
  Scaler: scaler,
  Normalizer: normalizer,
  LpNormalization: normalizer,
  Imputer: imputer,
  OneHotEncoder: oneHot,
  LabelEncoder: labelEncoder,
  LinearClassifier: linear,
  LinearRegressor: linear,
  TreeEnsembleClassifier: trees,
  TreeEnsembleRegressor: trees,
  TreeEnsemble: trees,
  SVMRegressor: svm,
  ArrayFeatureExtractor: pick,
  FeatureVectorizer: (node, inputs) =>
    besideMatrices(inputs.map((_, i) => numbers(node, inputs, i))),
  Concat: (node, inputs) => besideMatrices(inputs.map((_, i) => numbers(node, inputs, i))),
  Slice: slice,
  Gather: pick,
  Gemm: gemm,
  MatMul: (node, inputs) => product(numbers(node, inputs), numbers(node, inputs, 1), node),
  Cast: (node, inputs) => {
    const [value] = inputs;
    const to = node.number('to', 1);
    // whole numbers lose what is behind the point
    return isWords(value) || ![5, 6, 7, 12, 13].includes(to) ? value : mapMatrix(value, Math.trunc);
  },
  Identity: same,
  ZipMap: same,
  Flatten: same,
  Reshape: (node, inputs) => {
    const x = numbers(node, inputs);
    const shape = Array.from(numbers(node, inputs, 1).data);
    const known = sizeOf(shape.filter((size) => size > 0));
    const sizes = shape.map((size, axis) =>
      size === 0 ? (axis === 0 ? x.rows : x.columns) : size === -1 ? x.data.length / known : size,
    );
    if (sizes.length > 2) throw node.wrong(`gives an array of ${sizes.length} axes`);
    return { rows: sizes[0] ?? 1, columns: sizes[1] ?? 1, data: x.data };
  },
  Add: both((x, y) => x + y),
  Sub: both((x, y) => x - y),
  Mul: both((x, y) => x * y),
  Div: both((x, y) => x / y),
  Sigmoid: each(sigmoid),
  Tanh: each(Math.tanh),
  Relu: each((x) => Math.max(0, x)),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Neg: each((x) => -x),
  Sqrt: each(Math.sqrt),
  Softmax: (node, inputs) => {
    const x = numbers(node, inputs);
    return linked({ count: x.rows, ...x }, { kind: 'softmax' });
  },
};
