import test from 'ava';
import { flipAxis, unzoom, zoom } from '../../src/maths/augment.js';
import { RunningMaps } from '../../src/maths/running.js';

const sample = { shape: [2, 3, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) };

test('flipping reverses one axis, channels staying together, and undoes itself', (t) => {
  t.deepEqual([...flipAxis(sample, 1).data], [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7]);
  t.deepEqual([...flipAxis(sample, 0).data], [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
  t.deepEqual(flipAxis(flipAxis(sample, 1), 1), sample);
});

test('by hand: enlarging twice shows the middle half', (t) => {
  const line = { shape: [1, 4, 1], data: Float32Array.of(0, 10, 20, 40) };
  // pixel centres 0…3 read at 0.75, 1.25, 1.75, 2.25
  t.deepEqual([...zoom(line, 2).data], [7.5, 12.5, 17.5, 25]);
});

test('by hand: shrinking to the half leaves the mean around it', (t) => {
  const line = { shape: [1, 4, 1], data: Float32Array.of(0, 10, 20, 50) };
  // read at −1.5, 0.5, 2.5, 4.5: the outer two lie outside
  t.deepEqual([...zoom(line, 0.5).data], [20, 5, 35, 20]);
});

test('a map goes back where it came from, and only the middle is covered after enlarging', (t) => {
  const map = { shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) };
  const large = unzoom(map, 2);
  t.deepEqual([...large.map.data], [0, 1.5, 3.5, 0]);
  t.deepEqual([...large.covered], [0, 1, 1, 0]);
  const small = unzoom(map, 0.5);
  t.deepEqual([...small.map.data], [1.75, 2.25, 2.75, 3.25]);
  t.true(small.covered.every((c) => c === 1));
  t.deepEqual(unzoom(map, 1).map, map);
});

test('running statistics equal those of all maps at once', (t) => {
  const maps = [
    [1, 1000.5],
    [4, 1000.25],
    [-2, 1001],
  ];
  const running = new RunningMaps();
  maps.forEach((map) => running.add({ shape: [2], data: Float32Array.from(map) }));
  const mean = (f: (v: number) => number, i: number) =>
    maps.reduce((sum, map) => sum + f(map[i]), 0) / 3;
  for (const i of [0, 1]) {
    const m = mean((v) => v, i);
    t.is(running.result('mean').data[i], Math.fround(m));
    t.true(Math.abs(running.result('variance').data[i] - mean((v) => (v - m) ** 2, i)) < 1e-6);
    const square = mean((v) => v * v, i);
    t.true(Math.abs(running.result('square').data[i] / square - 1) < 1e-6);
  }
});
