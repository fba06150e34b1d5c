/**
 * Class activation maps as pure functions: activations and gradients in, map
 * out. Rank-generic: everything between the batch-less first axis and the last
 * (channel) axis counts as space, so `[n, k]`, `[h, w, k]` and `[d, h, w, k]` all do.
 */
import type { Heatmap, NdArray } from '../explanation.js';

/** Σ_k weights[k] · A[..,k]. */
export function weightedChannelSum(activations: NdArray, weights: ArrayLike<number>): Heatmap {
  const { shape, data } = activations;
  const channels = shape[shape.length - 1];
  const positions = data.length / channels;
  const map = new Float32Array(positions);
  for (let p = 0, at = 0; p < positions; p++) {
    let sum = 0;
    for (let k = 0; k < channels; k++, at++) sum += weights[k] * data[at];
    map[p] = sum;
  }
  return { shape: shape.slice(0, -1), data: map };
}

/** Mean over space of each channel, in float64. */
export function channelMeans(array: NdArray): Float64Array {
  const channels = array.shape[array.shape.length - 1];
  const positions = array.data.length / channels;
  const means = new Float64Array(channels);
  for (let at = 0; at < array.data.length;) {
    for (let k = 0; k < channels; k++, at++) means[k] += array.data[at];
  }
  for (let k = 0; k < channels; k++) means[k] /= positions;
  return means;
}

/** Grad-CAM (Selvaraju 2017, eq. 1 and 2, without the ReLU): Σ_k mean(g)[k] · A[..,k]. */
export function gradCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return weightedChannelSum(activations, channelMeans(gradients));
}
