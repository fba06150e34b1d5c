/**
 * Operations that slide a window, in forms that every backend runs: convolutions of one and three
 * dimensions are made of those of two, strides with dilations by leaving rows out.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../maths/ndarray.js';
import { range } from '../../graph/build.js';
import { strideOf } from '../../graph/evaluate.js';
import type { Shape } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { padOrCrop, stuffed } from './padding.js';
import { spread } from './spread.js';
import { spreadConvolution } from './strided.js';

type Pair = [number, number];

/** A convolution with what is done before and after it. */
export interface ConvBlock {
  readonly v: Value<'conv'>;
  /** Zeros before, after and between the rows, per axis of space. */
  readonly low?: Shape;
  readonly high?: Shape;
  readonly inner?: Shape;
  /** Ceiling of the rectifier that follows. */
  readonly ceiling?: number;
}

/** The values that it needs, and the function over them: the picture, the kernel or what was made of it, the bias. */
export interface ConvKernel {
  readonly kernels: readonly Value[];
  readonly run: (x: Tensor, kernels: readonly Tensor[], bias?: Tensor) => Tensor;
}

export function convKernel(block: ConvBlock): ConvKernel {
  const { v, ceiling } = block;
  const { strides, dilations, groups } = v.attrs;
  const [, kernel] = v.inputs;
  const rank = strides.length;
  const none = strides.map(() => 0);
  const { low = none, high = none, inner = none } = block;
  const [channels, filters] = kernel.shape.slice(rank);
  if (isBlockwise(block, kernel)) {
    const size = v.shape.slice(0, 2);
    const { parts, run } = spreadConvolution({ kernel, low, stride: inner[0] + 1, size });
    return {
      kernels: parts,
      run: (x, given, bias) => finished(run(x, given), bias, ceiling),
    };
  }
  const prepared = (x: Tensor): { spread: Tensor; pads: Pair[] } => {
    const spread = inner.reduce<Tensor>((y, n, a) => stuffed(y, a + 1, n), x);
    // zeros after the last one are there already
    return { spread, pads: low.map((n, a): Pair => [n, high[a] - inner[a]]) };
  };
  if (rank === 3) {
    return {
      kernels: [kernel],
      run: (x, [w], bias) => {
        const { spread, pads } = prepared(x);
        return finished(conv3d(padOrCrop(spread, pads), w, v), bias, ceiling);
      },
    };
  }
  const flat = rank === 1;
  const pair = (list: Shape): Pair => (flat ? [list[0], 1] : [list[0], list[1]]);
  const how: Conv2d = {
    strides: pair(strides),
    dilations: pair(dilations),
    groups,
    channels,
    filters,
    ...(ceiling === undefined ? {} : { ceiling }),
  };
  return {
    kernels: [kernel],
    run: (x, [w], bias) => {
      const { spread, pads } = prepared(x);
      // one axis: a second one of size 1
      if (!flat) return conv2d(spread as Tensor4D, w as Tensor4D, how, pads, bias);
      const y = conv2d(
        tf.expandDims<Tensor4D>(spread, 2),
        tf.expandDims<Tensor4D>(w, 1),
        how,
        [pads[0], [0, 0]],
        bias,
      );
      return tf.squeeze(y, [2]);
    },
  };
}

/** True if it is faster to leave out zeros between the rows: the same number of them along both axes. */
function isBlockwise({ v, inner = [0] }: ConvBlock, kernel: Value): kernel is Value<'constant'> {
  const { strides, dilations, groups } = v.attrs;
  return (
    strides.length === 2 &&
    inner[0] > 0 &&
    inner[0] === inner[1] &&
    groups === 1 &&
    kernel.op === 'constant' &&
    [...strides, ...dilations].every((n) => n === 1)
  );
}

function finished(y: Tensor, bias?: Tensor, ceiling?: number): Tensor {
  const sum = bias === undefined ? y : tf.add(y, bias);
  return ceiling === undefined ? sum : rectified(sum, ceiling);
}

