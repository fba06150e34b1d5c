/**
 * Layers as functions that build values. None needs a gradient rule or a line in an executor; if
 * an engine has a faster form, it finds the pattern.
 */
import {
  add,
  along,
  compare,
  concat,
  conv,
  div,
  inverse,
  matMul,
  maximum,
  maxPool,
  minimum,
  mul,
  neg,
  pad,
  plainAxes,
  plainAxis,
  power,
  range,
  reduceMax,
  relu,
  reshape,
  reverse,
  scalar,
  select,
  sizeOf,
  slice,
  softmax,
  sub,
  sum,
  tensor,
  transpose,
  unary,
} from './build.js';
import { WhylensError } from '../../errors.js';
import type { Shape } from './primitives.js';
import type { Value } from './value.js';

// ---- arithmetic

export const square = (x: Value): Value => mul(x, x);
export const sqrt = (x: Value): Value => unary('sqrt', x);
export const exp = (x: Value): Value => unary('exp', x);
export const log = (x: Value): Value => unary('log', x);
export const abs = (x: Value): Value => unary('abs', x);
export const tanh = (x: Value): Value => unary('tanh', x);
export const sigmoid = (x: Value): Value => unary('sigmoid', x);
export const softplus = (x: Value): Value => unary('softplus', x);
export const asin = (x: Value): Value => unary('atan', div(x, sqrt(sub(scalar(1), square(x)))));
export const sinh = (x: Value): Value => mul(sub(exp(x), exp(neg(x))), scalar(0.5));
export const cosh = (x: Value): Value => mul(add(exp(x), exp(neg(x))), scalar(0.5));
/** Computed of the magnitude, then given its sign: below 0 the difference would lose digits. */
export const asinh = (x: Value): Value =>
  mul(unary('sign', x), log(add(abs(x), sqrt(add(square(x), scalar(1))))));
export const acosh = (x: Value): Value => log(add(x, sqrt(sub(square(x), scalar(1)))));
export const atanh = (x: Value): Value =>
  mul(log(div(add(x, scalar(1)), sub(scalar(1), x))), scalar(0.5));
export const clip = (x: Value, low = -Infinity, high = Infinity): Value => {
  if (low === 0 && high > 0) return relu(x, high);
  const raised = low === -Infinity ? x : maximum(x, scalar(low));
  return high === Infinity ? raised : minimum(raised, scalar(high));
};
/** A live power of a live base, which has to be positive. */
export const pow = (x: Value, y: Value): Value => exp(mul(y, log(x)));
export const not = (x: Value): Value => compare('equal', x, scalar(0));
/** Size-1 axes taken away. */
export const squeeze = (x: Value, axes: Shape): Value => {
  const gone = plainAxes(axes, x.shape.length);
  return reshape(
    x,
    x.shape.filter((_, a) => !gone.includes(a)),
  );
};
export const flatten = (x: Value): Value => reshape(x, [sizeOf(x.shape)]);

// ---- reductions; axes are kept with size 1 unless `keep` is false

const kept = (x: Value, axes: Shape, keep: boolean): Value => (keep ? x : squeeze(x, axes));
export const reduceSum = (x: Value, axes: Shape, keep = true): Value =>
  kept(sum(x, axes), axes, keep);
export const reduceMean = (x: Value, axes: Shape, keep = true): Value => {
  const n = plainAxes(axes, x.shape.length).reduce((count, a) => count * x.shape[a], 1);
  return kept(mul(sum(x, axes), scalar(1 / n)), axes, keep);
};
export const reduceMaximum = (x: Value, axes: Shape, keep = true): Value =>
  kept(reduceMax(x, axes), axes, keep);
export const reduceMinimum = (x: Value, axes: Shape, keep = true): Value =>
  kept(neg(reduceMax(neg(x), axes)), axes, keep);
export const reduceSumSquare = (x: Value, axes: Shape, keep = true): Value =>
  reduceSum(square(x), axes, keep);
export const reduceL1 = (x: Value, axes: Shape, keep = true): Value =>
  reduceSum(abs(x), axes, keep);
export const reduceL2 = (x: Value, axes: Shape, keep = true): Value =>
  sqrt(reduceSumSquare(x, axes, keep));
