/**
 * What slides a window, in forms that every back end runs: convolutions of one
 * and three dimensions by those of two, strides with dilations by leaving rows out.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../maths/ndarray.js';
import { range } from '../../graph/build.js';
import { strideOf } from '../../graph/evaluate.js';
import type { Shape } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { spread } from './spread.js';

type Pair = [number, number];

export function conv([x, kernel]: readonly Tensor[], v: Value<'conv'>): Tensor {
  const { strides, dilations, groups } = v.attrs;
  const rank = strides.length;
  const [channels, filters] = kernel.shape.slice(-2);
  if (rank === 3) return conv3d(x, kernel, v);
  if (rank === 1) {
    // a second axis of size 1
    const wide: Tensor4D = tf.expandDims(x, 2);
    const flat: Tensor4D = tf.expandDims(kernel, 1);
    const y = conv2d(wide, flat, [strides[0], 1], [dilations[0], 1], groups, channels, filters);
    return tf.squeeze(y, [2]);
  }
  return conv2d(
    x as Tensor4D,
    kernel as Tensor4D,
    strides as Pair,
    dilations as Pair,
    groups,
    channels,
    filters,
  );
}

function conv2d(
  x: Tensor4D,
  kernel: Tensor4D,
  strides: Pair,
  dilations: Pair,
  groups: number,
  channels: number,
  filters: number,
): Tensor {
  const [height, width] = kernel.shape;
  // back ends refuse strides with dilations, and are wrong where a stride is larger than the window
  const awkward = strides.some(
    (s, a) => s > 1 && (dilations[0] > 1 || dilations[1] > 1 || s > kernel.shape[a]),
  );
  const uneven = groups > 1 && strides[0] !== strides[1];
  if (awkward || uneven) {
    const y = conv2d(x, kernel, [1, 1], dilations, groups, channels, filters);
    return tf.stridedSlice(y, [0, 0, 0, 0], y.shape, [1, ...strides, 1]);
  }
  if (groups === 1) return tf.conv2d(x, kernel, strides, 'valid', 'NHWC', dilations);
  if (channels === 1) {
    const deep: Tensor4D = tf.reshape(kernel, [height, width, groups, filters / groups]);
    // the native back end has no dilated form of it: zeros between the taps mean the same
    const [down, across] = dilations;
    const wide: Tensor4D = tf.squeeze(spread(tf.expandDims(deep, 0), [down - 1, across - 1]), [0]);
    return tf.depthwiseConv2d(x, wide, strides, 'valid', 'NHWC');
  }
  const parts: Tensor4D[] = tf.split(x, groups, 3);
  const kernels: Tensor4D[] = tf.split(kernel, groups, 3);
  return tf.concat(
    parts.map((part, g) => tf.conv2d(part, kernels[g], strides, 'valid', 'NHWC', dilations)),
    3,
  );
}

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
      return conv2d(flat, slice, two(strides), two(dilations), groups, channels, filters);
    })
    .reduce((a, b) => tf.add(a, b));
  return tf.reshape(sums, [count, depth, height, width, filters]);
}

/** What each place of a window sees, with where that place lies. */
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
