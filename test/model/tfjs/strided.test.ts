import test from 'ava';
import * as tf from '@tensorflow/tfjs-core';
import { selectBackend } from '../../../src/model/tfjs/backend.js';
import { convOp, padsOf, type ConvGeometry } from '../../../src/model/tfjs/ops/conv.js';
import { Session, Weight } from '../../../src/model/tfjs/weight.js';
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
  readonly padding: ConvGeometry['padding'];
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
    await selectBackend('cpu');
    const random = seededRandom(5);
    const draw = (length: number) => Float32Array.from({ length }, () => random() - 0.5);
    const geometry = { strides: [stride, stride], dilations: [1, 1], padding };
    const kernelShape = [...window, 2, 3];
    const kernel = draw(window[0] * window[1] * 6);
    const op = convOp(
      'Conv2D',
      Weight.from(kernelShape, () => kernel),
      undefined,
      geometry,
    );
    const shape = [2, ...size, 2];
    const before = tf.memory().numTensors;
    const session = new Session();
    tf.tidy(() => {
      const [y] = op.forward([tf.zeros(shape)], session);
      const dy = draw(y.size);
      const saved = { inputs: [], outputs: [], inputShapes: [shape] };
      const [dx] = op.backward([tf.tensor(dy, y.shape)], saved, [true], session, 'plain');
      const pads = padsOf(size, window, geometry);
      const first = [pads[0][0], pads[1][0]];
      const out = y.shape.slice(1, 3);
      const slow = slowGradient(dy, kernel, shape, out, kernelShape, first, stride);
      t.deepEqual(dx!.shape, shape);
      const worst = Math.max(...dx!.dataSync().map((v, i) => Math.abs(v - slow[i])));
      t.true(worst < 1e-6, String(worst));
    });
    session.dispose();
    t.is(tf.memory().numTensors, before);
  });
}