/** Without overflow: the largest is subtracted first. */
export const reduceLogSumExp = (x: Value, axes: Shape, keep = true): Value => {
  const top = reduceMax(x, axes);
  return kept(add(log(sum(exp(sub(x, top)), axes)), top), axes, keep);
};
export const reduceLogSum = (x: Value, axes: Shape, keep = true): Value =>
  log(reduceSum(x, axes, keep));
/** Product over axes, multiplied out row by row. */
export const reduceProduct = (x: Value, axes: Shape, keep = true): Value => {
  const over = plainAxes(axes, x.shape.length);
  const product = over.reduce((v, axis) => rows(v, axis).reduce((a, b) => mul(a, b)), x);
  return kept(product, over, keep);
};
/** The rows of an axis, each with that axis kept. */
export const rows = (x: Value, axis: number): Value[] =>
  range(x.shape[axis]).map((i) =>
    slice(
      x,
      x.shape.map((_, a) => (a === axis ? i : 0)),
      x.shape.map((n, a) => (a === axis ? i + 1 : n)),
    ),
  );
export const logSoftmax = (x: Value, axis = -1): Value => sub(x, reduceLogSumExp(x, [axis]));
/** Sums that run along an axis; exclusive leaves out the own row, reverse starts at the end. */
export const cumulativeSum = (
  x: Value,
  axis: number,
  exclusive = false,
  backwards = false,
): Value => {
  const n = x.shape[plainAxis(axis, x.shape.length)];
  return along(
    x,
    axis,
    matrixOf(n, n, (i, j) => Number((backwards ? j > i : j < i) || (j === i && !exclusive))),
  );
};

// ---- activations

export const swish = (x: Value, beta = 1): Value => mul(x, sigmoid(mul(x, scalar(beta))));
/** Exact: x Φ(x). */
export const gelu = (x: Value): Value =>
  mul(mul(x, scalar(0.5)), add(unary('erf', mul(x, scalar(Math.SQRT1_2))), scalar(1)));
export const geluTanh = (x: Value): Value => {
  const inner = mul(x, add(mul(square(x), scalar(0.044715)), scalar(1)));
  return mul(mul(x, scalar(0.5)), add(tanh(mul(inner, scalar(Math.sqrt(2 / Math.PI)))), scalar(1)));
};
export const mish = (x: Value): Value => mul(x, tanh(softplus(x)));
/** max(0, min(1, αx + β)): Keras 2 has α = 0.2, Keras 3 and PyTorch 1/6. */
export const hardSigmoid = (x: Value, alpha = 1 / 6, beta = 0.5): Value =>
  relu(add(mul(x, scalar(alpha)), scalar(beta)), 1);
/** x · relu6(x + 3) / 6. */
export const hardSwish = (x: Value): Value => mul(x, hardSigmoid(x));
export const leakyRelu = (x: Value, alpha: number): Value =>
  select(compare('greater', x, scalar(0)), x, mul(x, scalar(alpha)));
/** A slope of its own below 0, one number for each channel or more. */
export const prelu = (x: Value, alpha: Value): Value =>
  select(compare('greater', x, scalar(0)), x, mul(x, alpha));
/** 0 up to the threshold. */
export const thresholdedRelu = (x: Value, theta: number): Value =>
  mul(x, compare('greater', x, scalar(theta)));
/** x where |x| > λ (moved towards 0 by `bias`), else 0. */
export const shrink = (x: Value, lambda: number, bias: number): Value =>
  select(
    compare('greater', x, scalar(lambda)),
    sub(x, scalar(bias)),
    select(compare('less', x, scalar(-lambda)), add(x, scalar(bias)), scalar(0)),
  );
/** The exponential is only taken of numbers below 0, so that nothing overflows. */
const below = (x: Value, scale: number): Value => exp(mul(neg(relu(neg(x))), scalar(scale)));
export const elu = (x: Value, alpha = 1): Value =>
  select(compare('greater', x, scalar(0)), x, mul(sub(below(x, 1), scalar(1)), scalar(alpha)));
