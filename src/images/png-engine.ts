/** PNG files in Node: pngjs over Node's own zlib. `src/browser/png-engine.ts` takes its place in a browser. */
import { PNG } from 'pngjs';

/** The filter of a row that foresees from above. */
const UP = 2;

/** Pixels as RGBA, 8 bits for each sample. */
export interface PngPixels {
  readonly data: Uint8Array;
  /** True if anything may be transparent. */
  readonly alpha: boolean;
}

export function readPixels(bytes: Uint8Array): PngPixels {
  const { data, alpha } = PNG.sync.read(bufferOf(bytes));
  // pngjs sets `alpha` for transparent palettes and colours too
  return { data, alpha: Boolean(alpha) };
}

/** @param colourType 0 grey, 2 colour, 6 colour with alpha */
export function writePixels(
  data: Uint8Array | Uint8ClampedArray,
  { width, height }: { readonly width: number; readonly height: number },
  colourType: 0 | 2 | 6,
): Uint8Array {
  const png = new PNG({ width, height });
  png.data = bufferOf(data);
  return PNG.sync.write(png, {
    colorType: colourType,
    inputColorType: colourType,
    inputHasAlpha: colourType === 6,
    // half the time of the one that foresees from three sides, a quarter of trying all five; as
    // small on pictures
    filterType: UP,
  });
}

/** Bytes as pngjs wants them. */
function bufferOf(bytes: Uint8Array | Uint8ClampedArray): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
