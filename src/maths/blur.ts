import type { NdArray } from '../explanation.js';
import { splitShape } from './channels.js';

/**
 * Gaussian blur over space, channel by channel, edges repeated, kernel cut at 3σ.
 *
 * @param values `[..., k]`, one sample of any rank
 * @param sigma standard deviation in positions; 0 returns a copy
 */
export function blur(values: NdArray, sigma: number): NdArray {
  const radius = Math.ceil(3 * sigma);
  if (!(radius > 0)) return { shape: values.shape, data: values.data.slice() };
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((a, b) => a + b, 0);
  const { space, channels } = splitShape(values.shape);
  let { data } = values;
  let inner = channels;
  for (let axis = space.length - 1; axis >= 0; axis--) {
    const size = space[axis];
    if (size > 1) data = blurAxis(data, size, inner, kernel, total);
    inner *= size;
  }
  return { shape: values.shape, data: data === values.data ? data.slice() : data };
}

function blurAxis(
  data: Float32Array,
  size: number,
  inner: number,
  kernel: readonly number[],
  total: number,
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += size * inner) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < inner; j++) {
        let sum = 0;
        for (let k = 0; k < kernel.length; k++) {
          const at = Math.min(Math.max(i + k - radius, 0), size - 1);
          sum += kernel[k] * data[start + at * inner + j];
        }
        result[start + i * inner + j] = sum / total;
      }
    }
  }
  return result;
}