export function rectified(x: Tensor, ceiling: number): Tensor {
  if (ceiling === Infinity) return tf.relu(x);
  return ceiling === 6 ? tf.relu6(x) : tf.clipByValue(x, 0, ceiling);
}

interface Conv2d {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly groups: number;
  readonly channels: number;
  readonly filters: number;
  readonly ceiling?: number;
}

function conv2d(
  x: Tensor4D,
  kernel: Tensor4D,
  how: Conv2d,
  pads: readonly Pair[],
  bias?: Tensor,
): Tensor4D {
  const { strides, dilations, groups, channels, filters, ceiling } = how;
  const [height, width] = kernel.shape;
  // backends refuse strides with dilations, and are wrong if a stride is larger than the window
  const awkward = strides.some(
    (s, a) => s > 1 && (dilations[0] > 1 || dilations[1] > 1 || s > kernel.shape[a]),
  );
  const uneven = groups > 1 && strides[0] !== strides[1];
  if (awkward || uneven) {
    const plain: Conv2d = { strides: [1, 1], dilations, groups, channels, filters };
    const y = conv2d(x, kernel, plain, pads);
    const some = tf.stridedSlice(y, [0, 0, 0, 0], y.shape, [1, ...strides, 1]);
    return finished(some, bias, ceiling) as Tensor4D;
  }
  const depthwise = groups > 1 && channels === 1;
  if (groups > 1 && !depthwise) {
    const parts: Tensor4D[] = tf.split(padOrCrop(x, pads), groups, 3);
    const kernels: Tensor4D[] = tf.split(kernel, groups, 3);
    const y = tf.concat(
      parts.map((part, g) => tf.conv2d(part, kernels[g], strides, 'valid', 'NHWC', dilations)),
      3,
    );
    return finished(y, bias, ceiling) as Tensor4D;
  }
  let filter = kernel;
  let spacing = dilations;
  if (depthwise) {
    filter = tf.reshape(kernel, [height, width, groups, filters / groups]);
    if (dilations.some((n) => n > 1)) {
      // the native backend has no dilated form of it: zeros between the taps mean the same
      const [down, across] = dilations;
      filter = tf.squeeze(spread(tf.expandDims(filter, 0), [down - 1, across - 1]), [0]);
      spacing = [1, 1];
    }
  }
  const window = filter.shape.slice(0, 2);
  const [padded, pad] = paddingFor(x, pads, window, strides, spacing);
  const name = ceiling === Infinity ? 'relu' : ceiling === 6 ? 'relu6' : undefined;
  const late = ceiling !== undefined && name === undefined;
  const run = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  const y: Tensor4D =
    bias === undefined && name === undefined
      ? depthwise
        ? tf.depthwiseConv2d(padded, filter, strides, pad, 'NHWC', spacing)
        : tf.conv2d(padded, filter, strides, pad, 'NHWC', spacing)
      : run({
          x: padded,
          filter,
          strides,
          // the types forget what the operation takes
          pad: pad as 'same',
          dilations: spacing,
          ...(bias === undefined ? {} : { bias }),
          ...(name === undefined ? {} : { activation: name }),
        });
  return late ? (rectified(y, ceiling) as Tensor4D) : y;
}

type Padding = 'valid' | 'same' | [Pair, Pair, Pair, Pair];

