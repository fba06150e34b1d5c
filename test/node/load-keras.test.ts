/** `.keras` and `.h5` through the front door: loadModel, predict, explainPrediction. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { explainPrediction, loadModel, predict } from '../../src/index.js';
import { sharedFile } from '../helpers/shared.js';

test('the same network from .h5 and .keras gives the same map, on the engine that is there', async (t) => {
  const maps: Float32Array[] = [];
  for (const name of ['plain.keras3.keras', 'plain.keras3.h5']) {
    const file = sharedFile(t, 'golden/keras', name);
    if (file === undefined) return;
    const ref = JSON.parse(await readFile(file.replace(/\.\w+$/, '.ref.json'), 'utf8')) as {
      input: { shape: number[]; base64: string };
    };
    const { buffer, byteOffset, byteLength } = Buffer.from(ref.input.base64, 'base64');
    const all = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    const shape = [1, ...ref.input.shape.slice(1)];
    const doc = { shape, data: all.slice(0, all.length / ref.input.shape[0]) };
    const model = await loadModel(file);
    t.regex(model.engine ?? '', /^onnxruntime/);
    const { outputs } = await predict(model, doc);
    t.is(outputs[0].probabilities, true);
    const expl = await explainPrediction(model, doc);
    const fine = await explainPrediction(model, doc, { method: 'saliency', targets: 1 });
    const run = await explainPrediction(model, doc, { method: 'occlusion', patch: 8 });
    model.dispose();
    for (const one of [expl, fine, run]) {
      t.is(one.kind, 'image');
      if (one.kind === 'image') t.true(one.targets[0].heatmap.data.some((x) => x !== 0));
    }
    if (expl.kind === 'image') maps.push(expl.targets[0].heatmap.data as Float32Array);
  }
  const largest = maps[0].reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  maps[0].forEach((x, i) => t.true(Math.abs(x - maps[1][i]) < 1e-4 * largest));
});

test('a custom layer is refused by name, or mapped by an option of loadModel', async (t) => {
  const file = sharedFile(t, 'golden/keras/custom.keras3.keras');
  if (file === undefined) return;
  await t.throwsAsync(loadModel(file), {
    code: 'UNSUPPORTED_OPERATION',
    message: /'demo>Scale'.*customLayers/s,
  });
  const model = await loadModel(file, {
    customLayers: {
      Scale: ({ weights: [gamma, kernel, bias] }, [x], graph) =>
        graph.mul(graph.dense(x, kernel, bias), gamma),
    },
  });
  t.deepEqual(model.inputShape, [8, 8, 3]);
  model.dispose();
});

test('a file of weights alone says what to save', async (t) => {
  const file = sharedFile(t, 'golden/keras/plain.keras3.weights.h5');
  if (file === undefined) return;
  await t.throwsAsync(loadModel(file), {
    code: 'MODEL_LOAD',
    message: /holds weights and no model/,
  });
});
