/** The primitives as operations of TensorFlow.js: one row for each; if one is missing, this does not compile. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { range, scalarOf, sizeOf } from '../../graph/build.js';
import type { Comparison, Name, Shape, Unary } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { differentiateOpaque, runOpaque } from './opaque.js';
import { repeated } from './repeat.js';
import { convKernel, maxPool, maxPoolGradient, rectified } from './windows.js';
import { spread } from './spread.js';

/** Tensors `[N, …sample]`; constants have no batch axis. */
type Kernel<K extends Name> = (inputs: readonly Tensor[], v: Value<K>) => Tensor;
export type Kernels = { readonly [K in Exclude<Name, 'input' | 'constant'>]: Kernel<K> };

const UNARY: Readonly<Record<Unary, (x: Tensor) => Tensor>> = {
  exp: tf.exp,
  log: tf.log,
  neg: tf.neg,
  abs: tf.abs,
  sign: tf.sign,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  sqrt: tf.sqrt,
  reciprocal: tf.reciprocal,
  erf: tf.erf,
  sin: tf.sin,
  cos: tf.cos,
  atan: tf.atan,
  floor: tf.floor,
  ceil: tf.ceil,
  round: tf.round,
};
const COMPARE: Readonly<Record<Comparison, (a: Tensor, b: Tensor) => Tensor>> = {
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  equal: tf.equal,
  notEqual: tf.notEqual,
};

const batched = (x: Tensor, shape: Shape): number[] => [x.shape[0], ...shape];
const behindBatch = (axes: Shape): number[] => axes.map((a) => a + 1);
/** A constant among tensors of a batch gets leading axes of size 1. */
const ranked = (x: Tensor, rank: number): Tensor =>
  x.rank < rank ? tf.reshape(x, [...new Array<number>(rank - x.rank).fill(1), ...x.shape]) : x;
const pairwise =
  <K extends Name>(f: (a: Tensor, b: Tensor) => Tensor): Kernel<K> =>
  ([a, b]) =>
    f(a, b);
/** Matrices repeated to the same number: the library repeats single matrices correctly, but not along one of several axes. */
function sameLead(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const [p, q] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const alike = p.every((n, i) => n === q[i]);
  if (alike || sizeOf(p) === 1 || sizeOf(q) === 1) return [a, b];
  const times = (own: Shape, other: Shape): number[] => [
    ...own.map((n, i) => (n === 1 ? other[i] : 1)),
    1,
    1,
  ];
  return [tf.tile(a, times(p, q)), tf.tile(b, times(q, p))];
}
/** A tensor of one sample, or a constant, as one of `count`. */
function withBatch(x: Tensor, v: Value, count: number): Tensor {
  const whole = v.live ? x : tf.expandDims(x, 0);
  if (whole.shape[0] === count) return whole;
  return repeated(whole, [count, ...v.shape.map(() => 1)]);
}

export const KERNELS: Kernels = {
  opaque: (inputs, { attrs: { layer, output } }) => runOpaque(layer, inputs, output),
  opaqueGradient: (inputs, { attrs: { layer, output, index } }) =>
    differentiateOpaque(layer, inputs, output, index),
  conv: ([x, ...kernels], v) => convKernel({ v }).run(x, kernels),
  maxPool,
  maxPoolGradient,
  matMul: ([a, b], v) => {
    const { transposeA, transposeB } = v.attrs;
    const [x, y] = v.inputs;
    if (!y.live && y.shape.length === 2 && x.live && !transposeA) {
      // one large product instead of one for each sample
      const depth = x.shape[x.shape.length - 1];
      const flat = tf.matMul(tf.reshape(a, [-1, depth]), b, false, transposeB);
      return tf.reshape(flat, batched(a, v.shape));
    }
    const rank = v.shape.length + 1;
    const [left, right] = sameLead(ranked(a, rank), ranked(b, rank));
    return tf.matMul(left, right, transposeA, transposeB);
  },
  along: ([x, matrix], v) => {
    const { axis } = v.attrs;
    const size = v.inputs[0].shape[axis];
    const inner = sizeOf(v.shape.slice(axis + 1));
    if (inner === 1) {
      const rows = tf.matMul(tf.reshape(x, [-1, size]), matrix, false, true);
      return tf.reshape(rows, batched(x, v.shape));
    }
    const flat = tf.reshape(x, [-1, size, inner]);
    const left = tf.tile(tf.expandDims(matrix, 0), [flat.shape[0], 1, 1]);
    return tf.reshape(tf.matMul(left, flat), batched(x, v.shape));
  },
  add: pairwise(tf.add),
  mul: pairwise(tf.mul),
  div: pairwise(tf.div),
  max: pairwise(tf.maximum),
  // the backends have one operation for this, and two for all others
  compare: ([a, b], { inputs: [, y], attrs: { how } }) =>
    how === 'greater' && scalarOf(y) === 0 ? tf.step(a) : tf.cast(COMPARE[how](a, b), 'float32'),
  select: ([condition, a, b]) => tf.where(tf.cast(condition, 'bool'), a, b),
  unary: ([x], { attrs: { fn } }) => UNARY[fn](x),
  power: ([x], { attrs: { exponent } }) => tf.pow(x, tf.scalar(exponent)),
  relu: ([x], { attrs: { ceiling } }) => rectified(x, ceiling),
  softmax: ([x]) => tf.softmax(x),
  sum: ([x], { attrs: { axes } }) => tf.sum(x, behindBatch(axes), true),
  reduceMax: ([x], { attrs: { axes } }) => tf.max(x, behindBatch(axes), true),
  expand: ([x], { inputs: [{ shape: from }], shape }) =>
    repeated(x, [1, ...shape.map((n, a) => n / from[a])]),
  reshape: ([x], { shape }) => tf.reshape(x, batched(x, shape)),
  transpose: ([x], { attrs: { order } }) => tf.transpose(x, [0, ...behindBatch(order)]),
  reverse: ([x], { attrs: { axes }, shape }) =>
    axes.reduce((y, a) => rows(y, a, range(shape[a]).reverse()), x),
  pad: ([x], { attrs: { low, high, inner, value } }) => {
    const wide = spread(x, inner, value);
    const pads = low.map((n, a): [number, number] => [n, high[a]]);
    return pads.every(([p, q]) => p === 0 && q === 0)
      ? wide
      : tf.pad(wide, [[0, 0], ...pads], value);
  },
  slice: ([x], { attrs: { start, stop, step }, shape }) =>
    step.every((n) => n === 1)
      ? tf.slice(x, [0, ...start], batched(x, shape))
      : tf.stridedSlice(x, [0, ...start], batched(x, stop), [1, ...step]),
  concat: (all, { inputs, attrs: { axis } }) => {
    const count = Math.max(1, ...all.map((x, i) => (inputs[i].live ? x.shape[0] : 1)));
    return tf.concat(
      all.map((x, i) => withBatch(x, inputs[i], count)),
      axis + 1,
    );
  },
  gather: ([x], { attrs: { axis, indices } }) => rows(x, axis, indices),
};

const rows = (x: Tensor, axis: number, indices: Shape): Tensor =>
  tf.gather(x, tf.tensor1d([...indices], 'int32'), axis + 1);
