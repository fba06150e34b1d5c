/** Channels as masks over the input (Score-CAM). */
import type { Heatmap, NdArray } from '../explanation.js';
import { channelsOf } from './cam.js';
import { resizeMap } from './resize.js';

/** Channel `k` of `[..., k]`. */
export function channelOf(array: NdArray, k: number): Heatmap {
  const channels = channelsOf(array);
  const data = new Float32Array(array.data.length / channels);
  for (let p = 0; p < data.length; p++) data[p] = array.data[p * channels + k];
  return { shape: array.shape.slice(0, -1), data };
}

/**
 * Channels that are not the same everywhere, in order; with `count` only that
 * many, those with the largest standard deviation over space.
 */
export function variedChannels(array: NdArray, count?: number): number[] {
  const spreads = Array.from({ length: channelsOf(array) }, (_, k) => {
    const { data } = channelOf(array, k);
    if (data.every((value) => value === data[0])) return { k, spread: 0 };
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    return { k, spread: data.reduce((a, b) => a + (b - mean) ** 2, 0) };
  }).filter(({ spread }) => spread > 0);
  return spreads
    .sort((a, b) => b.spread - a.spread || a.k - b.k)
    .slice(0, count)
    .map(({ k }) => k)
    .sort((a, b) => a - b);
}

/** A map resized bilinearly to `size`, then stretched to [0, 1]; zeros where it is the same everywhere. */
export function maskOf(map: Heatmap, size: readonly number[]): Heatmap {
  const { shape, data } = resizeMap(map, size);
  let low = Infinity;
  let high = -Infinity;
  // plain loops: this runs once per channel on as many values as the input has pixels
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const range = high - low;
  for (let i = 0; i < data.length; i++) data[i] = range === 0 ? 0 : (data[i] - low) / range;
  return { shape, data };
}

/** e^v / Σ e^v, without overflow; an empty list stays empty. */
export function softmax(values: ArrayLike<number>): Float64Array {
  const list = Float64Array.from(values);
  const top = list.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = list.map((value) => Math.exp(value - top));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}
