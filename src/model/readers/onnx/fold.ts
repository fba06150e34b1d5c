/**
 * Values that depend on no input are computed while reading: the shape arithmetic of exporters, masks,
 * tables of positions. Plain loops over numbers; large weights go into the graph instead.
 */
import { sizeOf } from '../../../maths/ndarray.js';
import { ELEMENT } from '../../files/onnx.js';
import { isWhole } from '../../files/onnx-tensor.js';
import { broken, type Attributes } from './attributes.js';
import { everywhere, known, range, requireSize, type Dims, type Known } from './tensor.js';

type Fold = (
  inputs: readonly (Known | undefined)[],
  attributes: Attributes,
) => readonly Known[] | undefined;

const dims = (x: Known): Dims => x.weight.shape;
/** All numbers of a tensor. */
export const numbers = (x: Known): ArrayLike<number> & Iterable<number> => {
  requireSize(dims(x));
  return x.weight.data;
};
export const ints = (x: Known): number[] => Array.from(numbers(x));

export function plainAxis(axis: number, rank: number, attributes: Attributes): number {
  const plain = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(plain) || plain < 0 || plain >= Math.max(rank, 1)) {
    throw broken(attributes.node, `names axis ${axis} of a tensor with ${rank} axes`);
  }
  return plain;
}

function stridesOf(shape: Dims): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/** A tensor of `shape`, each number taken from where `place` says in `x`. */
function picked(x: Known, shape: Dims, place: (index: readonly number[]) => number): Known {
  requireSize(shape);
  const source = numbers(x);
  const size = sizeOf(shape);
  const data = x.type === ELEMENT.float ? new Float32Array(size) : new Float64Array(size);
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < size; at++) {
    data[at] = source[place(index)];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return known(shape, data, x.type);
}

/** Picked with one linear step per axis: slices, transposes, broadcasts. */
function strided(x: Known, shape: Dims, steps: Dims, offset = 0): Known {
  return picked(x, shape, (index) => {
    let at = offset;
    for (let axis = 0; axis < index.length; axis++) at += index[axis] * steps[axis];
    return at;
  });
}

export function broadcastDims(shapes: readonly Dims[], attributes: Attributes): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return range(rank).map((i) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[i - rank + shape.length] ?? 1;
      if (own === 1) continue;
      if (size !== 1 && size !== own) {
        throw broken(
          attributes.node,
          `gets shapes ${shapes.map((s) => `[${s.join(', ')}]`).join(' and ')}`,
        );
      }
      size = own;
    }
    return size;
  });
}

function spread(x: Known, shape: Dims): Known {
  if (String(shape) === String(dims(x))) return x;
  const lead = shape.length - dims(x).length;
  const strides = stridesOf(dims(x));
  return strided(
    x,
    shape,
    shape.map((_, i) => (i < lead || dims(x)[i - lead] === 1 ? 0 : strides[i - lead])),
  );
}

function result(shape: Dims, data: Float64Array, type: number): Known {
  return known(shape, type === ELEMENT.float ? Float32Array.from(data) : data, type);
}

function pointwise(f: (...values: number[]) => number, type?: number): Fold {
  return (inputs, attributes) => {
    const given = inputs.filter((x) => x !== undefined);
    const shape = broadcastDims(given.map(dims), attributes);
    requireSize(shape);
    const arrays = given.map((x) => numbers(spread(x, shape)));
    const data = new Float64Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = f(...arrays.map((array) => array[i]));
    return [result(shape, data, type ?? given[0].type)];
  };
}

const truth = (f: (...values: number[]) => boolean): Fold =>
  pointwise((...values) => Number(f(...values)), ELEMENT.bool);

/** Whole numbers are divided as in C. */
const divide: Fold = (inputs, attributes) =>
  pointwise(isWhole(inputs[0]!.type) ? (a, b) => Math.trunc(a / b) : (a, b) => a / b)(
    inputs,
    attributes,
  );

/** Axes of a reduction or a squeeze: an attribute before opset 13 or 18, an input since. */
export function axesOf(
  input: Known | undefined,
  attributes: Attributes,
  rank: number,
): number[] | undefined {
  const axes = input === undefined ? attributes.ints('axes') : ints(input);
  return axes?.map((axis) => plainAxis(axis, rank, attributes));
}

