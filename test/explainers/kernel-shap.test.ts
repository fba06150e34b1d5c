import test from 'ava';
import { kernelShap } from '../../explainers/kernel-shap.js';
import { gridSegments } from '../../src/maths/segments.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';
import { regionScore } from '../helpers/regions.js';

const method = kernelShap;
const targets = [classTarget(0)];

interface Facts {
  readonly regions: number;
  readonly baselineScore: readonly number[];
  readonly completenessGap: readonly number[];
}

/** Shapley values by their definition: the mean gain over all orders, by subsets. */
async function shapleyByDefinition(
  players: number,
  score: (coalition: readonly number[]) => Promise<number>,
): Promise<number[]> {
  const row = (bits: number) => Array.from({ length: players }, (_, i) => (bits >> i) & 1);
  const scores: number[] = [];
  for (let bits = 0; bits < 2 ** players; bits++) scores.push(await score(row(bits)));
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return Array.from({ length: players }, (_, i) => {
    let value = 0;
    for (let bits = 0; bits < 2 ** players; bits++) {
      if ((bits >> i) & 1) continue;
      const size = row(bits).reduce((a, b) => a + b, 0);
      const share = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      value += share * (scores[bits | (1 << i)] - scores[bits]);
    }
    return value;
  });
}

test('by hand: on a linear model a region has what its values add', async (t) => {
  const model = linearModel([1, 4, 1], [[1], [2], [3], [4]], [9]);
  const x = { shape: [1, 1, 4, 1], data: Float32Array.of(1, -2, 3, 4) };
  const { maps, facts } = await mapsOf(method, model, x, {
    targets,
    options: { segments: [0, 0, 1, 2], baseline: 0 },
  });
  closeTo(t, maps[0][0], mapOf([[-3, -3, 9, 16]]));
  const [{ regions, baselineScore, completenessGap }] = facts as unknown as Facts[];
  t.is(regions, 3);
  t.deepEqual(baselineScore, [9]);
  t.true(Math.abs(completenessGap[0]) < 1e-12);
  // plain, empty, and the six between
  t.is(model.ran.samples, 2 + 6);
});

test('with every coalition run the values are the Shapley values', async (t) => {
  const x = fakeInputs([6, 8, 3], 2);
  const { maps } = await mapsOf(method, fakeClassifier(), x, {
    targets: [classTarget(2), classTarget(1)],
    options: { segments: '2x3', baseline: -0.5 },
  });
  const { labels } = gridSegments([6, 8], [2, 3]);
  for (const n of [0, 1]) {
    const sample = { shape: [6, 8, 3], data: x.data.slice(n * 144, (n + 1) * 144) };
    for (const [k, c] of [2, 1].entries()) {
      const values = await shapleyByDefinition(
        6,
        regionScore(fakeClassifier(), sample, labels, -0.5, c),
      );
      const expected = Float32Array.from(labels, (label) => values[label]);
      closeTo(t, maps[n][k], { shape: [6, 8], data: expected }, 1e-5);
    }
  }
});

test('with fewer samples the sum is still exact and the values near', async (t) => {
  const x = fakeInputs([6, 8, 3]);
  const sample = { shape: [6, 8, 3], data: x.data };
  const { labels } = gridSegments([6, 8], [2, 4]);
  const score = regionScore(fakeClassifier(), sample, labels, 0, 3);
  const values = await shapleyByDefinition(8, score);
  const gain =
    (await score(new Array<number>(8).fill(1))) - (await score(new Array<number>(8).fill(0)));
  const { maps, facts } = await mapsOf(method, fakeClassifier(), x, {
    targets: [classTarget(3)],
    options: { segments: '2x4', baseline: 0, samples: 80 },
  });
  const got = Array.from({ length: 8 }, (_, i) => maps[0][0].data[labels.indexOf(i)]);
  t.true(Math.abs(got.reduce((a, b) => a + b) - gain) < 1e-6);
  t.true(Math.abs((facts as unknown as Facts[])[0].completenessGap[0]) < 1e-12);
  const scale = Math.max(...values.map(Math.abs));
  got.forEach((v, i) => t.true(Math.abs(v - values[i]) < 0.15 * scale));
});

test('one region has all of it, a region like the baseline nothing', async (t) => {
  const model = linearModel([1, 3, 1], [[1], [2], [3]], [1]);
  const x = { shape: [1, 1, 3, 1], data: Float32Array.of(0, 0, 5) };
  const one = await mapsOf(method, model, x, { targets, options: { segments: 1, baseline: 0 } });
  closeTo(t, one.maps[0][0], mapOf([[15, 15, 15]]));
  model.ran.samples = 0;
  const two = await mapsOf(method, model, x, {
    targets,
    options: { segments: [0, 1, 2], baseline: 0 },
  });
  closeTo(t, two.maps[0][0], mapOf([[0, 0, 15]]));
  t.is(model.ran.samples, 2);
});

test('every option changes the map, the same seed repeats it', async (t) => {
  const x = fakeInputs([6, 8, 3]);
  const run = async (options: Record<string, unknown>, seed = 0) =>
    (
      await mapsOf(method, fakeClassifier(), x, {
        targets,
        seed,
        options: { samples: 60, segments: '3x4', ...options },
      })
    ).maps[0][0].data;
  const plain = await run({});
  t.deepEqual(await run({}), plain);
  t.notDeepEqual(await run({}, 1), plain);
  for (const other of [{ samples: 90 }, { segments: 12 }, { baseline: 0.3 }]) {
    t.notDeepEqual(await run(other), plain, JSON.stringify(other));
  }
});

test('a picture that is the baseline gives zeros and says so', async (t) => {
  const x = { shape: [1, 6, 8, 3], data: new Float32Array(144).fill(0.5) };
  const { maps, warnings } = await mapsOf(method, fakeClassifier(), x, { targets });
  t.true(maps[0][0].data.every((v) => v === 0));
  t.regex(warnings[0], /equals the baseline everywhere/);
});
