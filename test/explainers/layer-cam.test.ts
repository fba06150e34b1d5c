import test from 'ava';
import { layerCam } from '../../explainers/layer-cam.js';
import type { NdArray } from '../../src/explanation.js';
import { layerCamMap } from '../../src/maths/cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { HAND, layerValues, mapBy, nested } from '../helpers/layer-values.js';

const TARGETS = [classTarget(1), classTarget(3)];

test('two places and two channels, worked by hand', (t) => {
  closeTo(t, layerCamMap(HAND.A, HAND.g), mapOf([[2, 8]]));
});

/** The formula, literally. */
function transcription(activations: NdArray, gradients: NdArray) {
  const [h, w] = activations.shape;
  const A = nested(activations);
  const g = nested(gradients);
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + Math.max(g[y][x][k], 0) * a, 0));
}

for (const layer of ['relu1', 'relu2']) {
  test(`equals the formula at ${layer}, for each target`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs([6, 8, 3]);
    const { A, g } = await layerValues(model, inputs, layer, TARGETS);
    const { maps } = await mapsOf(layerCam, model, inputs, { targets: TARGETS, layer });
    TARGETS.forEach((_, i) => closeTo(t, maps[0][i], transcription(A, g[i])));
  });
}

test('tanhScale bends the map as the paper does for shallow layers', async (t) => {
  const bent = layerCamMap(HAND.A, HAND.g, { tanhScale: 2 });
  closeTo(t, bent, mapOf([[Math.tanh(0.5), Math.tanh(2)]]));
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const [[plain]] = (await mapsOf(layerCam, model, inputs, { layer: 'relu1' })).maps;
  const options = { layer: 'relu1', options: { tanhScale: 2 } };
  const [[scaled]] = (await mapsOf(layerCam, model, inputs, options)).maps;
  const top = plain.data.reduce((a, b) => Math.max(a, b));
  const expected = plain.data.map((value) => Math.tanh((2 * value) / top));
  closeTo(t, scaled, { shape: plain.shape, data: expected });
});

test('a map without positive values is left alone by tanhScale', (t) => {
  const A = { shape: [1, 2, 1], data: Float32Array.of(-1, 0) };
  const g = { shape: [1, 2, 1], data: Float32Array.of(1, 1) };
  t.deepEqual(layerCamMap(A, g, { tanhScale: 2 }), layerCamMap(A, g));
});