/** max(0, x) + min(0, α (exp(x / α) − 1)). */
export const celu = (x: Value, alpha = 1): Value =>
  select(
    compare('greater', x, scalar(0)),
    x,
    mul(sub(below(x, 1 / alpha), scalar(1)), scalar(alpha)),
  );
export const selu = (x: Value, alpha = 1.6732632423543772, gamma = 1.0507009873554805): Value =>
  mul(elu(x, alpha), scalar(gamma));
export const softsign = (x: Value): Value => div(x, add(abs(x), scalar(1)));
export const logSigmoid = (x: Value): Value => neg(softplus(neg(x)));
export const hardTanh = (x: Value, low = -1, high = 1): Value => clip(x, low, high);
export const tanhShrink = (x: Value): Value => sub(x, tanh(x));
/** Half the last axis (or another) gates the other half. */
export const glu = (x: Value, axis = -1): Value => {
  const a = plainAxis(axis, x.shape.length);
  const half = x.shape[a] / 2;
  const part = (i: number): Value =>
    slice(
      x,
      x.shape.map((_, k) => (k === a ? i * half : 0)),
      x.shape.map((n, k) => (k === a ? (i + 1) * half : n)),
    );
  return mul(part(0), sigmoid(part(1)));
};

// ---- normalisations

/** With the statistics of training, one number for each channel (or a shape that broadcasts): folded into one scale and one shift. */
export function batchNorm(
  x: Value,
  gamma: Value | undefined,
  beta: Value | undefined,
  mean: Value,
  variance: Value,
  epsilon: number,
): Value {
  const scale = div(gamma ?? scalar(1), sqrt(add(variance, scalar(epsilon))));
  const shift = sub(beta ?? scalar(0), mul(mean, scale));
  return add(mul(x, scale), shift);
}
/** (x − mean) / √(variance + ε) over the axes. */
export function normalise(x: Value, axes: Shape, epsilon: number): Value {
  const centred = sub(x, reduceMean(x, axes));
  return div(centred, sqrt(add(reduceMean(square(centred), axes), scalar(epsilon))));
}
const scaled = (x: Value, gamma?: Value, beta?: Value): Value => {
  const y = gamma === undefined ? x : mul(x, gamma);
  return beta === undefined ? y : add(y, beta);
};
/** `gamma` and `beta` must broadcast to the normalised axes. */
export const layerNorm = (
  x: Value,
  gamma: Value | undefined,
  beta: Value | undefined,
  epsilon = 1e-5,
  axes: Shape = [-1],
): Value => scaled(normalise(x, axes, epsilon), gamma, beta);
export const rmsNorm = (
  x: Value,
  gamma: Value | undefined,
  epsilon = 1e-6,
  axes: Shape = [-1],
): Value => scaled(div(x, sqrt(add(reduceMean(square(x), axes), scalar(epsilon)))), gamma);
/** Each channel over its own space. */
export const instanceNorm = (x: Value, gamma?: Value, beta?: Value, epsilon = 1e-5): Value =>
  scaled(normalise(x, range(x.shape.length - 1), epsilon), gamma, beta);
export function groupNorm(
  x: Value,
  groups: number,
  gamma?: Value,
  beta?: Value,
  epsilon = 1e-5,
): Value {
  const rank = x.shape.length;
  const split = [...x.shape.slice(0, -1), groups, x.shape[rank - 1] / groups];
  const over = [...range(rank - 1), rank];
  return scaled(reshape(normalise(reshape(x, split), over, epsilon), x.shape), gamma, beta);
}
/** x / max(‖x‖₂, ε). */
export const unitNorm = (x: Value, axes: Shape = [-1], epsilon = 1e-12): Value =>
  div(x, maximum(reduceL2(x, axes), scalar(epsilon)));
/** Over a window of channels: x / (k + α/n Σ x²)^β. */
export function localResponseNorm(
  x: Value,
  size: number,
  alpha: number,
  beta: number,
  bias: number,
  scaleBySize = true,
): Value {
  const n = x.shape[x.shape.length - 1];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const band = matrixOf(n, n, (i, j) => Number(j >= i - before && j <= i + after));
  const sums = along(square(x), -1, band);
  const share = scalar(scaleBySize ? alpha / size : alpha);
  return div(x, power(add(mul(sums, share), scalar(bias)), beta));
}

