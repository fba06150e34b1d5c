/**
 * Runs values in float64, in the simplest way: folds constants, and is the reference in tests. One
 * kernel for each primitive; if one is missing, this does not compile.
 */
import { WhylensError } from '../../errors.js';
import { sizeOf } from './build.js';
import type { Comparison, Name, Shape, Unary } from './primitives.js';
import { ordered, type Value } from './value.js';

type Numbers = Float64Array;
type Kernels = {
  readonly [K in Name]: (inputs: readonly Numbers[], y: Value<K>) => Numbers;
};

/** How far apart neighbours along each axis lie in memory. */
export function strideOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let a = shape.length - 2; a >= 0; a--) strides[a] = strides[a + 1] * shape[a + 1];
  return strides;
}

/** Calls with the places of each element of `shape` in two arrays, in C order of the shape. */
function walk(
  shape: Shape,
  one: Shape,
  two: Shape,
  visit: (i: number, j: number) => void,
  startOne = 0,
  startTwo = 0,
): void {
  const rank = shape.length;
  const index = new Array<number>(rank).fill(0);
  let [i, j] = [startOne, startTwo];
  for (let n = sizeOf(shape); n > 0; n--) {
    visit(i, j);
    for (let a = rank - 1; a >= 0; a--) {
      i += one[a];
      j += two[a];
      if (++index[a] < shape[a]) break;
      i -= one[a] * shape[a];
      j -= two[a] * shape[a];
      index[a] = 0;
    }
  }
}

/** A view by strides, copied out. */
function strided(x: Numbers, shape: Shape, strides: Shape, offset = 0): Numbers {
  return copied(x, new Float64Array(sizeOf(shape)), shape, strides, offset);
}

/** Fills `out`, which has this shape, from places that lie so far apart along each axis. Most weights of a model pass here. */
export function copied<T extends Float32Array | Float64Array>(
  x: Float32Array | Float64Array,
  out: T,
  shape: Shape,
  strides: Shape,
  offset = 0,
): T {
  // neighbouring axes that are one in memory are walked as one, so that the innermost loop is long
  const sizes: number[] = [];
  const steps: number[] = [];
  shape.forEach((size, a) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    if (last >= 0 && steps[last] === size * strides[a]) {
      sizes[last] *= size;
      steps[last] = strides[a];
    } else {
      sizes.push(size);
      steps.push(strides[a]);
    }
  });
  const inner = sizes.length - 1;
  const [run, step] = [sizes[inner] ?? 1, steps[inner] ?? 0];
  const index = sizes.map(() => 0);
  for (let at = 0, from = offset; at < out.length;) {
    for (let k = from, end = at + run; at < end; k += step) out[at++] = x[k];
    for (let a = inner - 1; a >= 0; a--) {
      from += steps[a];
      if (++index[a] < sizes[a]) break;
      from -= steps[a] * sizes[a];
      index[a] = 0;
    }
  }
  return out;
}
function broadcastTo(x: Numbers, own: Shape, shape: Shape): Numbers {
  if (x.length === sizeOf(shape)) return x;
  const lead = shape.length - own.length;
  const strides = strideOf(own);
  return strided(
    x,
    shape,
    shape.map((_, a) => (a < lead || own[a - lead] === 1 ? 0 : strides[a - lead])),
  );
}
const pairwise =
  <K extends 'add' | 'mul' | 'div' | 'max'>(f: (a: number, b: number) => number) =>
  ([a, b]: readonly Numbers[], { inputs, shape }: Value<K>): Numbers => {
    const x = broadcastTo(a, inputs[0].shape, shape);
    const y = broadcastTo(b, inputs[1].shape, shape);
    return x.map((v, i) => f(v, y[i]));
  };

const COMPARISONS: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
};
/** Halves are rounded to the even number, as in NumPy, ONNX and TensorFlow. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
/** By its series of positive terms: exact to rounding. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  let term = size;
  let total = size;
  for (let n = 1; term > total * 1e-17 && n < 500; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (Math.sign(x) * 2 * Math.exp(-x * x) * total) / Math.sqrt(Math.PI);
}
const FUNCTIONS: Readonly<Record<Unary, (x: number) => number>> = {
  exp: Math.exp,
  log: Math.log,
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  erf,
  sin: Math.sin,
  cos: Math.cos,
  atan: Math.atan,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
};

/** Calls with the places of output cell and input cell for each element of a window, window outermost. */
function slide(
  { strides, dilations, window }: { strides: Shape; dilations: Shape; window: Shape },
  from: Shape,
  to: Shape,
  visit: (tap: number, input: number, output: number) => void,
): void {
  const rank = window.length;
  const cells = strideOf(from.slice(0, rank));
  const outs = strideOf(to.slice(0, rank));
  const steps = cells.map((n, a) => n * strides[a]);
  let tap = 0;
  walk(
    window,
    cells.map((n, a) => n * dilations[a]),
    strideOf(window),
    (offset) => {
      walk(to.slice(0, rank), steps, outs, (i, j) => visit(tap, i, j), offset);
      tap++;
    },
  );
}

