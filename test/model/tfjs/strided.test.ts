import test from 'ava';
import * as tf from '@tensorflow/tfjs-core';
import { tfjsExecutor } from '../../../src/model/executors/tfjs/executor.js';
import { input, sizeOf, tensor } from '../../../src/model/graph/build.js';
import { convolution, samePadding } from '../../../src/model/graph/composites.js';
import { gradient } from '../../../src/model/graph/gradient.js';
import type { Value } from '../../../src/model/graph/value.js';
import { seededRandom } from '../../helpers/lcg.js';

/** The definition: every product of the forward pass sends its share back. */
function slowGradient(
  dy: Float32Array,
  kernel: Float32Array,
  [n, height, width, from]: readonly number[],
  [outHeight, outWidth]: readonly number[],
  [rows, columns, , to]: readonly number[],
  [top, left]: readonly number[],
  stride: number,
): Float32Array {
  const dx = new Float32Array(n * height * width * from);
  for (let s = 0; s < n; s++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let ky = 0; ky < rows; ky++)
          for (let kx = 0; kx < columns; kx++) {
            const y = oy * stride + ky - top;
            const x = ox * stride + kx - left;
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            for (let i = 0; i < from; i++)
              for (let o = 0; o < to; o++)
                dx[((s * height + y) * width + x) * from + i] +=
                  dy[((s * outHeight + oy) * outWidth + ox) * to + o] *
                  kernel[((ky * columns + kx) * from + i) * to + o];
          }
  return dx;
}

const cases: readonly {
  readonly size: readonly [number, number];
  readonly window: readonly [number, number];
  readonly stride: number;
  readonly padding: 'same' | 'valid' | readonly (readonly [number, number])[];
}[] = [
  { size: [7, 10], window: [3, 3], stride: 2, padding: 'same' },
  { size: [8, 6], window: [3, 3], stride: 2, padding: 'same' },
  { size: [8, 7], window: [3, 2], stride: 2, padding: 'valid' },
  {
    size: [9, 8],
    window: [5, 7],
    stride: 2,
    padding: [
      [2, 1],
      [3, 3],
    ],
  },
  { size: [7, 6], window: [1, 1], stride: 2, padding: 'same' },
  { size: [11, 10], window: [2, 4], stride: 3, padding: 'valid' },
  {
    size: [10, 13],
    window: [3, 1],
    stride: 4,
    padding: [
      [0, 1],
      [1, 0],
    ],
  },
];

for (const { size, window, stride, padding } of cases) {
  const name = `${window.join('×')} by ${stride} over ${size.join('×')}, padding ${JSON.stringify(padding)}`;
  test.serial(`gradient of a strided convolution: ${name}`, async (t) => {
    const executor = await tfjsExecutor({ backend: 'cpu' });
    const before = tf.memory().numTensors;
    const random = seededRandom(5);
    const draw = (length: number) => Float32Array.from({ length }, () => random() - 0.5);
    const kernelShape = [...window, 2, 3];
    const kernel = draw(window[0] * window[1] * 6);
    const strides = [stride, stride];
    const none = { low: [0, 0], high: [0, 0] };
    const { low, high } =
      padding === 'valid'
        ? none
        : padding === 'same'
          ? samePadding(size, window, strides)
          : { low: padding.map(([n]) => n), high: padding.map(([, n]) => n) };
    const shape = [2, ...size, 2];
    const x = input('x', shape.slice(1));
    const y = convolution(x, tensor(kernelShape, kernel), undefined, { strides, low, high });
    const seed = input('dy', y.shape);
    const [dx] = gradient(new Map<Value, Value>([[y, seed]]), [x]);
    const dy = draw(2 * sizeOf(y.shape));
    const compiled = await executor.compile([dx!]);
    const [found] = await compiled.run(new Map([[seed, { shape: [2, ...y.shape], data: dy }]]));
    const slow = slowGradient(dy, kernel, shape, y.shape, kernelShape, low, stride);
    t.deepEqual(found.shape, shape);
    const worst = Math.max(...found.data.map((v, i) => Math.abs(v - slow[i])));
    t.true(worst < 1e-6, String(worst));
    executor.release();
    t.is(tf.memory().numTensors, before);
  });
}
