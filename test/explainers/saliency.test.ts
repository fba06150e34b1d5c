import test from 'ava';
import { saliency } from '../../explainers/saliency.js';
import { ndSamples } from '../../src/model/interface.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';

const kernel = [
  [1, 0],
  [-3, 2],
  [0.5, 1],
  [0, -7],
  [2, 0],
  [2, 0.25],
];

test('by hand: the largest weight of each position, without its sign', async (t) => {
  const model = linearModel([1, 3, 2], kernel);
  const x = { shape: [1, 1, 3, 2], data: Float32Array.of(5, 6, 7, 8, 9, 1) };
  const targets = [classTarget(0), classTarget(1)];
  const { maps } = await mapsOf(saliency, model, x, { targets });
  closeTo(t, maps[0][0], mapOf([[3, 0.5, 2]]));
  closeTo(t, maps[0][1], mapOf([[2, 7, 0.25]]));
  const mean = await mapsOf(saliency, model, x, { targets, options: { reduce: 'mean' } });
  closeTo(t, mean.maps[0][0], mapOf([[2, 0.25, 2]]));
});

test('equals finite differences of the score, one input value at a time', async (t) => {
  const model = fakeClassifier();
  const x = fakeInputs([6, 8, 3]);
  const { maps } = await mapsOf(saliency, model, x, { targets: [classTarget(2)] });
  const step = 1e-3;
  const score = async (index: number, change: number) => {
    const data = x.data.slice();
    data[index] += change;
    const { outputs } = await model.run({ inputs: [ndSamples({ shape: x.shape, data })] });
    return outputs[0].logits.data[2];
  };
  const expected = new Float32Array(48);
  for (let i = 0; i < x.data.length; i++) {
    const slope = ((await score(i, step)) - (await score(i, -step))) / (2 * step);
    const at = Math.floor(i / 3);
    expected[at] = Math.max(expected[at], Math.abs(slope));
  }
  closeTo(t, maps[0][0], { shape: [6, 8], data: expected }, 2e-3);
});

test('signals and volumes give maps of their own rank', async (t) => {
  const signal = linearModel([3, 2], kernel);
  const one = await mapsOf(saliency, signal, fakeInputs([3, 2]), { targets: [classTarget(0)] });
  closeTo(t, one.maps[0][0], { shape: [3], data: Float32Array.of(3, 0.5, 2) });
  const volume = linearModel([1, 3, 1, 2], kernel);
  const three = await mapsOf(saliency, volume, fakeInputs([1, 3, 1, 2]), {
    targets: [classTarget(0)],
  });
  t.deepEqual([...three.maps[0][0].shape], [1, 3, 1]);
});
