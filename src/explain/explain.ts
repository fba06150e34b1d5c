/**
 * The pipeline from a model and documents to explanations: it chooses an adapter,
 * an explainer, targets and a layer, and assembles the record. It computes nothing.
 */
import { assembleMaps, completeRecords, pictureFor } from './assemble.js';
import { documentSeen, inputRange, rangeProblem } from '../documents/model-input.js';
import { readDocuments } from '../documents/read.js';
import type { Method } from '../container/methods.js';
import { WhylensError } from '../errors.js';
import { explainTabular } from './explain-tabular.js';
import { tabularModelFor } from './tabular-function.js';
import type { ExplainManyOptions, ExplainOptions } from './explain-options.js';
import type { Explanation } from '../explanation.js';
import { inputIndex, inputsOf, partsOf, samplesOf } from './inputs.js';
import { checkPicture } from '../images/picture.js';
import { remarksOn } from '../images/remarks.js';
import { sampleOf } from '../maths/ndarray.js';
import { chooseLayer, layerProblem } from '../model/layers.js';
import { isLoadedModel } from '../model/loaded.js';
import {
  labelProblem,
  outputsOf,
  parseTargets,
  type TargetOption,
} from '../model/parse-targets.js';
import { withDisplay } from './notebook.js';
import { validateOptions } from '../options.js';
import { abortable } from '../reading/abort.js';
import { GRACE, watchingProgress } from './progress.js';
import {
  areNumeric,
  layerMethods,
  optionsBeside,
  registryFor,
  requireCapabilities,
  requireDocumentKind,
  requireModel,
  withModel,
} from './prepare.js';
import { methodsOwn } from './shared-options.js';

export const DEFAULT_METHOD = 'grad-cam';

/**
 * Explains one document.
 *
 * @param model a tfjs layers or graph model, a function `(batch) => scores`, or what `loadModel` gave
 * @param doc a picture, or `[1, H, W, C]` numbers that are already as the model takes them; for a model
 *   with several inputs an object of documents by input name
 * @throws WhylensError for everything that cannot be explained; see its `code`
 * @example
 * const expl = await explainPrediction(model, await loadImage('cat.jpg'), { targets: ['tiger cat'] });
 */
export async function explainPrediction<const M extends Method = typeof DEFAULT_METHOD>(
  model: unknown,
  doc: unknown,
  options?: ExplainOptions<M>,
): Promise<Explanation> {
  const [explanation, ...rest] = await explainTogether(
    model,
    [doc],
    (options === undefined ? {} : options) as ExplainOptions,
  );
  if (rest.length > 0) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `explainPrediction takes one document, got an array of ${rest.length + 1}; use explainPredictions for a batch`,
    );
  }
  return explanation;
}

const TOGETHER = 8;

/**
 * Explains many documents, in order, as they come: an array, an (async)
 * iterable, or one batch `[N, …]`. Each document gives one explanation.
 *
 * @example
 * for await (const expl of explainPredictions(model, pictures, { batchSize: 16 })) …
 */
