import test from 'ava';
import { lime } from '../../explainers/lime.js';
import { evenCoalitions } from '../../src/maths/coalitions.js';
import { cosineKernel } from '../../src/maths/lime.js';
import { gridSegments } from '../../src/maths/segments.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';
import { regionScore } from '../helpers/regions.js';

const method = lime;
const targets = [classTarget(0)];

test('by hand: on a linear model a region weighs what its values add', async (t) => {
  const model = linearModel([1, 4, 1], [[1], [2], [3], [4]], [9]);
  const x = { shape: [1, 1, 4, 1], data: Float32Array.of(1, -2, 3, 4) };
  const { maps, facts } = await mapsOf(method, model, x, {
    targets,
    options: { segments: [0, 0, 1, 2], baseline: 0, alpha: 0 },
  });
  closeTo(t, maps[0][0], mapOf([[-3, -3, 9, 16]]));
  const [{ regions, fit }] = facts as unknown as { regions: number; fit: number[] }[];
  t.is(regions, 3);
  t.true(Math.abs(fit[0] - 1) < 1e-9);
});

test('the kernel by hand: cosine distance to everything', (t) => {
  // one of four shown: d = 1 − 1/2
  t.is(cosineKernel([0, 1, 0, 0], 0.25), Math.sqrt(Math.exp(-0.25 / 0.0625)));
  t.is(cosineKernel([1, 1, 1], 0.25), 1);
  t.is(cosineKernel([0, 0], 0.5), Math.sqrt(Math.exp(-1 / 0.25)));
});

test('equals the regression of the paper, solved by elimination', async (t) => {
  const x = fakeInputs([6, 8, 3]);
  const sample = { shape: [6, 8, 3], data: x.data };
  const { maps } = await mapsOf(method, fakeClassifier(), x, {
    targets: [classTarget(1)],
    seed: 3,
    options: { segments: '2x4', baseline: 0, samples: 60, alpha: 0.5, kernelWidth: 0.4 },
  });
  const { labels } = gridSegments([6, 8], [2, 4]);
  const score = regionScore(fakeClassifier(), sample, labels, 0, 1);
  const { rows, weights } = evenCoalitions(8, 60, 3);
  const all = [
    ...rows.map((row, i) => ({ row: [...row], count: weights[i] })),
    { row: new Array<number>(8).fill(1), count: 1 },
  ];
  // unknowns: 8 weights and the intercept; one augmented row an equation
  const system = Array.from({ length: 9 }, (_, i) =>
    Array.from({ length: 10 }, (_, j) => (i === j && i < 8 ? 0.5 : 0)),
  );
  for (const { row, count } of all) {
    const shown = row.reduce((a, b) => a + b) / 8;
    const w = count * Math.sqrt(Math.exp(-((1 - Math.sqrt(shown)) ** 2) / 0.16));
    const design = [...row, 1];
    const y = await score(row);
    for (let i = 0; i < 9; i++) {
      for (let j = 0; j < 9; j++) system[i][j] += w * design[i] * design[j];
      system[i][9] += w * design[i] * y;
    }
  }
  for (let i = 0; i < 9; i++) {
    for (let k = 0; k < 9; k++) {
      if (k === i) continue;
      const factor = system[k][i] / system[i][i];
      for (let j = i; j < 10; j++) system[k][j] -= factor * system[i][j];
    }
  }
  const expected = Float32Array.from(labels, (label) => system[label][9] / system[label][label]);
  closeTo(t, maps[0][0], { shape: [6, 8], data: expected });
});

test('every option changes the map, the same seed repeats it', async (t) => {
  const x = fakeInputs([6, 8, 3]);
  const run = async (options: Record<string, unknown>, seed = 0) =>
    (
      await mapsOf(method, fakeClassifier(), x, {
        targets,
        seed,
        options: { samples: 50, segments: 8, ...options },
      })
    ).maps[0][0].data;
  const plain = await run({});
  t.deepEqual(await run({}), plain);
  t.notDeepEqual(await run({}, 1), plain);
  for (const other of [
    { samples: 60 },
    { segments: 12 },
    { segments: '2x2' },
    { baseline: 'blur' },
    { kernelWidth: 1 },
    { alpha: 0 },
  ]) {
    t.notDeepEqual(await run(other), plain, JSON.stringify(other));
  }
});

test('regions that are the baseline and repeated versions are not run', async (t) => {
  const model = linearModel([1, 4, 1], [[1], [2], [3], [4]]);
  const x = { shape: [1, 1, 4, 1], data: Float32Array.of(0, 0, 3, 4) };
  const { maps } = await mapsOf(method, model, x, {
    targets,
    options: { segments: [0, 1, 2, 3], baseline: 0, alpha: 0 },
  });
  // two regions are left: the plain run and three coalitions
  t.is(model.ran.samples, 1 + 3);
  closeTo(t, maps[0][0], mapOf([[0, 0, 9, 16]]));
});

test('a picture that is the baseline gives zeros and says so', async (t) => {
  const x = { shape: [1, 6, 8, 3], data: new Float32Array(144).fill(0.5) };
  const { maps, warnings } = await mapsOf(method, fakeClassifier(), x, { targets });
  t.true(maps[0][0].data.every((v) => v === 0));
  t.regex(warnings[0], /equals the baseline everywhere/);
});
