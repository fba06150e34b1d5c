/** The largest eigenpair of a symmetric operator. Deterministic. */
import { seededRandom } from './random.js';

const LARGEST_BASIS = 200;
const STEPS_BETWEEN_CHECKS = 10;
const TOLERANCE = 1e-11;

export interface Eigenpair {
  readonly value: number;
  /** Of length 1; its sign is arbitrary. */
  readonly vector: Float64Array;
}

/** √λ · u: the projections of the samples, given the eigenpair of their inner products. */
export function scaledVector({ value, vector }: Eigenpair): Float64Array {
  const scale = Math.sqrt(Math.max(value, 0));
  return vector.map((x) => x * scale);
}

/**
 * The eigenpair with the (algebraically) largest eigenvalue of a symmetric
 * operator on vectors of length `size`: Lanczos with full reorthogonalisation
 * from a fixed start, so it does not depend on how far the eigenvalues lie
 * apart as plain power iteration does. The zero operator gives the value 0.
 */
export function largestEigenpair(
  size: number,
  operator: (vector: Float64Array) => Float64Array,
): Eigenpair {
  const random = seededRandom(1);
  let next = normalized(Float64Array.from({ length: size }, () => random.normal()));
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  const limit = Math.min(size, LARGEST_BASIS);
  for (;;) {
    basis.push(next);
    const w = operator(next);
    diagonal.push(dot(w, next));
    // twice is enough (Kahan and Parlett)
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) addScaled(w, q, -dot(w, q));
    }
    const beta = Math.sqrt(dot(w, w));
    const scale = diagonal.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const last = basis.length === limit || beta <= 1e-14 * scale;
    if (last || basis.length % STEPS_BETWEEN_CHECKS === 0) {
      const { value, vector } = largestOfTridiagonal(diagonal, beside);
      const residual = beta * Math.abs(vector[vector.length - 1]);
      if (last || residual <= TOLERANCE * Math.abs(value)) {
        const result = new Float64Array(size);
        basis.forEach((q, j) => addScaled(result, q, vector[j]));
        return { value, vector: normalized(result) };
      }
    }
    beside.push(beta);
    next = w.map((x) => x / beta);
  }
}

/** The largest eigenpair of a symmetric tridiagonal matrix: bisection, then inverse iteration. */
function largestOfTridiagonal(diagonal: readonly number[], beside: readonly number[]): Eigenpair {
  const n = diagonal.length;
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < n; i++) {
    const radius = Math.abs(beside[i - 1] ?? 0) + (i < n - 1 ? Math.abs(beside[i]) : 0);
    low = Math.min(low, diagonal[i] - radius);
    high = Math.max(high, diagonal[i] + radius);
  }
  const scale = Math.max(Math.abs(low), Math.abs(high));
  if (scale === 0)
    return { value: 0, vector: Float64Array.from({ length: n }, (_, i) => +(i === 0)) };
  // all eigenvalues lie below x if every pivot of T − x is negative (Sturm)
  const allBelow = (x: number): boolean => {
    let pivot = diagonal[0] - x;
    for (let i = 1; i < n && pivot < 0; i++) {
      pivot = diagonal[i] - x - beside[i - 1] ** 2 / pivot;
    }
    return pivot < 0;
  };
  while (high - low > 4e-16 * scale) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (allBelow(middle)) high = middle;
    else low = middle;
  }
  // T − x for x just above is negative definite, so elimination needs no pivoting
  const shift = high + 1e-15 * scale;
  let vector: Float64Array = new Float64Array(n).fill(1 / Math.sqrt(n));
  for (let round = 0; round < 4; round++) {
    const pivots = new Float64Array(n);
    const next = vector.slice();
    pivots[0] = diagonal[0] - shift;
    for (let i = 1; i < n; i++) {
      const factor = beside[i - 1] / pivots[i - 1];
      pivots[i] = diagonal[i] - shift - factor * beside[i - 1];
      next[i] -= factor * next[i - 1];
    }
    for (let i = n - 1; i >= 0; i--) {
      const above = i < n - 1 ? beside[i] * next[i + 1] : 0;
      next[i] = (next[i] - above) / (pivots[i] === 0 ? -Number.EPSILON * scale : pivots[i]);
    }
    vector = normalized(next);
  }
  return { value: high, vector };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * from[i];
}

function normalized(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((x) => x / length);
}