export async function* explainPredictions<const M extends Method = typeof DEFAULT_METHOD>(
  model: unknown,
  docs: Iterable<unknown> | AsyncIterable<unknown> | object,
  given?: ExplainManyOptions<M>,
): AsyncGenerator<Explanation, void, undefined> {
  const options = (given ?? {}) as ExplainManyOptions;
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
    const first = taken;
    taken += group.length;
    const targets = listed?.slice(first, taken) ?? rest.targets;
    if (listed !== undefined && taken > listed.length) requireOneEach(listed, taken);
    return explainTogether(model, group, { ...rest, targets }, first);
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

async function explainTogether(
  model: unknown,
  docs: readonly unknown[],
  options: ExplainOptions,
  first?: number,
): Promise<Explanation[]> {
  const tabular = tabularModelFor(model, docs, options);
  if (tabular !== undefined) {
    const native = isLoadedModel(model) ? model.model : model;
    return explainTabular(tabular, docs, options, native, first);
  }
  const own = methodsOwn(options);
  const registry = registryFor(options);
  const { method = DEFAULT_METHOD, score = 'logit', seed = 0 } = options;
  const explainer = registry.explainerFor(method, own);
  const validated = validateOptions(
    `method '${explainer.id}'`,
    explainer.options,
    own,
    optionsBeside(registry),
  );
  const image = options.image === undefined ? undefined : checkPicture(options.image);
  requireModel(model, registry);
  const documents = await readDocuments(docs);
  requireDocumentKind(explainer, documents);
  return withModel(model, options, registry, async (prepared) => {
    const { description, labels, preprocess } = prepared;
    requireCapabilities(explainer, description, registry);
    const numeric = areNumeric(explainer, documents);
    const input = inputIndex(description, options.input);
    const parts = numeric ? await partsOf(description, documents) : [];
    const inputs = numeric ? inputsOf(description, parts, preprocess, options) : [];
    // samples[input][n]
    const samples = numeric
      ? inputs.map((_, i) => samplesOf(parts.map((part) => documentSeen(part[i], preprocess))))
      : [documents];
    const ownSamples = samples[numeric ? input : 0];
    const count = ownSamples.length;
    const targets = parseTargets(options.targets, description, labels, count);
    const way = {
      ...(numeric ? { input: description.inputs[input].name } : {}),
      outputs: outputsOf(targets, description),
    };
    const layer =
      explainer.needs.layer === true ? chooseLayer(description, options.layer, way) : undefined;
    if (layer === undefined && options.layer !== undefined) {
      throw new WhylensError(
        'INVALID_OPTION',
        `method '${explainer.id}' looks at no layer, so option 'layer' has no effect; leave it out or choose one of ${layerMethods(registry)}`,
      );
    }
    const uncertain = layer === undefined ? undefined : layerProblem(layer);
    const mislabelled = labelProblem(description, labels);
    const told = [
      ...(description.warnings ?? []),
      ...(mislabelled === undefined ? [] : [mislabelled]),
      ...(uncertain === undefined ? [] : [uncertain]),
    ];
    const warnings = new Map<number | undefined, string[]>(
      told.length === 0 ? [] : [[undefined, told]],
    );
    for (let n = 0; numeric && n < count; n++) {
      const unknown = rangeProblem(
        samples.map((list) => list[n]),
        preprocess,
      );
      if (unknown !== undefined) warnings.set(n, [unknown]);
    }
    if (docs.length === count) {
      docs.forEach((doc, n) => {
        const said = typeof doc === 'object' && doc !== null ? remarksOn(doc) : [];
        if (said.length > 0) warnings.set(n, [...(warnings.get(n) ?? []), ...said]);
      });
    }
    const explain = (onProgress?: (done: number, total: number) => void) =>
      explainer.explain({
        model: prepared.model,
        native: isLoadedModel(model) ? model.model : model,
        description,
        inputs,
        input,
        inputRange: inputRange(preprocess),
        documents: ownSamples,
        targets,
        labels,
        picture: (n) => pictureFor({ image, prepared }, ownSamples[n], sampleOf(inputs[input], n)),
        score,
        layer,
        resolveLayer: (reference) => chooseLayer(description, reference, way),
        options: validated,
        seed,
        batch: {
          batchSize: options.batchSize,
          memoryBudget: options.memoryBudget,
          maxMemory: options.maxMemory,
          signal: options.signal,
          onProgress,
        },
        explainer: (id) => registry.explainer(id),
        warn: (message, index) => {
          const list = warnings.get(index) ?? [];
          if (!list.includes(message)) warnings.set(index, [...list, message]);
        },
      });
    // the explainer may be other people's code, which may ignore the signal
    const explained = await abortable(
      watchingProgress(options.onProgress, explain),
      options.signal,
      `explaining by '${explainer.id}'`,
      {
        grace: GRACE,
      },
    );
    const about = {
      explainer,
      prepared,
      validated,
      options,
      image,
      score,
      seed,
      warnings,
      registry,
    };
    const records =
      explained.kind === 'records'
        ? completeRecords(explained, { ...about, samples: ownSamples, inputs })
        : assembleMaps(explained, { ...about, samples: ownSamples, inputs, input, targets, layer });
    return records.map((record) => withDisplay(record, registry));
  });
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
