/** The largest eigenpair of a symmetric operator, and principal components by it. Deterministic. */
import type { Heatmap, NdArray } from '../explanation.js';
import { channelMeans, channelsOf } from './cam.js';
import { multiply } from './channels.js';
import { seededRandom } from './random.js';

const LARGEST_BASIS = 200;
const STEPS_BETWEEN_CHECKS = 10;
const TOLERANCE = 1e-11;

/**
 * EigenCAM (Muhammad 2020): A, centred per channel, projected on its first
 * principal component. The sign is fixed so that the projection correlates
 * positively with ‖A‖ over space.
 */
export function eigenCamMap(activations: NdArray): Heatmap {
  return withNormSign(projectOnFirstComponent(activations), activations);
}

/** `eigenCamMap` of g·A. */
export function eigenGradCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return eigenCamMap(multiply(activations, gradients));
}

/** `eigenCamMap` of |g|·A (Chung 2025). */
export function segEigenCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return eigenCamMap(multiply(activations, { ...gradients, data: gradients.data.map(Math.abs) }));
}

/** Turns the map round where it correlates negatively with ‖A‖ over space. */
export function withNormSign(map: Heatmap, activations: NdArray): Heatmap {
  const channels = channelsOf(activations);
  const norms = Float64Array.from(map.data, (_, p) => {
    let square = 0;
    for (let k = 0; k < channels; k++) square += activations.data[p * channels + k] ** 2;
    return Math.sqrt(square);
  });
  const mean = norms.reduce((a, b) => a + b, 0) / norms.length;
  let covariance = 0;
  let extreme = 0;
  map.data.forEach((value, p) => {
    covariance += value * (norms[p] - mean);
    if (Math.abs(value) > Math.abs(extreme)) extreme = value;
  });
  const sign = covariance === 0 ? extreme : covariance;
  return sign < 0 ? { shape: map.shape, data: map.data.map((value) => -value) } : map;
}

function projectOnFirstComponent(array: NdArray): Heatmap {
  const columns = channelsOf(array);
  const rows = array.data.length / columns;
  const means = channelMeans(array);
  const centred = Float64Array.from(array.data, (value, at) => value - means[at % columns]);
  const times = (v: Float64Array): Float64Array => {
    const result = new Float64Array(rows);
    for (let i = 0, at = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++, at++) sum += centred[at] * v[j];
      result[i] = sum;
    }
    return result;
  };
  const transposedTimes = (u: Float64Array): Float64Array => {
    const result = new Float64Array(columns);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++, at++) result[j] += centred[at] * u[i];
    }
    return result;
  };
  // X·v of the component v, or √λ·u of the same pair seen from the smaller side
  const projection =
    columns <= rows
      ? times(largestEigenpair(columns, (v) => transposedTimes(times(v))).vector)
      : scaledVector(largestEigenpair(rows, (u) => times(transposedTimes(u))));
  return { shape: array.shape.slice(0, -1), data: Float32Array.from(projection) };
}

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

function largestOfTridiagonal(diagonal: readonly number[], beside: readonly number[]): Eigenpair {
  const n = diagonal.length;
  const matrix = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (_, j) =>
      i === j ? diagonal[i] : Math.abs(i - j) === 1 ? beside[Math.min(i, j)] : 0,
    ),
  );
  const { values, vectors } = jacobiEigen(matrix);
  let top = 0;
  values.forEach((value, i) => {
    if (value > values[top]) top = i;
  });
  return { value: values[top], vector: Float64Array.from(vectors, (row) => row[top]) };
}

/** All eigenpairs of a small symmetric matrix (rows) by cyclic Jacobi rotations; column `i` of `vectors` belongs to `values[i]`. */
export function jacobiEigen(matrix: readonly Float64Array[]): {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
} {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const v = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const norm = Math.sqrt(a.reduce((sum, row) => sum + dot(row, row), 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    let rest = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) rest += a[i][j] ** 2;
    if (Math.sqrt(rest) <= 1e-16 * norm) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let i = 0; i < n; i++) rotateColumns(a[i], p, q, c, s);
        for (let i = 0; i < n; i++) {
          [a[p][i], a[q][i]] = [c * a[p][i] - s * a[q][i], s * a[p][i] + c * a[q][i]];
        }
        for (let i = 0; i < n; i++) rotateColumns(v[i], p, q, c, s);
      }
    }
  }
  return { values: a.map((row, i) => row[i]), vectors: v };
}

function rotateColumns(row: Float64Array, p: number, q: number, c: number, s: number): void {
  const x = row[p];
  const y = row[q];
  row[p] = c * x - s * y;
  row[q] = s * x + c * y;
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
