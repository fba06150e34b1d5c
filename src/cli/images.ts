/** Which pictures a command line means. */
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { WhylensError } from '../errors.js';
import { pictureFiles } from '../node/load-images.js';

export interface ImageSource {
  /** As it is shown, and read: a path or an address. */
  readonly path: string;
  /** File name without folder and ending: what outputs are called after. */
  readonly name: string;
}

/**
 * Files and addresses as they are, folders as the pictures directly in them, in
 * the order of their names. A missing file is no error yet: it is reported with
 * the other pictures that fail.
 */
export async function findImages(inputs: readonly string[]): Promise<ImageSource[]> {
  const sources: ImageSource[] = [];
  for (const input of inputs) {
    const isFolder = await stat(input).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      sources.push(source(input));
      continue;
    }
    sources.push(...(await pictureFiles(input)).map(source));
  }
  if (sources.length === 0) {
    throw new WhylensError('USAGE', 'at least one picture is needed: --image FILE or FOLDER');
  }
  return sources;
}

function source(path: string): ImageSource {
  const file = isAddress(path) ? new URL(path).pathname : path;
  return { path, name: basename(file, extname(file)) || 'image' };
}

function isAddress(path: string): boolean {
  return /^(https?|data):/.test(path);
}
