/** Takes the place of `src/node/load-images.ts` in a browser, where there are no folders. */
import type { Picture } from '../explanation.js';
import type { ImageSource, LoadImageOptions } from '../images/formats.js';
import { loadImage } from './load-image.js';

/** The pictures of a list of sources (an input's `files`, say), one after the other. */
export async function* loadImages(
  source: Iterable<ImageSource>,
  options: LoadImageOptions = {},
): AsyncGenerator<Picture, void, undefined> {
  for (const file of source) yield await loadImage(file, options);
}
