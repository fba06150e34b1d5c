/**
 * Class activation maps as pure functions: activations and gradients in, map
 * out. Rank-generic: everything between the batch-less first axis and the last
 * (channel) axis counts as space, so `[n, k]`, `[h, w, k]` and `[d, h, w, k]` all work.
 * Sums are in float64; denominators are guarded by an exact test for zero.
 */
import type { Heatmap, NdArray } from '../explanation.js';
import { multiply } from './channels.js';
import { seededRandom } from './random.js';

/** Σ_k weights[k] · A[..,k]. */
export function weightedChannelSum(activations: NdArray, weights: ArrayLike<number>): Heatmap {
  const { shape, data } = activations;
  const channels = channelsOf(activations);
  const map = new Float32Array(data.length / channels);
  // not by `sumOverChannels`: nearly every map of the family ends here
  for (let p = 0, at = 0; p < map.length; p++) {
    let sum = 0;
    for (let k = 0; k < channels; k++, at++) sum += weights[k] * data[at];
    map[p] = sum;
  }
  return { shape: shape.slice(0, -1), data: map };
}

/** Mean over space of each channel. */
export function channelMeans(array: NdArray): Float64Array {
  const positions = array.data.length / channelsOf(array);
  return channelSums(array).map((sum) => sum / positions);
}

/** Sum over space of each channel. */
export function channelSums(array: NdArray): Float64Array {
  const channels = channelsOf(array);
  const sums = new Float64Array(channels);
  for (let at = 0; at < array.data.length;) {
    for (let k = 0; k < channels; k++, at++) sums[k] += array.data[at];
  }
  return sums;
}

/** Grad-CAM (Selvaraju 2017, eq. 1 and 2, without the ReLU): Σ_k mean(g)[k] · A[..,k]. */
export function gradCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return weightedChannelSum(activations, channelMeans(gradients));
}

/**
 * Grad-CAM++ (Chattopadhay 2018, eq. 10 and 19 for an exponential last layer):
 * Σ_k w_k A_k with w_k = Σ α·max(g, 0), α = g² / (2g² + (Σ A_k)·g³), and 0
 * where that denominator is exactly 0. The positive factor e^s is left out.
 */
export function gradCamPlusPlusMap(activations: NdArray, gradients: NdArray): Heatmap {
  const channels = channelsOf(activations);
  const sums = channelSums(activations);
  const weights = new Float64Array(channels);
  for (let at = 0; at < gradients.data.length;) {
    for (let k = 0; k < channels; k++, at++) {
      const g = gradients.data[at];
      if (!(g > 0)) continue;
      // both sides divided by g²: the cube of a small gradient would underflow
      const denominator = 2 + sums[k] * g;
      if (denominator !== 0) weights[k] += g / denominator;
    }
  }
  return weightedChannelSum(activations, weights);
}

/** XGrad-CAM (Fu 2020): Σ_k w_k A_k with w_k = Σ(g·A_k) / Σ A_k, 0 where that sum is 0. */
export function xGradCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  const sums = channelSums(activations);
  const products = channelSums(multiply(activations, gradients));
  return weightedChannelSum(
    activations,
    products.map((product, k) => (sums[k] === 0 ? 0 : product / sums[k])),
  );
}

/** HiResCAM (Draelos 2020): Σ_k g·A, value by value. */
export function hiresCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return sumOverChannels(activations, (at) => gradients.data[at] * activations.data[at]);
}

/** Σ_k max(g·A, 0): the positive contributions only. */
export function gradCamElementwiseMap(activations: NdArray, gradients: NdArray): Heatmap {
  return sumOverChannels(activations, (at) =>
    Math.max(gradients.data[at] * activations.data[at], 0),
  );
}

/**
 * Layer-CAM (Jiang 2021): Σ_k max(g, 0)·A. With `tanhScale` γ the
 * map becomes tanh(γ·M / max M), the paper's scaling of shallow layers (γ = 2);
 * a map without positive values stays as it is.
 */
export function layerCamMap(
  activations: NdArray,
  gradients: NdArray,
  { tanhScale }: { readonly tanhScale?: number } = {},
): Heatmap {
  const map = sumOverChannels(
    activations,
    (at) => Math.max(gradients.data[at], 0) * activations.data[at],
  );
  if (tanhScale === undefined) return map;
  const top = map.data.reduce((a, b) => Math.max(a, b), 0);
  if (top === 0) return map;
  return { shape: map.shape, data: map.data.map((m) => Math.tanh((tanhScale * m) / top)) };
}

/** Σ_k w_k A_k with w_k uniform in [−1, 1]: what a map without knowledge of the class looks like. */
export function randomCamMap(activations: NdArray, seed: number): Heatmap {
  const random = seededRandom(seed);
  const weights = Float64Array.from(
    { length: channelsOf(activations) },
    () => 2 * random.uniform() - 1,
  );
  return weightedChannelSum(activations, weights);
}

/** The size of the last axis. */
export function channelsOf({ shape }: NdArray): number {
  return shape[shape.length - 1];
}

function sumOverChannels(activations: NdArray, term: (at: number) => number): Heatmap {
  const channels = channelsOf(activations);
  const map = new Float32Array(activations.data.length / channels);
  for (let p = 0, at = 0; p < map.length; p++) {
    let sum = 0;
    for (let k = 0; k < channels; k++, at++) sum += term(at);
    map[p] = sum;
  }
  return { shape: activations.shape.slice(0, -1), data: map };
}
