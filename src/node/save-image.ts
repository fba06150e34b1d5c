import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { EXTENSIONS, formatOfName, type SaveImageOptions } from '../images/formats.js';
import { checkPicture } from '../images/picture.js';
import { encodePng } from '../images/png.js';
import { writeFileWhole } from './write-file.js';

export type { SaveImageOptions };

const DEFAULT_QUALITY = 92;

/**
 * Writes a picture file in the format of the name's ending: png (lossless, in
 * the picture's own mode), jpg, webp, avif, gif or tiff. Whole or not at all: first under
 * a temporary name, then renamed. JPEG has no alpha: it is laid on white.
 *
 * @throws WhylensError `FILE`, `FILE_EXISTS` with `overwrite: false`, `INVALID_PICTURE`, `INVALID_OPTION`
 * @example await saveImage(formatAsImage(expl), 'dog.png')
 */
export async function saveImage(
  picture: Picture,
  path: string,
  { quality = DEFAULT_QUALITY, ...options }: SaveImageOptions = {},
): Promise<void> {
  const checked = checkPicture(picture);
  const format = formatOfName(path);
  if (format === undefined) {
    const endings = Object.keys(EXTENSIONS);
    const ending = /\.([^./\\]+)$/.exec(path)?.[1];
    throw new WhylensError(
      'FILE',
      `cannot write the picture '${path}': its name must end in ${endings.map((end) => `.${end}`).join(', ')}${didYouMean(ending ?? '', endings, (near) => `.${near}`)}`,
      { facts: { path, allowed: endings } },
    );
  }
  if (!(quality >= 1 && quality <= 100)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'quality' of saveImage must be a number from 1 to 100, got ${quality}`,
    );
  }
  const bytes =
    format === 'png'
      ? encodePng(checked)
      : await (
          await import('./sharp-codec.js')
        ).encodeWithSharp(checked, format, Math.round(quality));
  await writeFileWhole(path, bytes, options);
}
