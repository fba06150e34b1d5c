/** The pure metrics against cases worked by hand, and against maps that are right or say nothing. */
import test from 'ava';
import { confidenceDrop, maskedBy } from '../../../src/maths/metrics/confidence.js';
import { areaUnder, curveCounts, writeMixed } from '../../../src/maths/metrics/curve.js';
import {
  energyInside,
  insideBoxes,
  pointingGame,
  regionOverlap,
} from '../../../src/maths/metrics/boxes.js';
import { infidelity } from '../../../src/maths/metrics/infidelity.js';
import { estimate } from '../../../src/maths/metrics/interval.js';
import { rankCorrelation } from '../../../src/maths/metrics/rank-correlation.js';
import { rankPositions, removedPositions } from '../../../src/maths/metrics/ranking.js';
import { maxSensitivity } from '../../../src/maths/metrics/sensitivity.js';
import { structuralSimilarity } from '../../../src/maths/metrics/ssim.js';
import { seededRandom } from '../../../src/maths/random.js';
import { mapOf } from '../../helpers/close.js';

const close = (a: number, b: number, tolerance = 1e-9) => Math.abs(a - b) <= tolerance;

test('positions rank by value, the largest first', (t) => {
  const map = mapOf([
    [0.5, -1, 3],
    [2, 0, -4],
  ]);
  t.deepEqual([...rankPositions(map)], [2, 3, 0, 4, 1, 5]);
});

test('equal values come in a random order that the seed repeats', (t) => {
  const flat = mapOf([new Array<number>(50).fill(1)]);
  const order = rankPositions(flat, 3);
  t.deepEqual(rankPositions(flat, 3), order);
  t.notDeepEqual(rankPositions(flat, 4), order);
  t.notDeepEqual([...order], [...order.keys()]);
  t.deepEqual(
    [...order].sort((a, b) => a - b),
    [...order.keys()],
  );
});

test('a percentile says how much is kept, from either end', (t) => {
  const order = Uint32Array.from([4, 1, 0, 3, 2]);
  t.deepEqual([...removedPositions(order, 60, 'most')], [0, 1, 0, 0, 1]);
  t.deepEqual([...removedPositions(order, 60, 'least')], [0, 0, 1, 1, 0]);
  // 50 % of five positions: two stay
  t.deepEqual([...removedPositions(order, 50, 'most')], [1, 1, 0, 0, 1]);
});

test('the area under a curve is the mean of its trapezoids', (t) => {
  t.true(close(areaUnder([1, 0.5, 0.25]), (0.75 + 0.375) / 2));
  t.is(areaUnder([0.3, 0.3, 0.3, 0.3]), 0.3);
  t.deepEqual(curveCounts(10, 4), [0, 3, 5, 8, 10]);
});

test('the first positions of the order are exchanged, all channels of each', (t) => {
  const into = new Float32Array(6);
  const [from, to] = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(-1, -2, -3, -4, -5, -6)];
  writeMixed(from, to, Uint32Array.from([2, 0, 1]), 2, into);
  t.deepEqual([...into], [-1, -2, 3, 4, -5, -6]);
});

test('what only the explanation shows', (t) => {
  const map = mapOf([[2, -3, 1]]);
  const sample = Float32Array.of(10, 20, 30, 40, 50, 60);
  const baseline = Float32Array.of(0, 0, 1, 1, 4, 4);
  t.deepEqual([...maskedBy(map, sample, baseline)], [10, 20, 1, 1, 27, 32]);
});

test('the drop is a share of the score, and a rise is not a drop', (t) => {
  t.true(close(confidenceDrop(0.8, 0.2), 0.75));
  t.is(confidenceDrop(0.5, 0.9), 0);
  t.is(confidenceDrop(0, 0.4), 0);
});

test('a position is inside where its centre lies in a box, measured in the picture', (t) => {
  // a picture of 8 × 4 pixels under a map of 2 rows and 4 columns: one cell is 2 × 2 pixels
  const picture = { width: 8, height: 4 };
  const box = { left: 2, top: 0, right: 5, bottom: 2 };
  t.deepEqual([...insideBoxes([2, 4], [box], picture)], [0, 1, 0, 0, 0, 0, 0, 0]);
  t.deepEqual([...insideBoxes([2, 4], [box], picture, 1)], [1, 1, 1, 0, 0, 0, 0, 0]);
  const other = { left: 6, top: 2, right: 8, bottom: 4 };
  t.deepEqual([...insideBoxes([2, 4], [box, other], picture)], [0, 1, 0, 0, 0, 0, 0, 1]);
});

test('the pointing game looks at the peak alone and shares equal peaks', (t) => {
  const inside = Uint8Array.of(0, 1, 1, 0, 0, 0);
  t.is(
    pointingGame(
      mapOf([
        [0, 5, 1],
        [4, 4, 4],
      ]),
      inside,
    ),
    1,
  );
  t.is(
    pointingGame(
      mapOf([
        [0, 3, 3],
        [4, 0, 0],
      ]),
      inside,
    ),
    0,
  );
  t.is(
    pointingGame(
      mapOf([
        [7, 7, 0],
        [0, 0, 7],
      ]),
      inside,
    ),
    1 / 3,
  );
});

