/** Typed arrays and pictures as JSON: base64 of little-endian float32, and PNG. */
import type { NdArray, Picture, PictureMode } from '../../src/explanation.js';
import { floatBytes, fromBase64, toBase64 } from '../../src/images/base64.js';
import { checkPicture } from '../../src/images/picture.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { count, fail, inside, list, literal, number, object, string, type Codec } from './codec.js';

/** How an array of numbers is stored. */
export interface StoredArray {
  /** Sizes of the axes, row-major, channels last. */
  readonly shape: readonly number[];
  readonly dtype: 'float32';
  /** Base64 of the values as little-endian float32, or the values themselves. */
  readonly data: string | readonly number[];
}

/** How a picture is stored: losslessly, in its own mode. */
export interface StoredPicture {
  readonly width: number;
  readonly height: number;
  readonly mode: PictureMode;
  /** Base64 of a PNG file of exactly this size and mode. */
  readonly png: string;
}

/** An array with one of these numbers of axes, without NaN and infinities. */
export function array(...ranks: readonly number[]): Codec<NdArray> {
  return (value, at, way) => {
    if (way.direction !== 'read') {
      const { shape, data } = looseArray(value, at, way);
      if (!(data instanceof Float32Array)) fail(inside(at, 'data'), 'a Float32Array', data);
      checkShape(shape, data.length, ranks, at);
      checkFinite(data, at);
      if (way.direction === 'check') return value as NdArray;
      const stored: StoredArray = {
        shape,
        dtype: 'float32',
        data:
          way.arrays === 'numbers' ? Array.from(data, (x) => x + 0) : toBase64(floatBytes(data)),
      };
      return stored as unknown as NdArray;
    }
    const { shape, data } = storedArray(value, at, way);
    const place = inside(at, 'data');
    if (typeof data !== 'string') {
      checkShape(shape, data.length, ranks, at);
      const floats = Float32Array.from(data);
      checkFinite(floats, at);
      return { shape, data: floats };
    }
    const bytes = fromBase64(data);
    if (bytes === undefined || bytes.length % 4 !== 0) {
      return fail(place, 'base64 of whole float32 values', data);
    }
    checkShape(shape, bytes.length / 4, ranks, at);
    const view = new DataView(bytes.buffer);
    const floats = Float32Array.from({ length: bytes.length / 4 }, (_, i) =>
      view.getFloat32(4 * i, true),
    );
    checkFinite(floats, at);
    return { shape, data: floats };
  };
}

export const picture: Codec<Picture> = (value, at, way) => {
  if (way.direction !== 'read') {
    const { width, height, mode, data } = loosePicture(value, at, way);
    if (!(data instanceof Uint8ClampedArray)) {
      fail(inside(at, 'data'), 'a Uint8ClampedArray', data);
    }
    if (way.direction === 'check') {
      return wrapped(() => checkPicture({ width, height, mode, data }), at, value);
    }
    const stored: StoredPicture = {
      width,
      height,
      mode,
      png: wrapped(() => toBase64(way.encode({ width, height, mode, data })), at, value),
    };
    return stored as unknown as Picture;
  }
  const { width, height, mode, png } = storedPicture(value, at, way);
  const place = inside(at, 'png');
  const bytes = fromBase64(png) ?? fail(place, 'base64 of a PNG file', png);
  // the header first: a small file may claim a gigabyte of pixels
  const header = wrapped(() => way.header(bytes), place, png);
  if (header.width !== width || header.height !== height) {
    fail(place, `a picture of ${width}×${height} pixels`, `${header.width}×${header.height}`);
  }
  const decoded = wrapped(() => way.decode(bytes, { maxPixels: way.maxPixels }), place, png);
  if (decoded.mode !== mode) fail(place, `a picture of mode ${mode}`, decoded.mode);
  return decoded;
};

const looseArray = object<{ shape: readonly number[]; data: unknown }>({
  shape: list(count),
  data: (value) => value,
});

const storedArray = object<StoredArray>({
  shape: list(count),
  dtype: literal('float32'),
  data: (value, at, way) => (typeof value === 'string' ? value : list(number)(value, at, way)),
});

const loosePicture = object<{ width: number; height: number; mode: PictureMode; data: unknown }>({
  width: count,
  height: count,
  mode: literal<PictureMode>('L', 'RGB', 'RGBA'),
  data: (value) => value,
});

const storedPicture = object<StoredPicture>({
  width: count,
  height: count,
  mode: literal<PictureMode>('L', 'RGB', 'RGBA'),
  png: string,
});

type At = Parameters<Codec<unknown>>[1];

function checkShape(
  shape: readonly number[],
  length: number,
  ranks: readonly number[],
  at: At,
): void {
  const place = inside(at, 'shape');
  if (!ranks.includes(shape.length)) {
    fail(place, `the sizes of ${ranks.join(' or ')} axes`, `[${shape.join(', ')}]`);
  }
  const size = sizeOf(shape);
  if (size === 0 || size !== length) {
    fail(place, `the sizes of ${length} values`, `[${shape.join(', ')}] (${size} values)`);
  }
}

function checkFinite(data: Float32Array, at: At): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) fail(inside(inside(at, 'data'), bad), 'a finite float32 number', data[bad]);
}

/** Errors of the picture code, reported as errors of the record, with the place. */
function wrapped<T>(work: () => T, at: At, value: unknown): T {
  try {
    return work();
  } catch (error) {
    return fail(at, `a sound picture (${(error as Error).message})`, value, error);
  }
}
