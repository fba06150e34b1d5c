import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { kernelOf, PRECISION_BITS, type Kernel } from './kernels.js';
import { CHANNELS, checkPicture, checkSize } from './picture.js';

/** Pillow's six filters, from the coarsest to the smoothest. */
export const RESAMPLING_FILTERS = [
  'nearest',
  'box',
  'bilinear',
  'hamming',
  'bicubic',
  'lanczos',
] as const;

/** A filter by which pictures are resized: one of `RESAMPLING_FILTERS`. */
export type ResamplingFilter = (typeof RESAMPLING_FILTERS)[number];

/** Options of `resize`. */
export interface ResizeOptions {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Default `'bicubic'`, as Pillow's. */
  readonly filter?: ResamplingFilter;
}

const HALF = 1 << (PRECISION_BITS - 1);

/**
 * The picture at another size, byte for byte what Pillow computes: 8-bit
 * fixed point, the horizontal pass first and rounded to 8 bits before the
 * vertical one, antialiased when shrinking, colours of RGBA pictures weighted
 * by their alpha (`nearest` apart). The same size gives a copy.
 *
 * Raw maps are better resized as numbers: `resizeMap` in `maths`.
 *
 * @throws WhylensError `UNKNOWN_FILTER`, `INVALID_PICTURE`, `PICTURE_TOO_LARGE`
 * @example resize(picture, { width: 224, height: 224, filter: 'bilinear' })
 */
export function resize(picture: Picture, { width, height, filter }: ResizeOptions): Picture {
  const { mode, data, ...from } = checkPicture(picture);
  checkSize(width, height);
  const name = checkFilter(filter ?? 'bicubic');
  const channels = CHANNELS[mode];
  if (from.width === width && from.height === height) {
    return { width, height, mode, data: data.slice() };
  }
  if (name === 'nearest') {
    return { width, height, mode, data: pickNearest(data, from, { width, height }, channels) };
  }
  const horizontal = from.width === width ? undefined : kernelOf(name, from.width, width);
  const vertical = from.height === height ? undefined : kernelOf(name, from.height, height);
  let samples = mode === 'RGBA' ? premultiply(data) : data;
  if (horizontal !== undefined) {
    samples = resampleRows(samples, from.width, from.height, channels, width, horizontal);
  }
  if (vertical !== undefined) {
    samples = resampleColumns(samples, width * channels, height, vertical, mode === 'RGBA');
  } else if (mode === 'RGBA') {
    unpremultiply(samples, 0, samples.length);
  }
  return { width, height, mode, data: samples };
}

/** Refuses a name that is not a resampling filter. */
function checkFilter(filter: string): ResamplingFilter {
  if (!(RESAMPLING_FILTERS as readonly string[]).includes(filter)) {
    throw new WhylensError(
      'UNKNOWN_FILTER',
      `unknown resampling filter ${JSON.stringify(filter)}${didYouMean(String(filter), RESAMPLING_FILTERS)} Allowed: ${RESAMPLING_FILTERS.join(', ')}`,
      { facts: { filter, allowed: RESAMPLING_FILTERS } },
    );
  }
  return filter as ResamplingFilter;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function pickNearest(data: Uint8ClampedArray, from: Size, to: Size, channels: number) {
  const columns = nearestPlaces(from.width, to.width);
  const rows = nearestPlaces(from.height, to.height);
  const result = new Uint8ClampedArray(to.width * to.height * channels);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const source = (row * from.width + column) * channels;
      for (let c = 0; c < channels; c++) result[at++] = data[source + c];
    }
  }
  return result;
}

function nearestPlaces(from: number, to: number): Int32Array {
  const places = new Int32Array(to);
  const step = from / to;
  // the position is summed up and not multiplied, since rounding errors choose the pixel
  let position = step * 0.5;
  for (let i = 0; i < to; i++, position += step) places[i] = Math.min(position, from - 1);
  return places;
}

function resampleRows(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  channels: number,
  newWidth: number,
  { starts, counts, weights, stride }: Kernel,
): Uint8ClampedArray {
  const result = new Uint8ClampedArray(newWidth * height * channels);
  const rowLength = width * channels;
  for (let y = 0, at = 0; y < height; y++) {
    const row = y * rowLength;
    for (let x = 0; x < newWidth; x++) {
      const first = x * stride;
      const last = first + counts[x];
      let i = row + starts[x] * channels;
      if (channels === 1) {
        let sum = HALF;
        for (let k = first; k < last; k++) sum = (sum + Math.imul(data[i++], weights[k])) | 0;
        result[at++] = sum >> PRECISION_BITS;
      } else if (channels === 3) {
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        for (let k = first; k < last; k++, i += 3) {
          const weight = weights[k];
          red = (red + Math.imul(data[i], weight)) | 0;
          green = (green + Math.imul(data[i + 1], weight)) | 0;
          blue = (blue + Math.imul(data[i + 2], weight)) | 0;
        }
        result[at] = red >> PRECISION_BITS;
        result[at + 1] = green >> PRECISION_BITS;
        result[at + 2] = blue >> PRECISION_BITS;
        at += 3;
      } else {
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        let alpha = HALF;
        for (let k = first; k < last; k++, i += 4) {
          const weight = weights[k];
          red = (red + Math.imul(data[i], weight)) | 0;
          green = (green + Math.imul(data[i + 1], weight)) | 0;
          blue = (blue + Math.imul(data[i + 2], weight)) | 0;
          alpha = (alpha + Math.imul(data[i + 3], weight)) | 0;
        }
        result[at] = red >> PRECISION_BITS;
        result[at + 1] = green >> PRECISION_BITS;
        result[at + 2] = blue >> PRECISION_BITS;
        result[at + 3] = alpha >> PRECISION_BITS;
        at += 4;
      }
    }
  }
  return result;
}