function reduction(start: number, f: (sum: number, x: number) => number, mean = false): Fold {
  return ([x, given], attributes) => {
    const shape = dims(x!);
    const axes = reducedAxes(given, attributes, shape.length);
    if (axes === undefined) return [x!];
    const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n));
    const strides = stridesOf(kept).map((n, i) => (axes.includes(i) ? 0 : n));
    const data = new Float64Array(sizeOf(kept)).fill(start);
    const source = numbers(x!);
    const own = stridesOf(shape);
    for (let at = 0; at < source.length; at++) {
      let to = 0;
      for (let i = 0; i < shape.length; i++) {
        to += (Math.floor(at / own[i]) % shape[i]) * strides[i];
      }
      data[to] = f(data[to], source[at]);
    }
    if (mean) {
      const count = source.length / data.length;
      for (let i = 0; i < data.length; i++) data[i] /= count;
    }
    const out =
      attributes.int('keepdims', 1) === 1 ? kept : shape.filter((_, i) => !axes.includes(i));
    return [result(out, data, x!.type)];
  };
}

/** Undefined if nothing is to be reduced. */
export function reducedAxes(
  given: Known | undefined,
  attributes: Attributes,
  rank: number,
): number[] | undefined {
  const axes = axesOf(given, attributes, rank) ?? [];
  if (axes.length > 0) return axes;
  return attributes.int('noop_with_empty_axes', 0) === 1 ? undefined : range(rank);
}

/** Start, stop and step of every axis. */
export function sliceBounds(
  shape: Dims,
  [starts, ends, given, steps]: readonly (Known | undefined)[],
  attributes: Attributes,
): { start: number; step: number; size: number }[] {
  const first = starts === undefined ? (attributes.ints('starts') ?? []) : ints(starts);
  const last = ends === undefined ? (attributes.ints('ends') ?? []) : ints(ends);
  const axes = given === undefined ? (attributes.ints('axes') ?? range(first.length)) : ints(given);
  const by = steps === undefined ? first.map(() => 1) : ints(steps);
  const bounds = shape.map((size) => ({ start: 0, step: 1, size }));
  axes.forEach((axis, i) => {
    const a = plainAxis(axis, shape.length, attributes);
    const n = shape[a];
    const step = by[i];
    if (step === 0 || !Number.isInteger(step)) throw broken(attributes.node, `has step ${step}`);
    const plain = (at: number): number => (at < 0 ? at + n : at);
    const clamp = (at: number, low: number, high: number): number =>
      Math.min(Math.max(at, low), high);
    const start = clamp(plain(first[i]), 0, step > 0 ? n : n - 1);
    const end = clamp(plain(last[i]), step > 0 ? 0 : -1, n);
    bounds[a] = { start, step, size: Math.max(0, Math.ceil((end - start) / step)) };
  });
  return bounds;
}

/** The sizes that a Reshape asks for. */
export function reshapeDims(shape: Dims, wanted: Dims, attributes: Attributes): number[] {
  const zero = attributes.int('allowzero', 0) === 1;
  const result = wanted.map((n, i) => (n === 0 && !zero ? (shape[i] ?? 1) : n));
  const open = result.indexOf(-1);
  if (open !== -1) {
    const others = result.reduce((a, n, i) => (i === open ? a : a * n), 1);
    result[open] = sizeOf(shape) / others;
  }
  if (result.some((n) => !Number.isSafeInteger(n) || n < 0) || sizeOf(result) !== sizeOf(shape)) {
    throw broken(attributes.node, `reshapes [${shape.join(', ')}] to [${wanted.join(', ')}]`);
  }
  return result;
}

const reshape: Fold = ([x, shape], attributes) => {
  const wanted = shape === undefined ? (attributes.ints('shape') ?? []) : ints(shape);
  return [
    {
      kind: 'known',
      type: x!.type,
      weight: sharing(x!, reshapeDims(dims(x!), wanted, attributes)),
    },
  ];
};

/** The same numbers under another shape, still read late. */
function sharing(x: Known, shape: Dims): Known['weight'] {
  return {
    shape,
    get data() {
      return x.weight.data;
    },
  };
}
const renamed = (x: Known, shape: Dims): Known => ({ ...x, weight: sharing(x, shape) });

const squeeze: Fold = ([x, given], attributes) => {
  const shape = dims(x!);
  const axes = axesOf(given, attributes, shape.length);
  return [
    renamed(
      x!,
      shape.filter((n, i) => !(axes?.includes(i) ?? n === 1)),
    ),
  ];
};

