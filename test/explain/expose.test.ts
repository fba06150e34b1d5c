/** keras-explainable's surface: exposing a model, maps of a batch as one array. */
import test from 'ava';
import { explainBatch } from '../../src/explain/explain-batch.js';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ImageExplanation } from '../../src/explanation.js';
import { exposeModel } from '../../src/explain/expose.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { largestDifference, randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;

function model(): tfl.LayersModel {
  const input = tfl.input({ shape: [6, 5, 3] });
  const inner = tfl.sequential({
    name: 'backbone',
    layers: [
      layers.conv2d({
        inputShape: [6, 5, 3],
        filters: 4,
        kernelSize: 3,
        activation: 'relu',
        name: 'seen',
      }),
    ],
  });
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(inner.apply(input));
  const scores = layers.dense({ units: 3, activation: 'softmax', name: 'scores' }).apply(pooled);
  const result = tfl.model({ inputs: input, outputs: scores as tfl.SymbolicTensor });
  seedWeights(result);
  return result;
}

test.serial('logits and activations of a batch, with the layers that matter found', async (t) => {
  await selectBackend('cpu');
  const native = model();
  const batch = randomArray([4, 6, 5, 3]);
  const exposed = await exposeModel(native, 'backbone/seen');
  t.is(exposed.logitsLayer, 'scores:linear');
  t.is(exposed.poolingLayer, 'pool');
  t.deepEqual(exposed.layers, ['backbone/seen']);
  const before = tf.memory().numTensors;
  const { logits, values, activations } = await exposed.run(batch);
  t.is(tf.memory().numTensors, before);
  t.deepEqual(logits.shape, [4, 3]);
  t.deepEqual(activations['backbone/seen'].shape, [4, 4, 3, 4]);
  const row = (n: number) => logits.data.slice(n * 3, n * 3 + 3);
  for (let n = 0; n < 4; n++) {
    const total = row(n).reduce((sum, x) => sum + Math.exp(x), 0);
    row(n).forEach((x, k) => t.true(Math.abs(Math.exp(x) / total - values.data[n * 3 + k]) < 1e-6));
  }
  t.deepEqual((await exposeModel(native)).layers, ['backbone/seen']);
  await t.throwsAsync(exposeModel(native, 'backbone/sean'), { message: /backbone\/seen/ });
});

test.serial('gradients and channel weights of a layer, as K.gradients gives them', async (t) => {
  await selectBackend('cpu');
  const native = model();
  const batch = randomArray([2, 6, 5, 3]);
  const exposed = await exposeModel(native, 'backbone/seen', { labels: ['cat', 'dog', 'bird'] });
  const before = tf.memory().numTensors;
  const found = await exposed.differentiate(batch, { targets: ['dog', 0] });
  t.is(tf.memory().numTensors, before);
  const gradients = found.gradients['backbone/seen'];
  const weights = found.channelWeights['backbone/seen'];
  t.deepEqual(
    gradients.map(({ shape }) => shape),
    [
      [2, 4, 3, 4],
      [2, 4, 3, 4],
    ],
  );
  // pooling and a dense layer: the gradient is the kernel's column, shared by the 12 places
  const kernel = native.getLayer('scores').getWeights()[0].dataSync();
  for (const [k, unit] of [1, 0].entries()) {
    t.deepEqual(weights[k].shape, [2, 4]);
    for (let n = 0; n < 2; n++) {
      t.true(Math.abs(found.scores[n][k] - found.logits.data[n * 3 + unit]) < 1e-6);
      for (let c = 0; c < 4; c++) {
        const expected = kernel[c * 3 + unit] / 12;
        t.true(Math.abs(weights[k].data[n * 4 + c] - expected) < 1e-6);
        t.true(Math.abs(gradients[k].data[n * 48 + 5 * 4 + c] - expected) < 1e-6);
      }
    }
  }
  t.deepEqual(found.activations, (await exposed.run(batch)).activations);
  const after = await exposed.differentiate(batch, { targets: 1, score: 'output' });
  t.true(Math.abs(after.scores[0][0] - found.values.data[1]) < 1e-6);
  t.true(largestDifference(after.channelWeights['backbone/seen'][0].data, weights[0].data) > 1e-3);
});

test.serial('maps over all units as one array [N, h, w, targets]', async (t) => {
  await selectBackend('cpu');
  const native = model();
  const batch = randomArray([3, 6, 5, 3]);
  const { maps, scores, targets, layer } = await explainBatch(native, batch, { targets: 'all' });
  t.deepEqual(maps.shape, [3, 4, 3, 3]);
  t.deepEqual(scores.shape, [3, 3]);
  t.is(layer?.path, 'backbone/seen');
  t.deepEqual(
    targets.map((list) => list.map(({ target }) => target)),
    [
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
  const single = (await explainPrediction(
    native,
    { shape: [1, 6, 5, 3], data: batch.data.slice(90, 180) },
    { targets: 2 },
  )) as ImageExplanation;
  const same = Array.from({ length: 12 }, (_, p) => maps.data[(12 + p) * 3 + 2]);
  t.true(largestDifference(same, single.targets[0].heatmap.data) < 1e-7);
});

test.serial('targets sample by sample', async (t) => {
  await selectBackend('cpu');
  const native = model();
  const batch = randomArray([3, 6, 5, 3]);
  const all = await explainBatch(native, batch, { targets: 'all' });
  const own = await explainBatch(native, batch, { targets: [[2], [0], [1]] as never });
  t.deepEqual(own.maps.shape, [3, 4, 3, 1]);
  [2, 0, 1].forEach((target, n) => {
    for (let p = 0; p < 12; p++) {
      t.true(Math.abs(own.maps.data[n * 12 + p] - all.maps.data[(n * 12 + p) * 3 + target]) < 1e-7);
    }
  });
});
