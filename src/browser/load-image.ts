/** Takes the place of `src/node/load-image.ts` in a browser (see `browser` in package.json). */
import { describeValue, isWhylensError, WhylensError } from '../errors.js';
import { remedyFor } from '../mistaken.js';
import type { Picture } from '../explanation.js';
import { formatOfBytes } from '../images/formats.js';
import { checkMaxPixels, checkSize, MAX_PIXELS } from '../images/picture.js';
import { decodePng, readPngHeader } from '../images/png.js';
import { fetchBounded, type Fail } from '../reading/fetch.js';
import { limitsOf, type ReadLimits, type Scheme } from '../reading/limits.js';
import type { ImageSource, LoadImageOptions } from '../images/formats.js';

/**
 * `loadImage` from a URL (relative ones too), a `File` or `Blob`, or bytes. PNG
 * is decoded as in Node, to the bit; everything else by the browser: upright as EXIF says, without
 * colour conversion, always RGBA, even if the file is grey.
 */
export async function loadImage(
  source: ImageSource,
  { maxPixels = MAX_PIXELS, ...reading }: LoadImageOptions = {},
): Promise<Picture> {
  const limits = limitsOf('loadImage', reading);
  checkMaxPixels('loadImage', maxPixels);
  const { blob, name } = await blobOf(source, limits);
  try {
    const head = new Uint8Array(await blob.slice(0, 64).arrayBuffer());
    if (head.length === 0) throw new WhylensError('INVALID_PICTURE', 'the file is empty');
    if (formatOfBytes(head) === 'png') {
      // a canvas multiplies colours by their alpha and cannot take it back
      checkHeader(head, maxPixels);
      return decodePng(new Uint8Array(await blob.arrayBuffer()), { maxPixels });
    }
    const bitmap = await createImageBitmap(blob, {
      imageOrientation: 'from-image',
      premultiplyAlpha: 'none',
      colorSpaceConversion: 'none',
    });
    try {
      const { width, height } = bitmap;
      checkSize(width, height, maxPixels);
      const context = new OffscreenCanvas(width, height).getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      return { width, height, mode: 'RGBA', data };
    } finally {
      bitmap.close();
    }
  } catch (error) {
    const known = isWhylensError(error);
    const why = known ? error.message : 'the browser cannot decode it';
    throw new WhylensError(
      known ? error.code : 'INVALID_PICTURE',
      `cannot load the picture ${name}: ${why}`,
      { cause: error, facts: { source: name } },
    );
  }
}

/** The size is checked before the rest of a large file is read. */
function checkHeader(head: Uint8Array, maxPixels: number): void {
  const { width, height } = readPngHeader(head);
  checkSize(width, height, maxPixels);
}

async function blobOf(
  source: ImageSource,
  limits: ReadLimits,
): Promise<{ blob: Blob; name: string }> {
  if (source instanceof Blob) {
    return { blob: source, name: source instanceof File ? `'${source.name}'` : 'given as a blob' };
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    return { blob: new Blob([source as BlobPart]), name: `of ${source.byteLength} bytes` };
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `loadImage needs an address, a file or the bytes of a picture, got ${remedyFor('file', source) ?? describeValue(source)}`,
    );
  }
  const url = String(source);
  const name = `'${url.length > 80 ? `${url.slice(0, 77)}...` : url}'`;
  const fail: Fail = (why, details) =>
    new WhylensError(
      'FILE',
      `cannot read the picture ${name}: ${why.replace(' answers ', ' answered ')}`,
      {
        ...details,
        facts: { ...details?.facts, source: name },
      },
    );
  const base = globalThis.location?.href;
  if (!URL.canParse(url, base)) throw fail('it is not an address');
  const address = new URL(url, base);
  // addresses of a page's own blobs are its own memory
  const allowed = { ...limits, schemes: [...limits.schemes, 'blob' as Scheme] };
  const bytes = await fetchBounded(address, allowed, fail);
  return { blob: new Blob([bytes as BlobPart]), name };
}
