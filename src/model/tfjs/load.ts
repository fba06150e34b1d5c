/** What loading a model does once its files can be read, wherever they lie. */
import { isWhylensError, WhylensError } from '../../errors.js';
import { labelsOf } from '../label-file.js';
import type { LoadedModel } from '../loaded.js';
import { selectBackend } from './backend.js';
import type { ByteSource, ModelFile } from './bytes.js';
import { readModelFile, type ModelFileContent } from './manifest.js';

const MODES = ['tf', 'caffe', 'torch', 'unit', 'none'];

/** Where a model is: a file or folder, an address, or all its files (a page's `FileList` too). */
export type ModelSource = string | URL | ArrayLike<string | ModelFile>;

/** Where class names are: a file, an address, or its content. */
export type LabelSource = string | URL | ModelFile;

export interface LoadModelOptions<Labels = LabelSource | readonly string[]> {
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
  const { model, name, release } = await build(content, source);
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
      release?.();
      model.dispose();
    },
  };
}

async function build(
  content: ModelFileContent,
  source: ByteSource,
): Promise<{ model: { dispose(): unknown }; name?: string; release?: () => void }> {
  if (content.format === 'graph-model') {
    const { loadGraph } = await import('./load-graph.js');
    return { model: await loadGraph(content, source) };
  }
  const { loadLayers } = await import('./load-layers.js');
  const model = await loadLayers(content, source);
  return { model, name: model.name, release: await keepFolded(model) };
}

/** A model that cannot be explained can still be loaded and run; explaining it says why. */
async function keepFolded(model: object): Promise<() => void> {
  const { adaptKerasModel } = await import('./adapt-keras.js');
  const { freeWeights, keepWeights } = await import('./resident.js');
  try {
    keepWeights(model, await adaptKerasModel(model, {}));
  } catch (error) {
    if (!isWhylensError(error)) throw error;
  }
  return () => freeWeights(model);
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
