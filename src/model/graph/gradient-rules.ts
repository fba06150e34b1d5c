/**
 * The gradient of every primitive, written with primitives: from the gradient
 * at its output those at its inputs. If a primitive has no rule, this does not compile.
 */
import { WhylensError } from '../../errors.js';
import {
  add,
  along,
  compare,
  concat,
  conv,
  div,
  expand,
  gather,
  inverse,
  matMul,
  maxPoolGradient,
  mul,
  neg,
  opaqueGradient,
  pad,
  power,
  relu,
  reshape,
  reverse,
  scalar,
  scalarOf,
  select,
  slice,
  sliceAxis,
  sub,
  sum,
  tensor,
  transpose,
  unary,
} from './build.js';
import { turned } from './composites.js';
import type { Name, Shape, Unary } from './primitives.js';
import type { Value } from './value.js';

/** The gradient at each input, undefined if nothing passes; `needs` tells which are asked for. */
export type GradientRules = {
  readonly [K in Name]: (
    dy: Value,
    y: Value<K>,
    needs: (input: number) => boolean,
  ) => readonly (Value | undefined)[];
};

/** dy/dx of a value-by-value function; undefined: 0 everywhere. */
const SLOPES: Readonly<Record<Unary, (x: Value, y: Value) => Value | undefined>> = {
  exp: (_, y) => y,
  log: (x) => unary('reciprocal', x),
  neg: () => scalar(-1),
  abs: (x) => unary('sign', x),
  sign: () => undefined,
  tanh: (_, y) => sub(scalar(1), mul(y, y)),
  sigmoid: (_, y) => mul(y, sub(scalar(1), y)),
  softplus: (x) => unary('sigmoid', x),
  sqrt: (_, y) => div(scalar(0.5), y),
  reciprocal: (_, y) => neg(mul(y, y)),
  erf: (x) => mul(scalar(2 / Math.sqrt(Math.PI)), unary('exp', neg(mul(x, x)))),
  sin: (x) => unary('cos', x),
  cos: (x) => neg(unary('sin', x)),
  atan: (x) => unary('reciprocal', add(mul(x, x), scalar(1))),
  floor: () => undefined,
  ceil: () => undefined,
  round: () => undefined,
};

/** 1 if a rectifier is open: 0 < y < ceiling. Computed from the output, so that its input need not be kept. */
function open(y: Value<'relu'>): Value {
  const above = compare('greater', y, scalar(0));
  return y.attrs.ceiling === Infinity ? above : mul(above, underCeiling(y));
}
const underCeiling = (y: Value<'relu'>): Value => compare('less', y, scalar(y.attrs.ceiling));

/** Of two equal values each takes half. */
const share = (a: Value, b: Value): Value =>
  mul(add(compare('greater', a, b), compare('greaterEqual', a, b)), scalar(0.5));

const second = (op: Name): never => {
  throw new WhylensError(
    'UNSUPPORTED_OPERATION',
    `the gradient of a gradient through '${op}' is not understood`,
    { facts: { op } },
  );
};

