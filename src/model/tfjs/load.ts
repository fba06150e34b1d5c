/** What loading a model does after its files can be read, wherever they are. */
import { describeValue, WhylensError } from '../../errors.js';
import { remedyFor } from '../../mistaken.js';
import { validateOptions, type OptionSpecs } from '../../options.js';
import { isSteps } from '../../images/steps.js';
import { abortable, throwIfAborted } from '../../reading/abort.js';
import { guarded } from '../../reading/boundary.js';
import { READ_OPTION_NAMES, type ReadLimits, type ReadingOptions } from '../../reading/limits.js';
import { sizeAfter, stepsBeside } from '../beside/steps.js';
import { inferLabels, inferPreprocess, type Inferred } from '../infer.js';
import { labelsOf } from '../label-file.js';
import type { LoadedModel } from '../loaded.js';
import { refuseOtherFormats } from '../files/other-formats.js';
import type { CustomLayer } from '../readers/keras/read.js';
import type { ModelExamples } from '../tabular/examples.js';
import type { EngineOptions } from '../executors/choose.js';
import { checkBackend, ENGINE_OPTIONS, type Engine } from '../engines.js';
import type { Running } from '../load-onnx.js';
import { chooseBackend } from './backend.js';
import {
  isKeras,
  isOnnx,
  isWholeFile,
  type ByteSource,
  type ModelFile,
  type WholeFile,
} from './bytes.js';
import { readModelFile, type ModelFileContent } from './manifest.js';

const MODES = ['tf', 'caffe', 'torch', 'unit', 'none'];

/**
 * Where a model is: a file or folder, an address, all its files (a page's `FileList` too), or a
 * file in one piece (a `File`, a `Blob`, bytes).
 */
export type ModelSource = string | URL | ArrayLike<string | ModelFile> | WholeFile;

/** Where class names are: a file, an address, or its content. */
export type LabelSource = string | URL | ModelFile;

export interface LoadModelOptions<Labels = LabelSource | readonly string[]> extends ReadingOptions {
  /**
   * Class names by index, or the place where they are stored. Default: what the model file says
   * (`userDefinedMetadata`), else a file of them beside it: `labels.json`,
   * `labels.txt`, Teachable Machine's `metadata.json`, `config.json` of Hugging
   * Face, `class_indices.json`, `synset.txt` and the like (on disk or among the
   * files given; nothing is looked for at an address).
   */
  readonly labels?: Labels;
  /**
   * How pictures become numbers. Default: what the model file says, else `none`
   * for a model that begins with a layer that scales, else as the files of a
   * Hugging Face or Teachable Machine folder say, else by the name of a
   * network of keras.applications, else not known: pictures are then fed as 0
   * to 255, and explanations warn of it.
   */
  readonly preprocess?: LoadedModel['preprocess'];
  /** `[height, width, channels]`, for models that leave their input's size open. */
  readonly inputShape?: readonly number[];
  /**
   * Implementations of layers that a Keras file names but does not hold, by
   * class: `(layer, inputs, graph) => value`, made with the functions of `graph`.
   */
  readonly customLayers?: Readonly<Record<string, CustomLayer>>;
  /** Default: the name in the model file, else its folder's. */
  readonly name?: string;
  /**
   * What runs the model: `'onnxruntime'` (native), `'onnxruntime-web'` (WebAssembly) or
   * `'tfjs'`. Default `'auto'`: as WHYLENS_ENGINE says, else the fastest that loads and can run
   * every operation of the model.
   */
  readonly engine?: Engine | 'auto';
  /** Threads of one operation in ONNX Runtime. Default: the machine's cores. */
  readonly threads?: number;
  /**
   * Backend of TensorFlow.js: `tensorflow`, `wasm` or `cpu`; with `engine: 'onnxruntime-web'` in
   * a page `wasm` or `webgpu`. Default: the first that loads.
   */
  readonly backend?: string;
  /** Address of the folder of onnxruntime-web's WebAssembly files, in a page. Default: that of its scripts. */
  readonly wasmPaths?: string;
  /** Names of the columns in the model's order, for a model of rows whose file has none. */
  readonly featureNames?: readonly string[];
  /** Another name for `labels`, as a list; names of several outputs of a regression too. */
  readonly classNames?: readonly string[];
  /**
   * Tokens that a transformer reads of a text at most, special ones included;
   * the rest is cut off, with a warning. Default: what its files say.
   */
  readonly maxLength?: number;
  /** Documents with what the model's own library predicts: a model of rows or texts that says otherwise is refused. */
  readonly examples?: ModelExamples;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isText);

