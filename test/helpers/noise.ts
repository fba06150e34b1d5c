import { createHash } from 'node:crypto';
import type { Picture, PictureMode } from '../../src/explanation.js';
import { CHANNELS } from '../../src/images/picture.js';

/** The generator of test/fixtures/make-pictures.py: mostly noise, a fifth 0 and a fifth 255. */
export function noise(length: number, seed: number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const kind = (state >>> 24) % 5;
    out[i] = kind === 0 ? 0 : kind === 1 ? 255 : (state >>> 12) & 255;
  }
  return out;
}

export function noisePicture(
  mode: PictureMode,
  width: number,
  height: number,
  seed: number,
): Picture {
  return { width, height, mode, data: noise(width * height * CHANNELS[mode], seed) };
}

export function sha256(bytes: Uint8Array | Uint8ClampedArray): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Largest difference of two byte arrays, and where it is; lengths must agree. */
export function largestDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): { difference: number; at: number } {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  let difference = 0;
  let at = -1;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (d > difference) [difference, at] = [d, i];
  }
  return { difference, at };
}
