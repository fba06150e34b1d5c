import test from 'ava';
import { cam } from '../../explainers/cam.js';
import { gradCam } from '../../explainers/grad-cam.js';
import { isWhylensError } from '../../src/errors.js';
import type { LinearHead } from '../../src/model/interface.js';
import { classTarget, ratherThan, similarityTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';
import { layerValues, mapBy, nested } from '../helpers/layer-values.js';

test('a row of two places, worked by hand', async (t) => {
  const model = fakeModel({
    inputShape: [1, 2, 2],
    // kernel [channels, classes]: class 1 has 3 and −1
    layers: [relu('relu'), globalAverage('pool'), dense('logits', [2, 2], [5, 3, 7, -1], [9, 9])],
  });
  const inputs = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 4, -8) };
  const { maps } = await mapsOf(cam, model, inputs, { targets: [classTarget(1)] });
  closeTo(t, maps[0][0], mapOf([[3 * 1 - 2, 3 * 4 - 0]]));
});

test('equals the formula, and H·W times grad-cam', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const targets = [classTarget(2), ratherThan(0, 3)];
  const { A: activations } = await layerValues(model, inputs, 'relu2', targets);
  const A = nested(activations);
  const { kernel } = model.linearHead('relu2') as LinearHead;
  const W = (k: number, c: number) => kernel.data[k * 4 + c];
  const { maps } = await mapsOf(cam, model, inputs, { targets });
  closeTo(
    t,
    maps[0][0],
    mapBy(3, 4, (y, x) => A[y][x].reduce((s, a, k) => s + W(k, 2) * a, 0)),
  );
  closeTo(
    t,
    maps[0][1],
    mapBy(3, 4, (y, x) => A[y][x].reduce((s, a, k) => s + (W(k, 0) - W(k, 3)) * a, 0)),
  );
  const plain = (await mapsOf(gradCam, model, inputs, { targets })).maps;
  targets.forEach((_, i) => {
    const scaled = { shape: [3, 4], data: plain[0][i].data.map((value) => 12 * value) };
    closeTo(t, maps[0][i], scaled);
  });
});

test('another head, or a target that is not linear, is refused and says what was found', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const deep = await t.throwsAsync(mapsOf(cam, model, inputs, { layer: 'relu1' }));
  t.true(isWhylensError(deep, 'UNSUITABLE_LAYER'));
  t.regex(deep.message, /relu1.*found Conv2D, ReLU.*grad-cam/);
  const targets = [similarityTarget([1, 0, 0, 0])];
  const bent = await t.throwsAsync(mapsOf(cam, model, inputs, { targets }));
  t.true(isWhylensError(bent, 'UNSUITABLE_LAYER'));
});