const LOAD_OPTIONS: OptionSpecs = {
  labels: {
    type: 'value',
    default: undefined,
    help: 'Class names by index.',
    expects: 'an array of names, or a path, an address or a { name, bytes } of a file of them',
    check: (value) => isText(value) || (typeof value === 'object' && value !== null),
  },
  preprocess: {
    type: 'value',
    default: undefined,
    help: 'How pictures become numbers.',
    expects: `one of ${MODES.join(', ')}, steps such as { scale: 255, mean: [0.5], deviation: [0.5] }, or a function`,
    check: (value) =>
      typeof value === 'function' || isSteps(value) || MODES.includes(value as string),
  },
  inputShape: {
    type: 'value',
    default: undefined,
    help: 'Shape of one sample, if the model leaves it open.',
    expects: 'an array of whole numbers of at least 1, such as [224, 224, 3]',
    check: (value) =>
      Array.isArray(value) && value.every((size) => Number.isInteger(size) && Number(size) > 0),
  },
  featureNames: {
    type: 'value',
    default: undefined,
    help: 'Names of the columns.',
    expects: 'an array of names',
    check: isNames,
  },
  classNames: {
    type: 'value',
    default: undefined,
    help: 'Names of the classes.',
    expects: 'an array of names',
    check: isNames,
  },
  maxLength: {
    type: 'number',
    integer: true,
    min: 3,
    default: undefined,
    help: 'The most tokens that are read of a text.',
  },
  examples: {
    type: 'value',
    default: undefined,
    help: 'What the library predicts.',
    expects: '{ rows, values } or { texts, values }, with logits in place of values or beside them',
    check: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  },
  customLayers: {
    type: 'value',
    default: undefined,
    help: 'Layers of a Keras file that are not its own.',
    expects: 'an object of functions by class name',
    check: (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((one) => typeof one === 'function'),
  },
  name: { type: 'string', default: undefined, help: 'Name of the model.' },
  ...ENGINE_OPTIONS,
  wasmPaths: { type: 'string', default: undefined, help: 'Folder of WebAssembly files.' },
  // checked where the limits are put together
  ...Object.fromEntries(
    READ_OPTION_NAMES.map((name) => [
      name,
      {
        type: 'value' as const,
        default: undefined,
        help: 'A limit of reading.',
        expects: 'as ReadingOptions says',
        check: () => true,
      },
    ]),
  ),
};

/** Refuses what is not a source or no option of `loadModel`, before anything is read. */
export function checkLoadRequest(source: unknown, options: unknown): void {
  const isList = typeof source === 'object' && source !== null && 'length' in source;
  if (!isText(source) && !(source instanceof URL) && !isList && !isWholeFile(source)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `loadModel needs a path, an address, a file or a list of files, got ${remedyFor('file', source) ?? describeValue(source)}`,
    );
  }
  if (isText(source) && /^https?:/i.test(String(source)) && !URL.canParse(String(source))) {
    throw new WhylensError(
      'MODEL_LOAD',
      `'${String(source)}' is not an address that can be fetched`,
    );
  }
  if (isText(source) && /^data:/i.test(String(source))) {
    throw new WhylensError(
      'MODEL_LOAD',
      `a model is several files, which a 'data:' address cannot hold; pass them: loadModel([{ name: 'model.json', bytes }, …])`,
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw new WhylensError(
      'INVALID_OPTION',
      `options of loadModel must be an object such as { labels: 'labels.json' }, got ${String(options)}`,
    );
  }
  validateOptions('loadModel', LOAD_OPTIONS, options as Record<string, unknown>);
}

/**
 * The boundary around loading: whatever goes wrong is an error of this library,
 * the signal works while anything is waited for, and a model that comes too
 * late is freed.
 */
export function interruptibly(
  { signal }: ReadLimits,
  name: string,
  load: () => Promise<LoadedModel>,
): Promise<LoadedModel> {
  throwIfAborted(signal, `loading ${name}`);
  const loading = guarded('MODEL_LOAD', name, load);
  return abortable(loading, signal, `loading ${name}`, {
    late: (model) => model.dispose(),
  });
}

/** What both `loadModel`s do once the files can be read. */
export async function loadFrom(
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  return guarded('MODEL_LOAD', source.name, async () => {
    const labels =
      options.labels === undefined ? undefined : labelsOf(options.labels, "option 'labels'");
    if (isOnnx(source.name)) return loadOnnxFrom(source, { ...options, labels });
    if (isKeras(source.name)) return loadKerasFrom(source, { ...options, labels });
    refuseOtherFormats(source.name);
    const content = await readModelFile(source);
    if (content.format === 'layers-model') {
      return loadLayersFrom(content, source, { ...options, labels });
    }
    return loadGraphFrom(content, source, { ...options, labels });
  });
}

async function loadLayersFrom(
  content: ModelFileContent,
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  if (options.backend !== undefined) checkBackend(options.backend, options.engine);
  const isElsewhere = options.engine === 'onnxruntime' || options.engine === 'onnxruntime-web';
  // not started for nothing: it costs more than reading the file
  const chosen = isElsewhere ? undefined : await chooseBackend(options.backend);
  throwIfAborted(options.signal, `loading ${source.name}`);
  const { loadLayersFile } = await import('../load-layers-file.js');
  const { inputShape, customLayers } = options;
  const engines = enginePart(options);
  const { dispose: free, ...read } = await loadLayersFile(content, source, {
    ...engines,
    inputShape,
    customLayers,
  });
  const dispose = once(free);
  const name = options.name ?? read.name;
  const onTfjs = read.engine === 'tfjs' && options.engine === undefined;
  const told = metadataOf(content);
  try {
    const loaded = await compiledModel(
      source,
      options,
      {
        ...read,
        ...(onTfjs ? { reason: 'the one that runs such a model' } : {}),
        name,
        names: [read.name, source.title],
      },
      told,
    );
    const where =
      read.engine === 'tfjs' && chosen !== undefined
        ? { backend: chosen.backend, backendReason: chosen.reason }
        : {};
    return { ...loaded, ...where, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A model is freed once, however often it is asked for. */
function once(dispose: () => void): () => void {
  let freed = false;
  return () => {
    if (freed) return;
    freed = true;
    dispose();
  };
}

async function loadOnnxFrom(
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  const { loadOnnx } = await import('../load-onnx.js');
  const name = options.name ?? source.title;
  const { steps } = await stepsBeside((file) => source.optional(file));
  const size = steps === undefined ? undefined : sizeAfter(steps);
  const running = await loadOnnx(source, {
    ...(size === undefined ? {} : { usualShape: [...size, COLOURS] }),

    ...enginePart(options),
    name,
    inputShape: options.inputShape,
  });
  return compiledModel(source, options, { ...running, name, names: [name, source.title] }, {});
}

async function loadKerasFrom(
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  const { loadKeras } = await import('../load-keras.js');
  const { inputShape, customLayers, signal } = options;
  const { graph, ...running } = await loadKeras(source, {
    ...enginePart(options),
    inputShape,
    customLayers,
    signal,
  });
  const name = options.name ?? graph.name;
  const first = [...graph.layers.values()].find(({ kind }) => kind !== 'InputLayer');
  const told: Known = SCALING.includes(first?.kind ?? '') ? SCALES_ITSELF : {};
  return compiledModel(
    source,
    options,
    { ...running, name, names: [graph.name, source.title] },
    told,
  );
}

async function loadGraphFrom(
  content: ModelFileContent,
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  const { loadTfjsGraph } = await import('../load-tfjs-graph.js');
  const name = options.name ?? source.title;
  const running = await loadTfjsGraph(content, source, {
    ...enginePart(options),
    name,
    inputShape: options.inputShape,
  });
  try {
    throwIfAborted(options.signal, `loading ${source.name}`);
    const names = [source.title];
    return await compiledModel(source, options, { ...running, name, names }, metadataOf(content));
  } catch (error) {
    running.model.release();
    throw error;
  }
}

/** What the caller said about engines. */
function enginePart(options: LoadModelOptions<unknown>): EngineOptions {
  const { engine, threads, backend, wasmPaths } = options;
  return { engine, threads, backend, wasmPaths };
}

/** A model that was read into a graph and runs on an engine, with all that is known about it. */
async function compiledModel(
  source: ByteSource,
  { inputShape, labels, preprocess }: LoadModelOptions<readonly string[]>,
  read: Running & { readonly name: string; readonly names: readonly string[] },
  told: Known,
): Promise<LoadedModel> {
  const { model, engine, reason, facts, name } = read;
  const known = await complete({ labels, preprocess }, told, read.names, source);
  const { inputs } = model.describe();
  return {
    kind: 'loaded-model',
    name,
    model,
    inputShape: inputs.length === 1 ? (inputShape ?? inputs[0].shape) : inputShape,
    ...known,
    engine,
    engineReason: reason,
    threads: facts?.threads,
    ...(facts?.backend === undefined ? {} : { backend: facts.backend }),
    dispose: () => model.release(),
  };
}

type Known = Pick<LoadedModel, 'labels' | 'preprocess' | 'inferred'>;

/** What the caller gave, else what the model file says, else what is inferred; the reason is kept. */
async function complete(
  given: Known,
  told: Known,
  names: readonly (string | undefined)[],
  source: ByteSource,
): Promise<Known> {
  let labels = given.labels ?? told.labels;
  let preprocess = given.preprocess ?? told.preprocess;
  let inferred: Inferred = {
    ...(given.labels === undefined && told.inferred?.labels !== undefined
      ? { labels: told.inferred.labels }
      : {}),
    ...(given.preprocess === undefined && told.inferred?.preprocess !== undefined
      ? { preprocess: told.inferred.preprocess }
      : {}),
  };
  if (labels === undefined) {
    const found = await inferLabels((name) => source.optional(name));
    labels = found.labels;
    if (found.why !== undefined) inferred = { ...inferred, labels: found.why };
  }
  const beside = preprocess === undefined ? await stepsBeside((name) => source.optional(name)) : {};
  if (beside.why !== undefined) {
    preprocess = beside.steps;
    inferred = { ...inferred, preprocess: beside.why };
  } else if (preprocess === undefined) {
    const found = inferPreprocess(names);
    preprocess = found.preprocess;
    if (found.why !== undefined) inferred = { ...inferred, preprocess: found.why };
  }
  return { labels, preprocess, ...(Object.keys(inferred).length > 0 ? { inferred } : {}) };
}

/** Channels of a picture, if a model leaves them open too. */
const COLOURS = 3;

/** Layers that, coming first, bring pixels into the range of the network. */
const SCALING = ['Rescaling', 'Normalization'];
const SCALES_ITSELF = {
  preprocess: 'none',
  inferred: { preprocess: 'the first layer of the model scales the pixels' },
} as const;

/** What the model's author wrote into the file: `userDefinedMetadata: { labels, preprocess }`. */
function metadataOf({ json, topology }: ModelFileContent): Known {
  const told = (json.userDefinedMetadata ?? {}) as Record<string, unknown>;
  const mode = told.preprocess;
  const labels = Array.isArray(told.labels)
    ? labelsOf(told.labels, 'userDefinedMetadata')
    : undefined;
  if (typeof mode === 'string' && MODES.includes(mode)) {
    return { labels, preprocess: mode as LoadedModel['preprocess'] };
  }
  return preprocessesItself(topology) ? { labels, ...SCALES_ITSELF } : { labels };
}

/** A model whose first layer scales the pixels wants them as they are. */
function preprocessesItself(topology: Record<string, unknown>): boolean {
  const model = (topology.model_config ?? topology) as { config?: { layers?: unknown } };
  const layers = model.config?.layers;
  if (!Array.isArray(layers)) return false;
  const first = (layers as { class_name?: string }[]).find(
    ({ class_name: kind }) => kind !== 'InputLayer',
  );
  return SCALING.includes(first?.class_name ?? '');
}
