/** Rewrites that change numbers only by rounding: each says what it looks for and what replaces it. */
import { add, constant, conv, matMul, mul, pad, reshape, same, sizeOf, tensor } from './build.js';
import { evaluate } from './evaluate.js';
import { reordered } from './order.js';
import type { Shape, Weight } from './primitives.js';
import { rewrite, type Uses, type Value } from './value.js';

export type Pass = (v: Value, uses: Uses) => Value | undefined;

const once = (v: Value, uses: Uses): boolean => uses.get(v) === 1;
/** A constant that is one number, or one number for each of the last axis. */
const perChannel = (v: Value): boolean => !v.live && sizeOf(v.shape) === (v.shape.at(-1) ?? 1);
/** The two operands, the live one first; undefined unless just one is live. */
function liveAnd(v: Value): readonly [Value, Value] | undefined {
  const [a, b] = v.inputs;
  if (a.live === b.live) return undefined;
  return a.live ? [a, b] : [b, a];
}
const flat = (v: Value): Value => (v.shape.length <= 1 ? v : reshape(v, [v.shape.at(-1)!]));

/** conv(x, w) · s → conv(x, w · s), and so for a matrix, if s is one number for each channel and the product is used nowhere else. */
const foldScale: Pass = (v, uses) => {
  if (v.op !== 'mul') return undefined;
  const found = liveAnd(v);
  if (found === undefined) return undefined;
  const [y, s] = found;
  if (!perChannel(s) || !same(y.shape, v.shape)) return undefined;
  if (y.op === 'mul') {
    // two factors become one
    const inner = liveAnd(y);
    return inner !== undefined && once(y, uses) && same(inner[0].shape, y.shape)
      ? mul(inner[0], mul(inner[1], s))
      : undefined;
  }
  if (y.op === 'add') {
    // (x + b) s → x s + b s, where x takes the factor in
    const inner = liveAnd(y);
    if (inner === undefined || !once(y, uses) || !takesFactor(inner[0]) || !once(inner[0], uses)) {
      return undefined;
    }
    if (!same(inner[0].shape, y.shape)) return undefined;
    return add(scaled(inner[0], s), mul(inner[1], s));
  }
  return takesFactor(y) && once(y, uses) ? scaled(y, s) : undefined;
};
const takesFactor = (v: Value): boolean =>
  v.op === 'conv' || (v.op === 'matMul' && !v.inputs[1].live && v.inputs[1].shape.length === 2);
function scaled(y: Value, s: Value): Value {
  if (y.op === 'conv') {
    const { strides, dilations, groups } = y.attrs;
    return conv(y.inputs[0], mul(y.inputs[1], flat(s)), strides, dilations, groups);
  }
  const { transposeA, transposeB } = (y as Value<'matMul'>).attrs;
  const own = flat(s);
  const factor = transposeB && own.shape.length === 1 ? reshape(own, [own.shape[0], 1]) : own;
  return matMul(y.inputs[0], mul(y.inputs[1], factor), transposeA, transposeB);
}

/** conv(pad(x · s), w) → conv(pad(x), w · s by input channel): what gradients through a folded normalisation bring. */
export const foldScaleBefore: Pass = (v, uses) => {
  if (v.op !== 'conv') return undefined;
  const [padded, kernel] = v.inputs;
  const x = padded.op === 'pad' && padded.attrs.value === 0 ? padded.inputs[0] : padded;
  if (x.op !== 'mul' || !once(padded, uses) || !once(x, uses)) return undefined;
  const found = liveAnd(x);
  if (found === undefined || !perChannel(found[1]) || !same(found[0].shape, x.shape)) {
    return undefined;
  }
  const [y, s] = found;
  const { strides, dilations, groups } = v.attrs;
  const [channels, filters] = kernel.shape.slice(-2);
  // filter o sees the channels of its group
  const own = flat(s);
  const factor = sizeOf(own.shape) === 1 ? own : byFilter(own, channels, filters, groups);
  const again =
    padded.op === 'pad' ? pad(y, padded.attrs.low, padded.attrs.high, padded.attrs.inner) : y;
  return conv(again, mul(kernel, factor), strides, dilations, groups);
};
/** `[channels of all groups]` as `[channels / groups, filters]`. */
function byFilter(s: Value, channels: number, filters: number, groups: number): Value {
  const [numbers] = evaluate([s]);
  const data = new Float64Array(channels * filters);
  for (let c = 0; c < channels; c++) {
    for (let o = 0; o < filters; o++) {
      data[c * filters + o] = numbers[Math.floor(o / (filters / groups)) * channels + c];
    }
  }
  return tensor([channels, filters], data);
}

