import test from 'ava';
import { gradCamElementwise } from '../../explainers/grad-cam-elementwise.js';
import { hiresCam } from '../../explainers/hires-cam.js';
import type { NdArray } from '../../src/explanation.js';
import { gradCamElementwiseMap } from '../../src/maths/cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { HAND, layerValues, mapBy, nested } from '../helpers/layer-values.js';

const TARGETS = [classTarget(1), classTarget(3)];

test('two places and two channels, worked by hand', (t) => {
  closeTo(t, gradCamElementwiseMap(HAND.A, HAND.g), mapOf([[2, 12]]));
});

/** The formula, literally. */
function transcription(activations: NdArray, gradients: NdArray) {
  const [h, w] = activations.shape;
  const A = nested(activations);
  const g = nested(gradients);
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + Math.max(g[y][x][k] * a, 0), 0));
}

for (const layer of ['relu1', 'relu2']) {
  test(`equals the formula at ${layer}, for each target`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs([6, 8, 3]);
    const { A, g } = await layerValues(model, inputs, layer, TARGETS);
    const { maps } = await mapsOf(gradCamElementwise, model, inputs, {
      targets: TARGETS,
      layer,
    });
    TARGETS.forEach((_, i) => closeTo(t, maps[0][i], transcription(A, g[i])));
  });
}

test('is never negative, and at least hires-cam', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const [[map]] = (await mapsOf(gradCamElementwise, model, inputs)).maps;
  const [[signed]] = (await mapsOf(hiresCam, model, inputs)).maps;
  map.data.forEach((value, i) => t.true(value >= 0 && value >= signed.data[i] - 1e-6));
});
