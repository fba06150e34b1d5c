/**
 * ROAD, "remove and debias" (Rong et al. 2022): pixels are taken away by
 * replacing them with what their surroundings would lead one to expect.
 */
import type { NdArray } from '../../explanation.js';
import { splitShape } from '../channels.js';
import { seededRandom } from '../random.js';

/** The neighbours that a removed pixel is the mean of, in reading order: row, column and weight. */
const ROWS = [-1, -1, -1, 0, 0, 1, 1, 1];
const COLUMNS = [-1, 0, 1, -1, 1, -1, 0, 1];
const WEIGHTS = [1 / 12, 1 / 6, 1 / 12, 1 / 6, 1 / 6, 1 / 12, 1 / 6, 1 / 12];
/** Residual over right side at which the system counts as solved. */
const TOLERANCE = 1e-4;

/** Options of noisy linear imputation, by which ROAD removes pixels. */
export interface ImputeOptions {
  /** Standard deviation of the noise added to imputed values, in their unit. Default 0. */
  readonly noise?: number;
  readonly seed?: number;
}

/**
 * Noisy linear imputation: every removed pixel becomes the weighted
 * mean of its eight neighbours, removed ones included, so that all of them are
 * the solution of one sparse linear system; then noise is added. Weights of
 * neighbours outside the picture are left out. If everything was removed, the picture's mean colour remains.
 *
 * @param sample `[h, w, k]`
 * @param removed one for each pixel to impute, `h · w` of them
 */
export function imputeRemoved(
  sample: NdArray,
  removed: Uint8Array,
  { noise = 0, seed = 0 }: ImputeOptions = {},
): NdArray {
  const { channels } = splitShape(sample.shape);
  const system = systemOf(sample, removed);
  const data = sample.data.slice();
  const random = seededRandom(seed);
  const { pixels } = system;
  const solutions = Array.from({ length: channels }, (_, c) => solve(system, c));
  for (let i = 0; i < pixels.length; i++) {
    for (let c = 0; c < channels; c++) {
      data[pixels[i] * channels + c] =
        solutions[c][i] + (noise === 0 ? 0 : noise * random.normal());
    }
  }
  return { shape: sample.shape, data };
}

/** A symmetric matrix, its diagonal apart from the rest, which is negative and kept row by row. */
interface SparseSystem {
  readonly channels: number;
  /** Flat index of each unknown. */
  readonly pixels: Uint32Array;
  /** By channel: what the kept neighbours of each unknown contribute. */
  readonly right: readonly Float64Array[];
  /** Sum of the weights of each unknown's neighbours. */
  readonly diagonal: Float64Array;
  /** Where the neighbours of each unknown begin, one more at the end … */
  readonly rows: Uint32Array;
  /** … and where those begin that come after it. */
  readonly middle: Uint32Array;
  readonly columns: Uint32Array;
  readonly weights: Float64Array;
  /** Diagonal of the incomplete factorisation. */
  readonly factor: Float64Array;
  /** False if nothing was kept, so that the values are free. */
  readonly anchored: boolean;
  /** A first guess for each pixel and channel. */
  readonly guess: Float64Array;
}

function systemOf(sample: NdArray, removed: Uint8Array): SparseSystem {
  const [height, width] = sample.shape;
  const { channels } = splitShape(sample.shape);
  const indexOf = new Int32Array(removed.length).fill(-1);
  let count = 0;
  removed.forEach((gone, p) => {
    if (gone === 1) indexOf[p] = count++;
  });
  const pixels = new Uint32Array(count);
  const diagonal = new Float64Array(count);
  const rows = new Uint32Array(count + 1);
  const middle = new Uint32Array(count);
  const columns = new Uint32Array(count * 8);
  const weights = new Float64Array(count * 8);
  const right = Array.from({ length: channels }, () => new Float64Array(count));
  let at = 0;
  for (let p = 0; p < removed.length; p++) {
    const i = indexOf[p];
    if (i === -1) continue;
    pixels[i] = p;
    const y = Math.floor(p / width);
    const x = p - y * width;
    for (let n = 0; n < 8; n++) {
      if (n === 4) middle[i] = at;
      const row = y + ROWS[n];
      const column = x + COLUMNS[n];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      diagonal[i] += WEIGHTS[n];
      const q = row * width + column;
      if (indexOf[q] === -1) {
        for (let c = 0; c < channels; c++) {
          right[c][i] += WEIGHTS[n] * sample.data[q * channels + c];
        }
        continue;
      }
      columns[at] = indexOf[q];
      weights[at++] = WEIGHTS[n];
    }
    rows[i + 1] = at;
  }
  // if nothing is kept, there is nothing to continue: the mean colour of all
  const source = count === removed.length ? new Uint8Array(count) : removed;
  const guess = fillFromCoarse(sample.data, source, [height, width], channels);
  if (source !== removed) fillWithMeans(guess, channels);
  const matrix = { diagonal, rows, middle, columns, weights };
  return {
    channels,
    pixels,
    right,
    ...matrix,
    factor: factorDiagonal(matrix),
    anchored: count < removed.length,
    guess,
  };
}

type Matrix = Pick<SparseSystem, 'diagonal' | 'rows' | 'middle' | 'columns' | 'weights'>;

