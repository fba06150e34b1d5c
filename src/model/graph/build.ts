/** Values from values: one function for each primitive. Shapes are inferred and checked; operations that change nothing are left out. */
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';
import type { Comparison, Name, OpaqueLayer, Shape, Unary, Weight } from './primitives.js';
import { value, type Value } from './value.js';

export { sizeOf };

export const same = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);
/** `[0, 1, …, n − 1]`. */
export const range = (n: number, from = 0): number[] =>
  Array.from({ length: n }, (_, i) => from + i);
const filled = (n: number, x: number): number[] => new Array<number>(n).fill(x);

function refuse(op: Name, found: string): never {
  throw new WhylensError('UNSUPPORTED_MODEL', `the model's graph is broken: ${op} ${found}`, {
    facts: { op },
  });
}
const told = (shape: Shape): string => `[${shape.join(', ')}]`;
const checked = (op: Name, shape: Shape): Shape =>
  shape.every((n) => Number.isSafeInteger(n) && n >= 1)
    ? shape
    : refuse(op, `would give a value of shape ${told(shape)}`);

/** Axes counted from the end made plain, in ascending order. */
export function plainAxes(axes: Shape, rank: number): number[] {
  return [...new Set(axes.map((a) => plainAxis(a, rank)))].sort((a, b) => a - b);
}
export function plainAxis(axis: number, rank: number): number {
  const plain = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(plain) || plain < 0 || plain >= rank) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the model's graph is broken: axis ${axis} of a value with ${rank} axes`,
    );
  }
  return plain;
}

/** A place for numbers to be fed; each call makes a new one. */
export const input = (name: string, shape: Shape): Value<'input'> =>
  value('input', [], { name }, checked('input', shape));

export function constant(weight: Weight): Value<'constant'> {
  return value('constant', [], { weight }, weight.shape);
}
/** A constant from numbers. */
export function tensor(shape: Shape, data: ArrayLike<number>): Value<'constant'> {
  if (data.length !== sizeOf(shape)) {
    refuse('constant', `of shape ${told(shape)} was given ${data.length} numbers`);
  }
  const kept = data instanceof Float32Array || data instanceof Float64Array;
  return constant({ shape, data: kept ? data : Float64Array.from(data) });
}
const scalars = new Map<number, Weight>();
export function scalar(x: number): Value<'constant'> {
  let weight = scalars.get(x);
  if (weight === undefined || Object.is(x, -0)) {
    scalars.set(x, (weight = { shape: [], data: Float64Array.of(x) }));
  }
  return constant(weight);
}
/** The number, if a value is one number that does not change. */
export function scalarOf(v: Value): number | undefined {
  return v.op === 'constant' && sizeOf(v.shape) === 1 ? v.attrs.weight.data[0] : undefined;
}

export const opaque = (
  layer: OpaqueLayer,
  inputs: readonly Value[],
  shape: Shape,
  output = 0,
): Value => value('opaque', inputs, { layer, output }, checked('opaque', shape));
export const opaqueGradient = (y: Value<'opaque'>, dy: Value, index: number): Value =>
  value('opaqueGradient', [...y.inputs, dy], { ...y.attrs, index }, y.inputs[index].shape);

/** The shape that both broadcast to, as in NumPy. */
export function broadcast(a: Shape, b: Shape, op: Name = 'add'): Shape {
  const rank = Math.max(a.length, b.length);
  return range(rank).map((i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) {
      refuse(op, `of shapes ${told(a)} and ${told(b)}, which do not go together`);
    }
    return x === 1 ? y : x;
  });
}
/** A value with axes of size 1 before its own: a value with a batch axis needs all its axes to be broadcast. */
function ranked(v: Value, rank: number): Value {
  return v.live && v.shape.length < rank
    ? reshape(v, [...filled(rank - v.shape.length, 1), ...v.shape])
    : v;
}
function pair<K extends 'add' | 'mul' | 'div' | 'max' | 'compare'>(
  op: K,
  a: Value,
  b: Value,
  attrs: Value<K>['attrs'],
): Value {
  const shape = broadcast(a.shape, b.shape, op);
  const x = bare(a, b);
  const inputs = [ranked(x, shape.length), ranked(bare(b, x), shape.length)];
  return value<Name>(op, inputs, attrs, shape);
}
/** The value before it was expanded, for an operation that broadcasts anyway. */
function bare(v: Value, other: Value): Value {
  if (v.op !== 'expand') return v;
  const [x] = v.inputs;
  return same(broadcast(x.shape, other.shape), broadcast(v.shape, other.shape)) ? x : v;
}
/** `a`, if the other operand of an operation changes nothing: it still takes the shape of both. */
const alone = (a: Value, b: Value): Value => expand(a, broadcast(a.shape, b.shape));

