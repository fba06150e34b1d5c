import test from 'ava';
import { finerCam } from '../../explainers/finer-cam.js';
import { gradCam } from '../../explainers/grad-cam.js';
import { isWhylensError } from '../../src/errors.js';
import {
  classTarget,
  ratherThan,
  regressionTarget,
  weightedTarget,
} from '../../src/model/targets.js';
import { closeTo, mapOf, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';

const inputs = fakeInputs([6, 8, 3]);

/** Means (1, 1): logits 5, 1, 4 and 2 by the columns of the kernel. */
const four = fakeModel({
  inputShape: [1, 2, 2],
  layers: [
    relu('relu'),
    globalAverage('pool'),
    dense('logits', [2, 4], [4, 0, 1, 2, 1, 1, 3, 0], [0, 0, 0, 0]),
  ],
});
const row = { shape: [1, 1, 2, 2], data: Float32Array.of(2, 0, 0, 2) };

test('the two nearest logits are subtracted, worked by hand', async (t) => {
  // class 2 (4): nearest are 0 (5) and 3 (2); kernel column (1, 3) − mean of (4, 1) and (2, 0)
  const options = { targets: [classTarget(2)], options: { count: 2 } };
  const { maps, facts } = await mapsOf(finerCam, four, row, options);
  // weights (−2, 2.5) over 2 places
  closeTo(t, maps[0][0], mapOf([[-2, 2.5]]));
  t.deepEqual(facts, [{ rivalClasses: [[0, 3]] }]);
});

test('is grad-cam of the class minus alpha times the mean of its rivals', async (t) => {
  const model = fakeClassifier();
  const options = { targets: [classTarget(1)], options: { alpha: 0.6 } };
  const [[map]] = (await mapsOf(finerCam, model, inputs, options)).maps;
  const rivals = [0, 2, 3].map((target) => ({ target, weight: -0.2 }));
  const target = weightedTarget([{ target: 1, weight: 1 }, ...rivals]);
  const [[expected]] = (await mapsOf(gradCam, model, inputs, { targets: [target] })).maps;
  closeTo(t, map, expected);
});

test('rivals weighted by probability: the gradient goes through the weights too', async (t) => {
  // Σ q_d s_d over the rivals 0 and 3 of class 2, differentiated numerically along each channel
  const options = { targets: [classTarget(2)], options: { count: 2, rivals: 'probability' } };
  const [[map]] = (await mapsOf(finerCam, four, row, options)).maps;
  const score = (a: number, b: number) => {
    const s = [4 * a + b, b, a + 3 * b, 2 * a];
    const [p, q] = [Math.exp(s[0]), Math.exp(s[3])];
    return s[2] - (p * s[0] + q * s[3]) / (p + q);
  };
  const step = 1e-4;
  const da = (score(1 + step, 1) - score(1 - step, 1)) / (2 * step);
  const db = (score(1, 1 + step) - score(1, 1 - step)) / (2 * step);
  closeTo(t, map, mapOf([[da, db]]), 1e-4);
});

test('every option changes the map; alpha 0 is grad-cam', async (t) => {
  const model = fakeClassifier();
  const of = async (options: Record<string, unknown>) =>
    (await mapsOf(finerCam, model, inputs, { targets: [classTarget(1)], options })).maps[0][0];
  const plain = await of({});
  for (const options of [{ alpha: 0.5 }, { count: 1 }, { rivals: 'probability' }]) {
    t.true(relativeError((await of(options)).data, plain.data).error > 0.01);
  }
  const [[grad]] = (await mapsOf(gradCam, model, inputs, { targets: [classTarget(1)] })).maps;
  closeTo(t, await of({ alpha: 0 }), grad);
});

test('targets without rivals, and probabilities of probabilities, are refused', async (t) => {
  const model = fakeClassifier();
  for (const target of [ratherThan(0, 1), regressionTarget(0)]) {
    const error = await t.throwsAsync(mapsOf(finerCam, model, inputs, { targets: [target] }));
    t.true(isWhylensError(error, 'INVALID_TARGET'));
  }
  const options = { score: 'output', options: { rivals: 'probability' } } as const;
  const error = await t.throwsAsync(mapsOf(finerCam, model, inputs, options));
  t.true(isWhylensError(error, 'INVALID_OPTION'));
});
