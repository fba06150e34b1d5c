import test from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { guidedBackprop } from '../../explainers/guided-backprop.js';
import { guidedGradCam } from '../../explainers/guided-grad-cam.js';
import { resizeMap } from '../../src/maths/resize.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage, relu, tokens } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';

const method = guidedGradCam;
const x = fakeInputs([6, 8, 3], 2);
const targets = [classTarget(0), classTarget(3)];

test('is guided backpropagation times the enlarged positive part of Grad-CAM', async (t) => {
  const model = fakeClassifier();
  const { maps } = await mapsOf(method, model, x, { targets, layer: 'conv2' });
  const cam = await mapsOf(gradCam, model, x, { targets, layer: 'conv2' });
  const guided = await mapsOf(guidedBackprop, model, x, { targets });
  let negative = 0;
  for (const n of [0, 1]) {
    targets.forEach((_, k) => {
      const small = cam.maps[n][k];
      negative += small.data.filter((v) => v < 0).length;
      const large = resizeMap({ ...small, data: small.data.map((v) => Math.max(v, 0)) }, [6, 8]);
      const expected = guided.maps[n][k].data.map((v, i) => v * large.data[i]);
      closeTo(t, maps[n][k], { shape: [6, 8], data: expected });
    });
  }
  t.true(negative > 0, 'the case has something to clip');
});

test('the reductions and the layer change the map', async (t) => {
  const model = fakeClassifier();
  const run = async (reduce: string, layer: string) =>
    (await mapsOf(method, model, x, { targets, layer, options: { reduce } })).maps[0][1];
  const sum = await run('sum', 'relu2');
  t.notDeepEqual(await run('max', 'relu2'), sum);
  t.notDeepEqual(await run('mean', 'relu2'), sum);
  t.notDeepEqual(await run('sum', 'relu1'), sum);
});

test('tokens of a transformer are read as the grid they are', async (t) => {
  // one class token, then 2 × 4 patches
  const model = fakeModel({
    inputShape: [4, 8, 3],
    layers: [
      conv('patches', [2, 2, 3, 5], weights(60, 1), [0.1, 0, 0.2, 0, 0.1], 2),
      tokens('tokens', [[1, 2, 3, 4, 5]]),
      relu('relu'),
      globalAverage('pool'),
      dense('logits', [5, 4], weights(20, 3, 2), [0, 0, 0, 0]),
    ],
  });
  const inputs = fakeInputs([4, 8, 3]);
  const run = async (options = {}) =>
    (await mapsOf(method, model, inputs, { targets, layer: 'relu', options })).maps[0][0];
  const inferred = await run();
  t.deepEqual([...inferred.shape], [4, 8]);
  t.deepEqual(await run({ tokens: { skip: 1, grid: [2, 4] } }), inferred);
  t.notDeepEqual(await run({ tokens: { skip: 1, grid: [4, 2] } }), inferred);
});
