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
  const turned = order.indexOf(0);
  if (turned > 0 && order.every((axis, i) => axis === (i + order.length - turned) % order.length)) {
    return {
      shape: [shape[0], ...sizes],
      data: transposed(data, sizeOf(own.slice(0, order[0])), sizeOf(own)),
    };
  }
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

/** Each matrix `[rows, size / rows]` of a batch with rows and columns exchanged, which moves channels first or last. */
function transposed(data: Float32Array, rows: number, size: number): Float32Array {
  const columns = size / rows;
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += size) {
    if (rows === 3) {
      // the colours of a picture
      const [a, b] = [start + columns, start + 2 * columns];
      for (let i = 0, to = start; i < columns; i++, to += 3) {
        result[to] = data[start + i];
        result[to + 1] = data[a + i];
        result[to + 2] = data[b + i];
      }
    } else {
      for (let column = 0, to = start; column < columns; column++) {
        for (let from = start + column; from < start + size; from += columns)
          result[to++] = data[from];
      }
    }
  }
  return result;
}

/** Index of the first value that is not a finite number, or −1. */
export function firstNotFinite(data: Float32Array): number {
  // a sum of x · 0 is 0 for finite numbers and NaN for others; four of them at once do not wait for one another
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += data[i] * 0;
    b += data[i + 1] * 0;
    c += data[i + 2] * 0;
    d += data[i + 3] * 0;
  }
  for (let i = whole; i < data.length; i++) a += data[i] * 0;
  return a + b + c + d === 0 ? -1 : data.findIndex((value) => !Number.isFinite(value));
}
