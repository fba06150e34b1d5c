/** Flips and zooms of samples, and the way back for maps. Rank-generic, channels last if there are any. */
import type { Heatmap, NdArray } from '../explanation.js';
import { splitShape } from './channels.js';
import { sizeOf } from './ndarray.js';

/** The array with one axis reversed; its own inverse. */
export function flipAxis({ shape, data }: NdArray, axis: number): NdArray {
  const size = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += size * inner) {
    for (let i = 0; i < size; i++) {
      const from = start + (size - 1 - i) * inner;
      result.set(data.subarray(from, from + inner), start + i * inner);
    }
  }
  return { shape, data: result };
}

/**
 * A sample `[..., k]` enlarged (`scale` > 1, the edges fall out) or shrunk
 * (< 1, surrounded by its mean per channel) about its centre, in the same frame.
 */
export function zoom(sample: NdArray, scale: number): NdArray {
  const { space, channels } = splitShape(sample.shape);
  const means = new Float64Array(channels);
  sample.data.forEach((v, i) => (means[i % channels] += v / (sample.data.length / channels)));
  const { data, covered } = resample(sample, space, channels, (p, size) =>
    about(p, size, 1 / scale),
  );
  data.forEach((_, i) => {
    if (!covered[Math.floor(i / channels)]) data[i] = means[i % channels];
  });
  return { shape: sample.shape, data };
}

/**
 * A map of a zoomed sample, brought back to the sample's own frame, and which
 * positions it covers (after enlarging, only the middle).
 */
export function unzoom(map: Heatmap, scale: number): { map: Heatmap; covered: Uint8Array } {
  const { data, covered } = resample(map, map.shape, 1, (p, size) => about(p, size, scale));
  data.forEach((_, i) => {
    if (covered[i] === 0) data[i] = 0;
  });
  return { map: { shape: map.shape, data }, covered };
}

/** The part of a frame over which an enlarged term fades in. */
const FADE = 1 / 8;

/**
 * How much a map that `unzoom` brought back counts at each position: 1 in the
 * middle, 0 where it does not reach, and a smooth step over an eighth of the frame between them,
 * so that a mean over several scales has no visible seam.
 */
export function coverage(space: readonly number[], scale: number): Float32Array {
  const weights = new Float32Array(sizeOf(space)).fill(1);
  if (scale <= 1) return weights;
  let inner = 1;
  for (let axis = space.length - 1; axis >= 0; axis--) {
    const size = space[axis];
    const half = size / (2 * scale);
    const fade = Math.min(size * FADE, half);
    weights.forEach((_, i) => {
      const position = Math.floor(i / inner) % size;
      const share = (half - Math.abs(position + 0.5 - size / 2)) / fade;
      weights[i] *= smoothStep(Math.min(Math.max(share, 0), 1));
    });
    inner *= size;
  }
  return weights;
}

const smoothStep = (t: number): number => t * t * (3 - 2 * t);

/** Where pixel `p` of an axis lies after scaling about the centre; pixel centres are halves. */
function about(p: number, size: number, scale: number): number {
  return (p + 0.5 - size / 2) * scale + size / 2 - 0.5;
}

/** Bilinear reading at `at(position, size)` along every axis; what lies outside is not covered. */
function resample(
  array: NdArray,
  space: readonly number[],
  channels: number,
  at: (position: number, size: number) => number,
): { data: Float32Array; covered: Uint8Array } {
  let data: Float32Array = array.data.slice();
  const covered = new Uint8Array(data.length / channels).fill(1);
  let inner = channels;
  for (let axis = space.length - 1; axis >= 0; axis--) {
    const size = space[axis];
    const next = new Float32Array(data.length);
    for (let i = 0; i < size; i++) {
      const position = at(i, size);
      // half a pixel beyond the outermost centres still belongs to the picture
      const inside = position > -0.5 - 1e-9 && position < size - 0.5 + 1e-9;
      const clamped = Math.min(Math.max(position, 0), size - 1);
      const low = Math.floor(clamped);
      const high = Math.min(low + 1, size - 1);
      const share = clamped - low;
      for (let start = 0; start < data.length; start += size * inner) {
        const to = start + i * inner;
        for (let j = 0; j < inner; j++) {
          next[to + j] =
            data[start + low * inner + j] * (1 - share) + data[start + high * inner + j] * share;
        }
        if (!inside) covered.fill(0, to / channels, (to + inner) / channels);
      }
    }
    data = next;
    inner *= size;
  }
  return { data, covered };
}
