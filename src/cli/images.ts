/** Which pictures a command line means. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { WhylensError } from '../errors.js';

const EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp', 'gif', 'tif', 'tiff', 'avif'];

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
    const names = (await readdir(input)).filter(isPicture).sort();
    if (names.length === 0) {
      throw new WhylensError(
        'FILE',
        `folder '${input}' holds no picture; looked for files ending in ${EXTENSIONS.join(', ')}`,
        { facts: { folder: input } },
      );
    }
    sources.push(...names.map((name) => source(join(input, name))));
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

function isPicture(name: string): boolean {
  return !name.startsWith('.') && EXTENSIONS.includes(extname(name).slice(1).toLowerCase());
}

function isAddress(path: string): boolean {
  return /^(https?|data):/.test(path);
}
