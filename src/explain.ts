/**
 * The road from a model and documents to explanations: it chooses an adapter,
 * an explainer, targets and a layer, and assembles the record. It computes nothing.
 */
import type { Container } from 'inversify';
import {
  getDefaultContainer,
  loadPlugin,
  registryOf,
  createContainer,
  type Plugin,
} from './container/container.js';
import type { AdaptOptions, DocumentKind, Explainer, ModelAdapter } from './container/plugin.js';
import type { Registry } from './container/registry.js';
import { assembleMaps, completeRecords, pictureFor } from './assemble.js';
import { asPicture, inputArray, inputRange, type Preprocess } from './document.js';
import { isWhylensError, WhylensError } from './errors.js';
import type { Explanation, NdArray, Picture } from './explanation.js';
import type { ResamplingFilter } from './images/resample.js';
import {
  isExplainableModel,
  type BatchOptions,
  type ExplainableModel,
  type ModelDescription,
  type ScoreKind,
} from './model/interface.js';
import { sampleOf, stack } from './maths/ndarray.js';
import { chooseLayer, type LayerReference } from './model/layers.js';
import { isLoadedModel } from './model/loaded.js';
import { labelProblem, parseTargets, type TargetOption } from './model/parse-targets.js';
import { withDisplay } from './notebook.js';
import { validateOptions } from './options.js';
import { DEFAULT_FILTER, methodsOwn } from './shared-options.js';

export const DEFAULT_METHOD = 'grad-cam';

/** Options that every method takes; a method's own options stand beside them. */
export interface ExplainOptions extends BatchOptions {
  /** Id of the explainer, or an explainer such as `smooth(method)` gives. Default `grad-cam`. */
  readonly method?: string | Explainer;
  /**
   * Class indices, label names, target data, or `'all'`; for several documents also a list of
   * lists, one for each. Default: the top class of each document.
   */
  readonly targets?: TargetOption | readonly TargetOption[] | readonly (readonly TargetOption[])[];
  /** Path, index in execution order or layer object. Default: the last layer larger than 1×1. */
  readonly layer?: LayerReference;
  /** The number explained: the logit (default) or the output as it is. */
  readonly score?: ScoreKind;
  /** Picture to lay the map over. Default: the document, or one rebuilt from the array. */
  readonly image?: Picture;
  /** Class names by index. Default: those the model was loaded with. */
  readonly labels?: readonly string[];
  /** How pictures become numbers. Default: as the model was loaded, else `none`. */
  readonly preprocess?: Preprocess;
  /** Filter by which pictures of another size are resized. Default `bilinear`. */
  readonly resize?: ResamplingFilter;
  /** Name of the explained input, for models with several. Default: the first. */
  readonly input?: string;
  /** For everything random. Default 0. */
  readonly seed?: number;
  /** Shape of one sample, for functions that do not tell. */
  readonly inputShape?: readonly number[];
  /** What a function's scores are, which it cannot tell. Default `'linear'`: the scores as they are. */
  readonly outputActivation?: 'softmax' | 'sigmoid' | 'linear';
  /** tfjs back end: `tensorflow`, `wasm` or `cpu`. */
  readonly backend?: string;
  /** Name of the model in the record. */
  readonly estimator?: string;
  /** Where plugins are looked up. Default: the default container. */
  readonly container?: Container;
  /** Plugins for this call alone. */
  readonly plugins?: readonly Plugin[];
  /** Options of the method. */
  readonly [option: string]: unknown;
}

/**
 * Explains one document.
 *
 * @param model a tfjs layers or graph model, a function `(batch) => scores`, or what `loadModel` gave
 * @param doc a picture, or `[1, H, W, C]` numbers that are already what the model eats; for a model
 *   with several inputs an object of documents by input name
 * @throws WhylensError for everything that cannot be explained; see its `code`
 * @example
 * const expl = await explainPrediction(model, await loadImage('cat.jpg'), { targets: ['tiger cat'] });
 */
export async function explainPrediction(
  model: unknown,
  doc: unknown,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const [explanation, ...rest] = await explainTogether(model, [doc], options);
  if (rest.length > 0) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `explainPrediction takes one document, got an array of ${rest.length + 1}; use explainPredictions for a batch`,
    );
  }
  return explanation;
}

/** Options of {@link explainPredictions}. */
export interface ExplainManyOptions extends ExplainOptions {
  /** Called with the documents done, and their total where it is known. */
  readonly onDocument?: (done: number, total: number | undefined) => void;
  /** Documents explained in one call. Default: as `batchSize`, else 8. */
  readonly together?: number;
}

const TOGETHER = 8;

