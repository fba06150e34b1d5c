/** Which pictures a command line means. */
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { pictureFiles } from '../node/load-images.js';
import type { Io } from './io.js';
import { readStdin, STDIN } from './stdin.js';

export interface ImageSource {
  /** As it is shown, and read: a path, an address, or `-` for standard input. */
  readonly path: string;
  /** File name without folder and ending: outputs are named after it. */
  readonly name: string;
}

/** The places in a command line that name pictures. */
interface PictureFlags {
  readonly image?: readonly string[];
  readonly input?: readonly string[];
}

/** Pictures given as arguments come first, then those of `--image`. */
export function namedPictures(
  pictures: readonly string[],
  { image = [], input = [] }: PictureFlags,
): string[] {
  return [...pictures, ...image, ...input];
}

/**
 * Files and addresses as they are, folders as the pictures directly in them,
 * patterns that the shell left alone as the files that match, in the order of
 * their names. A missing file is not an error yet: it is reported with the other
 * pictures that fail.
 *
 * @throws WhylensError `USAGE` for none at all, `FILE` for a folder or a pattern without pictures
 */
export async function findImages(inputs: readonly string[]): Promise<ImageSource[]> {
  const sources = (await Promise.all(inputs.map(filesOf))).flat().map(source);
  if (sources.length === 0) {
    throw new WhylensError(
      'USAGE',
      'at least one picture is needed: a file, a folder, a pattern such as "photos/*.jpg", or - for standard input',
    );
  }
  return sources;
}

/** The picture itself. */
export async function loadPicture({ path }: ImageSource, io: Io): Promise<Picture> {
  const { loadImage } = await import('../node/load-image.js');
  return loadImage(path === STDIN ? await readStdin(io, 'a picture') : path, { signal: io.signal });
}

async function filesOf(input: string): Promise<string[]> {
  if (input === STDIN || isAddress(input)) return [input];
  const found = await stat(input).catch(() => undefined);
  if (found?.isDirectory() === true) return pictureFiles(input);
  if (found !== undefined || !/[*?[{]/.test(input)) return [input];
  const { glob } = await import('tinyglobby');
  // in a pattern a backslash takes a character's meaning away, except where it separates folders
  const pattern = process.platform === 'win32' ? input.replaceAll('\\', '/') : input;
  const matches = await glob(pattern, { onlyFiles: true, expandDirectories: false });
  if (matches.length > 0) return matches.sort();
  throw new WhylensError('FILE', `no file matches '${input}'`, { facts: { pattern: input } });
}

function source(path: string): ImageSource {
  if (path === STDIN) return { path, name: 'stdin' };
  const file = isAddress(path) && URL.canParse(path) ? new URL(path).pathname : path;
  const name = path.startsWith('data:') ? '' : basename(file, extname(file));
  return { path, name: name || 'image' };
}

function isAddress(path: string): boolean {
  return /^(https?|data):/.test(path);
}
