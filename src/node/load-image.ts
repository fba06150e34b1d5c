import { describeValue, isWhylensError, WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { remedyFor } from '../mistaken.js';
import { formatOfBytes, type ImageSource, type LoadImageOptions } from '../images/formats.js';
import { checkMaxPixels, MAX_PIXELS } from '../images/picture.js';
import { abortable, throwIfAborted } from '../reading/abort.js';
import type { Fail } from '../reading/fetch.js';
import { bytesInWords, limitsOf, type ReadLimits } from '../reading/limits.js';
import { decodePngAside } from './png-aside.js';
import { readSource } from './read-source.js';

export type { ImageSource, LoadImageOptions };

/**
 * A picture file as a picture: PNG, JPEG, WebP, GIF (its first frame), TIFF or
 * AVIF. Turned upright as its EXIF data says; grey stays grey, alpha stays,
 * colour profiles are ignored as in Pillow (except for CMYK), since models were trained on such pictures.
 *
 * @throws WhylensError `FILE` (not there, not readable, no answer, longer than
 *   `maxBytes`), `INVALID_PICTURE` (empty, corrupt, truncated, not a picture),
 *   `PICTURE_TOO_LARGE`, `ABORTED`
 * @example await loadImage('cat.jpg'); await loadImage('https://example.org/cat.webp')
 */
export async function loadImage(
  source: ImageSource,
  { maxPixels = MAX_PIXELS, ...reading }: LoadImageOptions = {},
): Promise<Picture> {
  const limits = limitsOf('loadImage', reading);
  checkMaxPixels('loadImage', maxPixels);
  const { bytes, name } = await bytesOf(source, limits);
  throwIfAborted(limits.signal, `loading ${name}`);
  try {
    if (bytes.length === 0) throw new WhylensError('INVALID_PICTURE', 'the file is empty');
    const format = formatOfBytes(bytes);
    if (format === 'png') return await decodePngAside(bytes, maxPixels, limits.signal);
    if (format === undefined) {
      throw new WhylensError(
        'INVALID_PICTURE',
        'it does not begin like a PNG, JPEG, WebP, GIF, TIFF or AVIF file',
      );
    }
    // sharp is a native library and slow to load: only if a file needs it
    const { decodeWithSharp } = await import('./sharp-codec.js');
    return await abortable(decodeWithSharp(bytes, maxPixels), limits.signal, `loading ${name}`);
  } catch (error) {
    if (!isWhylensError(error) || error.code === 'ABORTED') throw error;
    throw new WhylensError(error.code, `cannot load the picture ${name}: ${error.message}`, {
      cause: error.cause ?? error,
      facts: { ...error.facts, source: name },
    });
  }
}

async function bytesOf(
  source: ImageSource,
  limits: ReadLimits,
): Promise<{ bytes: Uint8Array; name: string }> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return { bytes, name: `of ${bytes.length} bytes` };
  }
  if (source instanceof Blob) {
    const name = source instanceof File ? `'${source.name}'` : `of ${source.size} bytes`;
    if (source.size > limits.maxBytes) {
      throw unreadable(name)(`it is longer than ${bytesInWords(limits.maxBytes)} (maxBytes)`);
    }
    const reading = source.arrayBuffer();
    return {
      bytes: new Uint8Array(await abortable(reading, limits.signal, `reading ${name}`)),
      name,
    };
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `loadImage needs a path, a URL or the bytes of a picture file, got ${remedyFor('file', source) ?? describeValue(source)}`,
    );
  }
  const { bytes, name } = await readSource(source, limits, (name) => unreadable(`'${name}'`));
  return { bytes, name: `'${name}'` };
}

function unreadable(name: string): Fail {
  return (why, details) =>
    new WhylensError(
      'FILE',
      `cannot read the picture ${name}: ${why.replace(' answers ', ' answered ')}`,
      {
        ...details,
        facts: { ...details?.facts, source: name },
      },
    );
}
