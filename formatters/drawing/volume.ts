/** Volumes as grey slices, and the part of a map that belongs to each. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { checkMap } from '../display/overlay.js';
import { sliceOf } from '../display/slices.js';

export interface GreyVolume {
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  /** `[depth, height, width]`, the smallest value black and the largest white. */
  readonly grey: Uint8Array;
}

/** `[depth, height, width, channels]` as grey values, the mean over the channels. */
export function greyVolume({ shape, data }: NdArray): GreyVolume {
  const [depth, height, width, channels = 1] = shape;
  const count = depth * height * width;
  if ((shape.length !== 4 && shape.length !== 3) || count * channels !== data.length) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a volume must have shape [depth, height, width, channels] and as many values, got [${shape.join(', ')}] and ${data.length} values`,
    );
  }
  const means = new Float32Array(count);
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[i * channels + c];
    const mean = (means[i] = sum / channels);
    if (mean < low) low = mean;
    if (mean > high) high = mean;
  }
  const span = high - low;
  const grey = Uint8Array.from(means, (mean) =>
    span > 0 ? Math.round(((mean - low) / span) * 255) : 128,
  );
  return { depth, height, width, grey };
}

/** The map at one slice of the volume. */
export function heatSlice(map: Heatmap, slice: number, slices: number): Heatmap {
  checkMap(map, 3);
  const [depth, ...shape] = map.shape;
  return { shape, data: sliceOf(map.data, depth, slice, slices) };
}

/** The slice that holds the largest value; the middle one if no value is positive. */
export function strongestSlice(map: Heatmap | undefined, slices: number): number {
  let best = Math.floor(slices / 2);
  let most = 0;
  if (map === undefined) return best;
  for (let slice = 0; slice < slices; slice++) {
    const top = heatSlice(map, slice, slices).data.reduce((a, b) => Math.max(a, b), 0);
    if (top > most) [best, most] = [slice, top];
  }
  return best;
}