/** Columns are summed a whole row at a time: memory is read in order, whatever the mode. */
function resampleColumns(
  data: Uint8ClampedArray,
  rowLength: number,
  newHeight: number,
  { starts, counts, weights, stride }: Kernel,
  premultiplied: boolean,
): Uint8ClampedArray {
  const result = new Uint8ClampedArray(rowLength * newHeight);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < newHeight; y++) {
    const out = y * rowLength;
    const count = counts[y];
    const row = (k: number) => (starts[y] + (k < count ? k : 0)) * rowLength;
    const weight = (k: number) => (k < count ? weights[y * stride + k] : 0);
    if (count <= 2) {
      sumTwo(result, out, data, rowLength, row(0), row(1), weight(0), weight(1));
    } else if (count <= 4) {
      const [a, b, c, d] = [row(0), row(1), row(2), row(3)];
      const [p, q, r, s] = [weight(0), weight(1), weight(2), weight(3)];
      sumFour(result, out, data, rowLength, a, b, c, d, p, q, r, s);
    } else if (count <= 6) {
      const [a, b, c, d, e, f] = [row(0), row(1), row(2), row(3), row(4), row(5)];
      const [p, q, r, s] = [weight(0), weight(1), weight(2), weight(3)];
      sumSix(result, out, data, rowLength, a, b, c, d, e, f, p, q, r, s, weight(4), weight(5));
    } else {
      sums.fill(HALF);
      for (let k = 0; k < count; k += 4) {
        const [a, b, c, d] = [row(k), row(k + 1), row(k + 2), row(k + 3)];
        const [p, q, r, s] = [weight(k), weight(k + 1), weight(k + 2), weight(k + 3)];
        addFour(sums, data, rowLength, a, b, c, d, p, q, r, s);
      }
      for (let i = 0; i < rowLength; i++) result[out + i] = sums[i] >> PRECISION_BITS;
    }
    // row by row, while the row is still in the cache
    if (premultiplied) unpremultiply(result, out, out + rowLength);
  }
  return result;
}

type Bytes = Uint8ClampedArray;

// prettier-ignore
function sumTwo(result: Bytes, out: number, data: Bytes, length: number, a: number, b: number, p: number, q: number): void {
  for (let i = 0; i < length; i++) {
    result[out + i] = (HALF + Math.imul(data[a + i], p) + Math.imul(data[b + i], q)) >> PRECISION_BITS;
  }
}

// prettier-ignore
function sumFour(
  result: Bytes, out: number, data: Bytes, length: number,
  a: number, b: number, c: number, d: number, p: number, q: number, r: number, s: number,
): void {
  for (let i = 0; i < length; i++) {
    const left = (HALF + Math.imul(data[a + i], p) + Math.imul(data[b + i], q)) | 0;
    const right = (Math.imul(data[c + i], r) + Math.imul(data[d + i], s)) | 0;
    result[out + i] = (left + right) >> PRECISION_BITS;
  }
}

// prettier-ignore
function sumSix(
  result: Bytes, out: number, data: Bytes, length: number,
  a: number, b: number, c: number, d: number, e: number, f: number,
  p: number, q: number, r: number, s: number, t: number, u: number,
): void {
  for (let i = 0; i < length; i++) {
    const left = (HALF + Math.imul(data[a + i], p) + Math.imul(data[b + i], q)) | 0;
    const middle = (Math.imul(data[c + i], r) + Math.imul(data[d + i], s)) | 0;
    const right = (Math.imul(data[e + i], t) + Math.imul(data[f + i], u)) | 0;
    result[out + i] = (((left + middle) | 0) + right) >> PRECISION_BITS;
  }
}

// prettier-ignore
function addFour(
  sums: Int32Array, data: Bytes, length: number,
  a: number, b: number, c: number, d: number, p: number, q: number, r: number, s: number,
): void {
  for (let i = 0; i < length; i++) {
    const left = (Math.imul(data[a + i], p) + Math.imul(data[b + i], q)) | 0;
    const right = (Math.imul(data[c + i], r) + Math.imul(data[d + i], s)) | 0;
    sums[i] = (sums[i] + ((left + right) | 0)) | 0;
  }
}

function premultiply(data: Bytes): Bytes {
  const result = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let c = i; c < i + 3; c++) {
      const product = data[c] * alpha + 128;
      result[c] = ((product >> 8) + product) >> 8;
    }
    result[i + 3] = alpha;
  }
  return result;
}

/** `quotients[alpha · 256 + c]` = 255 c / alpha, cut to a byte; c itself if alpha is 0. */
let quotients: Uint8Array | undefined;

function unpremultiply(data: Bytes, from: number, to: number): void {
  quotients ??= Uint8Array.from({ length: 65536 }, (_, i) => {
    const alpha = i >> 8;
    const c = i & 255;
    return alpha === 0 ? c : Math.min(Math.trunc((255 * c) / alpha), 255);
  });
  const table = quotients;
  for (let i = from; i < to; i += 4) {
    const row = data[i + 3] << 8;
    data[i] = table[row | data[i]];
    data[i + 1] = table[row | data[i + 1]];
    data[i + 2] = table[row | data[i + 2]];
  }
}
