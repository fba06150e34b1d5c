import { seededRandom, type SeededRandom } from './random.js';

export interface Factorization {
  /** `[rows, parts]`, row-major. */
  readonly left: Float64Array;
  /** `[parts, columns]`, row-major; every row has length 1 (or is all zeros). */
  readonly right: Float64Array;
  /** ‖X − left·right‖ / ‖X‖, 0 for X = 0. */
  readonly error: number;
  readonly iterations: number;
}

export interface FactorizationOptions {
  readonly parts: number;
  readonly seed: number;
  /** Starts, the best of which is taken: one alone may end in a poor corner. Default 4. */
  readonly starts?: number;
  /** Default 400. */
  readonly maxIterations?: number;
  /** Stops when the error falls by less than this share of itself. Default 1e-7. */
  readonly tolerance?: number;
}

/**
 * Non-negative matrix factorisation X ≈ left·right of a matrix without negative
 * values by hierarchical alternating least squares (Cichocki 2009) from a
 * seeded start. Parts come with the largest share of X first.
 */
export function factorizeNonNegative(
  x: ArrayLike<number>,
  rows: number,
  columns: number,
  options: FactorizationOptions,
): Factorization {
  const { parts, seed, starts = 4 } = options;
  const random = seededRandom(seed);
  let best: Factorization | undefined;
  for (let start = 0; start < starts; start++) {
    const found = factorizeOnce(x, rows, columns, random, options);
    if (best === undefined || found.error < best.error) best = found;
  }
  const { left, right, error, iterations } = best!;
  return { ...sortParts(left, right, parts), error, iterations };
}

/** From one start; `right` transposed and not scaled. */
function factorizeOnce(
  x: ArrayLike<number>,
  rows: number,
  columns: number,
  random: SeededRandom,
  { parts, maxIterations = 400, tolerance = 1e-7 }: FactorizationOptions,
): Factorization {
  let total = 0;
  let square = 0;
  for (let i = 0; i < x.length; i++) {
    total += x[i];
    square += x[i] * x[i];
  }
  if (square === 0) {
    const left = new Float64Array(rows * parts);
    return { left, right: new Float64Array(parts * columns), error: 0, iterations: 0 };
  }
  const scale = Math.sqrt(total / x.length / parts);
  const draw = (count: number) =>
    Float64Array.from({ length: count }, () => 2 * scale * random.uniform());
  const left = draw(rows * parts);
  // stored transposed, `[columns, parts]`: both halves of a step then look alike
  const right = draw(columns * parts);
  const at = (i: number, j: number) => x[i * columns + j];
  const transposed = (j: number, i: number) => x[i * columns + j];
  let error = Infinity;
  let iterations = 0;
  while (iterations < maxIterations) {
    iterations++;
    improve(right, columns, left, rows, transposed, parts);
    const { cross, gram } = improve(left, rows, right, columns, at, parts);
    const before = error;
    error = Math.sqrt(Math.max(0, square - 2 * dot(left, cross) + energy(left, gram, parts)));
    if (before - error <= tolerance * error) break;
  }
  return { left, right, error: error / Math.sqrt(square), iterations };
}

/** One pass over the parts of `target`, `[n, parts]`, with `other`, `[m, parts]`, held. */
function improve(
  target: Float64Array,
  n: number,
  other: Float64Array,
  m: number,
  at: (i: number, j: number) => number,
  parts: number,
): { cross: Float64Array; gram: Float64Array } {
  const gram = new Float64Array(parts * parts);
  for (let j = 0; j < m; j++)
    for (let a = 0; a < parts; a++)
      for (let b = 0; b < parts; b++)
        gram[a * parts + b] += other[j * parts + a] * other[j * parts + b];
  const cross = new Float64Array(n * parts);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      const value = at(i, j);
      if (value === 0) continue;
      for (let a = 0; a < parts; a++) cross[i * parts + a] += value * other[j * parts + a];
    }
  for (let a = 0; a < parts; a++) {
    const own = gram[a * parts + a];
    if (own === 0) continue;
    for (let i = 0; i < n; i++) {
      let fitted = 0;
      for (let b = 0; b < parts; b++) fitted += target[i * parts + b] * gram[b * parts + a];
      const index = i * parts + a;
      target[index] = Math.max(0, target[index] + (cross[index] - fitted) / own);
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
