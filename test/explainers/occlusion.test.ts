import test from 'ava';
import { occlusion } from '../../explainers/occlusion.js';
import { slidingPatches } from '../../src/maths/patches.js';
import { ndSamples } from '../../src/model/interface.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf, type ContextOptions } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';

const method = occlusion;
const targets = [classTarget(0)];

test('by hand: the drop of every patch, averaged where patches overlap', async (t) => {
  const model = linearModel([1, 4, 1], [[1], [2], [3], [4]]);
  const x = { shape: [1, 1, 4, 1], data: Float32Array.of(1, 2, 3, 4) };
  const run = async (options: Record<string, unknown>, more: ContextOptions = {}) =>
    (await mapsOf(method, model, x, { targets, options, ...more })).maps[0][0];
  // drops 5, 13, 25
  closeTo(t, await run({ patch: 2, stride: 1, baseline: 0 }), mapOf([[5, 9, 19, 25]]));
  closeTo(t, await run({ patch: 1, stride: 1, baseline: 0 }), mapOf([[1, 4, 9, 16]]));
  // the mean colour is 2.5
  closeTo(t, await run({ patch: 1, stride: 1 }), mapOf([[-1.5, -1, 1.5, 6]]));
  closeTo(
    t,
    await run({ patch: [1, 3], stride: [1, 3], baseline: 'white' }, { inputRange: [0, 5] }),
    // patches at 0 and, flush with the edge, at 1
    mapOf([[-16, (-16 - 16) / 2, (-16 - 16) / 2, -16]]),
  );
});

test('patches cover the edges that the stride leaves', (t) => {
  const starts = (size: number, patch: number, stride: number) =>
    slidingPatches([size], [patch], [stride]).map(({ start }) => start[0]);
  t.deepEqual(starts(5, 2, 2), [0, 2, 3]);
  t.deepEqual(starts(4, 2, 2), [0, 2]);
  t.deepEqual(starts(3, 9, 1), [0]);
  t.is(slidingPatches([224, 224], [28, 28], [14, 14]).length, 225);
});

test('equals one run for each patch, done by hand', async (t) => {
  const x = fakeInputs([6, 8, 3], 2);
  const { maps, facts } = await mapsOf(method, fakeClassifier(), x, {
    targets: [classTarget(2), classTarget(0)],
    options: { patch: [2, 4], baseline: 0.5 },
  });
  t.deepEqual(facts, { patch: [2, 4], stride: [1, 2] });
  const model = fakeClassifier();
  const score = async (data: Float32Array, c: number) =>
    (await model.run({ inputs: [ndSamples({ shape: [1, 6, 8, 3], data })] })).outputs[0].logits
      .data[c];
  for (const n of [0, 1]) {
    for (const [k, c] of [2, 0].entries()) {
      const sample = x.data.slice(n * 144, (n + 1) * 144);
      const sum = new Float64Array(48);
      const hits = new Float64Array(48);
      for (let y = 0; y <= 4; y++) {
        for (let left = 0; left <= 4; left += 2) {
          const covered = sample.slice();
          const at: number[] = [];
          for (let i = 0; i < 2; i++) for (let j = 0; j < 4; j++) at.push((y + i) * 8 + left + j);
          for (const p of at) covered.fill(0.5, 3 * p, 3 * p + 3);
          const drop = (await score(sample, c)) - (await score(covered, c));
          for (const p of at) {
            sum[p] += drop;
            hits[p]++;
          }
        }
      }
      closeTo(t, maps[n][k], { shape: [6, 8], data: sum.map((v, p) => v / hits[p]) });
    }
  }
});

test('patches that change nothing are not run', async (t) => {
  const model = linearModel([1, 6, 1], [[1], [2], [3], [4], [5], [6]]);
  const x = { shape: [1, 1, 6, 1], data: Float32Array.of(0, 0, 0, 7, 0, 0) };
  const { maps } = await mapsOf(method, model, x, {
    targets,
    options: { patch: 2, stride: 2, baseline: 0 },
  });
  t.is(model.ran.samples, 1 + 1);
  closeTo(t, maps[0][0], mapOf([[0, 0, 28, 28, 0, 0]]));
});

test('a stride beyond the patch leaves zeros in the gaps', async (t) => {
  const model = linearModel([1, 5, 1], [[1], [1], [1], [1], [1]]);
  const x = { shape: [1, 1, 5, 1], data: Float32Array.of(1, 2, 3, 4, 5) };
  const { maps } = await mapsOf(method, model, x, {
    targets,
    options: { patch: 1, stride: 2, baseline: 0 },
  });
  closeTo(t, maps[0][0], mapOf([[1, 0, 3, 0, 5]]));
});

test('sizes that do not fit are refused', async (t) => {
  for (const patch of [0, 2.5, [], [1, 0], [1, 2, 3]]) {
    await t.throwsAsync(
      mapsOf(method, fakeClassifier(), fakeInputs([6, 8, 3]), { options: { patch } }),
      { code: 'INVALID_OPTION' },
    );
  }
});
