import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import type { ImageSource, LoadImageOptions } from '../images/formats.js';
import { loadImage } from './load-image.js';

/** Endings of files that are taken for pictures in a folder. */
const EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp', 'gif', 'tif', 'tiff', 'avif'];

/**
 * The pictures directly in a folder, by name. Hidden files are left out, and so are pipes and
 * devices, since nobody named them.
 */
export async function pictureFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new WhylensError(
      'FILE',
      `cannot read the folder '${folder}': ${(cause as Error).message}`,
      { cause, facts: { folder } },
    );
  }
  const pictures: string[] = [];
  for (const name of names.filter(isPicture).sort()) {
    // a link that leads nowhere stays: reading it says so
    const kind = await stat(join(folder, name)).catch(() => undefined);
    if (kind === undefined || kind.isFile() || kind.isDirectory()) pictures.push(name);
  }
  if (pictures.length === 0) {
    throw new WhylensError(
      'FILE',
      `folder '${folder}' holds no picture; looked for files ending in ${EXTENSIONS.join(', ')}`,
      { facts: { folder } },
    );
  }
  return pictures.map((name) => join(folder, name));
}

/**
 * The pictures of a folder, or of a list of sources, one after the other, each
 * read only when it is asked for.
 *
 * @throws WhylensError `FILE` for a folder without pictures, and as `loadImage` does
 * @example
 * for await (const expl of explainPredictions(model, loadImages('photos'))) …
 */
export async function* loadImages(
  source: string | Iterable<ImageSource>,
  options: LoadImageOptions = {},
): AsyncGenerator<Picture, void, undefined> {
  const files = typeof source === 'string' ? await pictureFiles(source) : source;
  for (const file of files) yield await loadImage(file, options);
}

function isPicture(name: string): boolean {
  return !name.startsWith('.') && EXTENSIONS.includes(extname(name).slice(1).toLowerCase());
}
