/** Emoji drawings as pixels, at a few sizes each so that small copies do not alias. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { CLASSES, DISTRACTORS, type Drawing } from './classes.js';

const SIZES = [16, 32, 64, 128, 256] as const;

/** Square RGBA with the colour premultiplied by alpha, values 0 to 255. */
export interface Sprite {
  readonly size: number;
  readonly data: Float32Array;
}

/** One drawing, smallest size first. */
export type SpriteSizes = readonly Sprite[];

export interface SpriteSet {
  /** By class index. */
  readonly classes: readonly SpriteSizes[];
  readonly distractors: readonly SpriteSizes[];
}

/** Draws every emoji of the demo; takes a tenth of a second. */
export async function loadSprites(): Promise<SpriteSet> {
  const folder = dirname(createRequire(import.meta.url).resolve('@twemoji/svg/package.json'));
  const draw = (drawings: readonly Drawing[]): Promise<SpriteSizes[]> =>
    Promise.all(drawings.map(({ code }) => rasterise(join(folder, `${code}.svg`))));
  return { classes: await draw(CLASSES), distractors: await draw(DISTRACTORS) };
}

/** The smallest size that need not be enlarged to `size` pixels, else the largest. */
export function spriteFor(sizes: SpriteSizes, size: number): Sprite {
  return sizes.find((sprite) => sprite.size >= size) ?? sizes[sizes.length - 1];
}

async function rasterise(file: string): Promise<SpriteSizes> {
  const sprites: Sprite[] = [];
  for (const size of SIZES) {
    // 72 dpi draws one pixel a point of the 36-point drawing
    const { data } = await sharp(file, { density: (72 * size) / 36 })
      .resize(size, size)
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    sprites.push({ size, data: premultiply(data) });
  }
  return sprites;
}

function premultiply(rgba: Uint8Array): Float32Array {
  const result = new Float32Array(rgba.length);
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3];
    for (let c = 0; c < 3; c++) result[i + c] = (rgba[i + c] * alpha) / 255;
    result[i + 3] = alpha;
  }
  return result;
}
