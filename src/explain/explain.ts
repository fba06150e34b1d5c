/**
 * The road from a model and documents to explanations: it chooses an adapter,
 * an explainer, targets and a layer, and assembles the record. It computes nothing.
 */
import { assembleMaps, completeRecords, pictureDocument, pictureFor } from './assemble.js';
import { inputRange, rangeProblem } from '../documents/document.js';
import { WhylensError } from '../errors.js';
import type { ExplainManyOptions, ExplainOptions } from './explain-options.js';
import type { Explanation, NdArray } from '../explanation.js';
import { inputIndex, inputsOf } from './inputs.js';
import { sampleOf } from '../maths/ndarray.js';
import { chooseLayer } from '../model/layers.js';
import { isLoadedModel } from '../model/loaded.js';
import { labelProblem, parseTargets, type TargetOption } from '../model/parse-targets.js';
import { withDisplay } from './notebook.js';
import { validateOptions } from '../options.js';
import {
  layerMethods,
  registryFor,
  requireCapabilities,
  requireDocumentKind,
  withModel,
} from './prepare.js';
import { methodsOwn } from './shared-options.js';

export const DEFAULT_METHOD = 'grad-cam';

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
    for (let n = 0; numeric && n < count; n++) {
      const pictures = inputs.map((_, i) => pictureDocument({ prepared, input: i }, docs, n));
      const unknown = rangeProblem(pictures, preprocess);
      if (unknown !== undefined) warnings.set(n, [unknown]);
    }
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
