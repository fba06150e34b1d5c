import test from 'ava';
import { rise } from '../../explainers/rise.js';
import { randomMask } from '../../src/maths/random-masks.js';
import { seededRandom } from '../../src/maths/random.js';
import { resizeMap } from '../../src/maths/resize.js';
import { ndSamples } from '../../src/model/interface.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { linearModel } from '../helpers/linear-model.js';

const method = rise;

/** The paper's mask, literally: enlarge the whole grid, then crop. */
function maskByHand(height: number, width: number, cells: number, p: number, seed: number) {
  const random = seededRandom(seed);
  const grid = Float32Array.from({ length: cells * cells }, () => (random.uniform() < p ? 1 : 0));
  const [ch, cw] = [Math.ceil(height / cells), Math.ceil(width / cells)];
  const [oy, ox] = [random.integer(ch), random.integer(cw)];
  const large = resizeMap({ shape: [cells, cells], data: grid }, [
    (cells + 1) * ch,
    (cells + 1) * cw,
  ]);
  const data = new Float32Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data[y * width + x] = large.data[(y + oy) * (cells + 1) * cw + x + ox];
  return data;
}

test('a mask is a crop of an enlarged grid, at an offset of its own', (t) => {
  const options = { cells: 3, probability: 0.4, seed: 5 };
  const offsets = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const mask = randomMask([10, 13], i, options);
    const expected = maskByHand(10, 13, 3, 0.4, 5 + i / 2 ** 20);
    closeTo(t, { shape: [130], data: mask }, { shape: [130], data: expected }, 1e-6);
    const random = seededRandom(5 + i / 2 ** 20);
    for (let k = 0; k < 9; k++) random.uniform();
    offsets.add(`${random.integer(4)} ${random.integer(5)}`);
  }
  t.true(offsets.size > 8, 'offsets differ from mask to mask');
});

test('masks keep about the share they should', (t) => {
  let sum = 0;
  for (let i = 0; i < 300; i++) {
    sum += randomMask([8, 8], i, { cells: 4, probability: 0.3, seed: 0 }).reduce((a, b) => a + b);
  }
  t.true(Math.abs(sum / 300 / 64 - 0.3) < 0.02);
});

test('equals the weighted mean of the definition', async (t) => {
  const x = fakeInputs([6, 8, 3], 2);
  const options = { masks: 25, cells: 3, probability: 0.6, baseline: -0.25 };
  const { maps } = await mapsOf(method, fakeClassifier(), x, {
    targets: [classTarget(3), classTarget(1)],
    seed: 2,
    options,
  });
  const model = fakeClassifier();
  for (const n of [0, 1]) {
    for (const [k, c] of [3, 1].entries()) {
      const top = new Float64Array(48);
      const bottom = new Float64Array(48);
      for (let i = 0; i < 25; i++) {
        const mask = maskByHand(6, 8, 3, 0.6, 2 + i / 2 ** 20);
        const data = x.data
          .slice(n * 144, (n + 1) * 144)
          .map((v, at) => v * mask[Math.floor(at / 3)] - 0.25 * (1 - mask[Math.floor(at / 3)]));
        const { outputs } = await model.run({
          inputs: [ndSamples({ shape: [1, 6, 8, 3], data })],
        });
        mask.forEach((m, p) => {
          top[p] += m * outputs[0].logits.data[c];
          bottom[p] += m;
        });
      }
      closeTo(t, maps[n][k], { shape: [6, 8], data: top.map((v, p) => v / bottom[p]) });
    }
  }
});

test('a model that looks at nothing gives a flat map at its score', async (t) => {
  const model = linearModel([2, 3, 1], [[0], [0], [0], [0], [0], [0]], [7]);
  const { maps } = await mapsOf(method, model, fakeInputs([2, 3, 1]), {
    targets: [classTarget(0)],
    options: { masks: 40, cells: 2 },
  });
  closeTo(t, maps[0][0], { shape: [2, 3], data: new Float32Array(6).fill(7) });
});

test('the place that matters stands out, and every option changes the map', async (t) => {
  const kernel = Array.from({ length: 30 }, (_, i) => [i === 13 ? 5 : 0]);
  const model = linearModel([5, 6, 1], kernel);
  const x = { shape: [1, 5, 6, 1], data: new Float32Array(30).fill(1) };
  const run = async (options: Record<string, unknown>, seed = 0) =>
    (
      await mapsOf(method, model, x, {
        targets: [classTarget(0)],
        seed,
        options: { masks: 200, cells: 4, baseline: 0, ...options },
      })
    ).maps[0][0].data;
  const plain = await run({});
  const top = plain.indexOf(Math.max(...plain));
  t.true(Math.abs((top % 6) - 1) <= 1 && Math.abs(Math.floor(top / 6) - 2) <= 1, `at ${top}`);
  for (const other of [{ masks: 201 }, { cells: 3 }, { probability: 0.3 }, { baseline: 0.5 }]) {
    t.notDeepEqual(await run(other), plain);
  }
  t.notDeepEqual(await run({}, 1), plain);
  t.deepEqual(await run({}), plain);
});

test('memory is flat in the number of masks', async (t) => {
  const model = linearModel([2, 3, 1], [[1], [0], [0], [0], [0], [2]]);
  const progress: number[] = [];
  await mapsOf(method, model, fakeInputs([2, 3, 1]), {
    targets: [classTarget(0)],
    options: { masks: 10, cells: 2 },
    batch: { batchSize: 4, onProgress: (done) => progress.push(done) },
  });
  t.deepEqual(progress, [4, 8, 10]);
  t.is(model.ran.samples, 11);
});
