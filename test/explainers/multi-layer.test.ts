import test from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { layerCam } from '../../explainers/layer-cam.js';
import { multiLayer } from '../../explainers/multi-layer.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { isWhylensError } from '../../src/errors.js';
import type { Heatmap } from '../../src/explanation.js';
import { resizeMap } from '../../src/maths/resize.js';
import { stageLayers } from '../../explainers/shared/several-layers.js';
import { classTarget } from '../../src/model/targets.js';
import type { Explainer } from '../../src/container/plugin.js';
import { closeTo, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';

const registry = registryOf(createContainer());
const inputs = fakeInputs([6, 8, 3], 2);
const targets = [classTarget(0), classTarget(2)];

function share({ shape, data }: Heatmap): Heatmap {
  const top = Math.max(...data);
  return { shape, data: data.map((v) => (v > 0 ? v / top : 0)) };
}

test('two layers of a row, worked by hand', async (t) => {
  const model = fakeModel({
    inputShape: [1, 4, 1],
    layers: [
      relu('fine'),
      // every second place, twice as large
      conv('coarse', [1, 1, 1, 1], [2], [0], 2),
      globalAverage('pool'),
      dense('logits', [1, 2], [1, -1], [0, 0]),
    ],
  });
  const row = { shape: [1, 1, 4, 1], data: Float32Array.of(4, 1, 3, 2) };
  const options = { layers: ['coarse', 'fine'] };
  const given = { targets: [classTarget(0), classTarget(1)], options };
  const { maps, layer } = await mapsOf(multiLayer, model, row, given);
  // fine: 1, ¼, ¾, ½. Coarse: (8, 6) / 8, at four places 1, 15/16, 13/16, ¾
  const expected = [1, (1 / 4 + 15 / 16) / 2, (3 / 4 + 13 / 16) / 2, (1 / 2 + 3 / 4) / 2];
  closeTo(t, maps[0][0], { shape: [1, 4], data: expected });
  // class 1 has evidence against it alone: nothing to scale, no NaN
  closeTo(t, maps[0][1], { shape: [1, 4], data: [0, 0, 0, 0] });
  t.is(layer?.path, 'fine');
  t.regex(layer?.reason ?? '', /coarse, fine/);
});

test('the last layer of each size if none is named, options of the method beside', async (t) => {
  const model = fakeClassifier();
  const single = async (explainer: Explainer, layer: string, options = {}) =>
    (await mapsOf(explainer, model, inputs, { targets, layer, options })).maps;
  const plain = await mapsOf(multiLayer, model, inputs, { targets });
  t.deepEqual(plain.facts, { layers: ['relu2', 'relu1'] });
  const mean = (maps: Heatmap[], size: number[]) => {
    const [a, b] = maps.map((map) => resizeMap(share(map), size).data);
    return { shape: size, data: a.map((v, i) => (v + b[i]) / 2) };
  };
  const [fine, coarse] = [await single(gradCam, 'relu1'), await single(gradCam, 'relu2')];
  for (const n of [0, 1]) {
    for (const i of [0, 1]) closeTo(t, plain.maps[n][i], mean([fine[n][i], coarse[n][i]], [6, 8]));
  }
  const special = registry.explainerFor('multi-layer', { of: 'layer-cam' });
  const options = { of: 'layer-cam', tanhScale: 2 };
  const bent = await mapsOf(special, model, inputs, { targets, options });
  const own = { tanhScale: 2 };
  const [f, c] = [await single(layerCam, 'relu1', own), await single(layerCam, 'relu2', own)];
  closeTo(t, bent.maps[1][1], mean([f[1][1], c[1][1]], [6, 8]));
  t.is(special.id, 'multi-layer');
  t.is(special.needs.gradients, true);
});

test('every option changes the maps', async (t) => {
  const model = fakeClassifier();
  const of = async (options: Record<string, unknown>) =>
    (await mapsOf(multiLayer, model, inputs, { targets, options })).maps[0][0];
  const plain = await of({ layers: ['relu2', 'conv2'] });
  t.deepEqual(plain.shape, [3, 4]);
  t.deepEqual((await of({ layers: ['relu2', 'conv2'], resolution: 'input' })).shape, [6, 8]);
  const other = await of({ layers: ['relu2', 'conv2'], of: 'layer-cam' });
  t.true(relativeError(other.data, plain.data).error > 0.01);
});

test('progress counts layers times samples; methods without a layer are refused', async (t) => {
  const seen: string[] = [];
  const batch = { onProgress: (done: number, total: number) => seen.push(`${done}/${total}`) };
  await mapsOf(multiLayer, fakeClassifier(), inputs, { targets, batch });
  t.is(seen.at(-1), '4/4');
  for (const options of [{ of: 'saliency' }, { layers: [] }]) {
    const error = await t.throwsAsync(mapsOf(multiLayer, fakeClassifier(), inputs, { options }));
    t.true(isWhylensError(error, 'INVALID_OPTION'), error?.message);
  }
});

test('sizes that only padding gives are not layers of their own', (t) => {
  const { layers, ...rest } = fakeClassifier().describe();
  const at = layers.findIndex(({ path }) => path === 'relu1') + 1;
  const padding = {
    path: 'padding',
    kind: 'ZeroPadding2D',
    shape: [7, 9, 4],
    parameters: 0,
    inputs: ['relu1'],
  };
  const padded = [...layers.slice(0, at), padding, ...layers.slice(at)];
  t.deepEqual(stageLayers({ ...rest, layers: padded }), ['relu2', 'relu1']);
  t.deepEqual(stageLayers({ ...rest, layers: padded }, 1), ['relu2']);
  const none = padded.map((layer) => ({ ...layer, parameters: 0 }));
  t.deepEqual(stageLayers({ ...rest, layers: none }), ['relu2', 'padding', 'relu1']);
});
