/** Adding rows around `[N, …space, channels]` and taking them away. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Rows before and after, per axis of space. */
export type Pads = readonly (readonly [number, number])[];

/** Adds zeros, or takes rows away if a number is negative. */
export function padOrCrop(x: Tensor, pads: Pads): Tensor {
  let result = x;
  pads.forEach(([a, b], i) => {
    if (a < 0 || b < 0) result = crop(result, 1 + i, Math.max(0, -a), Math.max(0, -b));
  });
  if (pads.some(([a, b]) => a > 0 || b > 0)) {
    const by = pads.map(([a, b]) => [Math.max(0, a), Math.max(0, b)] as [number, number]);
    result = tf.pad(result, [[0, 0], ...by, [0, 0]]);
  }
  return result;
}

/**
 * Takes positions away at the start and the end of one axis, as columns of a
 * matrix: WASM copies slices of higher rank pixel by pixel.
 */
function crop(x: Tensor, axis: number, before: number, after: number): Tensor {
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const rows = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const shape = [...x.shape];
  shape[axis] -= before + after;
  const matrix = tf.reshape(x, [rows, x.shape[axis] * inner]);
  return tf.reshape(tf.slice(matrix, [0, before * inner], [rows, shape[axis] * inner]), shape);
}

/** Puts `inner` zeros after every value along one axis, the last included, as a pad of a matrix. */
export function stuffed(x: Tensor, axis: number, inner: number): Tensor {
  if (inner === 0) return x;
  const size = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const padded = tf.pad(tf.reshape(x, [x.size / size, size]), [
    [0, 0],
    [0, inner * size],
  ]);
  const shape = [...x.shape];
  shape[axis] *= inner + 1;
  return tf.reshape(padded, shape);
}