// ---- dense layers and attention

/** Kernel `[in, out]` on the last axis. */
export function dense(x: Value, kernel: Value, bias?: Value): Value {
  const [inputs, outputs] = kernel.shape;
  const lead = x.shape.slice(0, -1);
  // one vector becomes a matrix of one row
  const y =
    lead.length === 0
      ? reshape(matMul(reshape(x, [1, inputs]), kernel), [outputs])
      : matMul(x, kernel);
  return bias === undefined ? y : add(y, bias);
}
/** ONNX' Gemm on one sample `[k]`: α x·B' + β c. */
export const gemm = (
  x: Value,
  b: Value,
  c: Value | undefined,
  alpha = 1,
  beta = 1,
  transposeB = false,
): Value => {
  const kernel = mul(transposeB ? transpose(b, [1, 0]) : b, scalar(alpha));
  return dense(x, kernel, c === undefined ? undefined : mul(c, scalar(beta)));
};
/** softmax(q kᵀ · scale + mask) v over the last two axes `[…, tokens, size]`. */
export function attention(
  query: Value,
  key: Value,
  values: Value,
  scale = 1 / Math.sqrt(query.shape[query.shape.length - 1]),
  mask?: Value,
): Value {
  const scores = matMul(mul(query, scalar(scale)), key, false, true);
  return matMul(softmax(mask === undefined ? scores : add(scores, mask)), values);
}
/** `[tokens, heads × size]` as `[heads, tokens, size]`, and back. */
export const splitHeads = (x: Value, heads: number): Value => {
  const [tokens, width] = x.shape;
  return transpose(reshape(x, [tokens, heads, width / heads]), [1, 0, 2]);
};
export const joinHeads = (x: Value): Value => {
  const [heads, tokens, size] = x.shape;
  return reshape(transpose(x, [1, 0, 2]), [tokens, heads * size]);
};

// ---- convolutions

export interface Window {
  /** Per axis of space; default 1. */
  readonly strides?: Shape;
  readonly dilations?: Shape;
  /** Padding before and after; default 0. */
  readonly low?: Shape;
  readonly high?: Shape;
}
const times = (n: number, x: number): number[] => new Array<number>(n).fill(x);
/** Padding of the axes of space, none of the channels. */
export const padSpace = (x: Value, low: Shape, high: Shape, inner?: Shape, fill = 0): Value =>
  pad(x, [...low, 0], [...high, 0], inner === undefined ? undefined : [...inner, 0], fill);
/** What 'same' means: the output has ⌈size / stride⌉ rows, the odd row of padding comes after. */
export function samePadding(
  space: Shape,
  window: Shape,
  strides: Shape,
  dilations: Shape = times(window.length, 1),
): { low: number[]; high: number[] } {
  const total = window.map((k, i) =>
    Math.max(
      (Math.ceil(space[i] / strides[i]) - 1) * strides[i] + (k - 1) * dilations[i] + 1 - space[i],
      0,
    ),
  );
  return {
    low: total.map((n) => Math.floor(n / 2)),
    high: total.map((n) => Math.ceil(n / 2)),
  };
}
/** Input `[…space, channels]`, kernel `[…window, channels / groups, filters]`. */
export function convolution(
  x: Value,
  kernel: Value,
  bias?: Value,
  { strides, dilations, low, high, groups = 1 }: Window & { readonly groups?: number } = {},
): Value {
  const rank = kernel.shape.length - 2;
  const padded = padSpace(x, low ?? times(rank, 0), high ?? times(rank, 0));
  const y = conv(padded, kernel, strides, dilations, groups);
  return bias === undefined ? y : add(y, bias);
}
/** Keras' kernel `[…window, channels, multiplier]` as that of a grouped convolution. */
export const depthwiseKernel = (kernel: Value): Value =>
  reshape(kernel, [
    ...kernel.shape.slice(0, -2),
    1,
    kernel.shape[kernel.shape.length - 2] * kernel.shape[kernel.shape.length - 1],
  ]);
