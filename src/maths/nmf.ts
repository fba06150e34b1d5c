import { seededRandom } from './random.js';

/** Two non-negative factors of a matrix, and how far their product misses it. */
export interface Factorization {
  /** `[rows, parts]`, row-major. */
  readonly left: Float64Array;
  /** `[parts, columns]`, row-major; every row has length 1 (or is all zeros). */
  readonly right: Float64Array;
  /** ‖X − left·right‖ / ‖X‖, 0 for X = 0. */
  readonly error: number;
  readonly iterations: number;
}

/** Options of `factorizeNonNegative`. */
export interface FactorizationOptions {
  readonly parts: number;
  readonly seed: number;
  /** Number of starts, of which the best is taken, since a single one may find a poor solution. Default 4. */
  readonly starts?: number;
  /** Default 300. */
  readonly maxIterations?: number;
  /** Stops when the error falls by less than this share of itself. Default 1e-6. */
  readonly tolerance?: number;
}

/** Passes of each start before the best goes on alone. */
const HEAT = 20;

/**
 * Non-negative matrix factorisation X ≈ left·right of a matrix without negative
 * values by hierarchical alternating least squares (Cichocki 2009) from several
 * seeded starts. Parts come with the largest share of X first.
 */
export function factorizeNonNegative(
  x: ArrayLike<number>,
  rows: number,
  columns: number,
  options: FactorizationOptions,
): Factorization {
  const { parts, seed, starts = 4, maxIterations = 300, tolerance = 1e-6 } = options;
  const matrix = Float64Array.from(x);
  const square = dot(matrix, matrix);
  if (square === 0) {
    const left = new Float64Array(rows * parts);
    return { left, right: new Float64Array(parts * columns), error: 0, iterations: 0 };
  }
  const transposed = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) transposed[j * rows + i] = matrix[i * columns + j];
  const random = seededRandom(seed);
  const scale = Math.sqrt(matrix.reduce((a, b) => a + b, 0) / matrix.length / parts);
  const draw = (count: number) =>
    Float64Array.from({ length: count }, () => 2 * scale * random.uniform());

  const runs = Array.from({ length: starts }, (): Run => {
    // both factors as `[n, parts]`: the halves of a pass then look alike
    const [left, right] = [draw(rows * parts), draw(columns * parts)];
    return { left, right, error: Infinity, iterations: 0 };
  });
  const pass = (run: Run): void => {
    improve(run.right, run.left, transposed, parts);
    const { cross, gram } = improve(run.left, run.right, matrix, parts);
    const rest = square - 2 * dot(run.left, cross) + energy(run.left, gram, parts);
    run.error = Math.sqrt(Math.max(0, rest) / square);
    run.iterations++;
  };
  for (const run of runs) for (let i = 0; i < Math.min(HEAT, maxIterations); i++) pass(run);
  const best = runs.reduce((a, b) => (b.error < a.error ? b : a));
  while (best.iterations < maxIterations) {
    const before = best.error;
    pass(best);
    if (before - best.error <= tolerance * best.error) break;
  }
  const { error, iterations } = best;
  return { ...sortParts(best.left, best.right, parts), error, iterations };
}

interface Run {
  readonly left: Float64Array;
  /** Transposed: `[columns, parts]`. */
  readonly right: Float64Array;
  error: number;
  iterations: number;
}

/** One pass over the parts of `target`, `[n, parts]`, with `other`, `[m, parts]`, held; `x` is `[n, m]`. */
function improve(
  target: Float64Array,
  other: Float64Array,
  x: Float64Array,
  parts: number,
): { cross: Float64Array; gram: Float64Array } {
  const n = target.length / parts;
  const m = other.length / parts;
  const gram = new Float64Array(parts * parts);
  for (let j = 0; j < other.length; j += parts)
    for (let a = 0; a < parts; a++)
      for (let b = 0; b < parts; b++) gram[a * parts + b] += other[j + a] * other[j + b];
  const cross = new Float64Array(n * parts);
  for (let i = 0, at = 0; i < n; i++) {
    const row = i * parts;
    for (let j = 0; j < m; j++, at++) {
      const value = x[at];
      // activations after a rectifier are mostly zeros
      if (value === 0) continue;
      for (let a = 0; a < parts; a++) cross[row + a] += value * other[j * parts + a];
    }
  }
  for (let a = 0; a < parts; a++) {
    const own = gram[a * parts + a];
    if (own === 0) continue;
    for (let row = 0; row < target.length; row += parts) {
      let fitted = 0;
      for (let b = 0; b < parts; b++) fitted += target[row + b] * gram[b * parts + a];
      target[row + a] = Math.max(0, target[row + a] + (cross[row + a] - fitted) / own);
    }
  }
  return { cross, gram };
}

function energy(left: Float64Array, gram: Float64Array, parts: number): number {
  let sum = 0;
  for (let i = 0; i < left.length; i += parts)
    for (let a = 0; a < parts; a++)
      for (let b = 0; b < parts; b++) sum += left[i + a] * left[i + b] * gram[a * parts + b];
  return sum;
}

/** Scale into the left factor, the largest part first. */
function sortParts(
  left: Float64Array,
  right: Float64Array,
  parts: number,
): { left: Float64Array; right: Float64Array } {
  const columns = right.length / parts;
  const norm = (matrix: Float64Array, part: number) => {
    let sum = 0;
    for (let i = part; i < matrix.length; i += parts) sum += matrix[i] ** 2;
    return Math.sqrt(sum);
  };
  const scales = Array.from({ length: parts }, (_, part) => norm(right, part));
  const order = scales
    .map((scale, part) => ({ part, size: scale * norm(left, part) }))
    .sort((a, b) => b.size - a.size || a.part - b.part)
    .map(({ part }) => part);
  return {
    left: left.map((_, i) => {
      const part = order[i % parts];
      return left[i - (i % parts) + part] * scales[part];
    }),
    right: Float64Array.from({ length: right.length }, (_, i) => {
      const part = order[Math.floor(i / columns)];
      return scales[part] === 0 ? 0 : right[(i % columns) * parts + part] / scales[part];
    }),
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
