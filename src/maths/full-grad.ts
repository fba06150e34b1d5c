/** The pieces of FullGrad (Srinivas and Fleuret 2019) as pure functions. */
import type { Heatmap, NdArray } from '../explanation.js';
import { reduceChannels, splitShape, total } from './channels.js';
import { sizeOf } from './ndarray.js';
import { resizeMap } from './resize.js';

/** A term's map at its own resolution, and its plain sum in float64. */
export interface PsiAndTotal {
  readonly map: Heatmap;
  readonly total: number;
}

/** Over what ψ scales to [0, 1]: a layer's whole tensor, each channel on its own, or not at all. */
export type Rescale = 'layer' | 'channel' | 'none';

/**
 * b_c · g[.., c]: what a bias adds to the score at each place.
 *
 * @param room the array for the values, here and below; default: a new one
 */
export function biasGradient(
  gradient: NdArray,
  bias: ArrayLike<number>,
  room?: Float32Array,
): NdArray {
  const { shape, data } = gradient;
  const result = roomFor(data.length, room);
  for (let at = 0; at < data.length;) {
    for (let c = 0; c < bias.length; c++, at++) result[at] = data[at] * bias[c];
  }
  return { shape, data: result };
}

/**
 * `biasGradient` if output and gradient are those of the rectifier behind the bias: the gradient
 * passes where 0 < y < ceiling.
 */
export function rectifiedBiasGradient(
  outputs: NdArray,
  gradient: NdArray,
  bias: ArrayLike<number>,
  ceiling = Infinity,
  room?: Float32Array,
): NdArray {
  const { shape, data } = gradient;
  const { data: ys } = outputs;
  const result = roomFor(data.length, room);
  for (let at = 0; at < data.length;) {
    for (let c = 0; c < bias.length; c++, at++) {
      const y = ys[at];
      result[at] = y > 0 && y < ceiling ? data[at] * bias[c] : 0;
    }
  }
  return { shape, data: result };
}

/**
 * What the ceiling of a ReLU6 adds: such a unit behaves like the constant 6,
 * so its share is 6 · g. Zero elsewhere.
 */
export function ceilingGradient(
  outputs: NdArray,
  gradient: NdArray,
  ceiling: number,
  room?: Float32Array,
): NdArray {
  const { shape, data } = gradient;
  const { data: ys } = outputs;
  const result = roomFor(data.length, room);
  for (let i = 0; i < data.length; i++) result[i] = ys[i] >= ceiling ? ceiling * data[i] : 0;
  return { shape, data: result };
}

function roomFor(length: number, room: Float32Array | undefined): Float32Array {
  return room === undefined ? new Float32Array(length) : room.subarray(0, length);
}

/**
 * What any value-by-value unit y = f(x) adds beyond its slope: (y − f'(x)·x) · g_y,
 * written as y·g_y − x·g_x, which needs no formula of f. Right if nothing else reads x.
 */
export function offsetGradient(
  x: NdArray,
  gradientX: NdArray,
  y: NdArray,
  gradientY: NdArray,
): NdArray {
  return {
    shape: y.shape,
    data: y.data.map((v, i) => v * gradientY.data[i] - x.data[i] * gradientX.data[i]),
  };
}

/** The same by the formula of its slope, if x is read elsewhere too. */
export function slopeOffset(
  x: NdArray,
  y: NdArray,
  gradientY: NdArray,
  slope: (x: number, y: number) => number,
): NdArray {
  return {
    shape: y.shape,
    data: y.data.map((v, i) => {
      const own = x.data[i];
      // the limit of slope · x if the slope has none
      const linear = own === 0 ? 0 : slope(own, v) * own;
      return (v - linear) * gradientY.data[i];
    }),
  };
}

/** dy/dx of units that are read beside their input, such as the gate of x · σ(x). */
export const UNIT_SLOPES: Readonly<Record<string, (x: number, y: number) => number>> = {
  sigmoid: (_, y) => y * (1 - y),
  tanh: (_, y) => 1 - y * y,
  exp: (_, y) => y,
  log: (x) => 1 / x,
  sqrt: (x, y) => y / (2 * x),
  rsqrt: (x, y) => -y / (2 * x),
  reciprocal: (x, y) => -y / x,
  softplus: (_, y) => 1 - Math.exp(-y),
  elu: (_, y) => (y > 0 ? 1 : y + 1),
};

/**
 * Σ_c ψ(term) before resizing: the magnitude, scaled to [0, 1], channels
 * summed, at the term's own resolution.
 *
 * @param term `[..., k]`
 */
export function psi(term: NdArray, rescale: Rescale): Heatmap {
  return psiAndTotal(term, rescale).map;
}

/** `psi` and, of the same pass, the plain sum of the term in float64. */
export function psiAndTotal(term: NdArray, rescale: Rescale): PsiAndTotal {
  if (rescale === 'layer') return sumScaled(term);
  return { map: scaledByChannel(term, rescale), total: total(term.data) };
}

