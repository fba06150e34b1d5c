import { fileURLToPath } from 'node:url';
import { parseLabels } from '../model/label-file.js';
import type { LoadedModel } from '../model/loaded.js';
import {
  bytesOf,
  fetchSource,
  filesSource,
  isWholeFile,
  wholeSource,
} from '../model/tfjs/bytes.js';
import type { ByteSource, ModelFile } from '../model/tfjs/bytes.js';
import { loadAny } from '../model/load.js';
import { checkLoadRequest, interruptibly } from '../model/tfjs/load.js';
import type { LabelSource, LoadModelOptions, ModelSource } from '../model/tfjs/load.js';
import { abortable } from '../reading/abort.js';
import { guarded } from '../reading/boundary.js';
import { limitsOf, type ReadLimits, type ReadingOptions } from '../reading/limits.js';
import { cannotRead, fileOf, fileSource } from './model-source.js';
import { readSource } from './read-source.js';

export type { LabelSource, ModelSource };

/**
 * Loads a model; its content tells which kind it is.
 *
 * - TensorFlow.js: `model.json` in layers or graph format, weights sharded or
 *   quantised, topology of Keras 2 or 3.
 * - ONNX: an `.onnx` file with the files of weights that it names beside it.
 * - Models of rows: XGBoost (JSON or UBJSON), LightGBM (text or JSON of
 *   `dump_model`), scikit-learn (JSON as docs/models-of-tables.md exports it),
 *   ONNX-ML.
 * - Models of texts: scikit-learn with the vectorizer in the same file;
 *   transformers, as a folder with `tokenizer.json` beside `model.onnx`.
 * - A zip of any of these files.
 *
 * @param source path of the model file or of its folder, a `file:`, `http:` or
 * `https:` address, a list of paths, `File`s or `{ name, bytes }`, or one `File`, `Blob` or
 * the bytes of a model in one file.
 * @throws `MODEL_LOAD` naming the file, expected and actual bytes, or the layer
 * and class that TensorFlow.js does not know; `BACKEND`.
 *
 * @example
 * const model = await loadModel('mobilenet/model.json', {
 *   labels: 'labels.json',
 *   preprocess: 'tf',
 * });
 * const churn = await loadModel('churn.xgb.json', { classNames: ['stays', 'leaves'] });
 */
export async function loadModel(
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  checkLoadRequest(source, options);
  const { labels, ...rest } = options;
  const limits = limitsOf('loadModel', options);
  return interruptibly(limits, nameOf(source), async () => {
    const names =
      labels === undefined || isNames(labels) ? labels : await loadLabels(labels, options);
    return loadAny(await sourceOf(source, limits), { ...rest, labels: names });
  });
}

/**
 * Reads class names: JSON (`["cat", …]`, `{ "0": "cat" }`, Keras'
 * `{ "0": ["n02…", "cat"] }`, `{ "cat": 0 }`) or text with one name in each line,
 * from a path, an address (`data:` too) or a file.
 *
 * @throws `MODEL_LOAD` for what cannot be read or names no classes; `ABORTED`.
 */
export async function loadLabels(
  source: LabelSource,
  options: ReadingOptions = {},
): Promise<string[]> {
  const limits = limitsOf('loadLabels', options);
  const { bytes, name } = await labelBytes(source, limits);
  return guarded('MODEL_LOAD', name, () => parseLabels(new TextDecoder().decode(bytes), name));
}

async function labelBytes(
  source: LabelSource,
  limits: ReadLimits,
): Promise<{ bytes: Uint8Array; name: string }> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    const name = String((source as Partial<ModelFile> | null)?.name ?? 'the label file');
    const bytes = await guarded('MODEL_LOAD', name, () =>
      abortable(bytesOf(source), limits.signal, `reading ${name}`),
    );
    return { bytes, name };
  }
  return readSource(source, limits, (name) => cannotRead(`the label file '${name}'`));
}

async function sourceOf(source: ModelSource, limits: ReadLimits): Promise<ByteSource> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    if (isWholeFile(source)) return wholeSource(source);
    return filesSource(Array.from(source, (file) => fileOf(file, limits)));
  }
  const address = addressOf(source);
  return address === undefined ? fileSource(pathOf(source), limits) : fetchSource(address, limits);
}

function nameOf(source: ModelSource): string {
  return typeof source === 'string' || source instanceof URL ? String(source) : 'the model files';
}

function addressOf(source: string | URL): URL | undefined {
  const text = String(source);
  return /^https?:/i.test(text) ? new URL(text) : undefined;
}

function pathOf(source: string | URL): string {
  return /^file:/i.test(String(source)) ? fileURLToPath(String(source)) : String(source);
}

function isNames(labels: LabelSource | readonly string[]): labels is readonly string[] {
  return Array.isArray(labels);
}
