/** The summaries in which the frozen files keep maps of 224 × 224 positions. */
import type { ExecutionContext } from 'ava';
import type { Heatmap } from '../../src/explanation.js';
import { relativeError } from './close.js';

/** Means of 8 × 8 squares, row by row. */
export function pool28({ shape, data }: Heatmap): Float64Array {
  const [height, width] = shape;
  const cells = new Float64Array(28 * 28);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      cells[Math.floor((y * 28) / height) * 28 + Math.floor((x * 28) / width)] +=
        data[y * width + x] / ((height * width) / 784);
    }
  }
  return cells;
}

/** Values at the 64 pixels that every frozen file samples. */
export function samples64({ shape, data }: Heatmap): number[] {
  return Array.from(
    { length: 64 },
    (_, i) => data[((37 * i + 11) % 224) * shape[1] + ((61 * i + 29) % 224)],
  );
}

/** ‖a − b‖ / ‖b‖: for gradients, which may rightly jump at single pixels. */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** Compares the means of 8 × 8 squares with frozen ones. */
export function poolClose(
  t: ExecutionContext,
  actual: Heatmap,
  frozen: readonly (readonly number[])[],
  tolerance: number,
  what: string,
): void {
  t.deepEqual([...actual.shape], [224, 224], `${what}: shape`);
  const { error, index } = relativeError(pool28(actual), frozen.flat());
  t.true(error <= tolerance, `${what}: squares differ by ${error} of the largest, at ${index}`);
}
