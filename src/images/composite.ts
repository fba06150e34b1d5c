import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { CHANNELS, convertPicture } from './picture.js';

/** How a coloured map is laid on a picture. */
export const BLENDS = ['over', 'add'] as const;
/** How a map is laid over a picture: `over` as ELI5 does, `add` as keras-explainable does. */
export type Blend = (typeof BLENDS)[number];

/** The map's weight in the Keras tutorial. */
const ADD_INTENSITY = 0.4;

/**
 * `top` over `bottom`, byte for byte as Pillow's `alpha_composite` (Porter and
 * Duff's "over" on straight alpha, 7 extra bits, rounded divisions). The
 * result is RGBA; pictures without alpha count as opaque.
 *
 * @throws WhylensError `INVALID_PICTURE` if the sizes differ
 */
export function alphaComposite(bottom: Picture, top: Picture): Picture {
  sameSize(bottom, top);
  const { width, height } = bottom;
  const result = new Uint8ClampedArray(width * height * 4);
  const over = convertPicture(top, 'RGBA').data;
  if (bottom.mode === 'RGBA') overAlpha(result, bottom.data, over);
  else if (bottom.mode === 'RGB') overOpaque(result, bottom.data, over);
  else overOpaque(result, convertPicture(bottom, 'RGB').data, over);
  return { width, height, mode: 'RGBA', data: result };
}

/**
 * The overlay of the Keras tutorial: `intensity · colour + picture`, then
 * stretched to 0…255 over all samples and truncated. Alpha of either is left
 * out; the result is RGB. Colours shift with the content, so prefer `alphaComposite` if pictures are compared.
 */
export function addColours(picture: Picture, colours: Picture, intensity = ADD_INTENSITY): Picture {
  sameSize(picture, colours);
  const { width, height } = picture;
  const below = convertPicture(picture, 'RGB').data;
  const above = convertPicture(colours, 'RGB').data;
  const sums = new Float32Array(below.length);
  // every step in float32, as in NumPy
  const share = Math.fround(intensity);
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < sums.length; i++) {
    const sum = (sums[i] = Math.fround(above[i] * share) + below[i]);
    if (sum < low) low = sum;
    if (sum > high) high = sum;
  }
  low = Math.fround(low);
  const span = Math.fround(Math.fround(high) - low);
  const data = new Uint8ClampedArray(sums.length);
  if (span > 0) {
    for (let i = 0; i < sums.length; i++) {
      data[i] = Math.fround(Math.fround(Math.fround(sums[i] - low) / span) * 255) | 0;
    }
  }
  return { width, height, mode: 'RGB', data };
}

type Bytes = Uint8ClampedArray;

function overAlpha(result: Bytes, below: Bytes, above: Bytes): void {
  for (let i = 0; i < result.length; i += 4) {
    const alpha = above[i + 3];
    if (alpha === 0) {
      result[i] = below[i];
      result[i + 1] = below[i + 1];
      result[i + 2] = below[i + 2];
      result[i + 3] = below[i + 3];
      continue;
    }
    const under = below[i + 3];
    const alpha255 = alpha * 255 + under * (255 - alpha);
    // 255³ · 128 does not fit into 31 bits, so the quotient is taken as a double
    const share = under === 255 ? alpha << 7 : Math.floor((alpha * 65025 * 128) / alpha255);
    const rest = 255 * 128 - share;
    result[i] = by255(above[i] * share + below[i] * rest + 0x4000) >> 7;
    result[i + 1] = by255(above[i + 1] * share + below[i + 1] * rest + 0x4000) >> 7;
    result[i + 2] = by255(above[i + 2] * share + below[i + 2] * rest + 0x4000) >> 7;
    result[i + 3] = by255(alpha255 + 0x80);
  }
}

/** The same for opaque pictures of three channels, where the shares are the alphas themselves. */
function overOpaque(result: Bytes, below: Bytes, above: Bytes): void {
  for (let i = 0, j = 0; i < result.length; i += 4, j += 3) {
    const share = above[i + 3] << 7;
    const rest = 32640 - share;
    result[i] = by255(above[i] * share + below[j] * rest + 0x4000) >> 7;
    result[i + 1] = by255(above[i + 1] * share + below[j + 1] * rest + 0x4000) >> 7;
    result[i + 2] = by255(above[i + 2] * share + below[j + 2] * rest + 0x4000) >> 7;
    result[i + 3] = 255;
  }
}

/** Division by 255, rounded down, of a number below 2²⁴ (the caller adds half). */
function by255(value: number): number {
  return ((value >> 8) + value) >> 8;
}

function sameSize(a: Picture, b: Picture): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `pictures laid on each other must have one size, got ${a.width}×${a.height} ${CHANNELS[a.mode]}-channel and ${b.width}×${b.height}; resize one first`,
    );
  }
}
