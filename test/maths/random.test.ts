import test from 'ava';
import { seededRandom } from '../../src/maths/random.js';

test('a seed repeats its sequence and another seed gives another', (t) => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return [random.uniform(), random.normal(), random.integer(1000), random.normal()];
  };
  t.deepEqual(draw(1), draw(1));
  t.deepEqual(draw(0), draw(-0));
  for (const other of [2, -1, 1.5, 1 + 2 ** 32, 2 ** 40]) t.notDeepEqual(draw(1), draw(other));
});

test('the sequence itself is frozen: records say a seed and mean these numbers', (t) => {
  const random = seededRandom(42);
  t.deepEqual(
    Array.from({ length: 3 }, () => random.integer(1e6)),
    [368165, 467095, 744967],
  );
});

test('uniform numbers fill [0, 1) evenly', (t) => {
  const random = seededRandom(3);
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 20000; i++) bins[Math.floor(random.uniform() * 10)]++;
  // 2000 expected a bin, standard deviation 42
  for (const count of bins) t.true(Math.abs(count - 2000) < 200, String(bins));
});

test('normal numbers have mean 0, variance 1 and the tails of a normal', (t) => {
  const random = seededRandom(4);
  const n = 40000;
  let sum = 0,
    square = 0,
    beyond = 0;
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    sum += x;
    square += x * x;
    if (Math.abs(x) > 1.959964) beyond++;
  }
  t.true(Math.abs(sum / n) < 0.025);
  t.true(Math.abs(square / n - 1) < 0.04);
  t.true(Math.abs(beyond / n - 0.05) < 0.006);
});
