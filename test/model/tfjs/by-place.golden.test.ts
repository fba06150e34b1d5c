/** Weights of a converted `.keras` file, numbered by class and order, against Keras in float64. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { loadModel, predict } from '../../../src/index.js';
import { sharedFile } from '../../helpers/shared.js';

interface Stored {
  readonly shape: number[];
  readonly b64: string;
}

const decode = ({ shape, b64 }: Stored) => {
  const bytes = Buffer.from(b64, 'base64');
  const { buffer, byteOffset, byteLength } = bytes;
  return { shape, data: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
};

test('two convolutions whose names are in another order than their places', async (t) => {
  const folder = sharedFile(t, 'golden/families/auto_res');
  if (folder === undefined) return;
  const text = await readFile(join(folder, 'ref.json'), 'utf8');
  const { inputs, outputs } = JSON.parse(text) as { inputs: Stored[]; outputs: Stored[] };
  const model = await loadModel(join(folder, 'v3'), { backend: 'wasm', preprocess: 'none' });
  const { shape, data } = decode(inputs[0]);
  const size = data.length / shape[0];
  const one = { shape: [1, ...shape.slice(1)], data: data.slice(0, size) };
  const { outputs: found } = await predict(model, one);
  model.dispose();
  const expected = decode(outputs[0]).data.slice(0, outputs[0].shape[1]);
  expected.forEach((value, i) => t.true(Math.abs(found[0].values.data[i] - value) < 1e-5, `${i}`));
});