const KERNELS: Kernels = {
  input: (_, { attrs: { name } }) => {
    throw new WhylensError('INVALID_DOCUMENT', `nothing was given for input '${name}'`);
  },
  constant: (_, { attrs: { weight } }) => new Float64Array(weight.data),
  opaque: (_, { attrs: { layer } }) => onlyElsewhere(layer.kind),
  opaqueGradient: (_, { attrs: { layer } }) => onlyElsewhere(layer.kind),
  conv: ([x, w], { inputs: [{ shape: from }, { shape: k }], attrs, shape }) => {
    const out = new Float64Array(sizeOf(shape));
    const [channels, filters] = k.slice(-2);
    const all = from[from.length - 1];
    const perGroup = filters / attrs.groups;
    slide({ ...attrs, window: k.slice(0, -2) }, from, shape, (tap, i, j) => {
      for (let g = 0; g < attrs.groups; g++) {
        for (let c = 0; c < channels; c++) {
          const v = x[i * all + g * channels + c];
          if (v === 0) continue;
          const row = (tap * channels + c) * filters;
          for (let o = g * perGroup; o < (g + 1) * perGroup; o++) {
            out[j * filters + o] += v * w[row + o];
          }
        }
      }
    });
    return out;
  },
  matMul: ([a, b], { inputs: [p, q], attrs: { transposeA, transposeB }, shape }) => {
    const lead = shape.slice(0, -2);
    const x = broadcastTo(a, p.shape, [...lead, ...p.shape.slice(-2)]);
    const y = broadcastTo(b, q.shape, [...lead, ...q.shape.slice(-2)]);
    const [rows, columns] = shape.slice(-2);
    const depth = p.shape[p.shape.length - (transposeA ? 2 : 1)];
    const [ai, ak] = transposeA ? [1, rows] : [depth, 1];
    const [bk, bj] = transposeB ? [1, depth] : [columns, 1];
    const out = new Float64Array(sizeOf(shape));
    for (let n = sizeOf(lead) - 1; n >= 0; n--) {
      const [xs, ys, os] = [n * rows * depth, n * depth * columns, n * rows * columns];
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < depth; k++) {
          const v = x[xs + i * ai + k * ak];
          for (let j = 0; j < columns; j++) {
            out[os + i * columns + j] += v * y[ys + k * bk + j * bj];
          }
        }
      }
    }
    return out;
  },
  along: ([x, m], { inputs: [{ shape: from }], attrs: { axis }, shape }) => {
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const [rows, columns] = [shape[axis], from[axis]];
    const out = new Float64Array(sizeOf(shape));
    for (let o = 0; o < outer; o++) {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          const weight = m[r * columns + c];
          if (weight === 0) continue;
          const [to, at] = [(o * rows + r) * inner, (o * columns + c) * inner];
          for (let i = 0; i < inner; i++) out[to + i] += weight * x[at + i];
        }
      }
    }
    return out;
  },
  add: pairwise((a, b) => a + b),
  mul: pairwise((a, b) => a * b),
  div: pairwise((a, b) => a / b),
  max: pairwise((a, b) => (Number.isNaN(a) ? a : a > b ? a : b)),
  compare: ([a, b], { inputs, attrs: { how }, shape }) => {
    const x = broadcastTo(a, inputs[0].shape, shape);
    const y = broadcastTo(b, inputs[1].shape, shape);
    return x.map((v, i) => Number(COMPARISONS[how](v, y[i])));
  },
  select: (all, { inputs, shape }) => {
    const [c, a, b] = all.map((x, i) => broadcastTo(x, inputs[i].shape, shape));
    return c.map((yes, i) => (yes !== 0 ? a[i] : b[i]));
  },
  unary: ([x], { attrs: { fn } }) => x.map(FUNCTIONS[fn]),
  power: ([x], { attrs: { exponent } }) => x.map((v) => v ** exponent),
  relu: ([x], { attrs: { ceiling } }) =>
    x.map((v) => (v > ceiling ? ceiling : v > 0 ? v : Number.isNaN(v) ? v : 0)),
  softmax: ([x], { shape }) => {
    const width = shape[shape.length - 1];
    const out = new Float64Array(x.length);
    for (let at = 0; at < x.length; at += width) {
      const row = x.subarray(at, at + width);
      const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const total = row.reduce((sum, v, i) => sum + (out[at + i] = Math.exp(v - top)), 0);
      for (let i = at; i < at + width; i++) out[i] /= total;
    }
    return out;
  },
  sum: ([x], y) => reduce(x, y, 0, (a, b) => a + b),
  reduceMax: ([x], y) => reduce(x, y, -Infinity, (a, b) => Math.max(a, b)),
  expand: ([x], { inputs, shape }) => broadcastTo(x, inputs[0].shape, shape),
  reshape: ([x]) => x,
  transpose: ([x], { inputs, attrs: { order }, shape }) => {
    const strides = strideOf(inputs[0].shape);
    return strided(
      x,
      shape,
      order.map((a) => strides[a]),
    );
  },
  reverse: ([x], { attrs: { axes }, shape }) => {
    const strides = strideOf(shape);
    const offset = axes.reduce((n, a) => n + (shape[a] - 1) * strides[a], 0);
    return strided(
      x,
      shape,
      strides.map((n, a) => (axes.includes(a) ? -n : n)),
      offset,
    );
  },
  pad: ([x], { inputs: [{ shape: from }], attrs: { low, inner, value }, shape }) => {
    const out = new Float64Array(sizeOf(shape)).fill(value);
    const strides = strideOf(shape);
    const offset = low.reduce((n, rows, a) => n + rows * strides[a], 0);
    const steps = strides.map((n, a) => n * (inner[a] + 1));
    walk(from, strideOf(from), steps, (i, j) => (out[j] = x[i]), 0, offset);
    return out;
  },
  slice: ([x], { inputs: [{ shape: from }], attrs: { start, step }, shape }) => {
    const strides = strideOf(from);
    const offset = start.reduce((n, row, a) => n + row * strides[a], 0);
    return strided(
      x,
      shape,
      strides.map((n, a) => n * step[a]),
      offset,
    );
  },
  concat: (all, { inputs, attrs: { axis }, shape }) => {
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const out = new Float64Array(sizeOf(shape));
    let at = 0;
    for (let o = 0; o < outer; o++) {
      all.forEach((x, i) => {
        const run = inputs[i].shape[axis] * inner;
        out.set(x.subarray(o * run, (o + 1) * run), at);
        at += run;
      });
    }
    return out;
  },
  gather: ([x], { inputs: [{ shape: from }], attrs: { axis, indices }, shape }) => {
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const out = new Float64Array(sizeOf(shape));
    for (let o = 0; o < outer; o++) {
      indices.forEach((row, i) => {
        const at = (o * from[axis] + row) * inner;
        out.set(x.subarray(at, at + inner), (o * indices.length + i) * inner);
      });
    }
    return out;
  },
  maxPool: ([x], { inputs: [{ shape: from }], attrs, shape }) => {
    const channels = shape[shape.length - 1];
    const out = new Float64Array(sizeOf(shape)).fill(-Infinity);
    slide(attrs, from, shape, (_, i, j) => {
      for (let c = 0; c < channels; c++) {
        const v = x[i * channels + c];
        if (v > out[j * channels + c]) out[j * channels + c] = v;
      }
    });
    return out;
  },
  maxPoolGradient: ([x, y, dy], { inputs: [{ shape: from }, { shape: to }], attrs }) => {
    const channels = from[from.length - 1];
    const out = new Float64Array(x.length);
    const taken = new Uint8Array(y.length);
    slide(attrs, from, to, (_, i, j) => {
      for (let c = 0; c < channels; c++) {
        const at = j * channels + c;
        if (taken[at] === 1 || x[i * channels + c] !== y[at]) continue;
        taken[at] = 1;
        out[i * channels + c] += dy[at];
      }
    });
    return out;
  },
};

