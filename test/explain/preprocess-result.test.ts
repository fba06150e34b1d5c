import test from 'ava';
import { predict } from '../../src/explain/predict.js';
import { noisePicture } from '../helpers/noise.js';

const picture = noisePicture('RGB', 2, 2, 1);
const model = ({ shape }: { shape: readonly number[] }) => ({
  shape: [shape[0], 2],
  data: new Float32Array(shape[0] * 2).fill(0.5),
});

test('what a preprocess function gives is checked whole', async (t) => {
  const shape = [2, 2, 3];
  const wrong: unknown[] = [
    { shape, data: new Float32Array(13) },
    { shape, data: new Float32Array(11) },
    { shape: [2, 2, -3], data: new Float32Array(12) },
    { shape, data: 'x'.repeat(12) },
    new Float32Array(12),
    undefined,
    Promise.resolve({ shape, data: new Float32Array(12) }),
  ];
  const run = (result: unknown) =>
    predict(model, picture, { inputShape: shape, preprocess: (() => result) as never });
  for (const result of wrong) {
    await t.throwsAsync(run(result), { code: 'INVALID_OPTION', message: /preprocess/ });
  }
  t.is((await run({ shape, data: new Float32Array(12) })).top[0].length, 2);
});
