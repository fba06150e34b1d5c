import test from 'ava';
import { xGradCam } from '../../explainers/x-grad-cam.js';
import { gradCam } from '../../explainers/grad-cam.js';
import type { NdArray } from '../../src/explanation.js';
import { xGradCamMap } from '../../src/maths/cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { HAND, layerValues, mapBy, nested, sumOver } from '../helpers/layer-values.js';

const TARGETS = [classTarget(1), classTarget(3)];

test('two places and two channels, worked by hand', (t) => {
  closeTo(t, xGradCamMap(HAND.A, HAND.g), mapOf([[14 / 3, 28 / 3]]));
});

/** The formula, literally. */
function transcription(activations: NdArray, gradients: NdArray) {
  const [h, w] = activations.shape;
  const A = nested(activations);
  const g = nested(gradients);
  const weight = (k: number) => {
    const total = sumOver(h, w, (y, x) => A[y][x][k]);
    return total === 0 ? 0 : sumOver(h, w, (y, x) => (g[y][x][k] * A[y][x][k]) / total);
  };
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + weight(k) * a, 0));
}

for (const layer of ['relu1', 'relu2']) {
  test(`equals the formula at ${layer}, for each target`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs([6, 8, 3]);
    const { A, g } = await layerValues(model, inputs, layer, TARGETS);
    const { maps } = await mapsOf(xGradCam, model, inputs, { targets: TARGETS, layer });
    TARGETS.forEach((_, i) => closeTo(t, maps[0][i], transcription(A, g[i])));
  });
}

test('equals grad-cam on global average pooling and a linear head', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const [[map]] = (await mapsOf(xGradCam, model, inputs)).maps;
  const [[plain]] = (await mapsOf(gradCam, model, inputs)).maps;
  closeTo(t, map, plain);
});
