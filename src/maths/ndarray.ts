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

/** Samples `[N, …]` with the axes of each in another order. */
export function reordered({ shape, data }: NdArray, order: readonly number[]): NdArray {
  const own = shape.slice(1);
  const sizes = order.map((axis) => own[axis]);
  const strides = own.map((_, i) => sizeOf(own.slice(i + 1)));
  const steps = order.map((axis) => strides[axis]);
  const size = sizeOf(own);
  const result = new Float32Array(data.length);
  // the last axis is a plain loop: a picture has only few values in it or very many
  const last = sizes.length - 1;
  const [run, step] = [sizes[last] ?? 1, steps[last] ?? 0];
  const index = sizes.map(() => 0);
  for (let at = 0, from = 0; at < result.length;) {
    const start = Math.floor(at / size) * size + from;
    for (let i = 0; i < run; i++) result[at++] = data[start + i * step];
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
  return { shape: [shape[0], ...sizes], data: result };
}
