/** Takes the place of `src/node/load-model.ts` in a browser (see `browser` in package.json). */
import { WhylensError } from '../errors.js';
import { parseLabels } from '../model/label-file.js';
import type { LoadedModel } from '../model/loaded.js';
import {
  bytesOf,
  fetchSource,
  filesSource,
  isWholeFile,
  wholeSource,
  type ModelFile,
} from '../model/tfjs/bytes.js';
import { loadAny } from '../model/load.js';
import { checkLoadRequest, interruptibly } from '../model/tfjs/load.js';
import type { LabelSource, LoadModelOptions, ModelSource } from '../model/tfjs/load.js';
import { abortable } from '../reading/abort.js';
import { guarded } from '../reading/boundary.js';
import { limitsOf, type ReadingOptions, type ReadLimits, type Scheme } from '../reading/limits.js';

export type { LabelSource, ModelSource };

/**
 * `loadModel` from an address (relative ones too) or from files that a page
 * holds: a `FileList`, one `File` that was dropped, a `Blob`, bytes. ONNX and
 * Keras files run in ONNX Runtime where the page's bundle has `onnxruntime-web`
 * and its `.wasm` file lies beside the scripts, else in TensorFlow.js. Labels: names, an address, or a file.
 *
 * @throws `MODEL_LOAD`, as in Node.
 *
 * @example
 * const model = await loadModel('model/model.json', { labels: 'model/labels.json' });
 * const own = await loadModel(input.files, { labels: ['cat', 'dog'], preprocess: 'tf' });
 * const dropped = await loadModel(event.dataTransfer.files[0], { engine: 'onnxruntime-web' });
 */
export async function loadModel(
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  checkLoadRequest(source, options);
  const { labels, ...rest } = options;
  const limits = limitsOf('loadModel', options);
  const isAddress = typeof source === 'string' || source instanceof URL;
  return interruptibly(limits, isAddress ? String(source) : 'the model files', async () => {
    const bytes = isAddress
      ? fetchSource(addressOf(source), withOwn(limits))
      : isWholeFile(source)
        ? await wholeSource(source)
        : filesSource(Array.from(source, fileOf));
    const names =
      labels === undefined || Array.isArray(labels)
        ? (labels as readonly string[] | undefined)
        : await loadLabels(labels as LabelSource, options);
    return loadAny(bytes, { ...rest, labels: names });
  });
}

/** `loadLabels` from an address or a file, in the same forms as in Node. */
export async function loadLabels(
  source: LabelSource,
  options: ReadingOptions = {},
): Promise<string[]> {
  const limits = limitsOf('loadLabels', options);
  const isAddress = typeof source === 'string' || source instanceof URL;
  const name = isAddress ? addressOf(source).href : source.name;
  return guarded('MODEL_LOAD', name, async () => {
    const reading = isAddress ? fetchSource(addressOf(source), limits).model() : bytesOf(source);
    const bytes = await abortable(reading, limits.signal, `reading ${name}`);
    return parseLabels(new TextDecoder().decode(bytes), name);
  });
}

/** Addresses of a page's own blobs are its own memory. */
function withOwn(limits: ReadLimits): ReadLimits {
  return { ...limits, schemes: [...limits.schemes, 'blob' as Scheme] };
}

function addressOf(source: string | URL): URL {
  return new URL(source, globalThis.location?.href);
}

function fileOf(file: string | ModelFile): ModelFile {
  if (typeof file !== 'string') return file;
  throw new WhylensError(
    'MODEL_LOAD',
    `a list of model files must hold File objects or { name, bytes } in a browser, got the path '${file}'`,
    { facts: { file } },
  );
}