/**
 * Explains many documents, in order, as they come: an array, an (async)
 * iterable, or one batch `[N, …]`. Each document gives one explanation.
 *
 * @example
 * for await (const expl of explainPredictions(model, pictures, { batchSize: 16 })) …
 */
export async function* explainPredictions(
  model: unknown,
  docs: Iterable<unknown> | AsyncIterable<unknown> | object,
  options: ExplainManyOptions = {},
): AsyncGenerator<Explanation, void, undefined> {
  const { onDocument, together, ...rest } = options;
  const size = together ?? options.batchSize ?? TOGETHER;
  if (!isIterable(docs) || (Array.isArray(docs) && isNested(docs))) {
    const all = await explainTogether(model, [docs], rest);
    for (const [index, explanation] of all.entries()) {
      onDocument?.(index + 1, all.length);
      yield explanation;
    }
    return;
  }
  const total = Array.isArray(docs) ? docs.length : undefined;
  const listed = targetsPerDocument(rest.targets);
  if (listed !== undefined && total !== undefined) requireOneEach(listed, total);
  let done = 0;
  let taken = 0;
  let waiting: unknown[] = [];
  const flush = async () => {
    const group = waiting;
    waiting = [];
    const targets = listed?.slice(taken, (taken += group.length)) ?? rest.targets;
    if (listed !== undefined && taken > listed.length) requireOneEach(listed, taken);
    return explainTogether(model, group, { ...rest, targets });
  };
  for await (const doc of docs) {
    waiting.push(doc);
    if (waiting.length < size) continue;
    for (const explanation of await flush()) {
      onDocument?.(++done, total);
      yield explanation;
    }
  }
  if (waiting.length > 0) {
    for (const explanation of await flush()) {
      onDocument?.(++done, total);
      yield explanation;
    }
  }
  if (listed !== undefined) requireOneEach(listed, taken);
}

/** Targets that name one list for each document, if they do. */
function targetsPerDocument(
  targets: ExplainOptions['targets'],
): readonly (readonly TargetOption[])[] | undefined {
  return Array.isArray(targets) && targets.some(Array.isArray)
    ? (targets as readonly (readonly TargetOption[])[])
    : undefined;
}

function requireOneEach({ length }: readonly unknown[], documents: number): void {
  if (length === documents) return;
  throw new WhylensError(
    'INVALID_TARGET',
    `targets per document must be one list for each document; got ${length} lists for ${documents} documents`,
    { facts: { lists: length, documents } },
  );
}

/** Everything that must be known before an explainer is asked. */
export interface Prepared {
  readonly model: ExplainableModel;
  readonly description: ModelDescription;
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
}

/** Adapts a model (one that needs no adapter is taken as it is), hands it to `work`, and lets go of it whatever happens. */
export async function withModel<T>(
  model: unknown,
  options: Pick<
    ExplainOptions,
    'estimator' | 'backend' | 'inputShape' | 'outputActivation' | 'labels' | 'preprocess'
  >,
  registry: Registry,
  work: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  const loaded = isLoadedModel(model) ? model : undefined;
  const native = loaded === undefined ? model : loaded.model;
  const known = {
    labels: options.labels ?? loaded?.labels,
    preprocess: options.preprocess ?? loaded?.preprocess,
  };
  // whoever made it lets go of it
  if (isExplainableModel(native)) {
    return work({ model: native, description: native.describe(), ...known });
  }
  const adapter = [...registry.adapters.values()].find((candidate) => candidate.recognize(native));
  if (adapter === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `a model must be ${[...registry.adapters.values()].map(({ recognizes }) => recognizes).join(', or ')}; got ${describeValue(native)}`,
    );
  }
  const adapted = await adapt(adapter, native, {
    name: options.estimator ?? loaded?.name,
    backend: options.backend ?? loaded?.backend,
    inputShape: options.inputShape ?? loaded?.inputShape,
    outputActivation: options.outputActivation,
  });
  try {
    return await work({
      model: adapted,
      description: adapted.describe(),
      ...known,
    });
  } finally {
    adapted.release();
  }
}

