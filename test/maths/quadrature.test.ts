import test from 'ava';
import { gaussLegendre, trapezoid } from '../../src/maths/quadrature.js';

const integrate = (
  { nodes, weights }: { nodes: readonly number[]; weights: readonly number[] },
  f: (x: number) => number,
) => nodes.reduce((sum, x, i) => sum + weights[i] * f(x), 0);

test('two Gauss–Legendre points lie at (1 ± 1/√3)/2 with half the weight each', (t) => {
  const { nodes, weights } = gaussLegendre(2);
  t.true(Math.abs(nodes[0] - (1 - 1 / Math.sqrt(3)) / 2) < 1e-15);
  t.true(Math.abs(nodes[1] - (1 + 1 / Math.sqrt(3)) / 2) < 1e-15);
  t.true(Math.abs(weights[0] - 0.5) < 1e-15 && Math.abs(weights[1] - 0.5) < 1e-15);
  t.deepEqual(gaussLegendre(1), { nodes: [0.5], weights: [1] });
});

test('n Gauss–Legendre points are exact up to degree 2n − 1 and not beyond', (t) => {
  for (const n of [3, 7, 50]) {
    const exact = integrate(gaussLegendre(n), (x) => x ** (2 * n - 1));
    t.true(Math.abs(exact - 1 / (2 * n)) < 1e-14, `${n} points`);
  }
  t.true(Math.abs(integrate(gaussLegendre(3), (x) => x ** 6) - 1 / 7) > 1e-4);
});

test('the trapezoid rule has half weights at the ends and is exact for lines', (t) => {
  t.deepEqual(trapezoid(2), { nodes: [0, 0.5, 1], weights: [0.25, 0.5, 0.25] });
  t.is(
    integrate(trapezoid(4), (x) => x),
    0.5,
  );
  // x² over n intervals is too large by 1 / 6n²
  t.true(Math.abs(integrate(trapezoid(5), (x) => x * x) - (1 / 3 + 1 / 150)) < 1e-15);
});
