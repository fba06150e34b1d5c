/** Bytes inside a page or a drawing, without Node's Buffer. */
import type { Picture } from '../../src/explanation.js';
import { encodePng } from '../../src/images/png.js';

const CHUNK = 0x8000;

export function toBase64(bytes: Uint8Array | Uint8ClampedArray): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    // in pieces: arguments of one call are limited
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

/** 32-bit floats, lowest byte first whatever the machine does. */
export function floatsToBase64(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => view.setFloat32(i * 4, value, true));
  return toBase64(new Uint8Array(view.buffer));
}

/** The picture as a `data:` address. */
export const pngAddress = (picture: Picture): string =>
  `data:image/png;base64,${toBase64(encodePng(picture))}`;