/** What a library says of a model that it cannot read any more, say a disposed one, is told as an error of ours. */
async function adapt(
  adapter: ModelAdapter,
  native: unknown,
  options: AdaptOptions,
): Promise<ExplainableModel> {
  try {
    return await adapter.adapt(native, options);
  } catch (cause) {
    if (isWhylensError(cause)) throw cause;
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the model cannot be read as ${adapter.recognizes}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The registry of a call: the given or default container, with this call's plugins. */
export function registryFor({
  container,
  plugins = [],
}: Pick<ExplainOptions, 'container' | 'plugins'>): Registry {
  if (plugins.length === 0) return registryOf(container ?? getDefaultContainer());
  if (container === undefined) return registryOf(createContainer(...plugins));
  for (const plugin of plugins) loadPlugin(container, plugin);
  try {
    return registryOf(container);
  } finally {
    container.unload(...plugins);
  }
}

async function explainTogether(
  model: unknown,
  docs: readonly unknown[],
  options: ExplainOptions,
): Promise<Explanation[]> {
  const own = methodsOwn(options);
  const registry = registryFor(options);
  const { method = DEFAULT_METHOD, score = 'logit', seed = 0 } = options;
  const explainer = registry.explainerFor(method, own);
  const validated = validateOptions(`method '${explainer.id}'`, explainer.options, own);
  requireDocumentKind(explainer, docs);
  return withModel(model, options, registry, async (prepared) => {
    const { description, labels, preprocess } = prepared;
    requireCapabilities(explainer, description, registry);
    const numeric = explainer.documents.some((kind) => kind === 'image' || kind === 'array');
    const input = inputIndex(description, options.input);
    const documents = docs.flatMap((doc) => doc);
    const inputs = numeric ? await inputsOf(description, docs, preprocess, options) : [];
    const count = numeric ? inputs[0].shape[0] : docs.length;
    const layer =
      explainer.needs.layer === true ? chooseLayer(description, options.layer) : undefined;
    if (layer === undefined && options.layer !== undefined) {
      throw new WhylensError(
        'INVALID_OPTION',
        `method '${explainer.id}' looks at no layer, so option 'layer' has no effect; leave it out or choose one of ${layerMethods(registry)}`,
      );
    }
    const targets = parseTargets(options.targets, description, labels, count);
    const mislabelled = labelProblem(description, labels);
    const warnings = new Map<number | undefined, string[]>(
      mislabelled === undefined ? [] : [[undefined, [mislabelled]]],
    );
    const explained = await explainer.explain({
      model: prepared.model,
      native: isLoadedModel(model) ? model.model : model,
      description,
      inputs,
      input,
      inputRange: inputRange(preprocess),
      documents: numeric && docs.length !== count ? splitDocuments(inputs[input]) : documents,
      targets,
      labels,
      picture: (n) => pictureFor({ options, prepared, input }, docs, n, sampleOf(inputs[input], n)),
      score,
      layer,
      resolveLayer: (reference) => chooseLayer(description, reference),
      options: validated,
      seed,
      batch: {
        batchSize: options.batchSize,
        memoryBudget: options.memoryBudget,
        signal: options.signal,
        onProgress: options.onProgress,
      },
      explainer: (id) => registry.explainer(id),
      warn: (message, index) => {
        const list = warnings.get(index) ?? [];
        if (!list.includes(message)) warnings.set(index, [...list, message]);
      },
    });
    const about = { explainer, prepared, validated, options, score, seed, warnings, registry };
    const records =
      explained.kind === 'records'
        ? completeRecords(explained, { ...about, docs, inputs, input })
        : assembleMaps(explained, { ...about, docs, inputs, input, targets, layer });
    return records.map((record) => withDisplay(record, registry));
  });
}

function splitDocuments(input: NdArray): unknown[] {
  return Array.from({ length: input.shape[0] }, (_, n) => ({ batch: input, index: n }));
}

/** Every model input as `[N, …]`, N documents together. */
export async function inputsOf(
  description: ModelDescription,
  docs: readonly unknown[],
  preprocess: Preprocess | undefined,
  options: ExplainOptions,
): Promise<NdArray[]> {
  const filter = options.resize ?? DEFAULT_FILTER;
  const names = description.inputs.map(({ name }) => name);
  return Promise.all(
    description.inputs.map(async (input) => {
      const arrays = await Promise.all(
        docs.map(async (doc) => {
          const part =
            names.length === 1 && !isNamed(doc, names) ? doc : pick(doc, input.name, names);
          return inputArray(part, input, { preprocess, filter });
        }),
      );
      if (arrays.length === 1) return arrays[0];
      const shape = arrays[0].shape.slice(1).join();
      const odd = arrays.find((array) => array.shape.slice(1).join() !== shape);
      if (odd !== undefined) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `documents explained together must have one shape; input '${input.name}' got [${arrays[0].shape.slice(1).join(', ')}] and [${odd.shape.slice(1).join(', ')}]. Pass together: 1 to explain them one by one`,
        );
      }
      return mergeBatches(arrays);
    }),
  );
}

