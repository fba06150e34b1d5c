import test from 'ava';
import { gradCamPlusPlus } from '../../explainers/grad-cam++.js';
import { refineCam } from '../../explainers/refine-cam.js';
import type { Heatmap } from '../../src/explanation.js';
import { resizeMap } from '../../src/maths/resize.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';

const inputs = fakeInputs([6, 8, 3]);
const targets = [classTarget(0), classTarget(2)];

test('two layers of a row, worked by hand', async (t) => {
  const model = fakeModel({
    inputShape: [1, 4, 1],
    layers: [
      relu('fine'),
      conv('coarse', [1, 1, 1, 1], [2], [0], 2),
      globalAverage('pool'),
      dense('logits', [1, 2], [1, -1], [0, 0]),
    ],
  });
  const row = { shape: [1, 1, 4, 1], data: Float32Array.of(4, 1, 3, 2) };
  const options = { layers: ['coarse', 'fine'], of: 'grad-cam' };
  const given = { targets: [classTarget(0), classTarget(1)], options };
  const { maps } = await mapsOf(refineCam, model, row, given);
  // fine: 1, 0, 2/3, 1/3. Coarse: 8 and 6 are 1 and 0, at four places 1, ¾, ¼, 0
  closeTo(t, maps[0][0], { shape: [1, 4], data: [1, 0, 2 / 12, 0] });
  closeTo(t, maps[0][1], { shape: [1, 4], data: [0, 0, 0, 0] });
});

test('is the product of stretched grad-cam++ maps, and every option changes it', async (t) => {
  const model = fakeClassifier();
  const single = async (layer: string) =>
    (await mapsOf(gradCamPlusPlus, model, inputs, { targets, layer })).maps[0];
  const stretched = ({ shape, data }: Heatmap): Heatmap => {
    const positive = data.map((v) => Math.max(v, 0));
    const [low, high] = [Math.min(...positive), Math.max(...positive)];
    return { shape, data: positive.map((v) => (v - low) / (high - low)) };
  };
  const { maps } = await mapsOf(refineCam, model, inputs, { targets });
  const [fine, coarse] = [await single('relu1'), await single('relu2')];
  for (const i of [0, 1]) {
    const [a, b] = [fine[i], coarse[i]].map((map) => resizeMap(stretched(map), [6, 8]).data);
    closeTo(t, maps[0][i], { shape: [6, 8], data: a.map((v, at) => v * b[at]) });
  }
  const of = async (options: Record<string, unknown>) =>
    (await mapsOf(refineCam, model, inputs, { targets, options })).maps[0][0];
  const plain = await of({ layers: ['relu2', 'conv2'] });
  const large = await of({ layers: ['relu2', 'conv2'], resolution: 'input' });
  t.deepEqual(
    [plain.shape, large.shape],
    [
      [3, 4],
      [6, 8],
    ],
  );
  const other = await of({ layers: ['relu2', 'conv2'], of: 'hires-cam' });
  t.true(relativeError(other.data, plain.data).error > 0.01);
});
