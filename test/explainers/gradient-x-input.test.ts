import test from 'ava';
import { gradientXInput } from '../../explainers/gradient-x-input.js';
import { total } from '../../src/maths/channels.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';

const method = gradientXInput;

test('by hand: weight times value, channels summed, signs kept', async (t) => {
  const model = linearModel([1, 3, 2], [[1], [-3], [0.5], [0], [2], [2]]);
  const x = { shape: [1, 1, 3, 2], data: Float32Array.of(5, 6, 8, 7, 9, -10) };
  const { maps } = await mapsOf(method, model, x, { targets: [classTarget(0)] });
  closeTo(t, maps[0][0], mapOf([[-13, 4, -2]]));
});

test('without biases a rectified network is homogeneous: the map sums to the score', async (t) => {
  const model = fakeModel({
    inputShape: [6, 8, 3],
    layers: [
      conv('conv', [3, 3, 3, 4], weights(108, 5), [0, 0, 0, 0]),
      relu('relu'),
      globalAverage('pool'),
      dense('logits', [4, 3], weights(12, 6), [0, 0, 0]),
    ],
  });
  const x = fakeInputs([6, 8, 3], 2);
  const { maps, outputs } = await mapsOf(method, model, x, { targets: [classTarget(1)] });
  for (const n of [0, 1]) {
    t.true(Math.abs(total(maps[n][0].data) - outputs[0].logits.data[3 * n + 1]) < 1e-6);
  }
});
