import test from 'ava';
import { gradCamPlusPlus } from '../../explainers/grad-cam++.js';
import type { NdArray } from '../../src/explanation.js';
import { gradCamPlusPlusMap } from '../../src/maths/cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { HAND, layerValues, mapBy, nested, sumOver } from '../helpers/layer-values.js';

const TARGETS = [classTarget(1), classTarget(3)];

test('two places and two channels, worked by hand', (t) => {
  closeTo(t, gradCamPlusPlusMap(HAND.A, HAND.g), mapOf([[2.55, -0.9]]));
});

/** The formula, literally. */
function transcription(activations: NdArray, gradients: NdArray) {
  const [h, w] = activations.shape;
  const A = nested(activations);
  const g = nested(gradients);
  const alpha = (y: number, x: number, k: number) => {
    const total = sumOver(h, w, (i, j) => A[i][j][k]);
    const denominator = 2 * g[y][x][k] ** 2 + total * g[y][x][k] ** 3;
    return denominator === 0 ? 0 : g[y][x][k] ** 2 / denominator;
  };
  const weight = (k: number) => sumOver(h, w, (y, x) => alpha(y, x, k) * Math.max(g[y][x][k], 0));
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + weight(k) * a, 0));
}

for (const layer of ['relu1', 'relu2']) {
  test(`equals the formula at ${layer}, for each target`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs([6, 8, 3]);
    const { A, g } = await layerValues(model, inputs, layer, TARGETS);
    const { maps } = await mapsOf(gradCamPlusPlus, model, inputs, {
      targets: TARGETS,
      layer,
    });
    TARGETS.forEach((_, i) => closeTo(t, maps[0][i], transcription(A, g[i])));
  });
}

test('a denominator of exactly zero gives the weight 0, a tiny gradient does not', (t) => {
  // Σ A = −1, g = 2: 2g² + (Σ A)·g³ = 8 − 8
  const zero = gradCamPlusPlusMap(
    { shape: [1, 1, 1], data: Float32Array.of(-1) },
    { shape: [1, 1, 1], data: Float32Array.of(2) },
  );
  t.deepEqual(Array.from(zero.data, Math.abs), [0]);
  // g² and g³ would be 0 in float32; w = g / (2 + Σ A·g) = g / 2
  const tiny = gradCamPlusPlusMap(
    { shape: [1, 1, 1], data: Float32Array.of(1) },
    { shape: [1, 1, 1], data: Float32Array.of(1e-25) },
  );
  t.true(Math.abs(tiny.data[0] / 0.5e-25 - 1) < 1e-6);
});