/**
 * Rows cut off after a convolution of stride 1 are not computed at all: its
 * padding shrinks. This is what gradients through 'same' padding bring.
 */
export const foldCrop: Pass = (v, uses) => {
  if (v.op !== 'slice' || v.attrs.step.some((n) => n !== 1)) return undefined;
  const [y] = v.inputs;
  if (y.op !== 'conv' || !once(y, uses) || y.attrs.strides.some((n) => n !== 1)) return undefined;
  const [padded, kernel] = y.inputs;
  if (padded.op !== 'pad' || padded.attrs.value !== 0) return undefined;
  const { low, high, inner } = padded.attrs;
  const channels = y.shape.length - 1;
  if (v.shape[channels] !== y.shape[channels]) return undefined;
  const less = low.map((n, a) => (a === channels ? n : n - v.attrs.start[a]));
  const fewer = high.map((n, a) => (a === channels ? n : n - (y.shape[a] - v.attrs.stop[a])));
  if ([...less, ...fewer].some((n) => n < 0)) return undefined;
  const { strides, dilations, groups } = y.attrs;
  return conv(pad(padded.inputs[0], less, fewer, inner), kernel, strides, dilations, groups);
};

/** Folded only once, even if the value is met again. */
const folded = new WeakMap<Value, Weight>();
/** A value that depends only on constants becomes a constant. */
export const foldConstants: Pass = (v) => {
  if (v.live || v.op === 'constant') return undefined;
  let weight = folded.get(v);
  if (weight === undefined) folded.set(v, (weight = weightOf(v)));
  return constant(weight);
};
function weightOf(v: Value): Weight {
  const source = sameNumbers(v);
  if (source !== undefined) {
    return shaped(source, v.shape);
  }
  const turned = turnedNumbers(v);
  if (turned !== undefined) return turned;
  const [data] = evaluate([v]);
  return compact(v.shape, data);
}
/** Numbers from which on a constant with other axes is made when somebody looks, each time. */
const LARGE = 2 ** 16;
/** A large constant with its axes in another order: engines often turn it back. */
function turnedNumbers(v: Value): Weight | undefined {
  if (v.op !== 'transpose' || sizeOf(v.shape) < LARGE) return undefined;
  const source = sameNumbers(v.inputs[0]);
  if (source === undefined) return undefined;
  const { shape } = v.inputs[0];
  const { order } = v.attrs;
  return {
    shape: v.shape,
    get data() {
      return reordered(source.data, shape, order);
    },
    turned: { from: shaped(source, shape), order },
  };
}
const shaped = (source: Weight, shape: Shape): Weight => ({
  shape,
  get data() {
    return source.data;
  },
  of: source,
});
/** A constant in another shape keeps its numbers. */
function sameNumbers(v: Value): Weight | undefined {
  let x = v;
  while (x.op === 'reshape') x = x.inputs[0];
  return x.op === 'constant' ? x.attrs.weight : undefined;
}
/** Large constants in single precision, which is what engines compute in. */
const compact = (shape: Shape, data: Float64Array): Weight => ({
  shape,
  data: data.length > 4096 ? new Float32Array(data) : data,
});

/** All passes, in an order in which each finds what those before leave. */
export function optimise(
  outputs: readonly Value[],
  passes: readonly Pass[] = [
    foldConstants,
    foldScale,
    foldScale,
    foldScaleBefore,
    foldCrop,
    foldConstants,
  ],
): Value[] {
  return passes.reduce<Value[]>((values, pass) => rewrite(values, pass), [...outputs]);
}
