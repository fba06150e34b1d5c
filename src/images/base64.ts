/** Base64 without `Buffer`, so that it works in a browser. */
export function toBase64(bytes: Uint8Array | Uint8ClampedArray): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x2000) {
    // in pieces: arguments of one call are limited
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(binary);
}

/** The bytes, or undefined if the text is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined;
  }
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** The bytes of 32-bit floats, lowest first on every machine. */
export function floatBytes(values: Float32Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}
