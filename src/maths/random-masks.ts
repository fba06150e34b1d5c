/** The masks of RISE (Petsiuk et al. 2018, section 3.2). */
import { sizeOf } from './ndarray.js';
import { seededRandom } from './random.js';

/** Options of `randomMask`. */
export interface MaskOptions {
  /** Cells of the small mask along each axis. */
  readonly cells: number;
  /** Probability that a cell is kept. */
  readonly probability: number;
  readonly seed: number;
}

/**
 * Mask number `index`: a random grid of zeros and ones, enlarged (bilinear) to
 * one cell more than the picture, and cropped at a random offset of its own.
 * Values in [0, 1]; the same index gives the same mask whatever came before.
 *
 * @param space sizes of the axes of the picture
 */
export function randomMask(
  space: readonly number[],
  index: number,
  { cells, probability, seed }: MaskOptions,
): Float32Array {
  const random = seededRandom(seed + index / 2 ** 20);
  let data: Float32Array = Float32Array.from({ length: cells ** space.length }, () =>
    random.uniform() < probability ? 1 : 0,
  );
  const shape = space.map(() => cells);
  space.forEach((size, axis) => {
    const cell = Math.ceil(size / cells);
    const offset = random.integer(cell);
    const scale = cells / ((cells + 1) * cell);
    const positions = Float64Array.from(
      { length: size },
      (_, i) => (i + offset + 0.5) * scale - 0.5,
    );
    data = readAxis(data, shape, axis, positions);
    shape[axis] = size;
  });
  return data;
}

/** Bilinear reading of one axis at `positions`, edges repeated. */
function readAxis(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
  positions: Float64Array,
): Float32Array {
  const from = shape[axis];
  const size = positions.length;
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = data.length / (from * inner);
  const result = new Float32Array(outer * size * inner);
  positions.forEach((position, i) => {
    const at = Math.min(Math.max(position, 0), from - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, from - 1);
    const share = at - low;
    for (let o = 0; o < outer; o++) {
      const to = (o * size + i) * inner;
      const a = (o * from + low) * inner;
      const b = (o * from + high) * inner;
      for (let j = 0; j < inner; j++) {
        result[to + j] = data[a + j] + share * (data[b + j] - data[a + j]);
      }
    }
  });
  return result;
}
