/**
 * From values per channel to one value per position. Rank-generic: `[n, k]`,
 * `[h, w, k]` and `[d, h, w, k]`, channels last; `[n]` alone has one channel.
 */
import type { Heatmap, NdArray } from '../explanation.js';

/** How channels become one number: their sum (signed), or the largest or mean magnitude. */
export type ChannelReduction = 'sum' | 'max' | 'mean';

/** Names of the reductions, for options. */
export const CHANNEL_REDUCTIONS = ['sum', 'max', 'mean'] as const;

/** The two parts of a sample's shape: sizes of space, and the number of channels. */
export function splitShape(shape: readonly number[]): { space: number[]; channels: number } {
  return shape.length < 2
    ? { space: [...shape], channels: 1 }
    : { space: shape.slice(0, -1), channels: shape[shape.length - 1] };
}

/**
 * One value per position: `sum` = Σ_c v, `max` = max_c |v|, `mean` = mean_c |v|.
 *
 * @param values `[..., k]`, one sample
 * @example reduceChannels({ shape: [1, 1, 3], data }, 'max') // shape [1, 1]
 */
export function reduceChannels(values: NdArray, how: ChannelReduction): Heatmap {
  const { space, channels } = splitShape(values.shape);
  const { data } = values;
  const map = new Float32Array(data.length / channels);
  // a loop for each: thousands of gradients end here
  if (how === 'max') {
    for (let p = 0, at = 0; p < map.length; p++) {
      let largest = 0;
      for (const end = at + channels; at < end; at++) {
        const magnitude = Math.abs(data[at]);
        if (magnitude > largest || Number.isNaN(magnitude)) largest = magnitude;
      }
      map[p] = largest;
    }
  } else if (how === 'sum') {
    for (let p = 0, at = 0; p < map.length; p++) {
      let sum = 0;
      for (const end = at + channels; at < end; at++) sum += data[at];
      map[p] = sum;
    }
  } else {
    for (let p = 0, at = 0; p < map.length; p++) {
      let sum = 0;
      for (const end = at + channels; at < end; at++) sum += Math.abs(data[at]);
      map[p] = sum / channels;
    }
  }
  return { shape: space, data: map };
}

/** Element-wise product of two arrays of one shape. */
export function multiply(a: NdArray, b: NdArray): NdArray {
  const data = new Float32Array(a.data.length);
  for (let i = 0; i < data.length; i++) data[i] = a.data[i] * b.data[i];
  return { shape: a.shape, data };
}

/** `values` `[..., k]` with every channel multiplied by `map` `[...]`. */
export function scalePositions(values: NdArray, map: Heatmap): NdArray {
  const { channels } = splitShape(values.shape);
  return {
    shape: values.shape,
    data: values.data.map((value, i) => value * map.data[Math.floor(i / channels)]),
  };
}

/** Sum in float64. */
export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
