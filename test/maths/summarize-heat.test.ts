import test from 'ava';
import { heatBox, summarizeHeat } from '../../src/maths/summarize-heat.js';
import { seededRandom as random } from '../helpers/lcg.js';

const map = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) });

test('centre, box and strongest cells of a lopsided signed map', (t) => {
  // prettier-ignore
  const heat = summarizeHeat(map([2, 4], [
    0, 1, 0, -4,
    0, 2, 5, 0,
  ]));
  t.deepEqual(heat.highest, { index: [1, 2], value: 5 });
  t.deepEqual(heat.lowest, { index: [0, 3], value: -4 });
  t.is(heat.positive, 8);
  t.is(heat.negative, -4);
  // rows: (1·0.5 + 7·1.5) / 8, columns: (3·1.5 + 5·2.5) / 8
  t.deepEqual(heat.centre, [11 / 8, 17 / 8]);
  t.deepEqual(heat.box, { from: [1, 2], to: [2, 3], share: 5 / 8 });
  t.deepEqual(heatBox(map([2, 4], [0, 1, 0, -4, 0, 2, 5, 0]), 0.8), {
    from: [1, 1],
    to: [2, 3],
    share: 7 / 8,
  });
});

test('a map without positive values has neither centre nor box', (t) => {
  const heat = summarizeHeat(map([2, 3], [0, -1, 0, 0, 0, -2]));
  t.is(heat.centre, undefined);
  t.is(heat.box, undefined);
  t.deepEqual(heat.lowest, { index: [1, 2], value: -2 });
});

test('the whole mass needs the whole extent', (t) => {
  t.deepEqual(heatBox(map([1, 5], [0, 1, 0, 1, 0]), 1), { from: [0, 1], to: [1, 4], share: 1 });
});

test('signals and volumes have as many axes as they have', (t) => {
  t.deepEqual(heatBox(map([6], [1, 0, 3, 4, 0, 2])), { from: [2], to: [4], share: 0.7 });
  const volume = map([2, 2, 3], [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 4]);
  t.deepEqual(heatBox(volume), { from: [1, 1, 1], to: [2, 2, 3], share: 8 / 9 });
});

test('of all boxes none is smaller: compared with trying every box', (t) => {
  const next = random(5);
  for (let round = 0; round < 40; round++) {
    const [h, w] = [2 + (round % 4), 3 + (round % 5)];
    const heat = map(
      [h, w],
      Array.from({ length: h * w }, () => Math.floor(next() * 9) - 3),
    );
    const total = heat.data.reduce((sum, value) => sum + Math.max(value, 0), 0);
    if (total === 0) continue;
    let best = { cells: Infinity, held: 0 };
    for (let y0 = 0; y0 < h; y0++)
      for (let y1 = y0 + 1; y1 <= h; y1++)
        for (let x0 = 0; x0 < w; x0++)
          for (let x1 = x0 + 1; x1 <= w; x1++) {
            let held = 0;
            for (let y = y0; y < y1; y++)
              for (let x = x0; x < x1; x++) held += Math.max(heat.data[y * w + x], 0);
            const cells = (y1 - y0) * (x1 - x0);
            if (held * 2 < total) continue;
            if (cells < best.cells || (cells === best.cells && held > best.held))
              best = { cells, held };
          }
    const box = heatBox(heat)!;
    t.is((box.to[0] - box.from[0]) * (box.to[1] - box.from[1]), best.cells);
    t.is(box.share, best.held / total);
  }
});

test('long axes are searched in blocks: the box still holds its share', (t) => {
  const [h, w] = [2, 1000];
  const data = new Float32Array(h * w);
  data.fill(1, 1000 + 300, 1000 + 500);
  const box = heatBox({ shape: [h, w], data })!;
  t.true(box.share >= 0.5);
  t.is(box.from[0], 1);
  t.true(box.from[1] >= 297 && box.to[1] <= 506 && box.to[1] - box.from[1] <= 108);
});

test('refuses a share of 0 and values that do not fit their shape', (t) => {
  t.throws(() => heatBox(map([1, 1], [1]), 0), { message: /share must be above 0.*got 0/ });
  t.throws(() => summarizeHeat(map([2, 2], [1, 2, 3])), { message: /\[2, 2\] and 3 values/ });
});
