import type { NdArray } from '../explanation.js';

/** Number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Sample `index` of an `[N, …]` array, without the batch axis; shares memory. */
export function sampleOf(array: NdArray, index: number): NdArray {
  const shape = array.shape.slice(1);
  const size = sizeOf(shape);
  return { shape, data: array.data.subarray(index * size, (index + 1) * size) };
}

/** Samples of equal shape put together along a new first axis. */
export function stack(samples: readonly NdArray[]): NdArray {
  const shape = samples[0].shape;
  const size = sizeOf(shape);
  const data = new Float32Array(size * samples.length);
  samples.forEach((sample, index) => data.set(sample.data, index * size));
  return { shape: [samples.length, ...shape], data };
}