export function add(a: Value, b: Value): Value {
  const [x, y] = [scalarOf(a), scalarOf(b)];
  if (x === 0) return alone(b, a);
  if (y === 0) return alone(a, b);
  if (x !== undefined && y !== undefined && isScalar(a) && isScalar(b)) return scalar(x + y);
  return pair('add', a, b, {});
}
export function mul(a: Value, b: Value): Value {
  const [x, y] = [scalarOf(a), scalarOf(b)];
  if (x === 1) return alone(b, a);
  if (y === 1) return alone(a, b);
  if (x !== undefined && y !== undefined && isScalar(a) && isScalar(b)) return scalar(x * y);
  return pair('mul', a, b, {});
}
const isScalar = (v: Value): boolean => v.shape.length === 0;
export function div(a: Value, b: Value): Value {
  const y = scalarOf(b);
  if (y === 1) return alone(a, b);
  const x = scalarOf(a);
  if (x !== undefined && y !== undefined && isScalar(a) && isScalar(b)) return scalar(x / y);
  return pair('div', a, b, {});
}
export const sub = (a: Value, b: Value): Value => {
  const y = scalarOf(b);
  return add(a, y !== undefined && isScalar(b) ? scalar(-y) : neg(b));
};
export const maximum = (a: Value, b: Value): Value => pair('max', a, b, {});
export const minimum = (a: Value, b: Value): Value => neg(maximum(neg(a), neg(b)));
export const compare = (how: Comparison, a: Value, b: Value): Value =>
  pair('compare', a, b, { how });
/** `a` where the condition is not 0, else `b`. */
export function select(condition: Value, a: Value, b: Value): Value {
  const shape = broadcast(condition.shape, broadcast(a.shape, b.shape, 'select'), 'select');
  const inputs = [condition, a, b].map((v) => ranked(v, shape.length));
  return value('select', inputs, {}, shape);
}

export function unary(fn: Unary, x: Value): Value {
  if (fn === 'neg') {
    if (x.op === 'unary' && x.attrs.fn === 'neg') return x.inputs[0];
    const number = scalarOf(x);
    if (number !== undefined && isScalar(x)) return scalar(-number);
  }
  return value('unary', [x], { fn }, x.shape);
}
export const neg = (x: Value): Value => unary('neg', x);
export function power(x: Value, exponent: number): Value {
  if (exponent === 1) return x;
  if (exponent === 2) return mul(x, x);
  if (exponent === 0.5) return unary('sqrt', x);
  if (exponent === -1) return unary('reciprocal', x);
  return value('power', [x], { exponent }, x.shape);
}
export const relu = (x: Value, ceiling = Infinity): Value =>
  value('relu', [x], { ceiling }, x.shape);

/** Over one axis, by default the last. */
export function softmax(x: Value, axis = -1): Value {
  const rank = x.shape.length;
  const plain = plainAxis(axis, rank);
  if (plain === rank - 1) return value('softmax', [x], {}, x.shape);
  const order = [...range(rank).filter((a) => a !== plain), plain];
  return transpose(softmax(transpose(x, order)), inverse(order));
}
export const inverse = (order: Shape): number[] => order.map((_, i) => order.indexOf(i));

const reduced = (x: Value, axes: Shape): Shape => x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
/** Axes are kept with size 1. */
export function sum(x: Value, axes: Shape): Value {
  const over = plainAxes(axes, x.shape.length).filter((a) => x.shape[a] !== 1);
  return over.length === 0 ? x : value('sum', [x], { axes: over }, reduced(x, over));
}
export function reduceMax(x: Value, axes: Shape): Value {
  const over = plainAxes(axes, x.shape.length).filter((a) => x.shape[a] !== 1);
  return over.length === 0 ? x : value('reduceMax', [x], { axes: over }, reduced(x, over));
}

