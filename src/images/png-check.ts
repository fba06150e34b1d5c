/**
 * What a PNG file holds, measured before anything is decoded: pixels are
 * allocated only when the compressed data is known to hold them, and the data is
 * inflated no further than the header says.
 */

/** The parts of a file that matter before decoding. */
export interface PngParts {
  /** The file up to the end of its last part, without bytes that follow. */
  readonly bytes: Uint8Array;
  /** Bytes after the end. */
  readonly after: number;
  /** The compressed rows. */
  readonly data: readonly Uint8Array[];
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number;
}

export interface PngSize {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
}

const SIGNATURE_LENGTH = 8;
const INTERLACE_AT = 28;
/** Samples of one pixel by colour type: grey, colour, palette, grey with alpha, colour with alpha. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** One byte of deflate becomes at most this many. */
const LARGEST_RATIO = 1032;
/** The seven passes of an interlaced picture: first pixel and step, across and down. */
const PASSES = [
  [0, 8, 0, 8],
  [4, 8, 0, 8],
  [0, 4, 4, 8],
  [2, 4, 0, 4],
  [0, 2, 2, 4],
  [1, 2, 0, 2],
  [0, 1, 1, 2],
] as const;

/** Walks through the parts of a file that begins with a whole header. */
export function pngParts(bytes: Uint8Array): PngParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let orientation = 1;
  for (let at = SIGNATURE_LENGTH; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IDAT') data.push(content);
    if (type === 'eXIf') orientation = orientationOf(content);
    at += 12 + length;
    if (type === 'IEND' && at <= bytes.length) {
      return { bytes: bytes.subarray(0, at), after: bytes.length - at, data, orientation };
    }
  }
  return { bytes, after: 0, data, orientation };
}

/** Bytes of the rows, each with one more byte for its filter. */
function rowBytes(bytes: Uint8Array, size: PngSize): number {
  const { width, height, depth, colourType } = size;
  const bits = (SAMPLES[colourType] ?? 4) * depth;
  const of = (across: number, down: number) =>
    across === 0 || down === 0 ? 0 : (Math.ceil((across * bits) / 8) + 1) * down;
  if (bytes[INTERLACE_AT] === 0) return of(width, height);
  return PASSES.reduce((sum, [x, dx, y, dy]) => {
    const across = Math.max(0, Math.ceil((width - x) / dx));
    return sum + of(across, Math.max(0, Math.ceil((height - y) / dy)));
  }, 0);
}

export interface RowsProblem {
  readonly why: string;
  readonly cause?: unknown;
}

/** Why the compressed data cannot be decoded into the rows of the header, if so. */
export function rowsProblem(
  bytes: Uint8Array,
  { data }: PngParts,
  size: PngSize,
): RowsProblem | undefined {
  const expected = rowBytes(bytes, size);
  const compressed = data.reduce((sum, { length }) => sum + length, 0);
  if (compressed === 0) return { why: 'it ends too early' };
  if (compressed * LARGEST_RATIO < expected) {
    return {
      why: `its rows are incomplete: ${expected} bytes of them cannot be in ${compressed} compressed ones`,
    };
  }
  // a browser cannot inflate synchronously; there the check is left out
  const zlib = typeof process === 'object' ? process.getBuiltinModule?.('node:zlib') : undefined;
  if (zlib === undefined) return undefined;
  const whole = new Uint8Array(compressed);
  let at = 0;
  for (const part of data) {
    whole.set(part, at);
    at += part.length;
  }
  try {
    const got = zlib.inflateSync(whole, { maxOutputLength: expected + 1 }).length;
    if (got >= expected) return undefined;
    return { why: `its rows are incomplete: ${got} of ${expected} bytes of them are there` };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_BUFFER_TOO_LARGE') {
      return /unexpected end/i.test(message)
        ? { why: 'it ends too early', cause }
        : { why: `its compressed data is damaged (${message})`, cause };
    }
    // the decoder of interlaced pictures would inflate all of it
    return bytes[INTERLACE_AT] === 0
      ? undefined
      : { why: 'its compressed data holds more than the header says', cause };
  }
}

/** The orientation that an EXIF block names: its tag 0x112 in the first directory. */
function orientationOf(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 14) return 1;
  const little = exif[0] === 0x49;
  const first = view.getUint32(4, little);
  if (first + 2 > exif.length) return 1;
  const count = view.getUint16(first, little);
  for (let i = 0, at = first + 2; i < count && at + 12 <= exif.length; i++, at += 12) {
    if (view.getUint16(at, little) !== 0x112) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