export const depthwise = (x: Value, kernel: Value, bias?: Value, window: Window = {}): Value =>
  convolution(x, depthwiseKernel(kernel), bias, {
    ...window,
    groups: x.shape[x.shape.length - 1],
  });
export const separable = (
  x: Value,
  depthwiseWeights: Value,
  pointwise: Value,
  bias?: Value,
  window: Window = {},
): Value => convolution(depthwise(x, depthwiseWeights, undefined, window), pointwise, bias);

/** Kernel `[…, in / groups, out]` as that of the way back, `[…, out / groups, in]`, reversed in space. */
export function turned(kernel: Value, groups: number): Value {
  const rank = kernel.shape.length - 2;
  const space = range(rank);
  const [from, to] = kernel.shape.slice(rank);
  const window = kernel.shape.slice(0, rank);
  const split = reshape(reverse(kernel, space), [...window, from, groups, to / groups]);
  const moved = transpose(split, [...space, rank + 2, rank + 1, rank]);
  return reshape(moved, [...window, to / groups, groups * from]);
}
/**
 * The gradient of a convolution as a layer. `kernel` is that convolution's own,
 * `[…window, out / groups, in]` (Keras' `[…, out, in]`); `low` and `high` are
 * rows cut off, `outputPadding` rows added after.
 */
export function convTranspose(
  x: Value,
  kernel: Value,
  bias?: Value,
  {
    strides,
    dilations,
    low,
    high,
    groups = 1,
    outputPadding,
  }: Window & { readonly groups?: number; readonly outputPadding?: Shape } = {},
): Value {
  const window = kernel.shape.slice(0, -2);
  const zeros = times(window.length, 0);
  const steps = strides ?? times(window.length, 1);
  const spacing = dilations ?? times(window.length, 1);
  const reach = window.map((k, i) => (k - 1) * spacing[i]);
  const spread = padSpace(
    x,
    reach.map((r, i) => r - (low ?? zeros)[i]),
    reach.map((r, i) => r - (high ?? zeros)[i] + (outputPadding ?? zeros)[i]),
    steps.map((s) => s - 1),
  );
  const y = conv(spread, turned(kernel, groups), times(window.length, 1), spacing, groups);
  return bias === undefined ? y : add(y, bias);
}

// ---- pools

export function maxPooling(x: Value, window: Shape, options: Window = {}): Value {
  const { strides, dilations, low, high } = options;
  const zeros = times(window.length, 0);
  return maxPool(
    padSpace(x, low ?? zeros, high ?? zeros, undefined, -Infinity),
    window,
    strides,
    dilations,
  );
}
/** Mean over windows; `countPadding`: whether rows of padding count as zeros in it. */
export function averagePooling(
  x: Value,
  window: Shape,
  {
    strides,
    dilations,
    low,
    high,
    countPadding = false,
  }: Window & { readonly countPadding?: boolean } = {},
): Value {
  const channels = x.shape[x.shape.length - 1];
  const zeros = times(window.length, 0);
  const options = { strides: strides ?? window, dilations, low: low ?? zeros, high: high ?? zeros };
  const cells = sizeOf(window);
  const kernel = tensor(
    [...window, 1, channels],
    new Float64Array(cells * channels).fill(1 / cells),
  );
  const mean = convolution(x, kernel, undefined, { ...options, groups: channels });
  const padded = [...options.low, ...options.high].some((n) => n !== 0);
  if (countPadding || !padded) return mean;
  const counts = mean.shape.slice(0, -1).map((n, a) =>
    range(n).map((i) => {
      const at = range(window[a]).map(
        (k) => i * options.strides[a] - options.low[a] + k * (dilations?.[a] ?? 1),
      );
      return at.filter((row) => row >= 0 && row < x.shape[a]).length;
    }),
  );
  // one factor for each axis: a map is their product
  return counts.reduce((y, list, a) => {
    if (list.every((n) => n === window[a])) return y;
    const shape = y.shape.map((n, axis) => (axis === a ? n : 1));
    return mul(
      y,
      tensor(
        shape,
        list.map((n) => window[a] / n),
      ),
    );
  }, mean);
}
const space = (x: Value): number[] => range(x.shape.length - 1);
export const globalAveragePool = (x: Value, keep = false): Value => reduceMean(x, space(x), keep);
export const globalMaxPool = (x: Value, keep = false): Value => reduceMaximum(x, space(x), keep);

