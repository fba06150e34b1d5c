/** What a model file without a name, or without an ending, would be called by its content. */
import { looksLikeOnnx } from '../tabular/onnx/looks-like.js';
import { isZip } from './zip.js';

const H5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const TFLITE = [0x54, 0x46, 0x4c, 0x33];

/** By its first bytes. */
export function isH5(bytes: Uint8Array): boolean {
  return H5.every((byte, i) => bytes[i] === byte);
}

/** The same name, with an ending by the content where it has none. */
export async function withEnding(name: string, bytes: Uint8Array): Promise<string> {
  const last = name
    .replace(/[?#].*$/, '')
    .split(/[\\/]/)
    .at(-1)!;
  return /\.\w{1,8}$/.test(last) ? name : `${name}${await endingByContent(bytes)}`;
}

/** `.onnx`, `.keras`, `.h5`, `.tflite`, `.zip`, or nothing where the content tells nothing. */
async function endingByContent(bytes: Uint8Array): Promise<string> {
  if (isH5(bytes)) return '.h5';
  if (TFLITE.every((byte, i) => bytes[4 + i] === byte)) return '.tflite';
  if (isZip(bytes)) return (await isKerasArchive(bytes)) ? '.keras' : '.zip';
  return looksLikeOnnx(bytes) ? '.onnx' : '';
}

/** Names alone are read: nothing is unpacked. */
async function isKerasArchive(bytes: Uint8Array): Promise<boolean> {
  const { unzipSync } = await import('fflate');
  const names = new Set<string>();
  try {
    unzipSync(bytes, { filter: ({ name }) => (names.add(name), false) });
  } catch {
    // the reader says what is wrong with it
    return false;
  }
  return names.has('config.json') && names.has('model.weights.h5');
}