/** `psiAndTotal` of `rectifiedBiasGradient` per layer, in one pass: a network has millions of these values. */
export function rectifiedBiasPsi(
  outputs: NdArray,
  gradient: NdArray,
  bias: ArrayLike<number>,
  ceiling = Infinity,
): PsiAndTotal {
  const { shape, data } = gradient;
  const { space, channels } = splitShape(shape);
  // a vector is taken for positions of one channel, whose biases differ
  if (bias.length !== channels) {
    return sumScaled(rectifiedBiasGradient(outputs, gradient, bias, ceiling));
  }
  const { data: ys } = outputs;
  let low = Infinity;
  let high = 0;
  let total = 0;
  const sums = new Float32Array(data.length / channels);
  for (let p = 0, at = 0; p < sums.length; p++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at++) {
      const y = ys[at];
      // no branch: which units are open nobody can foresee
      const open = Number(y > 0) & Number(y < ceiling);
      const value = data[at] * bias[c] * open;
      const magnitude = Math.abs(value);
      if (magnitude < low) low = magnitude;
      if (magnitude > high) high = magnitude;
      sum += magnitude;
      total += value;
    }
    sums[p] = sum;
  }
  return scaledSums(space, sums, channels, low, high, total);
}

/** `psiAndTotal` of `ceilingGradient` per layer, in one pass; few units are at their ceiling. */
export function ceilingPsi(
  { data: ys }: NdArray,
  { shape, data }: NdArray,
  ceiling: number,
): PsiAndTotal {
  const { space, channels } = splitShape(shape);
  let low = Infinity;
  let high = 0;
  let total = 0;
  let units = 0;
  const sums = new Float32Array(data.length / channels);
  for (let p = 0, at = 0; p < sums.length; p++) {
    let sum = 0;
    for (const end = at + channels; at < end; at++) {
      if (!(ys[at] >= ceiling)) continue;
      const value = ceiling * data[at];
      const magnitude = Math.abs(value);
      if (magnitude < low) low = magnitude;
      if (magnitude > high) high = magnitude;
      sum += magnitude;
      total += value;
      units++;
    }
    sums[p] = sum;
  }
  return scaledSums(space, sums, channels, units < data.length ? 0 : low, high, total);
}

/** Sums of magnitudes over channels, each magnitude scaled by the extremes of the layer. */
function scaledSums(
  shape: readonly number[],
  sums: Float32Array,
  channels: number,
  low: number,
  high: number,
  total: number,
): PsiAndTotal {
  const span = high - low;
  for (let p = 0; p < sums.length; p++) {
    sums[p] = span === 0 ? 0 : (sums[p] - channels * low) / span;
  }
  return { map: { shape, data: sums }, total };
}

function scaledByChannel(term: NdArray, rescale: Rescale): Heatmap {
  const { channels } = splitShape(term.shape);
  const magnitude = term.data.map(Math.abs);
  if (rescale === 'channel') {
    for (let channel = 0; channel < channels; channel++) minMax(magnitude, channel, channels);
  }
  return reduceChannels({ shape: term.shape, data: magnitude }, 'sum');
}

/**
 * Sum of maps of several resolutions at the size of the input. Resizing is
 * linear, so maps of one resolution are added up first and resized once.
 * A map without a place in the input is left out: space of another rank, or a
 * single position.
 */
export class SumOfMaps {
  private readonly sums = new Map<string, Heatmap>();

  constructor(private readonly size: readonly number[]) {}

  add({ shape, data }: Heatmap): void {
    if (shape.length !== this.size.length) return;
    if (data.length === 1 && this.size.some((n) => n > 1)) return;
    const sum = this.sums.get(shape.join());
    if (sum === undefined) {
      this.sums.set(shape.join(), { shape, data: data.slice() });
      return;
    }
    for (let i = 0; i < data.length; i++) sum.data[i] += data[i];
  }

  result(): Heatmap {
    const total = new Float32Array(sizeOf(this.size));
    for (const sum of this.sums.values()) {
      const { data } = resizeMap(sum, this.size);
      for (let i = 0; i < total.length; i++) total[i] += data[i];
    }
    return { shape: this.size, data: total };
  }
}

/** Σ_c (|v| − low) / (high − low) over one tensor's extremes, without a copy of it. */
function sumScaled({ shape, data }: NdArray): PsiAndTotal {
  const { space, channels } = splitShape(shape);
  let low = Infinity;
  let high = 0;
  let total = 0;
  const sums = new Float32Array(data.length / channels);
  for (let p = 0, at = 0; p < sums.length; p++) {
    let sum = 0;
    for (const end = at + channels; at < end; at++) {
      const value = data[at];
      const magnitude = Math.abs(value);
      if (magnitude < low) low = magnitude;
      if (magnitude > high) high = magnitude;
      sum += magnitude;
      total += value;
    }
    sums[p] = sum;
  }
  return scaledSums(space, sums, channels, low, high, total);
}

/** Every `step`-th value from `start`: (v − min) / (max − min), zeros if all are equal. */
function minMax(values: Float32Array, start: number, step: number): void {
  let low = Infinity;
  let high = -Infinity;
  for (let i = start; i < values.length; i += step) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  const span = high - low;
  for (let i = start; i < values.length; i += step) {
    values[i] = span === 0 ? 0 : (values[i] - low) / span;
  }
}
