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

test('every part of the normal curve is hit as often as it should be, the far tail too', (t) => {
  // Φ at the edges, from tables; the layers of the generator end between them, its tail at 3.4426
  const edges = [-3.5, -3, -2, -1.5, -1, -0.5, -0.1, 0, 0.25, 0.75, 1.25, 1.75, 2.5, 3.2, 3.6];
  const below = [
    0.000232629, 0.001349898, 0.022750132, 0.066807201, 0.158655254, 0.308537539, 0.460172163, 0.5,
    0.598706326, 0.773372648, 0.894350226, 0.959940843, 0.993790335, 0.999312862, 0.999840891,
  ];
  const n = 1_000_000;
  const counts = new Array<number>(edges.length + 1).fill(0);
  const random = seededRandom(11);
  let fourth = 0;
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    fourth += x ** 4;
    let bin = 0;
    while (bin < edges.length && x >= edges[bin]) bin++;
    counts[bin]++;
  }
  let squared = 0;
  counts.forEach((count, bin) => {
    const share = (below[bin] ?? 1) - (below[bin - 1] ?? 0);
    squared += (count - n * share) ** 2 / (n * share);
  });
  // χ² with 15 degrees of freedom is above 37.7 once in a thousand seeds
  t.true(squared < 37.7, String(squared));
  t.true(Math.abs(fourth / n - 3) < 0.05, String(fourth / n));
});

test('neighbouring normal numbers know nothing of each other', (t) => {
  const random = seededRandom(12);
  const n = 200_000;
  let before = random.normal();
  let product = 0,
    squares = 0;
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    product += x * before;
    // also not through their sizes, which come from the same bits as the layers
    squares += (x * x - 1) * (before * before - 1);
    before = x;
  }
  t.true(Math.abs(product / n) < 0.01, String(product / n));
  t.true(Math.abs(squares / n) < 0.02, String(squares / n));
});

test('many normal numbers at once are those of one by one, and the sequence goes on after them', (t) => {
  const [many, single] = [seededRandom(9), seededRandom(9)];
  // long enough for the tail and the wedges
  const into = Float32Array.from({ length: 100_000 }, (_, i) => i % 7);
  const expected = into.map((value) => value + 0.3 * single.normal());
  many.addNormals(into, 0.3);
  t.deepEqual(into, expected);
  t.is(many.uniform(), single.uniform());
  t.is(many.normal(), single.normal());
});