/** Modified incomplete Cholesky without fill-in: entries that it drops are added to the diagonal, except for this share. */
const FILL_LOST = 0.03;

function factorDiagonal({ diagonal, rows, middle, columns, weights }: Matrix): Float64Array {
  const factor = new Float64Array(diagonal.length);
  const later = new Float64Array(diagonal.length);
  for (let i = 0; i < factor.length; i++) {
    let value = diagonal[i];
    for (let e = rows[i]; e < middle[i]; e++) {
      const j = columns[e];
      const filled = (1 - FILL_LOST) * later[j] + FILL_LOST * weights[e];
      value -= (weights[e] * filled) / factor[j];
    }
    // far from the kept pixels the rest may cancel to nothing
    factor[i] = value > 0.1 * diagonal[i] ? value : diagonal[i];
    for (let e = middle[i]; e < rows[i + 1]; e++) later[i] += weights[e];
  }
  return factor;
}

/** Conjugate gradients: the matrix is symmetric and positive definite. */
function solve(system: SparseSystem, channel: number): Float64Array {
  const { channels, pixels, anchored, guess } = system;
  const size = pixels.length;
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) x[i] = guess[pixels[i] * channels + channel];
  if (size === 0 || !anchored) return x;
  const right = system.right[channel];
  const product = new Float64Array(size);
  multiply(system, x, product);
  const residual = right.map((value, i) => value - product[i]);
  const step = new Float64Array(size);
  const direction = new Float64Array(size);
  precondition(system, residual, direction);
  step.set(direction);
  let rho = dot(residual, direction);
  const enough = TOLERANCE ** 2 * dot(right, right);
  for (let round = 0; round < 4 * size && dot(residual, residual) > enough; round++) {
    multiply(system, step, product);
    const length = rho / dot(step, product);
    for (let i = 0; i < size; i++) {
      x[i] += length * step[i];
      residual[i] -= length * product[i];
    }
    precondition(system, residual, direction);
    const next = dot(residual, direction);
    const ratio = next / rho;
    for (let i = 0; i < size; i++) step[i] = direction[i] + ratio * step[i];
    rho = next;
  }
  return x;
}

function multiply(
  { diagonal, rows, columns, weights }: Matrix,
  x: Float64Array,
  into: Float64Array,
): void {
  for (let i = 0; i < x.length; i++) {
    let sum = diagonal[i] * x[i];
    for (let e = rows[i]; e < rows[i + 1]; e++) sum -= weights[e] * x[columns[e]];
    into[i] = sum;
  }
}

/** Solves with the incomplete factors: once forwards, once back. */
function precondition(
  { rows, middle, columns, weights, factor }: SparseSystem,
  r: Float64Array,
  into: Float64Array,
): void {
  for (let i = 0; i < r.length; i++) {
    let sum = r[i];
    for (let e = rows[i]; e < middle[i]; e++) sum += weights[e] * into[columns[e]];
    into[i] = sum / factor[i];
  }
  for (let i = r.length - 1; i >= 0; i--) {
    let sum = 0;
    for (let e = middle[i]; e < rows[i + 1]; e++) sum += weights[e] * into[columns[e]];
    into[i] += sum / factor[i];
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function fillWithMeans(values: Float64Array, channels: number): void {
  const means = new Float64Array(channels);
  values.forEach((v, i) => (means[i % channels] += (v * channels) / values.length));
  values.forEach((_, i) => (values[i] = means[i % channels]));
}

/** Means of what was kept, over ever larger blocks until every block has something; a start that saves most of the rounds. */
function fillFromCoarse(
  data: Float32Array,
  removed: Uint8Array,
  [height, width]: readonly [number, number],
  channels: number,
): Float64Array {
  const known = new Float64Array(removed.length);
  const values = new Float64Array(data.length);
  for (let p = 0; p < removed.length; p++) {
    if (removed[p] === 1) continue;
    known[p] = 1;
    for (let c = 0; c < channels; c++) values[p * channels + c] = data[p * channels + c];
  }
  return fillLevel(values, known, height, width, channels);
}

/** `values` are sums over `weights` many kept pixels of a block; returns means for every block. */
function fillLevel(
  values: Float64Array,
  weights: Float64Array,
  height: number,
  width: number,
  channels: number,
): Float64Array {
  const result = new Float64Array(values.length);
  const last = height === 1 && width === 1;
  let coarse: Float64Array | undefined;
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const up = (p: number) => Math.floor(Math.floor(p / width) / 2) * columns + ((p % width) >> 1);
  if (!last && weights.some((weight) => weight === 0)) {
    const sums = new Float64Array(rows * columns * channels);
    const counts = new Float64Array(rows * columns);
    for (let p = 0; p < weights.length; p++) {
      counts[up(p)] += weights[p];
      for (let c = 0; c < channels; c++) sums[up(p) * channels + c] += values[p * channels + c];
    }
    coarse = fillLevel(sums, counts, rows, columns, channels);
  }
  for (let p = 0; p < weights.length; p++) {
    for (let c = 0; c < channels; c++) {
      result[p * channels + c] =
        weights[p] > 0
          ? values[p * channels + c] / weights[p]
          : (coarse?.[up(p) * channels + c] ?? 0);
    }
  }
  return result;
}
