/** Picture files: what can be read and written, and how the first bytes tell the kind of a file. */

import type { ReadingOptions } from '../reading/limits.js';

export type PictureFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif';

/** File name endings that can be written, and what they mean. */
export const EXTENSIONS: Readonly<Record<string, PictureFormat>> = {
  png: 'png',
  jpg: 'jpeg',
  jpeg: 'jpeg',
  webp: 'webp',
  gif: 'gif',
  tif: 'tiff',
  tiff: 'tiff',
  avif: 'avif',
};

/** The format of a file name, by its ending. */
export function formatOfName(name: string): PictureFormat | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(EXTENSIONS, ending) ? EXTENSIONS[ending] : undefined;
}

/** The format of a file's bytes; undefined if they begin like no known picture. */
export function formatOfBytes(bytes: Uint8Array): PictureFormat | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (text(0, 3) === '\xff\xd8\xff') return 'jpeg';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp';
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return 'gif';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(text(0, 4))) return 'tiff';
  if (text(4, 8) === 'ftyp' && /avif|avis|mif1|msf1/.test(text(8, 32))) return 'avif';
  return undefined;
}

export interface LoadImageOptions extends ReadingOptions {
  /** Larger pictures are refused from their header, before they are decoded. Default 100 million. */
  readonly maxPixels?: number;
}

/** A path, a `file:`, `http(s):` or `data:` URL, a blob, or the bytes of a file. */
export type ImageSource = string | URL | Blob | Uint8Array | ArrayBuffer;

/** Options of `saveImage`. */
export interface SaveImageOptions {
  /** 1 to 100, for jpg, webp and avif; 100 is lossless for webp and avif. Default 92. */
  readonly quality?: number;
  /** Default `true`: an existing file is replaced. With `false` it throws `FILE_EXISTS`. */
  readonly overwrite?: boolean;
  /** Default `false`: a missing folder is an error. */
  readonly createFolder?: boolean;
}
