/** The model file and its weights: read, measured against what the manifest says, decoded. */
import type { io } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import { EXPORT_COMMANDS } from '../files/other-formats.js';
import { sizeOf } from '../../maths/ndarray.js';
import { requireShallow } from '../../reading/nesting.js';
import type { ByteSource } from './bytes.js';

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
  complex64: 8,
};

/** Read beyond what a group of weights needs, so that the message can say how long it is. */
const SLACK = 16 * 2 ** 20;
/** Read of weights that do not say how long they are: texts. */
const LONGEST_TEXTS = 2 ** 30;

export interface ModelFileContent {
  readonly format: 'layers-model' | 'graph-model';
  readonly topology: Record<string, unknown>;
  readonly manifest: readonly ManifestGroup[];
  readonly json: Record<string, unknown>;
}

interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly io.WeightsManifestEntry[];
}

/** Reads `model.json` and says what it is. */
export async function readModelFile(source: ByteSource): Promise<ModelFileContent> {
  const bytes = await source.model();
  const json = parse(bytes, source.name);
  const wrong = (what: string): WhylensError =>
    new WhylensError('MODEL_LOAD', `${source.name} is not a TensorFlow.js model: ${what}`, {
      facts: { file: source.name },
    });
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw wrong(
      `it must hold a JSON object, got ${Array.isArray(json) ? 'an array' : typeof json}`,
    );
  }
  const content = json as Record<string, unknown>;
  const topology = objectOf(content.modelTopology, source.name);
  if (topology === undefined) {
    const keys = Object.keys(content).slice(0, 8).join(', ') || 'nothing';
    throw wrong(
      'class_name' in content
        ? `it is a Keras topology without weights. Load the whole model instead: loadModel reads the .keras or .h5 file that model.save wrote`
        : content.modelTopology === undefined
          ? `it has no 'modelTopology'; it holds ${keys}`
          : `its 'modelTopology' must be an object`,
    );
  }
  const manifest = content.weightsManifest;
  if (!isManifest(manifest)) {
    throw wrong(
      `it has no 'weightsManifest' that lists weight files with their weights. Save the whole model again, or load what it was made of: loadModel reads .keras, .h5 and .onnx files`,
    );
  }
  const format = formatOf(content, topology);
  if (format === undefined) {
    throw wrong(
      `its topology is neither a graph (it has no 'node' list) nor layers (it has no 'class_name' or 'model_config'); it holds ${Object.keys(topology).slice(0, 8).join(', ')}`,
    );
  }
  return { format, topology, manifest, json: content };
}

/** All weight values in the manifest's order, and their specifications. */
export async function readWeights(
  source: ByteSource,
  manifest: readonly ManifestGroup[],
): Promise<{ specs: io.WeightsManifestEntry[]; data: ArrayBuffer }> {
  const groups: Uint8Array[][] = [];
  for (const group of manifest) {
    const shards: Uint8Array[] = [];
    let left = bytesOf(group.weights, source.name) ?? LONGEST_TEXTS;
    for (const path of group.paths) {
      const shard = await source.sibling(path, left + SLACK);
      shards.push(shard);
      left = Math.max(0, left - shard.byteLength);
    }
    requireSize(group, shards, source.name);
    groups.push(shards);
  }
  const all = groups.flat();
  const data = new Uint8Array(all.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const shard of all) {
    data.set(shard, offset);
    offset += shard.byteLength;
  }
  return { specs: manifest.flatMap(({ weights }) => weights), data: data.buffer };
}

function requireSize(group: ManifestGroup, shards: readonly Uint8Array[], model: string): void {
  const actual = shards.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const expected = bytesOf(group.weights, model);
  // texts have no size of their own before they are read
  if (expected === undefined || expected === actual) return;
  const sizes = group.paths.map((path, i) => `'${path}' ${shards[i].byteLength}`);
  const suspect = group.paths[suspectOf(shards, expected)];
  const text = new TextDecoder().decode(shards[0]?.subarray(0, 64));
  const hint = /^\s*</.test(text)
    ? ' It starts like an HTML page: the server answered something else'
    : text.startsWith('version https://git-lfs')
      ? ' It is a Git LFS pointer: run git lfs pull'
      : ` The ${actual < expected ? 'file is truncated' : 'file belongs to another model'}: copy it again`;
  throw new WhylensError(
    'MODEL_LOAD',
    `weight file '${suspect}' of ${model} has the wrong size: ${expected} bytes expected in all, got ${actual} (${sizes.join(', ')}).${hint}`,
    { facts: { file: suspect, expected, actual } },
  );
}

