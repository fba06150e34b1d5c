/** Turns what a formatter made into the bytes of a file, and puts them in place safely. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatOfName } from '../../images/formats.js';
import { checkPicture } from '../../images/picture.js';
import { encodePng } from '../../images/png.js';
import { fileError } from '../../node/write-file.js';
import { cleanFolder, temporaryName } from '../../node/temporary.js';
import { asBytes, isPicture } from '../rendering.js';

const QUALITY = 92;

/** The bytes that a file of this ending holds. */
export async function bytesOf(content: unknown, extension: string): Promise<Uint8Array> {
  if (isPicture(content)) {
    const picture = checkPicture(content);
    const format = formatOfName(`x.${extension}`) ?? 'png';
    if (format === 'png') return encodePng(picture);
    const { encodeWithSharp } = await import('../../node/sharp-codec.js');
    return encodeWithSharp(picture, format, QUALITY);
  }
  const bytes = asBytes(content);
  return typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
}

/**
 * Writes below a temporary name, flushes, and renames: at `path` there is the
 * whole file or what was there before. The output folder itself is not made:
 * if somebody removed it, that is an error.
 */
export async function writeForGood(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  const inside = dirname(path);
  const temporary = join(inside, temporaryName(basename(path)));
  try {
    if (inside !== folder) await foldersBelow(folder, dirname(name));
    cleanFolder(inside);
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, error);
  }
}

async function foldersBelow(folder: string, name: string): Promise<void> {
  let at = folder;
  for (const part of name.split('/')) {
    at = join(at, part);
    await mkdir(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
