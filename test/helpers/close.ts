import type { ExecutionContext } from 'ava';

interface Shaped {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Largest difference over the largest value of `expected`, and where it is. */
export function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): { error: number; index: number } {
  let scale = 0;
  let worst = 0;
  let index = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]));
    const difference = Math.abs(actual[i] - expected[i]);
    // not `>`: a NaN has to count as the worst
    if (!(difference <= worst)) {
      worst = difference;
      index = i;
    }
  }
  return { error: scale === 0 ? worst : worst / scale, index };
}

/** The shape first, then the largest difference relative to the expected map's largest value. */
export function closeTo(
  t: ExecutionContext,
  actual: Shaped,
  expected: Shaped,
  tolerance = 1e-5,
  what = 'map',
): void {
  t.deepEqual([...actual.shape], [...expected.shape], `${what}: shape`);
  const { error, index } = relativeError(actual.data, expected.data);
  t.true(
    error <= tolerance,
    `${what}: differs by ${error} of its maximum at index ${index}: got ${actual.data[index]}, expected ${expected.data[index]}`,
  );
}

/** A map from rows. */
export function mapOf(rows: readonly (readonly number[])[]): {
  shape: number[];
  data: Float32Array;
} {
  return { shape: [rows.length, rows[0].length], data: Float32Array.from(rows.flat()) };
}