/** All shards but the last are of one size: the one that is not is the wrong one. */
function suspectOf(shards: readonly Uint8Array[], expected: number): number {
  const sizes = shards.map(({ byteLength }) => byteLength);
  const common = Math.max(...sizes.slice(0, -1), 0);
  const odd = sizes.slice(0, -1).findIndex((size) => size !== common);
  if (odd !== -1) return odd;
  // the last one holds the rest, so it is never the largest
  if (sizes.length > 1 && sizes[sizes.length - 1] > common) return 0;
  const empty = sizes.indexOf(0);
  return empty !== -1 && expected > 0 ? empty : sizes.length - 1;
}

/** Bytes of a group, undefined if it holds texts. */
function bytesOf(weights: readonly io.WeightsManifestEntry[], model: string): number | undefined {
  let sum = 0;
  for (const { name, shape, dtype, quantization } of weights) {
    const stored = quantization?.dtype ?? dtype;
    const isKnown = dtype === 'string' || Object.hasOwn(BYTES, stored);
    if (!isKnown || !Array.isArray(shape) || !shape.every(isSize)) {
      throw new WhylensError(
        'MODEL_LOAD',
        `weight '${name}' in ${model} must have a shape of whole numbers and a type among ${Object.keys(BYTES).join(', ')}, got ${JSON.stringify(shape)} and '${stored}'`,
      );
    }
    if (dtype === 'string') return undefined;
    sum += sizeOf(shape) * BYTES[stored];
  }
  return sum;
}

const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && (size as number) >= 0;

function formatOf(
  content: Record<string, unknown>,
  topology: Record<string, unknown>,
): ModelFileContent['format'] | undefined {
  // the content is preferred to what the file says about itself: old files say nothing
  if (Array.isArray(topology.node)) return 'graph-model';
  if ('class_name' in topology || 'model_config' in topology) return 'layers-model';
  // written by a tfjs model itself
  if ('className' in topology && content.format !== 'graph-model') return 'layers-model';
  return undefined;
}

function isManifest(manifest: unknown): manifest is ManifestGroup[] {
  return (
    Array.isArray(manifest) &&
    manifest.every(
      (group: Partial<ManifestGroup> | null) =>
        Array.isArray(group?.paths) && Array.isArray(group?.weights),
    )
  );
}

function objectOf(value: unknown, name: string): Record<string, unknown> | undefined {
  const object = typeof value === 'string' ? parse(new TextEncoder().encode(value), name) : value;
  return typeof object === 'object' && object !== null && !Array.isArray(object)
    ? (object as Record<string, unknown>)
    : undefined;
}

function parse(bytes: Uint8Array, name: string): unknown {
  const text = new TextDecoder().decode(bytes);
  requireShallow(text, (why) => new WhylensError('MODEL_LOAD', `cannot read ${name}: ${why}`));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WhylensError(
      'MODEL_LOAD',
      `${name} is not a TensorFlow.js model.json: ${describeContent(text, bytes)}`,
      { cause, facts: { file: name, bytes: bytes.byteLength } },
    );
  }
}

function describeContent(text: string, bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return 'the file is empty';
  if (/^\s*</.test(text)) return 'it is an HTML or XML page; is the address right?';
  if (text.startsWith('\u0089HDF') || /^.HDF\r\n/.test(text)) {
    return 'it is a Keras HDF5 file. Give it a name that ends in .h5, and loadModel reads it';
  }
  if (text.startsWith('PK'))
    return 'it is a zip archive. If it is a Keras file, give it a name that ends in .keras, and loadModel reads it';
  if (text.slice(4, 8) === 'TFL3')
    return `it is a TensorFlow Lite file. Make an ONNX file of it: ${EXPORT_COMMANDS.tflite}`;
  if (text.startsWith('version https://git-lfs'))
    return 'it is a Git LFS pointer: run git lfs pull';
  if (/^\s*[{[]/.test(text))
    return `it is broken JSON of ${bytes.byteLength} bytes, perhaps truncated`;
  return `it does not hold JSON (${bytes.byteLength} bytes)`;
}
