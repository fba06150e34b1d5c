import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WhylensError } from '../errors.js';
import { parseLabels } from '../model/label-file.js';
import type { LoadedModel } from '../model/loaded.js';
import { bytesOf, fetchSource, filesSource, missing, titleOf } from '../model/tfjs/bytes.js';
import type { ByteSource, ModelFile } from '../model/tfjs/bytes.js';
import { checkLoadRequest, loadFrom } from '../model/tfjs/load.js';
import type { LabelSource, LoadModelOptions, ModelSource } from '../model/tfjs/load.js';

export type { LabelSource, ModelSource };

/**
 * Loads a TensorFlow.js model: `model.json` in layers or graph format, weights
 * sharded or quantised, topology of Keras 2 or 3.
 *
 * @param source path of `model.json` or of its folder, a `file:`, `http:` or
 * `https:` address, or a list of paths, `File`s or `{ name, bytes }`.
 * @throws `MODEL_LOAD` naming the file, expected and actual bytes, or the layer
 * and class that TensorFlow.js does not know; `BACKEND`.
 *
 * @example
 * const model = await loadModel('mobilenet/model.json', {
 *   labels: 'labels.json',
 *   preprocess: 'tf',
 * });
 */
export async function loadModel(
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  checkLoadRequest(source, options);
  const { labels, ...rest } = options;
  const names = labels === undefined || isNames(labels) ? labels : await loadLabels(labels);
  return loadFrom(await sourceOf(source), { ...rest, labels: names });
}

/**
 * Reads class names: JSON (`["cat", …]`, `{ "0": "cat" }`, Keras'
 * `{ "0": ["n02…", "cat"] }`, `{ "cat": 0 }`) or text with one name a line.
 */
export async function loadLabels(source: LabelSource): Promise<string[]> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    return parseLabels(new TextDecoder().decode(await bytesOf(source)), source.name);
  }
  const address = addressOf(source);
  if (address !== undefined) {
    const bytes = await fetchSource(address).model();
    return parseLabels(new TextDecoder().decode(bytes), address.href);
  }
  const path = pathOf(source);
  try {
    return parseLabels(await readFile(path, 'utf8'), path);
  } catch (cause) {
    throw asLoadError(cause, `the label file '${path}'`);
  }
}

async function sourceOf(source: ModelSource): Promise<ByteSource> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    return filesSource(Array.from(source, fileOf));
  }
  const address = addressOf(source);
  return address === undefined ? fileSource(pathOf(source)) : fetchSource(address);
}

async function fileSource(path: string): Promise<ByteSource> {
  const file = await modelFileAt(path);
  const folder = dirname(file);
  return {
    name: file,
    title: titleOf(resolve(file)),
    model: () => readModelBytes(file),
    sibling: async (name) => {
      const own = join(folder, name);
      try {
        return await readFile(own);
      } catch (cause) {
        throw missing(name, file, `cannot read '${own}' (${codeOf(cause)})`, cause);
      }
    },
    optional: (name) => readFile(join(folder, name)).catch(() => undefined),
  };
}

/** A folder stands for the `model.json` in it. */
async function modelFileAt(path: string): Promise<string> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (cause) {
    throw asLoadError(cause, `the model '${path}'`);
  }
  if (!isFolder) return path;
  const file = join(path, 'model.json');
  const exists = await stat(file).then(
    () => true,
    () => false,
  );
  if (exists) return file;
  const saved = await stat(join(path, 'saved_model.pb')).then(
    () => ' It holds a SavedModel: convert it with tensorflowjs_converter',
    () => '',
  );
  throw new WhylensError('MODEL_LOAD', `the folder '${path}' holds no model.json.${saved}`, {
    facts: { file },
  });
}

async function readModelBytes(file: string): Promise<Uint8Array> {
  const kind = extname(file).toLowerCase();
  if (['.h5', '.hdf5', '.keras', '.pb', '.tflite', '.onnx', '.pt', '.pth'].includes(kind)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `'${file}' must be a TensorFlow.js model.json, got a ${kind} file. Convert it with tensorflowjs_converter (pip install tensorflowjs)`,
      { facts: { file } },
    );
  }
  try {
    return await readFile(file);
  } catch (cause) {
    throw asLoadError(cause, `the model '${file}'`);
  }
}

function fileOf(file: string | ModelFile): ModelFile {
  if (typeof file !== 'string') return file;
  return {
    name: basename(file),
    arrayBuffer: async () => {
      try {
        const bytes = await readFile(file);
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      } catch (cause) {
        throw asLoadError(cause, `the file '${file}'`);
      }
    },
  };
}

function addressOf(source: string | URL): URL | undefined {
  const text = String(source);
  return /^https?:/i.test(text) ? new URL(text) : undefined;
}

function pathOf(source: string | URL): string {
  return /^file:/i.test(String(source)) ? fileURLToPath(String(source)) : String(source);
}

function asLoadError(cause: unknown, what: string): unknown {
  const code = codeOf(cause);
  if (!/^E[A-Z]+$/.test(code)) return cause;
  const problem =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EACCES'
        ? 'permission denied'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code;
  return new WhylensError('MODEL_LOAD', `cannot read ${what}: ${problem}`, { cause });
}

function codeOf(cause: unknown): string {
  return String((cause as { code?: unknown }).code ?? '');
}

function isNames(labels: LabelSource | readonly string[]): labels is readonly string[] {
  return Array.isArray(labels);
}