function mergeBatches(arrays: readonly NdArray[]): NdArray {
  if (arrays.every(({ shape }) => shape[0] === 1)) {
    return stack(arrays.map(({ shape, data }) => ({ shape: shape.slice(1), data })));
  }
  const total = arrays.reduce((sum, { shape }) => sum + shape[0], 0);
  const data = new Float32Array(arrays.reduce((sum, array) => sum + array.data.length, 0));
  let at = 0;
  for (const array of arrays) {
    data.set(array.data, at);
    at += array.data.length;
  }
  return { shape: [total, ...arrays[0].shape.slice(1)], data };
}

/** A document by input name. */
function isNamed(doc: unknown, names: readonly string[]): boolean {
  return (
    typeof doc === 'object' &&
    doc !== null &&
    !Array.isArray(doc) &&
    asKeys(doc).length === names.length &&
    names.every((name) => Object.hasOwn(doc, name))
  );
}

function asKeys(doc: object): string[] {
  return Object.keys(doc);
}

function pick(doc: unknown, name: string, names: readonly string[]): unknown {
  if (!isNamed(doc, names)) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the model has ${names.length} inputs, so a document must be an object with exactly the keys ${names.join(', ')}; got ${describeValue(doc)}`,
    );
  }
  return (doc as Record<string, unknown>)[name];
}

export function inputIndex({ inputs }: ModelDescription, name: string | undefined): number {
  if (name === undefined) return 0;
  const index = inputs.findIndex((input) => input.name === name);
  if (index === -1) {
    throw new WhylensError(
      'INVALID_OPTION',
      `the model has no input '${name}'; its inputs are ${inputs.map((input) => input.name).join(', ')}`,
    );
  }
  return index;
}

function requireDocumentKind(explainer: Explainer, docs: readonly unknown[]): void {
  for (const doc of docs) {
    const kind: DocumentKind =
      typeof doc === 'string'
        ? 'text'
        : asPicture(doc) !== undefined
          ? 'image'
          : explainer.documents.includes('features') && isPlainObject(doc)
            ? 'features'
            : 'array';
    if (!explainer.documents.includes(kind)) {
      const hint =
        kind === 'text' ? '. To explain a picture file, read it with loadImage first' : '';
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `method '${explainer.id}' explains documents of kind ${explainer.documents.join(', ')}, got ${kind}${hint}`,
        { facts: { kind, allowed: explainer.documents } },
      );
    }
  }
}

function requireCapabilities(
  explainer: Explainer,
  description: ModelDescription,
  registry: Registry,
): void {
  const lacking = lackOf(explainer, description);
  if (lacking === undefined) return;
  const working = [...registry.explainers.keys()]
    // a wrapper needs what the method needs that it wraps unless told otherwise
    .map((id) => registry.explainerFor(id, {}))
    .filter(
      (other) => lackOf(other, description) === undefined && other.documents.includes('array'),
    )
    .map(({ id }) => id);
  throw new WhylensError(
    lacking === 'gradients' ? 'NEEDS_GRADIENTS' : 'NEEDS_ACTIVATIONS',
    `method '${explainer.id}' needs ${lacking} of the model, which '${description.name}' (${description.adapter}) does not give. Methods that would work: ${working.join(', ') || 'none'}`,
    { facts: { lacking, methods: working } },
  );
}

function lackOf({ needs, refuses }: Explainer, description: ModelDescription): string | undefined {
  const { can } = description;
  if (needs.gradients === true && !can.gradients) return 'gradients';
  if ((needs.activations === true || needs.layer === true) && !can.activations)
    return 'activations of a layer';
  if (needs.fromLayer === true && !can.fromLayer) return 'to run on from a layer';
  return refuses?.(description);
}

function layerMethods(registry: Registry): string {
  return [...registry.explainers.values()]
    .filter(({ needs }) => needs.layer === true)
    .map(({ id }) => id)
    .join(', ');
}

function isIterable(docs: unknown): docs is Iterable<unknown> | AsyncIterable<unknown> {
  return (
    typeof docs === 'object' &&
    docs !== null &&
    (Symbol.iterator in docs || Symbol.asyncIterator in docs)
  );
}

/** Nested numbers are one batch, not a list of documents. */
function isNested(docs: readonly unknown[]): boolean {
  let at: unknown = docs;
  while (Array.isArray(at)) at = at[0];
  return typeof at === 'number';
}

function isPlainObject(doc: unknown): boolean {
  return (
    typeof doc === 'object' &&
    doc !== null &&
    !Array.isArray(doc) &&
    !('shape' in doc && 'data' in doc)
  );
}

function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? 'Object'} with keys ${Object.keys(value).slice(0, 6).join(', ')}`;
}
