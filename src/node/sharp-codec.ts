/** Everything that is not PNG, by libvips. Loaded only when a file needs it. */
import type sharpType from 'sharp';
import type { Metadata, Sharp } from 'sharp';
import { WhylensError } from '../errors.js';
import type { Picture, PictureMode } from '../explanation.js';
import type { PictureFormat } from '../images/formats.js';
import { CHANNELS, checkSize, convertPicture, createPicture } from '../images/picture.js';

const MODES: Readonly<Record<number, PictureMode>> = { 1: 'L', 3: 'RGB', 4: 'RGBA' };

export async function decodeWithSharp(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const sharp = await loadSharp();
  try {
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    checkSize(header.width, header.height, maxPixels);
    requireKnownRange(header);
    const grey = header.space === 'b-w' || header.space === 'grey16';
    const pixels = await sharp(bytes, {
      limitInputPixels: maxPixels,
      failOn: 'error',
      ignoreIcc: header.space !== 'cmyk',
    })
      .autoOrient()
      .toColourspace(grey && !header.hasAlpha ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = pixels.info;
    const data = channels === 2 ? spread(pixels.data) : pixels.data;
    return createPicture(width, height, MODES[channels === 2 ? 4 : channels], data);
  } catch (error) {
    if (error instanceof WhylensError) throw error;
    throw new WhylensError(
      'INVALID_PICTURE',
      `a whole picture file is needed, but this one cannot be decoded: ${(error as Error).message.replace(/\s+/g, ' ')}`,
      { cause: error },
    );
  }
}

/** Refuses samples whose black and white are not known: they would come out black, or as a guess. */
function requireKnownRange({ format, depth, bitsPerSample = 8 }: Metadata): void {
  // other formats define their white
  if (format !== 'tiff') return;
  const isKnown =
    (depth === 'uchar' || depth === 'ushort') && [1, 2, 4, 8, 16].includes(bitsPerSample);
  if (isKnown) return;
  throw new WhylensError(
    'INVALID_PICTURE',
    `its samples are ${depth === 'ushort' || depth === 'uchar' ? `of ${bitsPerSample} bits` : `of type '${depth}'`}, whose black and white are not known; save it with 8 or 16 bits a sample, or give the numbers as an array`,
    { facts: { depth, bitsPerSample } },
  );
}

export async function encodeWithSharp(
  picture: Picture,
  format: Exclude<PictureFormat, 'png'>,
  quality: number,
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  // JPEG has no alpha: white paper, not the black that lies below transparent pixels
  const shown =
    format === 'jpeg'
      ? convertPicture(picture, picture.mode === 'L' ? 'L' : 'RGB', WHITE)
      : picture;
  const { width, height, data, mode } = shown;
  const image = sharp(data, { raw: { width, height, channels: CHANNELS[mode] } });
  try {
    return await encoder(
      mode === 'L' ? image.toColourspace('b-w') : image,
      format,
      quality,
    ).toBuffer();
  } catch (error) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `a picture of ${width}×${height} cannot be written as ${format}: ${(error as Error).message}; png has no such limit`,
      { cause: error },
    );
  }
}

const WHITE = { background: [255, 255, 255] } as const;

function encoder(image: Sharp, format: Exclude<PictureFormat, 'png'>, quality: number): Sharp {
  switch (format) {
    case 'jpeg':
      // colours at full resolution: a heat map is all colour
      return image.jpeg({ quality, chromaSubsampling: '4:4:4' });
    case 'webp':
      return image.webp({ quality, lossless: quality === 100 });
    case 'avif':
      return image.avif({ quality, lossless: quality === 100 });
    case 'gif':
      return image.gif();
    case 'tiff':
      return image.tiff({ compression: 'deflate' });
  }
}

async function loadSharp(): Promise<typeof sharpType> {
  try {
    return (await import('sharp')).default;
  } catch (error) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      "pictures other than PNG need the package 'sharp', which cannot be loaded here; install it, or use PNG",
      { cause: error },
    );
  }
}

/** Grey with alpha as RGBA. */
function spread(data: Uint8Array): Uint8Array {
  const result = new Uint8Array(data.length * 2);
  for (let i = 0, o = 0; i < data.length; i += 2, o += 4) {
    result.fill(data[i], o, o + 3);
    result[o + 3] = data[i + 1];
  }
  return result;
}
