/** Channels as masks over the input (Score-CAM). */
import type { Heatmap, NdArray } from '../explanation.js';
import { channelsOf } from './cam.js';
import { sizeOf } from './ndarray.js';
import { placesOf, resizeMap } from './resize.js';

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

/** A map resized bilinearly to `size`, then stretched to [0, 1]; zeros if it is the same everywhere. */
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
  const scale = range === 0 ? 0 : 1 / range;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] - low) * scale;
  return { shape, data };
}

/**
 * `values` `[..., depth]` under the mask of a map: `maskOf` multiplied into
 * every channel, for pictures without ever writing the mask itself.
 *
 * @param size of space, the mask's own
 * @param into gets the product
 */
export function writeMasked(
  map: Heatmap,
  size: readonly number[],
  values: Float32Array,
  into: Float32Array,
): void {
  const positions = sizeOf(size);
  const depth = values.length / positions;
  if (size.length !== 2) {
    const { data: mask } = maskOf(map, size);
    for (let p = 0, at = 0; p < positions; p++) {
      for (let c = 0; c < depth; c++, at++) into[at] = values[at] * mask[p];
    }
    return;
  }
  const [height, width] = size;
  const rows = map.shape[0];
  const wide = resizeMap(map, [rows, width]).data;
  const { lows, shares } = placesOf(rows, height);
  const [low, range] = extremes(wide, width, rows, lows, shares);
  const scale = range === 0 ? 0 : 1 / range;
  for (let y = 0, at = 0; y < height; y++) {
    const a = lows[y] * width;
    const b = Math.min(lows[y] + 1, rows - 1) * width;
    const share = shares[y] * scale;
    const keep = (1 - shares[y]) * scale;
    const base = low * scale;
    for (let x = 0; x < width; x++) {
      const mask = wide[a + x] * keep + wide[b + x] * share - base;
      if (depth === 3) {
        into[at] = values[at] * mask;
        into[at + 1] = values[at + 1] * mask;
        into[at + 2] = values[at + 2] * mask;
        at += 3;
      } else {
        for (let c = 0; c < depth; c++, at++) into[at] = values[at] * mask;
      }
    }
  }
}

/** Lowest value and range of the rows interpolated between: within a pair of rows they lie at its first and last one. */
function extremes(
  wide: Float32Array,
  width: number,
  rows: number,
  lows: Int32Array,
  shares: Float64Array,
): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let y = 0; y < lows.length; y++) {
    const inner = y > 0 && y < lows.length - 1;
    if (inner && lows[y - 1] === lows[y] && lows[y + 1] === lows[y]) continue;
    const a = lows[y] * width;
    const b = Math.min(lows[y] + 1, rows - 1) * width;
    for (let x = 0; x < width; x++) {
      // as float32, so that equal values between equal rows stay equal
      const value = Math.fround(wide[a + x] * (1 - shares[y]) + wide[b + x] * shares[y]);
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high - low];
}

/** e^v / Σ e^v, without overflow; an empty list stays empty. */
export function softmax(values: ArrayLike<number>): Float64Array {
  const list = Float64Array.from(values);
  const top = list.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = list.map((value) => Math.exp(value - top));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}