export function unsqueezedDims(shape: Dims, axes: Dims, attributes: Attributes): number[] {
  const rank = shape.length + axes.length;
  const plain = axes.map((axis) => plainAxis(axis, rank, attributes));
  const rest = [...shape];
  return range(rank).map((i) => (plain.includes(i) ? 1 : rest.shift()!));
}
const unsqueeze: Fold = ([x, given], attributes) => {
  const axes = given === undefined ? (attributes.ints('axes') ?? []) : ints(given);
  return [renamed(x!, unsqueezedDims(dims(x!), axes, attributes))];
};

const gather: Fold = ([x, indices], attributes) => {
  const shape = dims(x!);
  const axis = plainAxis(attributes.int('axis', 0), shape.length, attributes);
  const at = ints(indices!).map((i) => (i < 0 ? i + shape[axis] : i));
  if (!at.every((i) => Number.isInteger(i) && i >= 0 && i < shape[axis])) {
    throw broken(attributes.node, `takes a row beyond the ${shape[axis]} there are`);
  }
  const strides = stridesOf(shape);
  const flat = [...shape.slice(0, axis), at.length, ...shape.slice(axis + 1)];
  const rows = picked(x!, flat, (index) =>
    index.reduce((sum, i, a) => sum + (a === axis ? at[i] : i) * strides[a], 0),
  );
  return [renamed(rows, [...shape.slice(0, axis), ...dims(indices!), ...shape.slice(axis + 1)])];
};

const slice: Fold = ([x, ...rest], attributes) => {
  const shape = dims(x!);
  const bounds = sliceBounds(shape, rest, attributes);
  const strides = stridesOf(shape);
  return [
    strided(
      x!,
      bounds.map(({ size }) => size),
      bounds.map(({ step }, i) => step * strides[i]),
      bounds.reduce((sum, { start }, i) => sum + start * strides[i], 0),
    ),
  ];
};

const transpose: Fold = ([x], attributes) => {
  const shape = dims(x!);
  const perm = attributes.ints('perm') ?? range(shape.length).reverse();
  const strides = stridesOf(shape);
  perm.forEach((axis) => plainAxis(axis, shape.length, attributes));
  return [
    strided(
      x!,
      perm.map((axis) => shape[axis]),
      perm.map((axis) => strides[axis]),
    ),
  ];
};

const concat: Fold = (inputs, attributes) => {
  const given = inputs.map((x) => x!);
  const rank = dims(given[0]).length;
  const axis = plainAxis(attributes.int('axis', 0), rank, attributes);
  const shape = dims(given[0]).map((n, i) =>
    i === axis ? given.reduce((sum, x) => sum + (dims(x)[axis] ?? NaN), 0) : n,
  );
  requireSize(shape);
  const data = new Float64Array(sizeOf(shape));
  const inner = sizeOf(shape.slice(axis + 1));
  const row = shape[axis] * inner;
  let before = 0;
  for (const x of given) {
    const source = numbers(x);
    const width = dims(x)[axis] * inner;
    if (source.length * row !== width * data.length) {
      throw broken(attributes.node, 'puts tensors together that do not fit');
    }
    for (let i = 0; i < source.length; i++) {
      data[Math.floor(i / width) * row + before + (i % width)] = source[i];
    }
    before += width;
  }
  return [result(shape, data, given[0].type)];
};

const expand: Fold = ([x, shape], attributes) => {
  const wanted = broadcastDims([dims(x!), ints(shape!)], attributes);
  if (sizeOf(dims(x!)) === 1) return [everywhere(wanted, numbers(x!)[0], x!.type)];
  return [spread(x!, wanted)];
};

const tile: Fold = ([x, repeats]) => {
  const times = ints(repeats!);
  const shape = dims(x!).map((n, i) => n * times[i]);
  const strides = stridesOf(dims(x!));
  return [
    picked(x!, shape, (index) =>
      index.reduce((sum, i, a) => sum + (i % dims(x!)[a]) * strides[a], 0),
    ),
  ];
};

const sequence: Fold = ([start, limit, delta]) => {
  const [a, b, step] = [start, limit, delta].map((x) => numbers(x!)[0]);
  const size = Math.max(0, Math.ceil((b - a) / step));
  requireSize([size]);
  return [
    result(
      [size],
      Float64Array.from({ length: size }, (_, i) => a + i * step),
      start!.type,
    ),
  ];
};

