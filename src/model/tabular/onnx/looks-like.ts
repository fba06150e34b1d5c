/** True for bytes that begin as an ONNX model does: its first field is the version of the format. */
export function looksLikeOnnx(bytes: Uint8Array): boolean {
  return bytes.length > 16 && bytes[0] === 0x08 && bytes[1] > 0 && bytes[1] < 0x20;
}
