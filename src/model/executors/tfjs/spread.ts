import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../maths/ndarray.js';
import type { Shape } from '../../graph/primitives.js';

/** Rows put between rows of `[N, …sample]`, axis by axis: one axis more, padded, folded back, the last rows cut. */
export function spread(x: Tensor, inner: Shape, value = 0): Tensor {
  return inner.reduce((y, n, a) => {
    const axis = a + 1;
    const size = y.shape[axis];
    if (n === 0 || size === 1) return y;
    // three axes are as many as every backend pads
    const outer = sizeOf(y.shape.slice(0, axis));
    const rest = sizeOf(y.shape.slice(axis + 1));
    const wide = tf.pad(
      tf.reshape(y, [outer * size, 1, rest]),
      [
        [0, 0],
        [0, n],
        [0, 0],
      ],
      value,
    );
    const whole = size * (n + 1);
    const cut = tf.slice(
      tf.reshape(wide, [outer, whole, rest]),
      [0, 0, 0],
      [outer, whole - n, rest],
    );
    return tf.reshape(
      cut,
      y.shape.map((m, i) => (i === axis ? whole - n : m)),
    );
  }, x);
}
