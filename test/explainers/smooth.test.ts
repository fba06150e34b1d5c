import test from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { gradientXInput } from '../../explainers/gradient-x-input.js';
import { saliency } from '../../explainers/saliency.js';
import { smoothing, smooth } from '../../explainers/smooth.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import { seededRandom } from '../../src/maths/random.js';
import type { DifferentiateRequest } from '../../src/model/interface.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo } from '../helpers/close.js';
import { mapsOf, type ContextOptions } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';

const targets = [classTarget(1), classTarget(3)];
const registry = registryOf(createContainer());
const smoothed = (of: string) => registry.explainerFor('smooth', { of });

test('without noise it is the method itself, run once', async (t) => {
  for (const inner of [saliency, gradCam]) {
    const plain = await mapsOf(inner, fakeClassifier(), fakeInputs([6, 8, 3], 2), { targets });
    const model = fakeClassifier();
    const { maps } = await mapsOf(smooth(inner), model, fakeInputs([6, 8, 3], 2), {
      targets,
      options: { sigma: 0 },
    });
    t.deepEqual(maps, plain.maps);
    t.is(model.ran.samples, 2);
  }
});

test('equals the mean over copies made by hand, noise counted in the range of the input', async (t) => {
  const model = linearModel([1, 3, 2], [[1], [-3], [0.5], [0], [2], [2]]);
  const x = { shape: [1, 1, 3, 2], data: Float32Array.of(5, 6, 8, 7, 9, -11) };
  const kernel = [1, -3, 0.5, 0, 2, 2];
  const expected = new Float64Array(3);
  for (let copy = 0; copy < 11; copy++) {
    const random = seededRandom(4 + copy / 2 ** 20);
    // no range is known: that of the sample is 20
    kernel.forEach((w, i) => {
      const noisy = Math.fround(x.data[i] + 0.1 * 20 * random.normal());
      expected[Math.floor(i / 2)] += (w * noisy) / 11;
    });
  }
  const { maps } = await mapsOf(smooth(gradientXInput), model, x, {
    targets: [classTarget(0)],
    seed: 4,
    options: { n: 11, sigma: 0.1 },
  });
  closeTo(t, maps[0][0], { shape: [1, 3], data: expected });
});

test('on a linear model the noise shifts a map in proportion to sigma and to the range', async (t) => {
  const model = linearModel([1, 3, 1], [[1], [-3], [2]]);
  const x = { shape: [1, 1, 3, 1], data: Float32Array.of(0.5, -0.25, 0) };
  const shift = async (sigma: number, inputRange: [number, number]) => {
    const { maps } = await mapsOf(smooth(gradientXInput), model, x, {
      targets: [classTarget(0)],
      inputRange,
      options: { sigma },
    });
    return maps[0][0].data.map((v, i) => v - [0.5, 0.75, 0][i]);
  };
  const once = await shift(0.1, [-1, 1]);
  const twice = await shift(0.2, [-1, 1]);
  const wide = await shift(0.1, [-3, 1]);
  once.forEach((v, i) => {
    t.true(Math.abs(2 * v - twice[i]) < 1e-6);
    t.true(Math.abs(2 * v - wide[i]) < 1e-6);
    t.true(Math.abs(v) > 1e-3);
  });
});

test('mean square minus squared mean is the variance', async (t) => {
  const of = async (combine: string) =>
    (
      await mapsOf(smooth(saliency), fakeClassifier(), fakeInputs([6, 8, 3]), {
        targets,
        options: { combine, n: 9 },
      })
    ).maps[0][1].data;
  const [mean, square, variance] = [await of('mean'), await of('square'), await of('variance')];
  variance.forEach((v, i) => t.true(Math.abs(square[i] - mean[i] ** 2 - v) < 1e-6));
  t.true(variance.some((v) => v > 1e-3));
});

test('a batch gives what single calls give, however the copies are grouped', async (t) => {
  const x = fakeInputs([6, 8, 3], 2);
  const method = smooth(gradCam);
  const run = async (inputs: typeof x, more: ContextOptions = {}) =>
    (await mapsOf(method, fakeClassifier(), inputs, { targets, options: { n: 10 }, ...more })).maps;
  const batch = await run(x);
  for (const n of [0, 1]) {
    const sample = sampleOf(x, n);
    const single = await run({ shape: [1, ...sample.shape], data: sample.data });
    t.deepEqual(single[0], batch[n]);
  }
  t.deepEqual(await run(x, { batch: { batchSize: 3 } }), batch);
  t.notDeepEqual(await run(x, { seed: 1 }), batch);
  t.notDeepEqual(await run(x, { options: { n: 11 } }), batch);
});

test('more copies take no more memory: the method never sees more than eight', async (t) => {
  for (const n of [25, 100]) {
    const model = linearModel([1, 3, 1], [[1], [-3], [2]]);
    let largest = 0;
    const spy = {
      ...model,
      differentiate(request: DifferentiateRequest) {
        largest = Math.max(largest, request.inputs[0].count);
        return model.differentiate(request);
      },
    };
    const progress: [number, number][] = [];
    await mapsOf(smooth(saliency), spy, fakeInputs([1, 3, 1]), {
      targets: [classTarget(0)],
      options: { n },
      batch: { onProgress: (done, total) => progress.push([done, total]) },
    });
    t.is(largest, 8);
    t.deepEqual(progress.at(-1), [n, n]);
    t.deepEqual(
      progress,
      [...progress].sort((a, b) => a[0] - b[0]),
    );
  }
});

test('an abort says how many copies were done', async (t) => {
  const controller = new AbortController();
  const error = await t.throwsAsync(
    mapsOf(smooth(saliency), fakeClassifier(), fakeInputs([6, 8, 3]), {
      targets,
      batch: {
        signal: controller.signal,
        onProgress: (done) => done >= 8 && controller.abort(),
      },
    }),
    { code: 'ABORTED' },
  );
  t.deepEqual((error as unknown as { facts: object }).facts, { done: 8, total: 25 });
});

test('chosen by id, it has the needs and options of the method that it wraps', async (t) => {
  const cam = smoothed('grad-cam');
  t.is(cam.id, 'smooth');
  t.true(cam.needs.layer);
  t.deepEqual(smoothed('saliency').needs, { gradients: true });
  const x = fakeInputs([6, 8, 3]);
  const run = async (options: Record<string, unknown>) =>
    (
      await mapsOf(smoothed('saliency'), fakeClassifier(), x, {
        targets,
        options: { n: 3, ...options },
      })
    ).maps[0][0];
  t.notDeepEqual(await run({ reduce: 'mean' }), await run({}));
  // used as it is, without being made special first, it works on its default layer
  const direct = await mapsOf(smoothing, fakeClassifier(), x, {
    targets,
    options: { of: 'grad-cam', n: 3 },
  });
  const special = await mapsOf(cam, fakeClassifier(), x, { targets, options: { n: 3 } });
  t.deepEqual(direct.maps, special.maps);
  const byName = await mapsOf(smooth('grad-cam'), fakeClassifier(), x, {
    targets,
    options: { n: 3 },
  });
  t.deepEqual(byName.maps, special.maps);
});

test('a method that gives no maps is refused', async (t) => {
  const records = {
    ...saliency,
    id: 'records',
    explain: async () => ({ kind: 'records' as const, explanations: [] }),
  };
  await t.throwsAsync(mapsOf(smooth(records), fakeClassifier(), fakeInputs([6, 8, 3])), {
    code: 'INVALID_OPTION',
    message: /gives records/,
  });
});
