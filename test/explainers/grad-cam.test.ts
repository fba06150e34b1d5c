import test from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { hiresCam } from '../../explainers/hires-cam.js';
import { dense, flatten, relu } from '../helpers/fake-layers.js';
import type { NdArray } from '../../src/explanation.js';
import { gradCamMap } from '../../src/maths/cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';
import { HAND, layerValues, mapBy, nested, sumOver } from '../helpers/layer-values.js';

const TARGETS = [classTarget(1), classTarget(3)];

test('two places and two channels, worked by hand', (t) => {
  closeTo(t, gradCamMap(HAND.A, HAND.g), mapOf([[5, 7]]));
});

/** The formula, literally. */
function transcription(activations: NdArray, gradients: NdArray) {
  const [h, w] = activations.shape;
  const A = nested(activations);
  const g = nested(gradients);
  const weight = (k: number) => sumOver(h, w, (y, x) => g[y][x][k]) / (h * w);
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + weight(k) * a, 0));
}

for (const layer of ['relu1', 'relu2']) {
  test(`equals the formula at ${layer}, for each target`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs([6, 8, 3]);
    const { A, g } = await layerValues(model, inputs, layer, TARGETS);
    const { maps } = await mapsOf(gradCam, model, inputs, { targets: TARGETS, layer });
    TARGETS.forEach((_, i) => closeTo(t, maps[0][i], transcription(A, g[i])));
  });
}

test('without global average pooling it is another map than hires-cam', async (t) => {
  const model = fakeModel({
    inputShape: [2, 3, 2],
    layers: [relu('relu'), flatten('flat'), dense('logits', [12, 2], weights(24, 5), [0, 0])],
  });
  const inputs = fakeInputs([2, 3, 2]);
  const [[map]] = (await mapsOf(gradCam, model, inputs)).maps;
  const [[other]] = (await mapsOf(hiresCam, model, inputs)).maps;
  t.true(relativeError(map.data, other.data).error > 0.1);
});
