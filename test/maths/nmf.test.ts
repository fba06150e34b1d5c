import test from 'ava';
import { factorizeNonNegative } from '../../src/maths/nmf.js';
import { weights } from '../helpers/fake-model.js';

function product(left: Float64Array, right: Float64Array, rows: number, columns: number) {
  const parts = left.length / rows;
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let p = 0; p < parts; p++) sum += left[i * parts + p] * right[p * columns + j];
    return sum;
  });
}

const error = (x: ArrayLike<number>, y: Float64Array) => {
  let apart = 0;
  let size = 0;
  for (let i = 0; i < y.length; i++) {
    apart += (x[i] - y[i]) ** 2;
    size += x[i] ** 2;
  }
  return Math.sqrt(apart / size);
};

test('a matrix that is a product is found again, its error reported as it is', (t) => {
  const left = weights(8 * 2, 1).map(Math.abs);
  const right = weights(2 * 5, 2).map(Math.abs);
  const x = product(left, right, 8, 5);
  const found = factorizeNonNegative(x, 8, 5, {
    parts: 2,
    seed: 3,
    maxIterations: 5000,
    tolerance: 0,
  });
  t.true(found.error < 1e-3, String(found.error));
  const noisy = weights(8 * 5, 4).map(Math.abs);
  const rough = factorizeNonNegative(noisy, 8, 5, { parts: 2, seed: 3 });
  const expected = error(noisy, product(rough.left, rough.right, 8, 5));
  t.true(Math.abs(rough.error - expected) < 1e-9);
  for (const value of [...rough.left, ...rough.right]) t.true(value >= 0);
});

test('channel vectors have length 1, the largest part comes first, the seed repeats', (t) => {
  const x = weights(12 * 6, 9).map(Math.abs);
  const options = { parts: 3, seed: 5 };
  const found = factorizeNonNegative(x, 12, 6, options);
  for (let p = 0; p < 3; p++) {
    t.true(Math.abs(Math.hypot(...found.right.slice(p * 6, p * 6 + 6)) - 1) < 1e-9);
  }
  const sizes = [0, 1, 2].map((p) => Math.hypot(...found.left.filter((_, i) => i % 3 === p)));
  t.true(sizes[0] >= sizes[1] && sizes[1] >= sizes[2], String(sizes));
  t.deepEqual(factorizeNonNegative(x, 12, 6, options), found);
});

test('no single change of a factor lowers the error: a minimum in each value', (t) => {
  const x = weights(7 * 4, 6).map(Math.abs);
  const {
    left,
    right,
    error: best,
  } = factorizeNonNegative(x, 7, 4, {
    parts: 2,
    seed: 1,
    maxIterations: 3000,
    tolerance: 0,
  });
  for (const matrix of [left, right]) {
    for (let i = 0; i < matrix.length; i++) {
      for (const step of [1e-3, -1e-3]) {
        const before = matrix[i];
        matrix[i] = Math.max(0, before + step);
        t.true(error(x, product(left, right, 7, 4)) >= best - 1e-9);
        matrix[i] = before;
      }
    }
  }
});

test('nothing but zeros is factorised into zeros', (t) => {
  const found = factorizeNonNegative(new Float32Array(6), 2, 3, { parts: 2, seed: 0 });
  t.is(found.error, 0);
  t.true([...found.left, ...found.right].every((value) => value === 0));
});