const cast: Fold = ([x], attributes) => {
  const to = attributes.int('to', ELEMENT.float);
  if (to === x!.type) return [x!];
  const from = numbers(x!);
  const convert =
    to === ELEMENT.bool
      ? (v: number) => Number(v !== 0)
      : isWhole(to)
        ? Math.trunc
        : (v: number) => v;
  const data = Float64Array.from(from, convert);
  return [result(dims(x!), data, to)];
};

const scatterNd: Fold = ([x, indices, updates], attributes) => {
  if (attributes.text('reduction', 'none') !== 'none') return undefined;
  const data = Float64Array.from(numbers(x!));
  scatterRows(dims(x!), indices!, attributes).forEach((rows, i, { length }) => {
    const width = numbers(updates!).length / length;
    for (let k = 0; k < width; k++) data[rows + k] = numbers(updates!)[i * width + k];
  });
  return [result(dims(x!), data, x!.type)];
};

/** Where in the flat numbers each row of indices points. */
export function scatterRows(shape: Dims, indices: Known, attributes: Attributes): number[] {
  const depth = dims(indices)[dims(indices).length - 1];
  const strides = stridesOf(shape);
  const at = numbers(indices);
  return range(at.length / depth).map((i) =>
    range(depth).reduce((sum, k) => {
      const row = at[i * depth + k];
      const plain = row < 0 ? row + shape[k] : row;
      if (!(plain >= 0 && plain < shape[k])) {
        throw broken(attributes.node, `points at row ${row} of ${shape[k]}`);
      }
      return sum + plain * strides[k];
    }, 0),
  );
}

/** Where in the flat numbers each index of `GatherElements` and its kind points, along an axis. */
export function elementPlaces(
  shape: Dims,
  indices: Known,
  axis: number,
  attributes: Attributes,
): number[] {
  const [strides, own] = [stridesOf(shape), dims(indices)];
  return Array.from(numbers(indices), (row, flat) => {
    let [rest, at] = [flat, 0];
    for (let a = shape.length - 1; a >= 0; a--) {
      const plain = a === axis ? (row < 0 ? row + shape[a] : row) : rest % own[a];
      rest = Math.floor(rest / own[a]);
      if (!(plain >= 0 && plain < shape[a])) {
        throw broken(attributes.node, `points at row ${row} of ${shape[a]}`);
      }
      at += plain * strides[a];
    }
    return at;
  });
}

const gatherNd: Fold = ([x, indices], attributes) => {
  if (attributes.int('batch_dims', 0) !== 0) return undefined;
  const depth = dims(indices!)[dims(indices!).length - 1];
  const tail = dims(x!).slice(depth);
  const rows = scatterRows(dims(x!), indices!, attributes);
  const width = sizeOf(tail);
  const flat = picked(x!, [rows.length, width], ([i, k]) => rows[i] + k);
  return [renamed(flat, [...dims(indices!).slice(0, -1), ...tail])];
};

const running: Fold = ([x, given], attributes) => {
  const shape = dims(x!);
  const axis = plainAxis(numbers(given!)[0], shape.length, attributes);
  const data = Float64Array.from(numbers(x!));
  const stride = stridesOf(shape)[axis];
  const backwards = attributes.int('reverse', 0) === 1;
  if (attributes.int('exclusive', 0) === 1) return undefined;
  const walk = range(data.length);
  for (const i of backwards ? walk.reverse() : walk) {
    const row = Math.floor(i / stride) % shape[axis];
    if (!backwards && row > 0) data[i] += data[i - stride];
    if (backwards && row < shape[axis] - 1) data[i] += data[i + stride];
  }
  return [result(shape, data, x!.type)];
};

const product: Fold = ([a, b]) => {
  const [p, q] = [dims(a!), dims(b!)];
  if (p.length !== 2 || q.length !== 2 || p[1] !== q[0]) return undefined;
  requireSize([p[0], p[1], q[1]]);
  const [x, y] = [numbers(a!), numbers(b!)];
  const data = new Float64Array(p[0] * q[1]);
  for (let i = 0; i < p[0]; i++) {
    for (let k = 0; k < p[1]; k++) {
      for (let j = 0; j < q[1]; j++) data[i * q[1] + j] += x[i * p[1] + k] * y[k * q[1] + j];
    }
  }
  return [result([p[0], q[1]], data, a!.type)];
};

