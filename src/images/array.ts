import { WhylensError } from '../errors.js';
import type { NdArray, Picture, PictureMode } from '../explanation.js';
import { CHANNELS, checkPicture, checkSize, convertPicture } from './picture.js';

/** Options of `arrayToImage`. */
export interface ArrayToImageOptions {
  /**
   * The values that become 0 and 255, others are clipped; the result is
   * rounded. By default the array's own smallest and largest, truncated, all in float32: ELI5's
   * and Keras' `array_to_img`.
   */
  readonly range?: readonly [number, number];
}

const MODES: Readonly<Record<number, PictureMode>> = { 1: 'L', 3: 'RGB', 4: 'RGBA' };

/**
 * An array as a picture: `[h, w]`, `[h, w, 1 | 3 | 4]`, or one of these with a
 * batch axis of 1 before it.
 *
 * @throws WhylensError `INVALID_PICTURE` for other shapes and for values that are not finite
 * @example arrayToImage(input)                          // stretched
 * @example arrayToImage(undoPreprocess(input, 'tf'), { range: [0, 255] })
 */
export function arrayToImage(array: NdArray, { range }: ArrayToImageOptions = {}): Picture {
  const { width, height, mode } = layoutOf(array.shape);
  const { data } = array;
  if (data.length !== width * height * CHANNELS[mode]) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `an array of shape [${array.shape.join(', ')}] needs ${width * height * CHANNELS[mode]} values, got ${data.length}`,
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `an array must hold finite numbers to become a picture, got ${data[bad]} at position ${bad}`,
    );
  }
  return { width, height, mode, data: range === undefined ? stretch(data) : fit(data, range) };
}

/**
 * The samples of a picture as numbers 0 to 255: `[h, w, channels]`, converted
 * to as many channels as asked for (as `convertPicture` does).
 */
export function imageToArray(
  picture: Picture,
  { channels }: { readonly channels?: number } = {},
): NdArray {
  const checked = checkPicture(picture);
  const mode = channels === undefined ? checked.mode : MODES[channels];
  if (mode === undefined) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `a picture has 1, 3 or 4 channels, ${channels} were asked for`,
    );
  }
  const { width, height, data } = convertPicture(checked, mode);
  return { shape: [height, width, CHANNELS[mode]], data: Float32Array.from(data) };
}

function stretch(data: Float32Array): Uint8ClampedArray {
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const span = Math.fround(high - low);
  const result = new Uint8ClampedArray(data.length);
  if (span === 0) return result;
  for (let i = 0; i < data.length; i++) {
    const share = Math.fround(Math.fround(data[i] - low) / span);
    result[i] = Math.trunc(Math.fround(share * 255));
  }
  return result;
}

function fit(data: Float32Array, [low, high]: readonly [number, number]): Uint8ClampedArray {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `a range must be two numbers, the smaller first, got [${low}, ${high}]`,
    );
  }
  const result = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) result[i] = ((data[i] - low) / (high - low)) * 255;
  return result;
}

function layoutOf(shape: readonly number[]): { width: number; height: number; mode: PictureMode } {
  const own = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  const [height, width, channels = 1] = own;
  const mode = MODES[channels];
  if (own.length < 2 || own.length > 3 || mode === undefined) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `an array must have shape [h, w], [h, w, 1], [h, w, 3] or [h, w, 4] to become a picture, optionally with a batch axis of 1, got [${shape.join(', ')}]`,
    );
  }
  checkSize(width, height);
  return { width, height, mode };
}
