import test from 'ava';
import { largestEigenpair } from '../../src/maths/eigenpair.js';
import { weights } from '../helpers/fake-model.js';
import { jacobiEigen } from '../helpers/jacobi.js';

function symmetric(n: number, seed: number): Float64Array[] {
  const values = weights(n * n, seed);
  return Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (_, j) => values[Math.min(i, j) * n + Math.max(i, j)]),
  );
}

const times = (m: readonly Float64Array[], v: Float64Array) =>
  Float64Array.from(m, (row) => row.reduce((sum, x, i) => sum + x * v[i], 0));

test('rotations diagonalise a symmetric matrix', (t) => {
  const m = symmetric(7, 3);
  const { values, vectors } = jacobiEigen(m);
  values.forEach((value, i) => {
    const v = Float64Array.from(vectors, (row) => row[i]);
    times(m, v).forEach((x, j) => t.true(Math.abs(x - value * v[j]) < 1e-12));
  });
  const trace = m.reduce((sum, row, i) => sum + row[i], 0);
  t.true(Math.abs(values.reduce((a, b) => a + b, 0) - trace) < 1e-12);
});

test('the largest eigenvalue is found, not the largest in magnitude, at any size', (t) => {
  for (const n of [1, 2, 9, 60]) {
    const m = symmetric(n, n);
    // far below zero: power iteration would go there
    const shifted = m.map((row, i) => row.map((x, j) => (i === j ? x - 40 : x)));
    const expected = Math.max(...jacobiEigen(shifted).values);
    const { value, vector } = largestEigenpair(n, (v) => times(shifted, v));
    t.true(Math.abs(value - expected) < 1e-9, `size ${n}: ${value} ${expected}`);
    times(shifted, vector).forEach((x, j) => t.true(Math.abs(x - value * vector[j]) < 1e-7));
  }
});

test('eigenvalues that lie close together are told apart', (t) => {
  const n = 50;
  const diagonal = Float64Array.from({ length: n }, (_, i) => 1 - i * 1e-4);
  const { value, vector } = largestEigenpair(n, (v) => v.map((x, i) => x * diagonal[i]));
  t.true(Math.abs(value - 1) < 1e-10);
  t.true(Math.abs(Math.abs(vector[0]) - 1) < 1e-6);
});

test('the zero operator has the value zero', (t) => {
  const { value, vector } = largestEigenpair(4, () => new Float64Array(4));
  t.is(value, 0);
  t.true(vector.every(Number.isFinite));
});
