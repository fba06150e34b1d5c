/** What must be known before an explainer is asked: plugins, a model behind its interface, and whether the three go together. */
import {
  createContainer,
  getDefaultContainer,
  loadPlugin,
  registryOf,
} from '../container/container.js';
import type { AdaptOptions, Explainer, KnownOfModel, ModelAdapter } from '../container/plugin.js';
import type { Registry } from '../container/registry.js';
import type { Document, Preprocess } from '../documents/document.js';
import { describeValue, isWhylensError, WhylensError } from '../errors.js';
import { remedyFor } from '../mistaken.js';
import type { ExplainOptions } from './explain-options.js';
import {
  isExplainableModel,
  type ExplainableModel,
  type ModelDescription,
} from '../model/interface.js';
import type { Inferred } from '../model/infer.js';
import { isLoadedModel } from '../model/loaded.js';
import type { OptionsBeside } from '../options.js';
import { SHARED_OPTIONS } from './shared-options.js';

/** Everything that must be known before an explainer is asked. */
export interface Prepared {
  readonly model: ExplainableModel;
  readonly description: ModelDescription;
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
  /** Which of these nobody gave, and where they come from. */
  readonly inferred?: Inferred;
}

/** Adapts a model (one that needs no adapter is taken as it is), passes it to `work`, and frees it afterwards, even if `work` fails. */
export async function withModel<T>(
  model: unknown,
  options: Pick<
    ExplainOptions,
    | 'estimator'
    | 'engine'
    | 'threads'
    | 'backend'
    | 'inputShape'
    | 'outputActivation'
    | 'labels'
    | 'preprocess'
  >,
  registry: Registry,
  work: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  const loaded = isLoadedModel(model) ? model : undefined;
  const native = loaded === undefined ? model : loaded.model;
  // it belongs to the caller, who frees it
  if (isExplainableModel(native)) {
    const description = native.describe();
    requireEngine(description, options.engine);
    return work({ model: native, description, ...knownOf(loaded, options) });
  }
  const adapter = adapterFor(native, registry);
  const known = knownOf(loaded ?? adapter.knows?.(native), options);
  const adapted = await adapt(adapter, native, {
    name: options.estimator ?? loaded?.name,
    engine: options.engine ?? loaded?.engine,
    threads: options.threads,
    backend: options.backend ?? loaded?.backend,
    inputShape: options.inputShape ?? wholeShape(loaded?.inputShape),
    outputActivation: options.outputActivation,
  });
  try {
    const description = adapted.describe();
    requireEngine(description, options.engine);
    return await work({ model: adapted, description, ...known });
  } finally {
    adapted.release();
  }
}

/** A model that runs on one engine is not moved to another. */
function requireEngine({ name, engine }: ModelDescription, wanted: string | undefined): void {
  const runsOn = engine?.name;
  if (wanted === undefined || wanted === 'auto' || wanted === runsOn) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'engine' asks for '${wanted}', but model '${name}' runs ${runsOn === undefined ? 'by itself' : `on '${runsOn}'`}: an engine is chosen when a file is loaded, loadModel(file, { engine: '${wanted}' })`,
    { facts: { engine: wanted, runs: runsOn } },
  );
}

/** The adapter that recognises a model; a value that is not a model is refused with what to do instead. */
function adapterFor(native: unknown, registry: Registry): ModelAdapter {
  const adapters = [...registry.adapters.values()];
  const adapter = adapters.find((candidate) => candidate.recognize(native));
  if (adapter !== undefined) return adapter;
  throw new WhylensError(
    'UNSUPPORTED_MODEL',
    `a model must be ${adapters.map(({ recognizes }) => recognizes).join(', or ')}; got ${remedyFor('model', native) ?? describeValue(native)}`,
  );
}

/** Refuses a value that is not a model, before a message about the document would hide this mistake. */
export function requireModel(model: unknown, registry: Registry): void {
  const native = isLoadedModel(model) ? model.model : model;
  if (!isExplainableModel(native)) adapterFor(native, registry);
}

function wholeShape(shape: readonly (number | null)[] | undefined): readonly number[] | undefined {
  return shape?.every((size) => size !== null) === true ? shape : undefined;
}

/** What this call says about a model, else what the model says itself. */
function knownOf(
  told: KnownOfModel | undefined,
  options: Pick<ExplainOptions, 'labels' | 'preprocess'>,
): Omit<Prepared, 'model' | 'description'> {
  return {
    labels: options.labels ?? told?.labels,
    preprocess: options.preprocess ?? told?.preprocess,
    ...inferredFor(told?.inferred, options),
  };
}

/** What was inferred and not overruled by this call. */
function inferredFor(
  inferred: Inferred | undefined,
  options: Pick<ExplainOptions, 'labels' | 'preprocess'>,
): { readonly inferred?: Inferred } {
  const left = Object.entries(inferred ?? {}).filter(
    ([name, why]) => why !== undefined && options[name as keyof Inferred] === undefined,
  );
  return left.length === 0 ? {} : { inferred: Object.fromEntries(left) };
}

/** If a library cannot read a model any more, say a disposed one, its error becomes one of ours. */
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

/** Whose options may be meant if a method has none of that name: the call's and those of formatters. */
export function optionsBeside({ formatters }: Registry): OptionsBeside[] {
  const owners = new Map<string, string[]>();
  for (const { id, options } of formatters.values()) {
    for (const name of Object.keys(options)) owners.set(name, [...(owners.get(name) ?? []), id]);
  }
  return [
    { names: Object.keys(SHARED_OPTIONS) },
    {
      names: [...owners.keys()],
      show: (name) =>
        `'${name}', which is an option of formatters (${owners.get(name)!.join(', ')})`,
    },
  ];
}

/** Refuses documents of a kind that the explainer does not explain. */
export function requireDocumentKind(explainer: Explainer, documents: readonly Document[]): void {
  for (const { kind } of documents) {
    // an object may name one document for each input of the model, which is not known here
    const allowed = kind === 'features' ? explainsNumbers(explainer) : false;
    if (allowed || explainer.documents.includes(kind)) continue;
    const hint = kind === 'text' ? '. To explain a picture file, read it with loadImage first' : '';
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `method '${explainer.id}' explains documents of kind ${explainer.documents.join(', ')}, got ${kind === 'features' ? 'a list or an object of values' : kind}${hint}`,
      { facts: { kind, allowed: explainer.documents } },
    );
  }
}

/** True if the documents become model inputs; false if the explainer takes them as they are. */
export function areNumeric(explainer: Explainer, documents: readonly Document[]): boolean {
  const asTheyAre = documents.every(
    ({ kind }) => (kind === 'text' || kind === 'features') && explainer.documents.includes(kind),
  );
  return explainsNumbers(explainer) && !asTheyAre;
}

function explainsNumbers({ documents }: Explainer): boolean {
  return documents.some((kind) => kind === 'image' || kind === 'array');
}

/** Refuses a model that lacks what the explainer needs, and names the methods that would work. */
export function requireCapabilities(
  explainer: Explainer,
  description: ModelDescription,
  registry: Registry,
): void {
  const lacking = lackOf(explainer, description);
  if (lacking === undefined) return;
  const working = [...registry.explainers.keys()]
    // a wrapper needs what its default method needs
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

/** The methods that look at a layer, for messages. */
export function layerMethods(registry: Registry): string {
  return [...registry.explainers.values()]
    .filter(({ needs }) => needs.layer === true)
    .map(({ id }) => id)
    .join(', ');
}
