import test from 'ava';
import { hiresCam } from '../../explainers/hires-cam.js';
import type { LinearHead } from '../../src/model/interface.js';
import type { NdArray } from '../../src/explanation.js';
import { hiresCamMap } from '../../src/maths/cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { HAND, layerValues, mapBy, nested } from '../helpers/layer-values.js';

const TARGETS = [classTarget(1), classTarget(3)];

test('two places and two channels, worked by hand', (t) => {
  closeTo(t, hiresCamMap(HAND.A, HAND.g), mapOf([[0, 8]]));
});

/** The formula, literally. */
function transcription(activations: NdArray, gradients: NdArray) {
  const [h, w] = activations.shape;
  const A = nested(activations);
  const g = nested(gradients);
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + g[y][x][k] * a, 0));
}

for (const layer of ['relu1', 'relu2']) {
  test(`equals the formula at ${layer}, for each target`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs([6, 8, 3]);
    const { A, g } = await layerValues(model, inputs, layer, TARGETS);
    const { maps } = await mapsOf(hiresCam, model, inputs, { targets: TARGETS, layer });
    TARGETS.forEach((_, i) => closeTo(t, maps[0][i], transcription(A, g[i])));
  });
}

test('sums to the logit minus the bias on global average pooling and a linear head', async (t) => {
  const model = fakeClassifier();
  const { maps, outputs } = await mapsOf(hiresCam, model, fakeInputs([6, 8, 3]), {
    targets: TARGETS,
  });
  const { bias } = model.linearHead('relu2') as LinearHead;
  for (const [t_, index] of [1, 3].entries()) {
    const sum = maps[0][t_].data.reduce((a, b) => a + b, 0);
    t.true(Math.abs(sum - (outputs[0].logits.data[index] - bias[index])) < 1e-5);
  }
});
