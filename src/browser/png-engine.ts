/** Takes the place of `src/images/png-engine.ts` in a browser: fast-png, a tenth of the size of pngjs with its buffers. */
import { decode, encode, type DecodedPng } from 'fast-png';
import type { PngPixels } from '../images/png-engine.js';

const CHANNELS = { 0: 1, 2: 3, 6: 4 } as const;
const GREY = [0, 0, 0] as const;
const COLOUR = [0, 1, 2] as const;

export function readPixels(bytes: Uint8Array): PngPixels {
  const png = decode(bytes, { checkCrc: true });
  const { width, height, channels, palette, transparency } = png;
  const data = new Uint8Array(width * height * 4);
  const samples = samplesOf(png);
  const hasAlpha = channels === 2 || channels === 4;
  const byte = png.depth === 16 ? (v: number) => Math.round(v / 257) : scaleOf(png);
  for (let p = 0; p < width * height; p++) {
    const at = p * channels;
    if (palette !== undefined) {
      const [red, green, blue, alpha = 255] = palette[samples[at]];
      data.set([red, green, blue, alpha], p * 4);
      continue;
    }
    const places = channels < 3 ? GREY : COLOUR;
    for (let c = 0; c < 3; c++) data[p * 4 + c] = byte(samples[at + places[c]]);
    const clear =
      transparency !== undefined &&
      Array.from(transparency).every((value, c) => value === samples[at + c]);
    data[p * 4 + 3] = hasAlpha ? byte(samples[at + channels - 1]) : clear ? 0 : 255;
  }
  const clearPalette = palette?.some((colour) => colour.length === 4) === true;
  return { data, alpha: hasAlpha || transparency !== undefined || clearPalette };
}

/** @param colourType 0 grey, 2 colour, 6 colour with alpha */
export function writePixels(
  data: Uint8Array | Uint8ClampedArray,
  { width, height }: { readonly width: number; readonly height: number },
  colourType: 0 | 2 | 6,
): Uint8Array {
  return encode({ width, height, data, depth: 8, channels: CHANNELS[colourType] });
}

/** Samples of fewer than 8 bits are packed, and each row begins with a byte of its own. */
function samplesOf({ width, height, depth, channels, data }: DecodedPng): ArrayLike<number> {
  const perRow = width * channels;
  if (depth >= 8 || data.length === perRow * height) return data;
  const samples = new Uint8Array(perRow * height);
  const rowBytes = Math.ceil((perRow * depth) / 8);
  for (let i = 0; i < samples.length; i++) {
    const bit = (i % perRow) * depth;
    const packed = data[Math.floor(i / perRow) * rowBytes + (bit >> 3)];
    samples[i] = (packed >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  }
  return samples;
}

function scaleOf({ depth }: DecodedPng): (value: number) => number {
  const most = 2 ** depth - 1;
  return (value) => Math.round((value * 255) / most);
}
