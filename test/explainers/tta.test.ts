import test from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { gradientXInput } from '../../explainers/gradient-x-input.js';
import { saliency } from '../../explainers/saliency.js';
import { testTimeAugmentation, tta } from '../../explainers/tta.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { flipAxis } from '../../src/maths/augment.js';
import { resizeMap } from '../../src/maths/resize.js';
import { classTarget, topClass } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';

const targets = [classTarget(0)];

test('the upright picture alone is the method at the size of the input, run once', async (t) => {
  const model = fakeClassifier();
  const x = fakeInputs([6, 8, 3], 2);
  const { maps, outputs } = await mapsOf(tta(gradCam), model, x, {
    targets,
    options: { scales: [1], flip: 'none' },
  });
  t.is(model.ran.samples, 2);
  const plain = await mapsOf(gradCam, fakeClassifier(), x, { targets });
  t.deepEqual(outputs, plain.outputs);
  for (const n of [0, 1]) closeTo(t, maps[n][0], resizeMap(plain.maps[n][0], [6, 8]));
});

test('by hand: a mirror image sees the mirrored weights', async (t) => {
  const model = linearModel([2, 3, 1], [[1], [2], [6], [-1], [5], [3]]);
  const x = { shape: [1, 2, 3, 1], data: Float32Array.of(1, 1, 2, 1, 1, 1) };
  const run = async (flip: string) =>
    (await mapsOf(tta(gradientXInput), model, x, { targets, options: { scales: [1], flip } }))
      .maps[0][0];
  closeTo(
    t,
    await run('horizontal'),
    mapOf([
      [3.5, 2, 7],
      [1, 5, 1],
    ]),
  );
  closeTo(
    t,
    await run('vertical'),
    mapOf([
      [0, 3.5, 9],
      [0, 3.5, 4.5],
    ]),
  );
  closeTo(
    t,
    await run('both'),
    mapOf([
      [9 / 4, 14 / 4, 18 / 4],
      [9 / 4, 14 / 4, 9 / 4],
    ]),
  );
});

test('by hand: every position is divided by the number of terms that reached it', async (t) => {
  const model = linearModel([1, 4, 1], [[1], [2], [3], [4]]);
  const x = { shape: [1, 1, 4, 1], data: Float32Array.of(1, 2, 3, 4) };
  const run = async (scales: number[]) =>
    (await mapsOf(tta(saliency), model, x, { targets, options: { scales, flip: 'none' } }))
      .maps[0][0];
  // enlarged twice, the map [1, 2, 3, 4] belongs to the middle half: 1.5 and 3.5 there
  closeTo(t, await run([1, 2]), mapOf([[1, 1.75, 3.25, 4]]));
  closeTo(t, await run([2]), mapOf([[0, 1.5, 3.5, 0]]));
  closeTo(t, await run([0.5]), mapOf([[1.75, 2.25, 2.75, 3.25]]));
});

test('where an enlarged term ends there is no seam', async (t) => {
  const weights = Array.from({ length: 64 }, (_, i) => [i]);
  const model = linearModel([1, 64, 1], weights);
  const x = { shape: [1, 1, 64, 1], data: new Float32Array(64).fill(1) };
  const steps = async (scales: number[]) => {
    const { maps } = await mapsOf(tta(saliency), model, x, {
      targets,
      options: { scales, flip: 'none' },
    });
    const { data } = maps[0][0];
    return Math.max(...Array.from(data.subarray(1), (value, i) => Math.abs(value - data[i])));
  };
  // at position 16 the plain map is 16 and the enlarged one 0: a hard edge is a step of 8
  t.true((await steps([1, 2])) < 3);
  t.true((await steps([2])) < 10, 'it also fades out where nothing else reaches');
});

test('a model of free size is fed inputs of other sizes', async (t) => {
  const model = fakeClassifier();
  const description = model.describe();
  const free = {
    ...model,
    describe: () => ({
      ...description,
      inputs: [{ ...description.inputs[0], shape: [null, null, 3] }],
    }),
  };
  const x = fakeInputs([6, 8, 3]);
  const { maps, facts } = await mapsOf(tta(gradCam), free, x, {
    targets,
    layer: 'relu1',
    options: { scales: [1, 1.5] },
  });
  t.deepEqual(facts, { terms: 4, zoom: 'input' });
  const expected = new Float64Array(48);
  for (const size of [
    [6, 8],
    [9, 12],
  ]) {
    for (const mirrored of [false, true]) {
      const sample = { shape: [6, 8, 3], data: x.data };
      const turned = resizeMap(mirrored ? flipAxis(sample, 1) : sample, [...size, 3]);
      const inputs = { shape: [1, ...turned.shape], data: turned.data };
      const plain = await mapsOf(gradCam, model, inputs, { targets, layer: 'relu1' });
      const back = resizeMap(plain.maps[0][0], [6, 8]);
      (mirrored ? flipAxis(back, 1) : back).data.forEach((v, i) => (expected[i] += v / 4));
    }
  }
  closeTo(t, maps[0][0], { shape: [6, 8], data: expected });
  const framed = await mapsOf(tta(gradCam), free, x, {
    targets,
    layer: 'relu1',
    options: { scales: [1, 1.5], zoom: 'frame' },
  });
  t.notDeepEqual(framed.maps, maps);
});

test('the top class is that of the upright picture in every term', async (t) => {
  const x = fakeInputs([6, 8, 3], 2);
  const options = { scales: [0.5, 2] };
  const top = await mapsOf(tta(saliency), fakeClassifier(), x, {
    targets: [topClass()],
    options,
  });
  const logits = top.outputs[0].logits.data;
  for (const n of [0, 1]) {
    const row = [...logits.subarray(4 * n, 4 * n + 4)];
    const named = await mapsOf(tta(saliency), fakeClassifier(), x, {
      targets: [classTarget(row.indexOf(Math.max(...row)))],
      options,
    });
    t.deepEqual(named.maps[n], top.maps[n]);
  }
});

test('refuses what cannot be averaged', async (t) => {
  const run = (options: Record<string, unknown>, shape = [6, 8, 3]) =>
    mapsOf(
      tta(saliency),
      shape.length === 3 ? fakeClassifier() : linearModel([3, 2], [[1], [1], [1], [1], [1], [1]]),
      fakeInputs(shape),
      { options },
    );
  await t.throwsAsync(run({ scales: [] }), { code: 'INVALID_OPTION', message: /at least one/ });
  await t.throwsAsync(run({ scales: [1, 0] }), { code: 'INVALID_OPTION' });
  await t.throwsAsync(run({ flip: 'both' }, [3, 2]), { code: 'INVALID_OPTION' });
});

test('chosen by id, it has the needs and options of the method that it wraps', async (t) => {
  const registry = registryOf(createContainer());
  const special = registry.explainerFor('tta', {});
  t.true(special.needs.layer);
  const x = fakeInputs([6, 8, 3]);
  const options = { scales: [1] };
  const { maps } = await mapsOf(special, fakeClassifier(), x, { targets, options });
  const direct = await mapsOf(testTimeAugmentation, fakeClassifier(), x, { targets, options });
  t.deepEqual(direct.maps, maps);
  const named = await mapsOf(tta('grad-cam'), fakeClassifier(), x, { targets, options });
  t.deepEqual(named.maps, maps);
  const other = registry.explainerFor('tta', { of: 'saliency' });
  t.notDeepEqual((await mapsOf(other, fakeClassifier(), x, { targets, options })).maps, maps);
});