// ---- resizing and moving

/** A constant matrix by a formula. */
export function matrixOf(
  height: number,
  width: number,
  f: (i: number, j: number) => number,
): Value {
  const data = new Float64Array(height * width);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) data[i * width + j] = f(i, j);
  return tensor([height, width], data);
}

export type Interpolation = 'nearest' | 'linear' | 'cubic';
export interface ResizeOptions {
  readonly method: Interpolation;
  /** Where row `i` of the output lies in the input. Default `halfPixel`. */
  readonly coordinates?: 'halfPixel' | 'pytorchHalfPixel' | 'alignCorners' | 'asymmetric';
  /** Which row a position between two takes. Default `roundPreferFloor`. */
  readonly nearest?: 'roundPreferFloor' | 'roundPreferCeil' | 'floor' | 'ceil';
  /** Of cubic; −0.75 in PyTorch and ONNX, −0.5 in Keras and Pillow. */
  readonly cubicCoefficient?: number;
  /** Leave out rows beyond the border instead of repeating the last. */
  readonly excludeOutside?: boolean;
  /** Widen the filter if the picture shrinks. */
  readonly antialias?: boolean;
  /** Output rows per input row, if the file gives it; else the ratio of the sizes. */
  readonly scale?: number;
}
/** The weight of a row at distance `d` in cubic interpolation. */
export const cubic = (d: number, a = -0.75): number =>
  d <= 1
    ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    : d < 2
      ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a
      : 0;
/** The matrix `[to, from]` that resizes one axis. */
export function resizeMatrix(from: number, to: number, options: ResizeOptions): Value {
  const { method, coordinates = 'halfPixel', nearest = 'roundPreferFloor' } = options;
  const { cubicCoefficient: a, excludeOutside = false, antialias = false } = options;
  const scale = options.scale ?? to / from;
  const positionOf = (i: number): number => {
    if (coordinates === 'asymmetric') return i / scale;
    if (coordinates === 'alignCorners') return to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    if (coordinates === 'pytorchHalfPixel' && to === 1) return 0;
    return (i + 0.5) / scale - 0.5;
  };
  const roundings = {
    roundPreferFloor: (x: number) => Math.ceil(x - 0.5),
    roundPreferCeil: (x: number) => Math.floor(x + 0.5),
    floor: Math.floor,
    ceil: Math.ceil,
  };
  const filter = (d: number): number => (method === 'cubic' ? cubic(d, a) : Math.max(0, 1 - d));
  const radius = method === 'cubic' ? 2 : 1;
  const data = new Float64Array(from * to);
  for (let i = 0; i < to; i++) {
    const position = positionOf(i);
    const put = (row: number, weight: number): void => {
      if (excludeOutside && (row < 0 || row >= from)) return;
      data[i * from + Math.min(Math.max(row, 0), from - 1)] += weight;
    };
    if (method === 'nearest') {
      put(Math.min(Math.max(roundings[nearest](position), 0), from - 1), 1);
      continue;
    }
    const stretch = antialias && scale < 1 ? 1 / scale : 1;
    const reach = radius * stretch;
    for (let row = Math.floor(position - reach) + 1; row <= Math.floor(position + reach); row++) {
      put(row, filter(Math.abs(row - position) / stretch));
    }
    const line = data.subarray(i * from, (i + 1) * from);
    const total = line.reduce((s, w) => s + w, 0);
    if ((excludeOutside || antialias) && total !== 0) line.forEach((w, k) => (line[k] = w / total));
  }
  return tensor([to, from], data);
}
/** The first axes resized to `sizes` (those that keep their size and scale are left alone). */
export function resize(
  x: Value,
  sizes: Shape,
  options: ResizeOptions | readonly ResizeOptions[],
): Value {
  return sizes.reduce<Value>((y, to, axis) => {
    const own = Array.isArray(options)
      ? (options as readonly ResizeOptions[])[axis]
      : (options as ResizeOptions);
    if (to === y.shape[axis] && (own.scale ?? 1) === 1) return y;
    return along(y, axis, resizeMatrix(y.shape[axis], to, own));
  }, x);
}
/** Each row of an axis repeated `times` times in a row. */
export const repeat = (x: Value, axis: number, count: number): Value => {
  const a = plainAxis(axis, x.shape.length);
  const wide = [...x.shape.slice(0, a + 1), 1, ...x.shape.slice(a + 1)];
  const copies = concat(
    times(count, 0).map(() => reshape(x, wide)),
    a + 1,
  );
  return reshape(
    copies,
    x.shape.map((n, i) => (i === a ? n * count : n)),
  );
};
/** The whole of an axis repeated. */
export const tile = (x: Value, repeats: Shape): Value =>
  repeats.reduce<Value>(
    (y, n, axis) =>
      n === 1
        ? y
        : concat(
            times(n, 0).map(() => y),
            axis,
          ),
    x,
  );
