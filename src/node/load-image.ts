import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isWhylensError, WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { formatOfBytes, type ImageSource, type LoadImageOptions } from '../images/formats.js';
import { MAX_PIXELS } from '../images/picture.js';
import { decodePng } from '../images/png.js';

export type { ImageSource, LoadImageOptions };

/**
 * A picture file as a picture: PNG, JPEG, WebP, GIF (its first frame), TIFF or
 * AVIF. Turned upright as its EXIF data says; grey stays grey, alpha stays,
 * colour profiles are left aside as Pillow leaves them (CMYK apart), since that
 * is what models were trained on.
 *
 * @throws WhylensError `FILE` (not there, not readable, no answer), `INVALID_PICTURE`
 *   (empty, corrupt, truncated, no picture), `PICTURE_TOO_LARGE`
 * @example await loadImage('cat.jpg'); await loadImage('https://example.org/cat.webp')
 */
export async function loadImage(
  source: ImageSource,
  { maxPixels = MAX_PIXELS, signal }: LoadImageOptions = {},
): Promise<Picture> {
  const { bytes, name } = await readSource(source, signal);
  try {
    if (bytes.length === 0) throw new WhylensError('INVALID_PICTURE', 'the file is empty');
    const format = formatOfBytes(bytes);
    if (format === 'png') return decodePng(bytes, { maxPixels });
    if (format === undefined) {
      throw new WhylensError(
        'INVALID_PICTURE',
        'it begins like no PNG, JPEG, WebP, GIF, TIFF or AVIF file',
      );
    }
    // sharp is a native library and slow to load: only where a file needs it
    const { decodeWithSharp } = await import('./sharp-codec.js');
    return await decodeWithSharp(bytes, maxPixels);
  } catch (error) {
    if (!isWhylensError(error)) throw error;
    throw new WhylensError(error.code, `cannot load the picture ${name}: ${error.message}`, {
      cause: error.cause ?? error,
      facts: { ...error.facts, source: name },
    });
  }
}

async function readSource(
  source: ImageSource,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Uint8Array; name: string }> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return { bytes, name: `of ${bytes.length} bytes` };
  }
  if (source instanceof Blob) {
    const bytes = new Uint8Array(await source.arrayBuffer());
    return {
      bytes,
      name: source instanceof File ? `'${source.name}'` : `of ${bytes.length} bytes`,
    };
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `loadImage needs a path, a URL or the bytes of a picture file, got ${source === null ? 'null' : typeof source}`,
    );
  }
  const text = String(source);
  if (/^(https?|data):/i.test(text)) {
    const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
    return { bytes: await fetchBytes(text, short, signal), name: `'${short}'` };
  }
  try {
    const path = /^file:/i.test(text) ? fileURLToPath(text) : source;
    return { bytes: await readFile(path, { signal }), name: `'${text}'` };
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreadable(`'${text}'`, reasonOf(error), error);
  }
}

async function fetchBytes(
  url: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (signal?.aborted) throw error;
    const { cause, message } = error as Error;
    throw unreadable(`'${name}'`, cause instanceof Error ? cause.message : message, error);
  }
  throw unreadable(`'${name}'`, `the server answered ${response.status} ${response.statusText}`);
}

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EACCES: 'no permission',
    EPERM: 'no permission',
  };
  return reasons[code] ?? message;
}

function unreadable(name: string, why: string, cause?: unknown): WhylensError {
  return new WhylensError('FILE', `cannot read the picture ${name}: ${why}`, {
    cause,
    facts: { source: name },
  });
}
