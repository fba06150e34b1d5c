import test from 'ava';
import {
  gridSegments,
  isSegmentChoice,
  parseSegments,
  segmentsOf,
} from '../../src/maths/segments.js';
import { slic } from '../../src/maths/slic.js';

/** A dark disc left of the middle of a brighter picture, 30 × 40. */
function disc() {
  const data = new Float32Array(30 * 40 * 3);
  const inside: boolean[] = [];
  for (let y = 0; y < 30; y++) {
    for (let x = 0; x < 40; x++) {
      const within = (y - 14) ** 2 + (x - 15) ** 2 < 81;
      inside.push(within);
      data.set(within ? [0.1, -0.2, 0] : [0.9, 0.8, 0.7], (y * 40 + x) * 3);
    }
  }
  return { sample: { shape: [30, 40, 3], data }, inside };
}

test('superpixels keep to the edges of what is in the picture', (t) => {
  const { sample, inside } = disc();
  const { labels, count } = slic(sample, { count: 24 });
  const members = Array.from({ length: count }, () => [0, 0]);
  labels.forEach((label, p) => members[label][inside[p] ? 1 : 0]++);
  const mixed = members.reduce((sum, [out, within]) => sum + Math.min(out, within), 0);
  t.is(mixed, 0);
  // a grid of as many cells mixes
  const grid = gridSegments([30, 40], [4, 6]);
  const cells = Array.from({ length: 24 }, () => [0, 0]);
  grid.labels.forEach((label, p) => cells[label][inside[p] ? 1 : 0]++);
  t.true(cells.reduce((sum, [out, within]) => sum + Math.min(out, within), 0) > 20);
});

test('regions hang together, are numbered without gaps, and are about as many as asked for', (t) => {
  const noise = Float32Array.from({ length: 30 * 40 * 3 }, (_, i) => Math.sin(i * i));
  for (const sample of [disc().sample, { shape: [30, 40, 3], data: noise }]) {
    for (const wanted of [6, 24, 60]) {
      const { labels, count, shape } = slic(sample, { count: wanted });
      t.deepEqual(shape, [30, 40]);
      // in pure noise hardly anything hangs together
      const fewest = sample.data === noise ? wanted / 4 : wanted / 2;
      t.true(count >= fewest && count <= wanted * 2, `${count} for ${wanted}`);
      t.deepEqual(
        [...new Set(labels)].sort((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      );
      for (let label = 0; label < count; label++) {
        const all = [...labels.keys()].filter((p) => labels[p] === label);
        const met = new Set([all[0]]);
        for (const p of met) {
          for (const q of [p - 40, p + 40, p % 40 > 0 ? p - 1 : -1, p % 40 < 39 ? p + 1 : -1]) {
            if (labels[q] === label) met.add(q);
          }
        }
        t.is(met.size, all.length);
      }
    }
  }
});

test('a flat picture falls into equal squares, whatever the compactness', (t) => {
  const { labels, count } = slic({ shape: [8, 12, 1], data: new Float32Array(96) }, { count: 6 });
  t.is(count, 6);
  const sizes = Array.from({ length: 6 }, (_, i) => labels.filter((l) => l === i).length);
  t.deepEqual(sizes, [16, 16, 16, 16, 16, 16]);
});

test('compactness weighs place against likeness', (t) => {
  const { sample } = disc();
  const loose = slic(sample, { count: 24 });
  t.deepEqual(slic(sample, { count: 24, compactness: 0.2 }), loose);
  t.notDeepEqual(slic(sample, { count: 24, compactness: 30 }).labels, loose.labels);
});

test('signals and volumes have segments too', (t) => {
  const signal = Float32Array.from({ length: 20 }, (_, i) => (i < 7 ? 1 : 5));
  const one = slic({ shape: [20, 1], data: signal }, { count: 2 });
  t.deepEqual(
    [...one.labels],
    [...signal].map((v) => (v === 1 ? 0 : 1)),
  );
  const volume = slic({ shape: [4, 6, 8, 1], data: new Float32Array(192) }, { count: 24 });
  t.is(volume.count, 24);
});

test('by hand: cells of a grid that does not divide the picture', (t) => {
  const { labels, count } = gridSegments([3, 5], [2, 2]);
  t.is(count, 4);
  t.deepEqual([...labels], [0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3]);
  t.throws(() => gridSegments([3, 5], [4, 1]), { code: 'INVALID_OPTION' });
  t.throws(() => gridSegments([3, 5], [1, 1, 1]), { code: 'INVALID_OPTION' });
});

test('given regions are renumbered in the order they appear', (t) => {
  const sample = { shape: [2, 2, 3], data: new Float32Array(12) };
  const { labels, count } = segmentsOf([[7, -1] as never, [7, 300] as never], sample);
  t.deepEqual([...labels], [0, 1, 0, 2]);
  t.is(count, 3);
  t.throws(() => segmentsOf([1, 2, 3], sample), { message: /4 positions \[2, 2\], got 3/ });
});

test('what segments may be, in code and as text', (t) => {
  t.is(parseSegments('50'), 50);
  t.is(parseSegments('7x9'), '7x9');
  for (const good of [1, '7x7', '3', [0, 1], new Int32Array(3)]) t.true(isSegmentChoice(good));
  for (const bad of [0, 2.5, '0x3', 'seven', [], [0.5], null]) t.false(isSegmentChoice(bad));
});