export type PadMode = 'reflect' | 'symmetric' | 'edge' | 'wrap';
/** Padding that repeats existing rows. */
export function padRepeating(x: Value, low: Shape, high: Shape, mode: PadMode): Value {
  return x.shape.reduce<Value>((y, n, axis) => {
    if (low[axis] === 0 && high[axis] === 0) return y;
    const period = mode === 'wrap' ? n : mode === 'reflect' ? Math.max(2 * n - 2, 1) : 2 * n;
    const rowAt = (i: number): number => {
      if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1);
      const turn = ((i % period) + period) % period;
      return turn < n ? turn : mode === 'reflect' ? period - turn : period - 1 - turn;
    };
    return along(
      y,
      axis,
      matrixOf(low[axis] + n + high[axis], n, (i, j) => Number(rowAt(i - low[axis]) === j)),
    );
  }, x);
}
/** `[h, w, c]` as `[h·b, w·b, c/b²]`; DCR: the block's place varies slowest in the channels, CRD: fastest. */
export function depthToSpace(x: Value, block: number, mode: 'DCR' | 'CRD' = 'DCR'): Value {
  const [h, w, c] = x.shape;
  const depth = c / block ** 2;
  if (!Number.isInteger(depth)) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the model's graph is broken: blocks of ${block} × ${block} from ${c} channels`,
    );
  }
  const split =
    mode === 'DCR'
      ? reshape(x, [h, w, block, block, depth])
      : reshape(x, [h, w, depth, block, block]);
  const order = mode === 'DCR' ? [0, 2, 1, 3, 4] : [0, 3, 1, 4, 2];
  return reshape(transpose(split, order), [h * block, w * block, depth]);
}
/** The inverse of `depthToSpace` in mode DCR. */
export function spaceToDepth(x: Value, block: number): Value {
  const [h, w, c] = x.shape;
  const split = reshape(x, [h / block, block, w / block, block, c]);
  return reshape(transpose(split, [0, 2, 1, 3, 4]), [h / block, w / block, block * block * c]);
}
/** Channels distributed anew between groups, as in ShuffleNet. */
export const shuffleChannels = (x: Value, groups: number): Value => {
  const lead = x.shape.slice(0, -1);
  const n = x.shape[x.shape.length - 1];
  const rank = lead.length;
  const split = reshape(x, [...lead, groups, n / groups]);
  return reshape(transpose(split, [...range(rank), rank + 1, rank]), x.shape);
};
/** Rows moved in a circle, as `torch.roll`. */
export function roll(x: Value, axis: number, by: number): Value {
  const a = plainAxis(axis, x.shape.length);
  const n = x.shape[a];
  const cut = (((n - by) % n) + n) % n;
  if (cut === 0) return x;
  const part = (from: number, to: number): Value =>
    slice(
      x,
      x.shape.map((_, k) => (k === a ? from : 0)),
      x.shape.map((size, k) => (k === a ? to : size)),
    );
  return concat([part(cut, n), part(0, cut)], a);
}
/** Channels first to channels last of one sample, and back. */
export const channelsLast = (x: Value): Value => transpose(x, [...range(x.shape.length - 1, 1), 0]);
export const channelsFirst = (x: Value): Value =>
  transpose(x, inverse([...range(x.shape.length - 1, 1), 0]));