function reduce(
  x: Numbers,
  { inputs: [{ shape: from }], attrs: { axes }, shape }: Value<'sum' | 'reduceMax'>,
  start: number,
  f: (a: number, b: number) => number,
): Numbers {
  const out = new Float64Array(sizeOf(shape)).fill(start);
  const strides = strideOf(shape).map((n, a) => (axes.includes(a) ? 0 : n));
  walk(from, strideOf(from), strides, (i, j) => (out[j] = f(out[j], x[i])));
  return out;
}

function onlyElsewhere(kind: string): never {
  throw new WhylensError(
    'UNSUPPORTED_OPERATION',
    `a layer of kind '${kind}' is only run by the library it comes from`,
    { facts: { kind } },
  );
}

/** The values of one sample. */
export function evaluate(
  outputs: readonly Value[],
  feeds: ReadonlyMap<Value, Numbers> = new Map(),
): Numbers[] {
  const done = new Map(feeds);
  for (const v of ordered(outputs, feeds)) {
    if (done.has(v)) continue;
    const kernel = KERNELS[v.op] as (inputs: readonly Numbers[], y: Value) => Numbers;
    done.set(
      v,
      kernel(
        v.inputs.map((x) => done.get(x)!),
        v,
      ),
    );
  }
  return outputs.map((v) => done.get(v)!);
}
