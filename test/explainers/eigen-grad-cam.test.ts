import test from 'ava';
import { eigenGradCam } from '../../explainers/eigen-grad-cam.js';
import type { NdArray } from '../../src/explanation.js';
import { eigenGradCamMap } from '../../src/maths/eigen.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { layerValues } from '../helpers/layer-values.js';
import { slowProjection } from '../helpers/slow-components.js';

const weightOf = (x: number): number => x;

test('three places, worked by hand', (t) => {
  // products: (1,2), (−1,−2), (2,4), that is 1, −1 and 2 times (1,2), mean 2/3
  const A = { shape: [1, 3, 2], data: Float32Array.of(1, 2, 1, 1, 2, 2) };
  const g = { shape: [1, 3, 2], data: Float32Array.of(1, 1, -1, -2, 1, 2) };
  closeTo(t, eigenGradCamMap(A, g), mapOf([[1 / 3, -5 / 3, 4 / 3].map((x) => x * Math.sqrt(5))]));
});

test('equals power iteration on the products, for each target', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const targets = [classTarget(1), classTarget(3)];
  const { A, g } = await layerValues(model, inputs, 'relu1', targets);
  const { maps } = await mapsOf(eigenGradCam, model, inputs, { targets, layer: 'relu1' });
  targets.forEach((_, i) => {
    const products: NdArray = {
      shape: A.shape,
      data: A.data.map((value, at) => value * weightOf(g[i].data[at])),
    };
    closeTo(t, maps[0][i], slowProjection(products), 1e-4);
  });
});

test('no gradient gives zeros, not NaN', (t) => {
  const A = { shape: [1, 2, 1], data: Float32Array.of(1, 2) };
  const g = { shape: [1, 2, 1], data: Float32Array.of(0, 0) };
  t.deepEqual(Array.from(eigenGradCamMap(A, g).data, Math.abs), [0, 0]);
});
