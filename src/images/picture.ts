import { describeValue, WhylensError } from '../errors.js';
import type { Picture, PictureMode } from '../explanation.js';
import { remedyFor } from '../mistaken.js';

/** Samples of one pixel. */
export const CHANNELS: Readonly<Record<PictureMode, 1 | 3 | 4>> = { L: 1, RGB: 3, RGBA: 4 };

/** Pictures with more pixels are refused before they are decoded or made: 100 million. */
export const MAX_PIXELS = 100_000_000;

/** A colour behind a transparent picture, each channel 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Options of `convertPicture`. */
export interface ConvertOptions {
  /**
   * The colour behind transparent places if alpha is dropped. Left out, alpha is simply cut off
   * and the colour stored below it appears, as in Pillow's `convert`, and so in the Keras and
   * torchvision pipelines that models are trained with.
   */
  readonly background?: Rgb;
}

/**
 * A picture from its samples, checked: row by row, channels interleaved, 0 to
 * 255. A `Uint8ClampedArray` is taken as it is, other byte arrays share their
 * memory, lists of numbers are copied. Without samples all are 0.
 *
 * @throws WhylensError `INVALID_PICTURE`, `PICTURE_TOO_LARGE`
 * @example createPicture(2, 1, 'RGB', [255, 0, 0, 0, 0, 255])
 */
export function createPicture(
  width: number,
  height: number,
  mode: PictureMode,
  samples?: Uint8ClampedArray | Uint8Array | readonly number[],
): Picture {
  checkSize(width, height);
  if (!Object.hasOwn(CHANNELS, mode)) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `the mode of a picture must be one of L, RGB, RGBA, got ${JSON.stringify(mode)}`,
    );
  }
  const length = width * height * CHANNELS[mode];
  const data =
    samples === undefined
      ? new Uint8ClampedArray(length)
      : samples instanceof Uint8ClampedArray
        ? samples
        : samples instanceof Uint8Array
          ? new Uint8ClampedArray(samples.buffer, samples.byteOffset, samples.length)
          : Uint8ClampedArray.from(samples);
  if (data.length !== length) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `a ${mode} picture of ${width}×${height} needs ${length} samples, got ${data.length}`,
    );
  }
  return { width, height, mode, data };
}

/** Refuses anything that is not a complete picture; code that reads pictures from outside calls it first. */
export function checkPicture(value: unknown): Picture {
  const picture = value as Partial<Picture> | null | undefined;
  const samples: unknown = picture?.data;
  if (
    typeof picture !== 'object' ||
    picture === null ||
    !(samples instanceof Uint8ClampedArray || samples instanceof Uint8Array)
  ) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `a picture must be { width, height, mode, data } with 8-bit samples, got ${remedyFor('picture', value) ?? `${describeValue(value)}; use loadImage, createPicture or arrayToImage to make one`}`,
    );
  }
  // a browser's ImageData has no mode: it is always RGBA
  return createPicture(picture.width!, picture.height!, picture.mode ?? 'RGBA', samples);
}

/** Refuses a limit that limits nothing: comparisons with NaN are always false. */
export function checkMaxPixels(owner: string, maxPixels: unknown): void {
  if (typeof maxPixels === 'number' && maxPixels > 0) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'maxPixels' of ${owner} must be a number above 0, got ${String(maxPixels)}`,
    { facts: { option: 'maxPixels' } },
  );
}

/** Refuses sizes that no picture can have, before memory is taken for them. */
export function checkSize(width: number, height: number, maxPixels = MAX_PIXELS): void {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `width and height of a picture must be whole numbers of at least 1, got ${width}×${height}`,
    );
  }
  if (!(width * height <= maxPixels)) {
    throw new WhylensError(
      'PICTURE_TOO_LARGE',
      `a picture may have at most ${maxPixels} pixels, got ${width}×${height} = ${width * height}; make it smaller first`,
      { facts: { width, height, maxPixels } },
    );
  }
}

/**
 * The picture in another mode, as Pillow's `convert`: grey is
 * (19595 R + 38470 G + 7471 B + 32768) >> 16 (ITU-R 601-2), new alpha is 255,
 * dropped alpha see `background`. The same mode gives the same object.
 *
 * @example convertPicture(logo, 'RGB', { background: [255, 255, 255] })
 */
export function convertPicture(
  picture: Picture,
  mode: PictureMode,
  { background }: ConvertOptions = {},
): Picture {
  if (picture.mode === mode) return picture;
  const { width, height } = picture;
  const source =
    picture.mode === 'RGBA' && background !== undefined ? flatten(picture, background) : picture;
  if (source.mode === mode) return source;
  const from = CHANNELS[source.mode];
  const to = CHANNELS[mode];
  const { data } = source;
  const result = new Uint8ClampedArray(width * height * to);
  for (let i = 0, o = 0; i < data.length; i += from, o += to) {
    if (to === 1) {
      result[o] = (data[i] * 19595 + data[i + 1] * 38470 + data[i + 2] * 7471 + 0x8000) >> 16;
      continue;
    }
    result[o] = data[i];
    result[o + 1] = from === 1 ? data[i] : data[i + 1];
    result[o + 2] = from === 1 ? data[i] : data[i + 2];
    if (to === 4) result[o + 3] = 255;
  }
  return { width, height, mode, data: result };
}

function flatten({ width, height, data }: Picture, background: Rgb): Picture {
  const result = new Uint8ClampedArray(width * height * 3);
  for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
    const alpha = data[i + 3];
    for (let c = 0; c < 3; c++) {
      result[o + c] = Math.round((data[i + c] * alpha + background[c] * (255 - alpha)) / 255);
    }
  }
  return { width, height, mode: 'RGB', data: result };
}
