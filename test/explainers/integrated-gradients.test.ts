import test from 'ava';
import { integratedGradients } from '../../explainers/integrated-gradients.js';
import { total } from '../../src/maths/channels.js';
import { ndSamples, type DifferentiateRequest } from '../../src/model/interface.js';
import { classTarget, topClass } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { contextFor, mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel, quadraticModel } from '../helpers/linear-model.js';

const method = integratedGradients;
const targets = [classTarget(0)];
const gapOf = (facts: unknown, n = 0, t = 0) =>
  (facts as { completenessGap: number[] }[])[n].completenessGap[t];

test('by hand: on a linear model weight times the distance from the baseline', async (t) => {
  const model = linearModel([1, 3, 2], [[1], [-3], [0.5], [0], [2], [2]], [100]);
  const x = { shape: [1, 1, 3, 2], data: Float32Array.of(5, 6, 8, 7, 9, -10) };
  const zero = await mapsOf(method, model, x, { targets });
  closeTo(t, zero.maps[0][0], mapOf([[-13, 4, -2]]));
  // black where the range is known: every value is counted from −1
  const black = await mapsOf(method, model, x, { targets, inputRange: [-1, 1] });
  closeTo(t, black.maps[0][0], mapOf([[6 - 21, 4.5, 20 - 18]]));
  const perChannel = await mapsOf(method, model, x, { targets, options: { baseline: [5, 0] } });
  closeTo(t, perChannel.maps[0][0], mapOf([[-18, 1.5, 8 - 20]]));
  t.true(Math.abs(gapOf(perChannel.facts)) < 1e-5);
});

test('by hand: on a curved model the average slope along the path', async (t) => {
  const model = quadraticModel([2, 1, 1], [[3], [-2]]);
  const x = { shape: [1, 2, 1, 1], data: Float32Array.of(2, 4) };
  // ∫ w (1 + α x) x dα = w (x + x²/2): exact for any rule that is exact for lines
  for (const quadrature of ['trapezoid', 'gauss-legendre']) {
    const { maps, facts } = await mapsOf(method, model, x, {
      targets,
      options: { steps: 1, quadrature },
    });
    closeTo(t, maps[0][0], mapOf([[12], [-24]]));
    t.true(Math.abs(gapOf(facts)) < 1e-5);
  }
});

test('equals the sum of the definition, and its gap is what the sum misses', async (t) => {
  const model = fakeClassifier();
  const x = fakeInputs([6, 8, 3], 2);
  const steps = 7;
  const { maps, facts, outputs } = await mapsOf(method, model, x, {
    targets: [classTarget(1), topClass()],
    options: { steps, baseline: -0.5 },
  });
  const size = 6 * 8 * 3;
  for (const n of [0, 1]) {
    const sample = x.data.subarray(n * size, (n + 1) * size);
    const attribution = new Float64Array(size);
    let start = 0;
    for (let k = 0; k <= steps; k++) {
      const data = sample.map((v) => -0.5 + (k / steps) * (v + 0.5));
      const { gradients, scores } = await model.differentiate({
        inputs: [ndSamples({ shape: [1, 6, 8, 3], data })],
        targets: [classTarget(1)],
        wrt: ['picture'],
      });
      if (k === 0) start = scores[0][0];
      const weight = k === 0 || k === steps ? 0.5 / steps : 1 / steps;
      gradients.picture[0].data.forEach(
        (g, i) => (attribution[i] += weight * g * (sample[i] + 0.5)),
      );
    }
    const expected = new Float32Array(48);
    attribution.forEach((v, i) => (expected[Math.floor(i / 3)] += v));
    closeTo(t, maps[n][0], { shape: [6, 8], data: expected });
    const gap = total(attribution) - (outputs[0].logits.data[4 * n + 1] - start);
    t.true(Math.abs(gapOf(facts, n) - gap) < 1e-5);
  }
});

test('more steps and the Gauss–Legendre rule close the gap', async (t) => {
  const x = fakeInputs([6, 8, 3]);
  const gap = async (options: Record<string, unknown>) =>
    Math.abs(gapOf((await mapsOf(method, fakeClassifier(), x, { targets, options })).facts));
  t.true((await gap({ steps: 200 })) < (await gap({ steps: 2 })));
  t.not(await gap({ steps: 20, quadrature: 'gauss-legendre' }), await gap({ steps: 20 }));
  t.true((await gap({ steps: 200, quadrature: 'gauss-legendre' })) < 0.01);
});

test('differentiates each point of the path once and runs nothing beside them', async (t) => {
  const model = fakeClassifier();
  await mapsOf(method, model, fakeInputs([6, 8, 3], 2), { targets, options: { steps: 10 } });
  t.is(model.ran.samples, 2 * 11);
});

test('writes the path lazily and keeps no chunk', async (t) => {
  const model = fakeClassifier();
  let request: DifferentiateRequest | undefined;
  const spy = {
    ...model,
    differentiate: (r: DifferentiateRequest) => model.differentiate((request = r)),
  };
  const progress: number[] = [];
  const batch = { batchSize: 4, onProgress: (done: number) => progress.push(done) };
  await method.explain(
    contextFor(method, spy, fakeInputs([6, 8, 3]), { targets, batch, options: { steps: 9 } }),
  );
  t.is(typeof request!.onChunk, 'function');
  t.is(request!.batchSize, 4);
  t.deepEqual(progress, [4, 8, 10]);
});

test('refuses black without a range', async (t) => {
  await t.throwsAsync(
    mapsOf(method, fakeClassifier(), fakeInputs([6, 8, 3]), { options: { baseline: 'black' } }),
    { code: 'INVALID_OPTION' },
  );
});