test('energy counts positive values, the region everything above the threshold', (t) => {
  const inside = Uint8Array.of(0, 1, 1, 0, 0, 0);
  const map = mapOf([
    [1, 6, 2],
    [-9, 3, 0],
  ]);
  t.is(energyInside(map, inside), 8 / 12);
  // 3 and more are marked: one of the two inside, one outside
  t.is(regionOverlap(map, inside, 0.5), 1 / 3);
  t.is(regionOverlap(map, inside, 0.2), 2 / 3);
});

test('the truth as a map scores perfectly, a constant one at chance, an empty one not at all', (t) => {
  const box = { left: 1, top: 2, right: 4, bottom: 5 };
  const shape = [6, 7];
  const inside = insideBoxes(shape, [box], { width: 7, height: 6 });
  const truth = { shape, data: Float32Array.from(inside) };
  const chance = 9 / 42;
  for (const [map, pointing, energy, overlap] of [
    [truth, 1, 1, 1],
    [{ shape, data: new Float32Array(42).fill(0.3) }, chance, chance, chance],
    [{ shape, data: new Float32Array(42) }, chance, 0, 0],
  ] as const) {
    t.is(pointingGame(map, inside), pointing);
    t.true(close(energyInside(map, inside), energy, 1e-6));
    t.is(regionOverlap(map, inside, 0.5), overlap);
  }
});

test('infidelity is the mean squared miss', (t) => {
  // misses 1, −2, 0
  t.is(infidelity([3, 1, 2], [2, 3, 2]), 5 / 3);
});

test('normalised infidelity ignores the unit of the map, but not its sign', (t) => {
  const drops = [2, 3, -1, 0.5];
  t.true(
    close(
      infidelity(
        drops.map((d) => d * 40),
        drops,
        true,
      )!,
      0,
      1e-12,
    ),
  );
  t.is(infidelity([0, 0, 0, 0], drops, true), 1);
  t.is(
    infidelity(
      drops.map((d) => -d),
      drops,
      true,
    ),
    1,
  );
  // best factor (2·2 + 1·3) / (4 + 1) = 1.4 on [2, 1] against [2, 3]: misses 0.8 and −1.6
  t.true(close(infidelity([2, 1], [2, 3], true)!, (0.64 + 2.56) / 13));
  t.is(infidelity([1, 2], [0, 0], true), undefined);
});

test('max-sensitivity is the largest relative distance', (t) => {
  t.is(
    maxSensitivity(
      [3, 4],
      [
        [3, 4],
        [3, 3],
        [0, 0],
      ],
    ),
    1,
  );
  t.is(maxSensitivity([3, 4], [[3, 3]]), 1 / 5);
  t.is(maxSensitivity([0, 0], [[1, 1]]), undefined);
});

test('rank correlation, worked by hand, with ties and without', (t) => {
  t.is(rankCorrelation([1, 20, 300], [5, 6, 7]), 1);
  t.is(rankCorrelation([1, 20, 300], [7, 6, 5]), -1);
  // ranks 0 1 2 3 and 1 0 3 2: 1 − 6·4 / (4·15)
  t.true(close(rankCorrelation([1, 2, 3, 4], [2, 1, 4, 3]), 0.6));
  // ranks 0.5 0.5 2 and 0 1 2: covariance 1.5 over √(1.5 · 2)
  t.true(close(rankCorrelation([1, 1, 2], [1, 2, 3]), 1.5 / Math.sqrt(3)));
  t.is(rankCorrelation([1, 1, 1], [1, 2, 3]), 0);
});

test('structural similarity: one for equal maps of any unit, small for unrelated and negative for turned ones', (t) => {
  const random = seededRandom(5);
  const noise = () => ({
    shape: [9, 12],
    data: Float32Array.from({ length: 108 }, () => random.uniform()),
  });
  const a = noise();
  t.true(close(structuralSimilarity(a, a), 1, 1e-6));
  const scaled = { shape: a.shape, data: a.data.map((v) => 5 * v - 2) };
  t.true(close(structuralSimilarity(a, scaled), 1, 1e-4));
  t.true(Math.abs(structuralSimilarity(a, noise())) < 0.4);
  const turned = { shape: a.shape, data: a.data.map((v) => -v) };
  t.true(structuralSimilarity(a, turned) < 0);
});

test('structural similarity with a window over everything is the formula of the paper', (t) => {
  // a window much wider than the map weighs all positions alike, up to its repeated edges:
  // with two rows that are the same and one column that repeats, edges change nothing
  const a = { shape: [2, 1], data: Float32Array.of(0, 1) };
  const b = { shape: [2, 1], data: Float32Array.of(1, 0) };
  // means ½, variances ¼, covariance −¼ as the window grows
  const expected = (-2 / 4 + 0.03 ** 2) / (2 / 4 + 0.03 ** 2);
  t.true(close(structuralSimilarity(a, b, 200), expected, 1e-3));
});

test('the interval holds the mean, narrows with more values and repeats', (t) => {
  const random = seededRandom(1);
  const values = Array.from({ length: 400 }, () => random.uniform());
  const few = estimate(values.slice(0, 20))!;
  const many = estimate(values)!;
  t.true(few.low < few.mean && few.mean < few.high);
  t.true(many.high - many.low < 0.5 * (few.high - few.low));
  // 1.96 · σ / √n with σ of the uniform distribution
  t.true(close(many.high - many.low, (2 * 1.96 * Math.sqrt(1 / 12)) / 20, 0.01));
  t.deepEqual(estimate(values), many);
  t.notDeepEqual(estimate(values, { seed: 1 }), many);
  t.is(estimate([]), undefined);
});
