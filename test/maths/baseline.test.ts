import test from 'ava';
import { baselineOf, isBaseline, parseBaseline } from '../../src/maths/baseline.js';
import { blur } from '../../src/maths/blur.js';

const sample = { shape: [1, 3, 2], data: Float32Array.of(1, 10, 2, 20, 6, 60) };

test('named baselines take the ends of the range, the mean per channel or the blurred sample', (t) => {
  t.deepEqual([...baselineOf('black', sample, [-1, 2]).data], [-1, -1, -1, -1, -1, -1]);
  t.deepEqual([...baselineOf('white', sample, [-1, 2]).data], [2, 2, 2, 2, 2, 2]);
  t.deepEqual([...baselineOf('mean', sample).data], [3, 30, 3, 30, 3, 30]);
  t.deepEqual(baselineOf('blur', sample), blur(sample, 0.05 * 3));
});

test('numbers, one value per channel and whole arrays are taken as they are', (t) => {
  t.deepEqual([...baselineOf(7, sample).data], [7, 7, 7, 7, 7, 7]);
  t.deepEqual([...baselineOf([1, 2], sample).data], [1, 2, 1, 2, 1, 2]);
  const nested = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ];
  t.deepEqual([...baselineOf(nested as unknown as number[], sample).data], [1, 2, 3, 4, 5, 6]);
  t.deepEqual([...baselineOf(sample, sample).data], [...sample.data]);
});

test('what is not a baseline is refused with what would be', (t) => {
  t.throws(() => baselineOf('black', sample), { message: /give a number instead/ });
  t.throws(() => baselineOf([1, 2, 3], sample), { message: /2 values .* or 6 .* got 3/ });
  t.false(isBaseline('grey'));
  t.false(isBaseline(NaN));
  t.false(isBaseline([1, NaN]));
  t.true(isBaseline(sample));
  t.is(parseBaseline('-0.5'), -0.5);
  t.deepEqual(parseBaseline('1,2'), [1, 2]);
  t.is(parseBaseline('mean'), 'mean');
});

test('blurring keeps constants, spreads a point symmetrically and leaves channels apart', (t) => {
  const flat = blur({ shape: [3, 4, 1], data: new Float32Array(12).fill(5) }, 1.5);
  t.true(flat.data.every((v) => Math.abs(v - 5) < 1e-5));
  const point = new Float32Array(2 * 9 * 2);
  point[(0 * 9 + 4) * 2] = 1;
  const { data } = blur({ shape: [2, 9, 2], data: point }, 1);
  t.is(data[(0 * 9 + 3) * 2], data[(0 * 9 + 5) * 2]);
  t.true(data[(0 * 9 + 4) * 2] > data[(0 * 9 + 3) * 2]);
  // along a row of a 1-D signal the weights are exp(−i²/2) over their sum
  const line = new Float32Array(9);
  line[4] = 1;
  const weights = [-3, -2, -1, 0, 1, 2, 3].map((i) => Math.exp((-i * i) / 2));
  const sum = weights.reduce((a, b) => a + b);
  const blurred = blur({ shape: [9, 1], data: line }, 1).data;
  weights.forEach((w, i) => t.true(Math.abs(blurred[i + 1] - w / sum) < 1e-7));
  t.true(data.every((v, i) => i % 2 === 0 || v === 0));
});
