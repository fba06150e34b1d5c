/**
 * Superpixels: simple linear iterative clustering (Achanta et al. 2012), own
 * and deterministic, for signals, pictures and volumes.
 */
import type { NdArray } from '../explanation.js';
import { splitShape } from './channels.js';

const ITERATIONS = 10;

/** Options of `slic`. */
export interface SlicOptions {
  /** Regions aimed at; the result has about as many. */
  readonly count: number;
  /** Weight of closeness against similarity of values, for values scaled to [0, 1]. Default 0.2. */
  readonly compactness?: number;
}

/** A region for every position, numbered from 0 without gaps. */
export interface Segments {
  readonly shape: readonly number[];
  readonly labels: Int32Array;
  readonly count: number;
}

/**
 * Connected regions of like values and about equal size. k-means over value
 * and place, started from a regular grid, and no centre looks further than one grid step; then
 * parts that are cut off from their region join a neighbour.
 *
 * Distance² = Σ_c Δv_c² + (compactness · Δplace / step)², values scaled to
 * [0, 1] over the sample.
 *
 * @param sample `[..., k]`
 * @example slic({ shape: [224, 224, 3], data }, { count: 50 })
 */
export function slic(sample: NdArray, { count, compactness = 0.2 }: SlicOptions): Segments {
  const { space, channels } = splitShape(sample.shape);
  // three axes serve all ranks
  const sizes = [1, 1, 1, ...space].slice(-3);
  const positions = sizes[0] * sizes[1] * sizes[2];
  const values = scaled(sample.data);
  const real = sizes.filter((size) => size > 1).length || 1;
  const step = Math.max(1, (positions / count) ** (1 / real));
  const { labels, centres } = startingGrid(sizes, step, values, channels);
  const distances = new Float64Array(positions);
  const nearness = (compactness / step) ** 2;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    distances.fill(Infinity);
    centres.forEach((centre, label) => {
      eachNear(centre.place, step, sizes, (p, square) => {
        let distance = square * nearness;
        for (let c = 0; c < channels; c++) {
          distance += (values[p * channels + c] - centre.value[c]) ** 2;
        }
        if (distance < distances[p]) {
          distances[p] = distance;
          labels[p] = label;
        }
      });
    });
    moveCentres(centres, labels, sizes, values, channels);
  }
  return { shape: space, ...connected(labels, sizes, positions / centres.length / 4) };
}

interface Centre {
  readonly place: Float64Array;
  readonly value: Float64Array;
}

function scaled(data: Float32Array): Float64Array {
  let low = Infinity;
  let high = -Infinity;
  for (const v of data) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  const span = high - low;
  return Float64Array.from(data, (v) => (span === 0 ? 0 : (v - low) / span));
}

function startingGrid(
  sizes: readonly number[],
  step: number,
  values: Float64Array,
  channels: number,
): { labels: Int32Array; centres: Centre[] } {
  const cells = sizes.map((size) => Math.max(1, Math.round(size / step)));
  const labels = new Int32Array(sizes[0] * sizes[1] * sizes[2]);
  let p = 0;
  for (let z = 0; z < sizes[0]; z++) {
    for (let y = 0; y < sizes[1]; y++) {
      for (let x = 0; x < sizes[2]; x++, p++) {
        const [i, j, k] = [z, y, x].map((at, axis) => Math.floor((at * cells[axis]) / sizes[axis]));
        labels[p] = (i * cells[1] + j) * cells[2] + k;
      }
    }
  }
  const centres = Array.from({ length: cells[0] * cells[1] * cells[2] }, () => ({
    place: new Float64Array(3),
    value: new Float64Array(channels),
  }));
  moveCentres(centres, labels, sizes, values, channels);
  return { labels, centres };
}

/** Positions within one step of a place on every axis, with the square of their distance. */
function eachNear(
  place: Float64Array,
  step: number,
  sizes: readonly number[],
  each: (position: number, square: number) => void,
): void {
  const [low, high] = [-step, step].map((reach) =>
    sizes.map((size, axis) => Math.min(Math.max(Math.round(place[axis] + reach), 0), size - 1)),
  );
  for (let z = low[0]; z <= high[0]; z++) {
    for (let y = low[1]; y <= high[1]; y++) {
      for (let x = low[2]; x <= high[2]; x++) {
        const square = (z - place[0]) ** 2 + (y - place[1]) ** 2 + (x - place[2]) ** 2;
        each((z * sizes[1] + y) * sizes[2] + x, square);
      }
    }
  }
}

/** Every centre to the mean of its region; one without a region stays. */
function moveCentres(
  centres: readonly Centre[],
  labels: Int32Array,
  sizes: readonly number[],
  values: Float64Array,
  channels: number,
): void {
  const counts = new Float64Array(centres.length);
  labels.forEach((label) => counts[label]++);
  centres.forEach(({ place, value }, label) => {
    if (counts[label] === 0) return;
    place.fill(0);
    value.fill(0);
  });
  labels.forEach((label, p) => {
    const { place, value } = centres[label];
    place[0] += Math.floor(p / (sizes[1] * sizes[2])) / counts[label];
    place[1] += (Math.floor(p / sizes[2]) % sizes[1]) / counts[label];
    place[2] += (p % sizes[2]) / counts[label];
    for (let c = 0; c < channels; c++) value[c] += values[p * channels + c] / counts[label];
  });
}

/** Connected parts get a number each; parts smaller than `least` join the part found before them. */
function connected(
  labels: Int32Array,
  sizes: readonly number[],
  least: number,
): { labels: Int32Array; count: number } {
  const result = new Int32Array(labels.length).fill(-1);
  let count = 0;
  const part: number[] = [];
  for (let first = 0; first < labels.length; first++) {
    if (result[first] !== -1) continue;
    let beside = -1;
    part.length = 0;
    part.push(first);
    result[first] = count;
    for (let i = 0; i < part.length; i++) {
      for (const next of neighbours(part[i], sizes)) {
        if (result[next] === -1 && labels[next] === labels[first]) {
          result[next] = count;
          part.push(next);
        } else if (result[next] !== -1 && result[next] !== count) {
          beside = result[next];
        }
      }
    }
    if (part.length < least && beside !== -1) {
      for (const p of part) result[p] = beside;
    } else {
      count++;
    }
  }
  return { labels: result, count };
}

function neighbours(p: number, [depth, height, width]: readonly number[]): number[] {
  const plane = height * width;
  const x = p % width;
  const y = Math.floor(p / width) % height;
  const result: number[] = [];
  if (x > 0) result.push(p - 1);
  if (x < width - 1) result.push(p + 1);
  if (y > 0) result.push(p - width);
  if (y < height - 1) result.push(p + width);
  if (p >= plane) result.push(p - plane);
  if (p < (depth - 1) * plane) result.push(p + plane);
  return result;
}
