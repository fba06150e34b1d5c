import test from 'ava';
import { eigenCam } from '../../explainers/eigen-cam.js';
import type { NdArray } from '../../src/explanation.js';
import { eigenCamMap } from '../../src/maths/eigen.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs, weights } from '../helpers/fake-model.js';
import { layerValues } from '../helpers/layer-values.js';
import { slowProjection } from '../helpers/slow-components.js';

const row = (...data: number[]): NdArray => ({
  shape: [1, data.length / 2, 2],
  data: Float32Array.from(data),
});

test('points on a line, worked by hand, and the sign that follows the length of A', (t) => {
  // (1,2), (2,4), (3,6): centred they are −1, 0 and 1 times (1,2), whose length is √5
  const root = Math.sqrt(5);
  closeTo(t, eigenCamMap(row(1, 2, 2, 4, 3, 6)), mapOf([[-root, 0, root]]));
  // the same points the other side of zero: now the first has the longest A
  closeTo(t, eigenCamMap(row(-3, -6, -2, -4, -1, -2)), mapOf([[root, 0, -root]]));
});

for (const shape of [
  [5, 4, 3],
  [2, 3, 9],
]) {
  test(`equals power iteration on the covariance, ${shape.join('×')}`, (t) => {
    const size = shape.reduce((a, b) => a * b);
    const A = { shape, data: Float32Array.from(weights(size, 21), (v) => v + 0.3) };
    closeTo(t, eigenCamMap(A), slowProjection(A), 1e-4);
  });
}

test('activations that are the same everywhere give zeros', (t) => {
  t.deepEqual(Array.from(eigenCamMap(row(1, 2, 1, 2)).data, Math.abs), [0, 0]);
});

test('the explainer takes the layer, and every target gets the map', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const targets = [classTarget(0), classTarget(1)];
  const { A } = await layerValues(model, inputs, 'relu1', targets);
  const { maps } = await mapsOf(eigenCam, model, inputs, { targets, layer: 'relu1' });
  closeTo(t, maps[0][0], slowProjection(A), 1e-4);
  t.deepEqual(maps[0][0], maps[0][1]);
  t.not(maps[0][0].data, maps[0][1].data);
});
