/** Loading models where there is no file system: from an address or from files that a page holds. */
import { isWhylensError, WhylensError } from '../../errors.js';
import { labelsOf, parseLabels } from '../label-file.js';
import type { LoadedModel } from '../loaded.js';
import { selectBackend } from './backend.js';
import { bytesOf, fetchSource, filesSource, type ByteSource, type ModelFile } from './bytes.js';
import { freeWeights, keepWeights } from './resident.js';
import { readModelFile, type ModelFileContent } from './manifest.js';

const MODES = ['tf', 'caffe', 'torch', 'unit', 'none'];

export interface LoadModelOptions<Labels = readonly string[] | URL | ModelFile> {
  /** Class names by index, or where they are. */
  readonly labels?: Labels;
  /** How pictures become numbers. Left out: what the model file says, else not known. */
  readonly preprocess?: LoadedModel['preprocess'];
  /** `[height, width, channels]`, for models that leave their input's size open. */
  readonly inputShape?: readonly number[];
  /** Default: the name in the model file, else its folder's. */
  readonly name?: string;
  /** `tensorflow`, `wasm` or `cpu`. Default: the first of them that loads. */
  readonly backend?: string;
}

/**
 * Loads a TensorFlow.js model (layers or graph; shards, quantised weights,
 * Keras 2 and 3 topologies) from an address or from files.
 *
 * @throws `MODEL_LOAD` naming the file, expected and actual bytes, or the layer
 * and class that TensorFlow.js does not know.
 *
 * @example
 * const model = await loadModel(input.files, { labels: ['cat', 'dog'], preprocess: 'tf' });
 */
export async function loadModel(
  source: URL | string | ArrayLike<ModelFile>,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  const bytes =
    typeof source === 'string'
      ? fetchSource(new URL(source, globalThis.location?.href))
      : source instanceof URL
        ? fetchSource(source)
        : filesSource(Array.from(source));
  const { labels, ...rest } = options;
  return loadFrom(bytes, {
    ...rest,
    labels:
      labels === undefined || Array.isArray(labels) ? labels : await readLabels(labels as URL),
  });
}

/** What both `loadModel`s do once the files can be read. */
export async function loadFrom(
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  const { preprocess } = options;
  if (typeof preprocess === 'string' && !MODES.includes(preprocess)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'preprocess' must be one of ${MODES.join(', ')} or a function, got '${String(preprocess)}'`,
    );
  }
  const labels =
    options.labels === undefined ? undefined : labelsOf(options.labels, "option 'labels'");
  const content = await readModelFile(source);
  const backend = await selectBackend(options.backend);
  const { model, name } = await build(content, source);
  const told = metadataOf(content);
  return {
    kind: 'loaded-model',
    name: options.name ?? name ?? source.title,
    model,
    labels: labels ?? told.labels,
    preprocess: preprocess ?? told.preprocess,
    ...(options.inputShape === undefined ? {} : { inputShape: options.inputShape }),
    backend,
    dispose: () => {
      freeWeights(model);
      model.dispose();
    },
  };
}

async function build(
  content: ModelFileContent,
  source: ByteSource,
): Promise<{ model: { dispose(): unknown }; name?: string }> {
  if (content.format === 'graph-model') {
    const { loadGraph } = await import('./load-graph.js');
    return { model: await loadGraph(content, source) };
  }
  const { loadLayers } = await import('./load-layers.js');
  const model = await loadLayers(content, source);
  await keepFolded(model);
  return { model, name: model.name };
}

/** A model that cannot be explained can still be loaded and run; explaining it says why. */
async function keepFolded(model: object): Promise<void> {
  const { adaptKerasModel } = await import('./adapt-keras.js');
  try {
    keepWeights(model, await adaptKerasModel(model, {}));
  } catch (error) {
    if (!isWhylensError(error)) throw error;
  }
}

/** What the model's author wrote into the file: `userDefinedMetadata: { labels, preprocess }`. */
function metadataOf({
  json,
  topology,
}: ModelFileContent): Pick<LoadedModel, 'labels' | 'preprocess'> {
  const told = (json.userDefinedMetadata ?? {}) as Record<string, unknown>;
  const mode = told.preprocess;
  return {
    labels: Array.isArray(told.labels) ? labelsOf(told.labels, 'userDefinedMetadata') : undefined,
    preprocess:
      typeof mode === 'string' && MODES.includes(mode)
        ? (mode as LoadedModel['preprocess'])
        : preprocessesItself(topology)
          ? 'none'
          : undefined,
  };
}

/** A model whose first layer scales the pixels wants them as they are. */
function preprocessesItself(topology: Record<string, unknown>): boolean {
  const model = (topology.model_config ?? topology) as { config?: { layers?: unknown } };
  const layers = model.config?.layers;
  if (!Array.isArray(layers)) return false;
  const first = (layers as { class_name?: string }[]).find(
    ({ class_name: kind }) => kind !== 'InputLayer',
  );
  return first?.class_name === 'Rescaling' || first?.class_name === 'Normalization';
}

async function readLabels(labels: URL | ModelFile): Promise<string[]> {
  const isAddress = labels instanceof URL;
  const bytes = isAddress ? await fetchSource(labels).model() : await bytesOf(labels);
  return parseLabels(new TextDecoder().decode(bytes), isAddress ? labels.href : labels.name);
}
