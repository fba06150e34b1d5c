import { WhylensError } from '../errors.js';
import type { Picture, PictureMode } from '../explanation.js';
import { readPixels, writePixels, type PngPixels } from './png-engine.js';
import { toBase64 } from './base64.js';
import { orientPicture } from './orient.js';
import { CHANNELS, checkMaxPixels, checkPicture, checkSize, MAX_PIXELS } from './picture.js';
import { pngParts, rowsProblem } from './png-check.js';
import { remark } from './remarks.js';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of one sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. */
  readonly colourType: number;
}

/** Options of `decodePng`. */
export interface DecodePngOptions {
  /** Larger pictures are refused from their header. Default 100 million. */
  readonly maxPixels?: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const HEADER_LENGTH = 33;
const COLOUR_TYPES: Readonly<Record<PictureMode, 0 | 2 | 6>> = { L: 0, RGB: 2, RGBA: 6 };

/** True if the bytes begin like a PNG file. */
function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Size and kind of a PNG file from its first bytes, nothing decoded. */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  if (bytes.length === 0) throw invalid('it is empty');
  if (!isPng(bytes)) throw invalid('it does not begin with the PNG signature');
  if (bytes.length < HEADER_LENGTH) throw invalid(`it ends after ${bytes.length} bytes`);
  if (String.fromCharCode(...bytes.subarray(12, 16)) !== 'IHDR') {
    throw invalid('its first part is not a header (IHDR)');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: bytes[24],
    colourType: bytes[25],
  };
}

/**
 * A PNG file as a picture: grey stays grey, palettes become colour, 16 bits
 * are rounded to 8, anything transparent becomes RGBA, an orientation is turned upright.
 *
 * @throws WhylensError `INVALID_PICTURE` (empty, corrupt, truncated), `PICTURE_TOO_LARGE` (before decoding)
 */
export function decodePng(
  bytes: Uint8Array,
  { maxPixels = MAX_PIXELS }: DecodePngOptions = {},
): Picture {
  checkMaxPixels('decodePng', maxPixels);
  const header = readPngHeader(bytes);
  const { width, height, colourType } = header;
  if (width === 0 || height === 0) throw invalid(`its header says ${width}×${height} pixels`);
  checkSize(width, height, maxPixels);
  const parts = pngParts(bytes);
  const problem = rowsProblem(bytes, parts, header);
  if (problem !== undefined) throw invalid(problem.why, problem.cause);
  let png: PngPixels;
  try {
    png = readPixels(parts.bytes);
  } catch (error) {
    throw invalid(reasonOf(error), error);
  }
  const data = new Uint8ClampedArray(png.data.buffer, png.data.byteOffset, png.data.length);
  if (data.length !== width * height * 4) throw invalid('its rows are incomplete');
  const mode: PictureMode = png.alpha ? 'RGBA' : colourType === 0 ? 'L' : 'RGB';
  const picture = orientPicture(
    mode === 'RGBA'
      ? { width, height, mode, data }
      : { width, height, mode, data: pick(data, CHANNELS[mode]) },
    parts.orientation,
  );
  return parts.after === 0
    ? picture
    : remark(picture, `the PNG file has ${parts.after} bytes after its end; they are ignored`);
}

/** pngjs describes a file that ends too early by its own internals, so its message is replaced. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/read requests|unexpected end/i.test(message)) return 'it ends too early';
  if (/crc/i.test(message)) return 'a checksum in it is wrong';
  return message;
}

/** The picture as a PNG file, in its own mode, 8 bits a sample; lossless. */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, mode, data } = checkPicture(picture);
  return writePixels(data, { width, height }, COLOUR_TYPES[mode]);
}

/** The picture as a `data:` address. */
export const pngAddress = (picture: Picture): string =>
  `data:image/png;base64,${toBase64(encodePng(picture))}`;

function pick(rgba: Uint8ClampedArray, channels: number): Uint8ClampedArray {
  const result = new Uint8ClampedArray((rgba.length / 4) * channels);
  for (let i = 0, o = 0; i < rgba.length; i += 4) {
    for (let c = 0; c < channels; c++) result[o++] = rgba[i + c];
  }
  return result;
}

function invalid(why: string, cause?: unknown): WhylensError {
  return new WhylensError(
    'INVALID_PICTURE',
    `a whole PNG file is needed, but this one cannot be read: ${why}`,
    { cause },
  );
}