export function expand(x: Value, shape: Shape): Value {
  if (same(shape, x.shape)) return x;
  if (!same(broadcast(x.shape, shape, 'expand'), shape)) {
    refuse('expand', `of shape ${told(x.shape)} to ${told(shape)}`);
  }
  return value('expand', [ranked(x, shape.length)], { shape }, shape);
}
export function reshape(x: Value, shape: Shape): Value {
  if (same(shape, x.shape)) return x;
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    refuse('reshape', `of shape ${told(x.shape)} to ${told(shape)}`);
  }
  if (x.op === 'reshape') return reshape(x.inputs[0], shape);
  return value('reshape', [x], { shape }, shape);
}
export function transpose(x: Value, order: Shape): Value {
  if (
    !same(
      [...order].sort((a, b) => a - b),
      range(x.shape.length),
    )
  ) {
    refuse('transpose', `of shape ${told(x.shape)} in the order ${told(order)}`);
  }
  if (order.every((a, i) => a === i)) return x;
  if (x.op === 'transpose') {
    const first = x.attrs.order;
    return transpose(
      x.inputs[0],
      order.map((a) => first[a]),
    );
  }
  const shape = order.map((a) => x.shape[a]);
  // axes of size 1 may change places without any number doing so
  const wide = order.filter((a) => x.shape[a] !== 1);
  if (wide.every((a, i) => i === 0 || wide[i - 1] < a)) return reshape(x, shape);
  return value('transpose', [x], { order }, shape);
}
export function reverse(x: Value, axes: Shape): Value {
  const over = plainAxes(axes, x.shape.length).filter((a) => x.shape[a] !== 1);
  return over.length === 0 ? x : value('reverse', [x], { axes: over }, x.shape);
}

/** Rows of `value` before, after and between; negative numbers before or after cut rows off. */
export function pad(
  x: Value,
  low: Shape,
  high: Shape,
  inner: Shape = filled(low.length, 0),
  fill = 0,
): Value {
  const rank = x.shape.length;
  if (low.length !== rank || high.length !== rank || inner.length !== rank) {
    refuse('pad', `of shape ${told(x.shape)} by ${told(low)}, ${told(high)}, ${told(inner)}`);
  }
  const whole = (list: Shape): number[] => list.map((n) => Math.max(n, 0));
  const shape = x.shape.map(
    (n, i) => Math.max(low[i], 0) + n + (n - 1) * inner[i] + Math.max(high[i], 0),
  );
  const unchanged = [low, high, inner].every((list) =>
    list.every((n, i) => n <= 0 || (list === inner && x.shape[i] === 1)),
  );
  const wide = unchanged
    ? x
    : value(
        'pad',
        [x],
        { low: whole(low), high: whole(high), inner, value: fill },
        checked('pad', shape),
      );
  if (low.every((n) => n >= 0) && high.every((n) => n >= 0)) return wide;
  return slice(
    wide,
    low.map((n) => Math.max(-n, 0)),
    high.map((n, i) => wide.shape[i] - Math.max(-n, 0)),
  );
}
/** Rows `start`, `start + step`, … before `stop`, per axis; steps are positive. */
export function slice(
  x: Value,
  start: Shape,
  stop: Shape,
  step: Shape = filled(start.length, 1),
): Value {
  const shape = start.map((a, i) => Math.ceil((stop[i] - a) / step[i]));
  const fits =
    start.length === x.shape.length &&
    start.every((a, i) => a >= 0 && stop[i] <= x.shape[i] && step[i] >= 1);
  if (!fits) refuse('slice', `of shape ${told(x.shape)} from ${told(start)} to ${told(stop)}`);
  if (same(shape, x.shape)) return x;
  return value('slice', [x], { start, stop, step }, checked('slice', shape));
}
/** Rows `start` … `stop − 1` of one axis. */
export function sliceAxis(x: Value, axis: number, start: number, stop: number, step = 1): Value {
  const a = plainAxis(axis, x.shape.length);
  const put = (list: Shape, n: number): number[] => list.map((old, i) => (i === a ? n : old));
  return slice(
    x,
    put(filled(x.shape.length, 0), start),
    put(x.shape, stop),
    put(filled(x.shape.length, 1), step),
  );
}
export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0];
  const [first] = values;
  const a = plainAxis(axis, first.shape.length);
  const total = values.reduce((n, v) => n + v.shape[a], 0);
  const shape = first.shape.map((n, i) => (i === a ? total : n));
  for (const v of values) {
    if (
      !same(
        v.shape.map((n, i) => (i === a ? total : n)),
        shape,
      )
    ) {
      refuse(
        'concat',
        `of shapes ${values.map((x) => told(x.shape)).join(' and ')} along axis ${a}`,
      );
    }
  }
  return value('concat', values, { axis: a }, shape);
}
/** Rows of one axis by number (not negative). */
export function gather(x: Value, axis: number, indices: Shape): Value {
  const a = plainAxis(axis, x.shape.length);
  if (!indices.every((i) => Number.isInteger(i) && i >= 0 && i < x.shape[a])) {
    refuse('gather', `of rows ${told(indices)} of ${x.shape[a]}`);
  }
  const step = (indices[1] ?? indices[0] + 1) - indices[0];
  if (step >= 1 && indices.every((row, i) => row === indices[0] + i * step)) {
    return sliceAxis(x, a, indices[0], indices[indices.length - 1] + 1, step);
  }
  const shape = x.shape.map((n, i) => (i === a ? indices.length : n));
  return value('gather', [x], { axis: a, indices }, checked('gather', shape));
}