/** Padding by the operation itself, if the backend can. */
function paddingFor(
  x: Tensor4D,
  pads: readonly Pair[],
  window: Shape,
  strides: Pair,
  dilations: Pair,
): [Tensor4D, Padding] {
  if (pads.every(([a, b]) => a === 0 && b === 0)) return [x, 'valid'];
  const same = pads.every(([a, b], axis) => {
    const size = x.shape[1 + axis];
    const reach = (window[axis] - 1) * dilations[axis] + 1;
    const total = Math.max(0, (Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach - size);
    return a === Math.floor(total / 2) && b === total - a;
  });
  if (same) return [x, 'same'];
  const inside = pads.every(([a, b]) => a >= 0 && b >= 0) && EXPLICIT.includes(tf.getBackend());
  if (inside) return [x, [[0, 0], pads[0], pads[1], [0, 0]]];
  return [padOrCrop(x, pads) as Tensor4D, 'valid'];
}
/** Backends whose convolutions pad by any numbers of rows. */
const EXPLICIT: readonly string[] = ['wasm', 'cpu'];

/** A sum over the window's depth of convolutions of slices. */
function conv3d(x: Tensor, kernel: Tensor, v: Value<'conv'>): Tensor {
  const { strides, dilations, groups } = v.attrs;
  const [depth, height, width, filters] = v.shape;
  const [taps, kh, kw, channels] = kernel.shape;
  const [count, , h, w, all] = x.shape;
  const sums = range(taps)
    .map((tap) => {
      const start = tap * dilations[0];
      const seen = tf.stridedSlice(
        x,
        [0, start, 0, 0, 0],
        [count, start + (depth - 1) * strides[0] + 1, h, w, all],
        [1, strides[0], 1, 1, 1],
      );
      const flat: Tensor4D = tf.reshape(seen, [count * depth, h, w, all]);
      const slice: Tensor4D = tf.reshape(
        tf.slice(kernel, [tap, 0, 0, 0, 0], [1, kh, kw, channels, filters]),
        [kh, kw, channels, filters],
      );
      const two = (list: Shape): Pair => [list[1], list[2]];
      const how = { strides: two(strides), dilations: two(dilations), groups, channels, filters };
      return conv2d(flat, slice, how, [
        [0, 0],
        [0, 0],
      ]);
    })
    .reduce((a, b) => tf.add(a, b));
  return tf.reshape(sums, [count, depth, height, width, filters]);
}

/** The values at each place of a window, with the position of that place. */
function taps(x: Tensor, out: Shape, { window, strides, dilations }: Value<'maxPool'>['attrs']) {
  const steps = strideOf(window);
  const cells = sizeOf(window);
  return range(cells).map((tap) => {
    const at = window.map((k, a) => (Math.floor(tap / steps[a]) % k) * dilations[a]);
    const stop = at.map((n, a) => n + (out[a] - 1) * strides[a] + 1);
    const [count, channels] = [x.shape[0], x.shape[x.rank - 1]];
    const seen = tf.stridedSlice(x, [0, ...at, 0], [count, ...stop, channels], [1, ...strides, 1]);
    return { at, stop, seen };
  });
}

export function maxPool([x]: readonly Tensor[], v: Value<'maxPool'>): Tensor {
  const { window, strides, dilations } = v.attrs;
  if (window.length === 2 && dilations.every((n) => n === 1)) {
    return tf.maxPool(x as Tensor4D, window as Pair, strides as Pair, 'valid');
  }
  return taps(x, v.shape.slice(0, -1), v.attrs)
    .map(({ seen }) => seen)
    .reduce((a, b) => tf.maximum(a, b));
}

/** The first place of a window that holds the maximum takes the gradient. */
export function maxPoolGradient(
  [x, y, dy]: readonly Tensor[],
  v: Value<'maxPoolGradient'>,
): Tensor {
  const sizes = v.shape.slice(0, -1);
  const out = v.inputs[1].shape.slice(0, -1);
  let free: Tensor | undefined;
  return taps(x, out, v.attrs)
    .map(({ at, stop, seen }) => {
      const equal = tf.cast(tf.equal(seen, y), 'float32');
      const takes = free === undefined ? equal : tf.mul(equal, free);
      const shut = tf.sub(1, equal);
      free = free === undefined ? shut : tf.mul(free, shut);
      const wide = spread(tf.mul(dy, takes), [...v.attrs.strides.map((s) => s - 1), 0]);
      const pads = sizes.map((n, a): Pair => [at[a], n - stop[a]]);
      return tf.pad(wide, [[0, 0], ...pads, [0, 0]]);
    })
    .reduce((a, b) => tf.add(a, b));
}
