import type { Heatmap } from '../explanation.js';
import { sizeOf } from './ndarray.js';

/**
 * A map at another size: bilinear with half-pixel centres, edges repeated, no
 * smoothing when shrinking (what `tf.image.resize` and OpenCV compute). Any
 * rank: `[n]`, `[h, w]`, `[d, h, w]`; one axis after the other.
 *
 * @param map values with one size for each axis
 * @param size the new size of each axis
 * @example resizeMap({ shape: [7, 7], data }, [224, 224])
 */
export function resizeMap(map: Heatmap, size: readonly number[]): Heatmap {
  let { data } = map;
  const shape = [...map.shape];
  if (size.length !== shape.length) {
    throw new RangeError(
      `resizeMap needs one size for each axis: the map has shape [${shape.join(', ')}], got [${size.join(', ')}]`,
    );
  }
  // the last axis first: rows are contiguous, and an enlarged row is written once
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === size[axis]) continue;
    data = resizeAxis(data, shape, axis, size[axis]);
    shape[axis] = size[axis];
  }
  return { shape, data: data === map.data ? data.slice() : data };
}

function resizeAxis(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
  size: number,
): Float32Array {
  const from = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const result = new Float32Array(outer * size * inner);
  const { lows, shares } = placesOf(from, size);
  for (let o = 0, to = 0; o < outer; o++) {
    const start = o * from;
    for (let i = 0; i < size; i++) {
      const share = shares[i];
      const keep = 1 - share;
      let a = (start + lows[i]) * inner;
      // with nothing beyond the last value its share is 0
      let b = lows[i] + 1 < from ? a + inner : a;
      for (const end = to + inner; to < end; to++, a++, b++) {
        result[to] = data[a] * keep + data[b] * share;
      }
    }
  }
  return result;
}

/** Where each new value lies between the old ones: the one before it, and the share of the one after. */
export function placesOf(from: number, size: number): { lows: Int32Array; shares: Float64Array } {
  const lows = new Int32Array(size);
  const shares = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const centre = Math.min(Math.max(((i + 0.5) * from) / size - 0.5, 0), from - 1);
    lows[i] = Math.floor(centre);
    shares[i] = centre - lows[i];
  }
  return { lows, shares };
}
