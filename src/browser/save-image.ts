/** Takes the place of `src/node/save-image.ts` in a browser (see `browser` in package.json). */
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { formatOfName } from '../images/formats.js';
import { checkPicture, convertPicture } from '../images/picture.js';
import { encodePng } from '../images/png.js';
import type { SaveImageOptions } from '../images/formats.js';

const WHITE = { background: [255, 255, 255] } as const;

/** `saveImage` as a download: png, jpg or webp, by the name's ending. `overwrite` is left to the browser. */
export async function saveImage(
  picture: Picture,
  name: string,
  { quality = 92 }: SaveImageOptions = {},
): Promise<void> {
  const checked = checkPicture(picture);
  const format = formatOfName(name);
  if (format !== 'png' && format !== 'jpeg' && format !== 'webp') {
    throw new WhylensError(
      'FILE',
      `cannot save the picture '${name}': in a browser its name must end in .png, .jpg or .webp`,
      { facts: { name, allowed: ['png', 'jpg', 'webp'] } },
    );
  }
  const blob =
    format === 'png'
      ? new Blob([encodePng(checked) as BlobPart], { type: 'image/png' })
      : await encode(checked, format, quality);
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/^.*[/\\]/, '');
  link.click();
  // the download has begun by the next task
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

async function encode(picture: Picture, format: 'jpeg' | 'webp', quality: number): Promise<Blob> {
  const opaque = format === 'jpeg' ? convertPicture(picture, 'RGB', WHITE) : picture;
  const { width, height, data } = convertPicture(opaque, 'RGBA');
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new ImageData(Uint8ClampedArray.from(data), width, height);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  const type = `image/${format}`;
  const blob = await canvas.convertToBlob({ type, quality: quality / 100 });
  if (blob.type !== type) {
    throw new WhylensError('FILE', `this browser cannot write ${format}; use png`);
  }
  return blob;
}
