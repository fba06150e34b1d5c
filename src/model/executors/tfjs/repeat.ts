import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Copies of a float tensor along axes of size one: `times` per axis. A product
 * with ones, since the tile and broadcast kernels of the WASM backend take a
 * hundred times as long.
 */
export function repeated(x: Tensor, times: readonly number[]): Tensor {
  return tf.mul(x, tf.ones([...times]));
}