const split: Fold = (inputs, attributes) => {
  const [x, given] = inputs;
  const shape = dims(x!);
  const axis = plainAxis(attributes.int('axis', 0), shape.length, attributes);
  const sizes = splitSizes(shape[axis], given, attributes);
  const strides = stridesOf(shape);
  let start = 0;
  return sizes.map((size) => {
    const part = strided(
      x!,
      shape.map((n, i) => (i === axis ? size : n)),
      strides,
      start * strides[axis],
    );
    start += size;
    return part;
  });
};

export function splitSizes(n: number, given: Known | undefined, attributes: Attributes): number[] {
  const told = given === undefined ? attributes.ints('split') : ints(given);
  const count = attributes.int('num_outputs', attributes.node.outputs.length);
  const even = Math.ceil(n / count);
  const sizes = told ?? range(count).map((i) => Math.min(even, n - i * even));
  if (sizes.reduce((a, b) => a + b, 0) !== n || sizes.some((size) => size < 0)) {
    throw broken(attributes.node, `splits ${n} rows into ${sizes.join(', ')}`);
  }
  return sizes;
}

export const FOLDS: Readonly<Record<string, Fold>> = {
  Identity: ([x]) => [x!],
  Dropout: ([x]) => [x!],
  Cast: cast,
  CastLike: ([x, like]) => [{ ...x!, type: like!.type }],
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: ([x], attributes) => {
    const axis = attributes.int('axis', 1);
    const shape = dims(x!);
    const cut = axis < 0 ? axis + shape.length : axis;
    return [renamed(x!, [sizeOf(shape.slice(0, cut)), sizeOf(shape.slice(cut))])];
  },
  Gather: gather,
  GatherND: gatherNd,
  ScatterND: scatterNd,
  Slice: slice,
  Split: split,
  Transpose: transpose,
  Concat: concat,
  Expand: expand,
  Tile: tile,
  Range: sequence,
  CumSum: running,
  ConstantOfShape: ([shape], attributes) => {
    const tensor = attributes.tensor('value');
    if (tensor !== undefined) return undefined;
    return [everywhere(ints(shape!), 0, ELEMENT.float)];
  },
  MatMul: product,
  Add: pointwise((a, b) => a + b),
  Sub: pointwise((a, b) => a - b),
  Mul: pointwise((a, b) => a * b),
  Div: divide,
  Pow: pointwise((a, b) => a ** b),
  Mod: (inputs, attributes) =>
    pointwise(
      attributes.int('fmod', 0) === 1 ? (a, b) => a % b : (a, b) => a - b * Math.floor(a / b),
    )(inputs, attributes),
  Min: pointwise((...values) => Math.min(...values)),
  Max: pointwise((...values) => Math.max(...values)),
  Sum: pointwise((...values) => values.reduce((a, b) => a + b)),
  Neg: pointwise((x) => -x),
  Abs: pointwise(Math.abs),
  Sign: pointwise(Math.sign),
  Sqrt: pointwise(Math.sqrt),
  Reciprocal: pointwise((x) => 1 / x),
  Exp: pointwise(Math.exp),
  Log: pointwise(Math.log),
  Sin: pointwise(Math.sin),
  Cos: pointwise(Math.cos),
  Ceil: pointwise(Math.ceil),
  Floor: pointwise(Math.floor),
  Round: pointwise((x) => {
    const r = Math.round(x);
    return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
  }),
  Relu: pointwise((x) => Math.max(x, 0)),
  Not: truth((x) => x === 0),
  And: truth((a, b) => a !== 0 && b !== 0),
  Or: truth((a, b) => a !== 0 || b !== 0),
  Xor: truth((a, b) => (a !== 0) !== (b !== 0)),
  Equal: truth((a, b) => a === b),
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  Less: truth((a, b) => a < b),
  LessOrEqual: truth((a, b) => a <= b),
  IsNaN: truth(Number.isNaN),
  Where: (inputs, attributes) =>
    pointwise((c, a, b) => (c !== 0 ? a : b), inputs[1]!.type)(inputs, attributes),
  ReduceSum: reduction(0, (a, b) => a + b),
  ReduceMean: reduction(0, (a, b) => a + b, true),
  ReduceProd: reduction(1, (a, b) => a * b),
  ReduceMax: reduction(-Infinity, Math.max),
  ReduceMin: reduction(Infinity, Math.min),
};