/** As calculus says. */
export const CALCULUS: GradientRules = {
  input: () => [],
  constant: () => [],
  opaque: (dy, y, needs) =>
    y.inputs.map((_, i) => (needs(i) ? opaqueGradient(y, dy, i) : undefined)),
  opaqueGradient: () => second('opaqueGradient'),
  // the convolution of the gradient, spread by the strides, with the reversed kernel
  conv: (dy, { inputs: [x, kernel], attrs: { strides, dilations, groups } }) => {
    const reach = strides.map((_, i) => (kernel.shape[i] - 1) * dilations[i]);
    const unused = strides.map((s, i) => x.shape[i] - ((dy.shape[i] - 1) * s + 1));
    const spread = pad(dy, [...reach, 0], [...unused, 0], [...strides.map((s) => s - 1), 0]);
    const ones = strides.map(() => 1);
    return [conv(spread, turned(kernel, groups), ones, dilations, groups), undefined];
  },
  matMul: (dy, { inputs: [a, b], attrs: { transposeA, transposeB } }, needs) => [
    needs(0)
      ? transposeA
        ? matMul(b, dy, transposeB, true)
        : matMul(dy, b, false, !transposeB)
      : undefined,
    needs(1)
      ? transposeB
        ? matMul(dy, a, true, transposeA)
        : matMul(a, dy, !transposeA, false)
      : undefined,
  ],
  along: (dy, { inputs: [, matrix], attrs: { axis } }) => [
    along(dy, axis, transpose(matrix, [1, 0])),
    undefined,
  ],
  add: (dy) => [dy, dy],
  mul: (dy, { inputs: [a, b] }) => [mul(dy, b), mul(dy, a)],
  div: (dy, y) => {
    const first = div(dy, y.inputs[1]);
    return [first, neg(mul(first, y))];
  },
  max: (dy, { inputs: [a, b] }) => [mul(dy, share(a, b)), mul(dy, share(b, a))],
  compare: () => [],
  select: (dy, { inputs: [condition] }) => [
    undefined,
    select(condition, dy, scalar(0)),
    select(condition, scalar(0), dy),
  ],
  unary: (dy, y) => {
    const slope = SLOPES[y.attrs.fn](y.inputs[0], y);
    return [slope && (y.attrs.fn === 'neg' ? neg(dy) : mul(dy, slope))];
  },
  power: (dy, { inputs: [x], attrs: { exponent } }) => [
    exponent === 0 ? undefined : mul(dy, mul(power(x, exponent - 1), scalar(exponent))),
  ],
  relu: (dy, y) => [mul(dy, open(y))],
  softmax: (dy, y) => {
    const weighted = mul(dy, y);
    return [sub(weighted, mul(y, sum(weighted, [-1])))];
  },
  sum: (dy, { inputs: [x] }) => [expand(dy, x.shape)],
  // equal largest values share alike
  reduceMax: (dy, y) => {
    const largest = compare('equal', y.inputs[0], y);
    return [mul(div(dy, sum(largest, y.attrs.axes)), largest)];
  },
  expand: (dy) => [dy],
  reshape: (dy, { inputs: [x] }) => [reshape(dy, x.shape)],
  transpose: (dy, { attrs: { order } }) => [transpose(dy, inverse(order))],
  reverse: (dy, { attrs: { axes } }) => [reverse(dy, axes)],
  pad: (dy, { inputs: [x], attrs: { low, inner } }) => {
    const step = inner.map((n) => n + 1);
    const stop = low.map((n, i) => n + (x.shape[i] - 1) * step[i] + 1);
    return [slice(dy, low, stop, step)];
  },
  slice: (dy, { inputs: [x], attrs: { start, step } }) => {
    const inner = step.map((n) => n - 1);
    const used = dy.shape.map((n, i) => n + (n - 1) * inner[i]);
    return [
      pad(
        dy,
        start,
        used.map((n, i) => x.shape[i] - start[i] - n),
        inner,
      ),
    ];
  },
  concat: (dy, { inputs, attrs: { axis } }) => {
    let at = 0;
    return inputs.map(({ shape }) => {
      const start = at;
      at += shape[axis];
      return sliceAxis(dy, axis, start, at);
    });
  },
  gather: (dy, { inputs: [x], attrs: { axis, indices } }) => [
    scattered(dy, axis, indices, x.shape[axis]),
  ],
  maxPool: (dy, y) => [maxPoolGradient(y, dy)],
  maxPoolGradient: () => second('maxPoolGradient'),
};

/**
 * Adds rows up by their numbers: for the first, second, … time that a row number occurs, one
 * gather, which takes a row of zeros if it does not.
 */
function scattered(dy: Value, axis: number, indices: Shape, size: number): Value {
  const sources: number[][] = Array.from({ length: size }, () => []);
  indices.forEach((row, i) => sources[row].push(i));
  const zeros = tensor(
    dy.shape.map((n, a) => (a === axis ? 1 : n)),
    new Float32Array(dy.shape.reduce((n, m, a) => (a === axis ? n : n * m), 1)),
  );
  const most = Math.max(...sources.map(({ length }) => length));
  const wide = sources.every(({ length }) => length === most) ? dy : concat([dy, zeros], axis);
  const none = indices.length;
  return Array.from({ length: most }, (_, turn) =>
    gather(
      wide,
      axis,
      sources.map((list) => list[turn] ?? none),
    ),
  ).reduce(add);
}

/**
 * True for the rectifier that a gate is built with, relu6(x + 3) / 6: it moves
 * its input by one number first, and bounds a factor rather than a signal.
 */
function isGate(y: Value<'relu'>): boolean {
  const [x] = y.inputs;
  const shift = x.op === 'add' ? x.inputs.map(scalarOf).find((n) => n !== undefined) : undefined;
  return y.attrs.ceiling !== Infinity && shift !== undefined && shift !== 0;
}

/** Guided backpropagation (Springenberg 2015): negative values on the way back are cut as well. */
export const GUIDED: GradientRules = {
  ...CALCULUS,
  relu: (dy, y) => (isGate(y) ? CALCULUS.relu(dy, y, () => true) : [relu(mul(dy, open(y)))]),
};
/** Deconvnet (Zeiler 2014): only the way back is rectified; a ceiling is not a rectifier and stays. */
export const DECONVNET: GradientRules = {
  ...CALCULUS,
  relu: (dy, y) =>
    isGate(y)
      ? CALCULUS.relu(dy, y, () => true)
      : [relu(y.attrs.ceiling === Infinity ? dy : mul(dy, underCeiling(y)))],
};
