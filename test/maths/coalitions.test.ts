import test from 'ava';
import { evenCoalitions, shapleyCoalitions } from '../../src/maths/coalitions.js';
import { ridge, withFixedSum } from '../../src/maths/least-squares.js';

const keys = (rows: readonly Uint8Array[]) => rows.map((row) => row.join(''));
const sizeOf = (row: Uint8Array) => row.reduce((a, b) => a + b, 0);

test('few players: every coalition once', (t) => {
  const { rows, weights } = evenCoalitions(3, 8, 0);
  t.deepEqual(new Set(keys(rows)).size, 8);
  t.deepEqual([...weights], new Array(8).fill(1));
});

test('many players: even chances, repeats counted, seeded', (t) => {
  const { rows, weights } = evenCoalitions(10, 400, 3);
  t.is(new Set(keys(rows)).size, rows.length);
  t.true(rows.length < 400);
  t.is(
    weights.reduce((a, b) => a + b),
    400,
  );
  const shown = rows.reduce((sum, row, i) => sum + weights[i] * sizeOf(row), 0);
  t.true(Math.abs(shown / 4000 - 0.5) < 0.03);
  t.deepEqual(evenCoalitions(10, 400, 3).rows, rows);
  t.notDeepEqual(evenCoalitions(10, 400, 4).rows, rows);
});

test('the Shapley kernel by hand: four players, all fourteen coalitions', (t) => {
  const { rows, weights } = shapleyCoalitions(4, 14, 0);
  t.is(rows.length, 14);
  // (M−1) / (C(M,s) s (M−s)): 3/(4·3), 3/(6·4), 3/(4·3); in all 1 + 3/4 + 1
  rows.forEach((row, i) => {
    const expected = sizeOf(row) === 2 ? 1 / 8 : 1 / 4;
    t.true(Math.abs(weights[i] - expected / 2.75) < 1e-15);
  });
});

test('the outer sizes are complete, the inner ones drawn in pairs, the masses those of the kernel', (t) => {
  const players = 12;
  const { rows, weights } = shapleyCoalitions(players, 200, 1);
  t.true(rows.length <= 200 && rows.length > 150);
  const all = new Set(keys(rows));
  t.is(all.size, rows.length);
  const masses = new Float64Array(players + 1);
  rows.forEach((row, i) => {
    masses[sizeOf(row)] += weights[i];
    t.true(all.has(row.map((v) => 1 - v).join('')));
  });
  t.is(rows.filter((row) => sizeOf(row) === 1).length, players);
  t.is(rows.filter((row) => sizeOf(row) === players - 1).length, players);
  const kernel = Array.from({ length: players - 1 }, (_, i) => 1 / ((i + 1) * (players - i - 1)));
  const whole = kernel.reduce((a, b) => a + b);
  t.true(Math.abs(masses[1] - kernel[0] / whole) < 1e-12);
  t.true(Math.abs(masses.reduce((a, b) => a + b) - 1) < 1e-12);
  t.true(Math.abs(masses[4] + masses[8] - (2 * kernel[3]) / whole) < 0.1);
});

test('one player or none has no coalition between empty and full', (t) => {
  t.is(shapleyCoalitions(0, 10, 0).rows.length, 0);
  t.is(shapleyCoalitions(1, 10, 0).rows.length, 0);
  t.is(shapleyCoalitions(2, 10, 0).rows.length, 2);
});

test('ridge regression solves its normal equations, the intercept free', (t) => {
  const rows = [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
    [1, 0],
  ];
  const weights = [1, 2, 0.5, 3, 1];
  const y = [1, 4, -2, 0.5, 3];
  const alpha = 0.7;
  const [{ coefficients, intercept }] = ridge({ rows, weights, values: [y] }, alpha);
  const residual = rows.map(
    (row, i) => y[i] - intercept - row[0] * coefficients[0] - row[1] * coefficients[1],
  );
  const gradient = (f: (row: number[]) => number) =>
    residual.reduce((sum, r, i) => sum + weights[i] * r * f(rows[i]), 0);
  t.true(Math.abs(gradient(() => 1)) < 1e-12);
  t.true(Math.abs(gradient((row) => row[0]) - alpha * coefficients[0]) < 1e-12);
  t.true(Math.abs(gradient((row) => row[1]) - alpha * coefficients[1]) < 1e-12);
});

test('a fixed sum is held exactly, and the rest is least squares', (t) => {
  const rows = [
    [1, 0, 0],
    [0, 1, 0],
    [1, 1, 0],
    [0, 1, 1],
    [1, 0, 1],
  ];
  const weights = [2, 1, 1, 3, 1];
  const y = [1, 2, 5, -1, 0.3];
  const [phi] = withFixedSum({ rows, weights, values: [y] }, [2]);
  t.true(Math.abs(phi[0] + phi[1] + phi[2] - 2) < 1e-15);
  // at the optimum the gradient is the same for every unknown
  const gradient = [0, 1, 2].map((j) =>
    rows.reduce((sum, row, i) => {
      const fitted = row.reduce((a, v, k) => a + v * phi[k], 0);
      return sum + weights[i] * row[j] * (y[i] - fitted);
    }, 0),
  );
  t.true(Math.abs(gradient[0] - gradient[1]) < 1e-12);
  t.true(Math.abs(gradient[0] - gradient[2]) < 1e-12);
});

test('an unknown that no row determines gets 0, not infinity', (t) => {
  const rows = [
    [1, 0],
    [0, 0],
  ];
  const [{ coefficients }] = ridge({ rows, weights: [1, 1], values: [[3, 1]] }, 0);
  t.true(Math.abs(coefficients[0] - 2) < 1e-12);
  t.is(coefficients[1], 0);
});