/** Over the last two axes, the others broadcast as in NumPy; both sides have at least two. */
export function matMul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
  if (a.shape.length < 2 || b.shape.length < 2) {
    refuse('matMul', `of shapes ${told(a.shape)} and ${told(b.shape)}: both need two axes`);
  }
  const [rows, inA] = turn(a.shape.slice(-2), transposeA);
  const [inB, columns] = turn(b.shape.slice(-2), transposeB);
  if (inA !== inB) refuse('matMul', `of shapes ${told(a.shape)} and ${told(b.shape)}`);
  const lead = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matMul');
  const inputs = [ranked(a, lead.length + 2), ranked(b, lead.length + 2)];
  return value('matMul', inputs, { transposeA, transposeB }, [...lead, rows, columns]);
}
const turn = (shape: Shape, yes: boolean): Shape => (yes ? [shape[1], shape[0]] : shape);

/** The matrix `[out, in]`, a constant, applied along one axis. */
export function along(x: Value, axis: number, matrix: Value): Value {
  const a = plainAxis(axis, x.shape.length);
  if (matrix.live || matrix.shape.length !== 2 || matrix.shape[1] !== x.shape[a]) {
    refuse('along', `of a matrix ${told(matrix.shape)} on axis ${a} of ${told(x.shape)}`);
  }
  const shape = x.shape.map((n, i) => (i === a ? matrix.shape[0] : n));
  return value('along', [x, matrix], { axis: a }, shape);
}

/** Sizes of `space` after a window. */
function slid(op: Name, space: Shape, window: Shape, strides: Shape, dilations: Shape): number[] {
  return [
    ...checked(
      op,
      window.map((k, i) => Math.floor((space[i] - (k - 1) * dilations[i] - 1) / strides[i]) + 1),
    ),
  ];
}
/** Without padding: `pad` comes before it (or use `convolution` of the composites). */
export function conv(
  x: Value,
  kernel: Value,
  strides: Shape = filled(kernel.shape.length - 2, 1),
  dilations: Shape = filled(kernel.shape.length - 2, 1),
  groups = 1,
): Value {
  const [channels, filters] = kernel.shape.slice(-2);
  const window = kernel.shape.slice(0, -2);
  const fits =
    x.shape.length === window.length + 1 &&
    strides.length === window.length &&
    dilations.length === window.length &&
    channels * groups === x.shape[window.length] &&
    filters % groups === 0;
  if (!fits)
    refuse('conv', `of ${told(x.shape)} with a kernel ${told(kernel.shape)} in ${groups} groups`);
  if (kernel.live) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      'a convolution whose kernel is computed from the input is not understood',
      { facts: { op: 'conv' } },
    );
  }
  const space = slid('conv', x.shape, window, strides, dilations);
  return value('conv', [x, kernel], { strides, dilations, groups }, [...space, filters]);
}
/** Without padding: put a `pad` filled with −∞ before it. */
export function maxPool(
  x: Value,
  window: Shape,
  strides: Shape = window,
  dilations: Shape = filled(window.length, 1),
): Value {
  if (x.shape.length !== window.length + 1) {
    refuse('maxPool', `of ${told(x.shape)} with a window ${told(window)}`);
  }
  const space = slid('maxPool', x.shape, window, strides, dilations);
  const shape = [...space, x.shape[window.length]];
  return value('maxPool', [x], { window, strides, dilations }, shape);
}
export const maxPoolGradient = (y: Value<'maxPool'>, dy: Value): Value =>
  value('maxPoolGradient', [y.inputs[0], y, dy], y.attrs, y.inputs[0].shape);
