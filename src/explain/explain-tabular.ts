/** The pipeline for models of rows and texts: documents in the model's order, a method that fits, records. */
import type { Explainer } from '../container/plugin.js';
import type { Registry } from '../container/registry.js';
import type { Document } from '../documents/document.js';
import { readDocuments } from '../documents/read.js';
import { WhylensError } from '../errors.js';
import type { Explanation } from '../explanation.js';
import { parseTargets } from '../model/parse-targets.js';
import type { RowModel, Rows, TabularModel } from '../model/tabular/interface.js';
import { modelRows } from '../model/tabular/read-rows.js';
import { cutWarning } from '../model/tabular/cut-warning.js';
import { tabularView } from '../model/tabular/view.js';
import { validateOptions } from '../options.js';
import { abortable } from '../reading/abort.js';
import { completeRecords } from './assemble.js';
import type { ExplainOptions } from './explain-options.js';
import { withDisplay } from './notebook.js';
import { optionsBeside, registryFor } from './prepare.js';
import { GRACE, watchingProgress } from './progress.js';
import { methodsOwn } from './shared-options.js';

/**
 * The method if none is named: one that is exact for the model, else one that works for any.
 * Trees: Tree SHAP, which needs covers or a background.
 */
function defaultTabularMethod(model: TabularModel, { background }: ExplainOptions): string {
  if (model.linear !== undefined) return 'linear';
  if (model.documents === 'texts') {
    if (model.tokens === undefined) return 'lime-text';
    return model.tokens.withoutGradients === undefined ? 'text-gradients' : 'text-occlusion';
  }
  if (model.trees !== undefined && (model.trees.hasCover || background !== undefined)) {
    return 'tree-shap';
  }
  return 'kernel-shap';
}

/**
 * Explains documents of a model of rows or texts together.
 *
 * @param first of many documents the number of the first of these, for messages
 */
export async function explainTabular(
  model: TabularModel,
  docs: readonly unknown[],
  options: ExplainOptions,
  native: unknown = model,
  first?: number,
): Promise<Explanation[]> {
  const own = methodsOwn(options);
  const registry = registryFor(options);
  const { score = 'logit', seed = 0 } = options;
  const { method = defaultTabularMethod(model, options) } = options;
  const explainer = forTabular(registry.explainerFor(method, own));
  requireFit(explainer, model, registry);
  const validated = validateOptions(
    `method '${explainer.id}'`,
    explainer.options,
    own,
    optionsBeside(registry),
  );
  const documents = await readDocuments(docs);
  const rows = model.documents === 'rows' ? rowsOf(documents, model, first) : undefined;
  const texts = model.documents === 'texts' ? textsOf(documents, explainer) : undefined;
  const count = rows?.count ?? texts!.length;
  const view = tabularView(model);
  const description = view.describe();
  const labels = options.labels ?? model.classNames ?? model.outputNames;
  const targets = parseTargets(options.targets, description, labels, count);
  const warnings = new Map<number | undefined, string[]>(
    cutTexts(model, texts ?? []).map(([n, warning]) => [n, [warning]]),
  );
  const explain = (onProgress?: (done: number, total: number) => void) =>
    explainer.explain({
      model: view,
      native,
      tabular: model,
      ...(rows !== undefined && { rows }),
      ...(texts !== undefined && { texts }),
      description,
      inputs: [],
      input: 0,
      documents:
        documents.length === count ? documents : Array.from({ length: count }, () => documents[0]),
      targets,
      labels,
      score,
      resolveLayer: () => {
        throw new WhylensError(
          'UNKNOWN_LAYER',
          `the model '${model.name}' has no layers: it is ${model.source}`,
        );
      },
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
  // functions and methods may be other people's code, which may ignore the signal
  const explained = await abortable(
    watchingProgress(options.onProgress, explain),
    options.signal,
    `explaining by '${explainer.id}'`,
    { grace: GRACE },
  );
  if (explained.kind !== 'records') {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `method '${explainer.id}' makes maps of pictures, and '${model.name}' is a model of ${model.documents}`,
    );
  }
  const records = completeRecords(explained, {
    explainer,
    prepared: { model: view, description, labels },
    validated,
    options,
    image: undefined,
    score,
    seed,
    warnings,
    registry,
    samples: documents,
    inputs: [],
  });
  return records.map((record) => withDisplay(record, registry));
}

/** What a transformer does not read of the texts that are too long for it. */
function cutTexts(model: TabularModel, texts: readonly string[]): [number, string][] {
  if (model.documents !== 'texts' || model.tokens === undefined) return [];
  const { tokens } = model;
  return texts.flatMap((text, n): [number, string][] => {
    const warning = cutWarning(tokens, text);
    return warning === undefined ? [] : [[n, warning]];
  });
}

/** Refuses a method that cannot serve the model, and names those that can. */
function requireFit(explainer: Explainer, model: TabularModel, registry: Registry): void {
  const why = unfit(explainer, model);
  if (why === undefined) return;
  const working = tabularMethods(model, registry);
  throw new WhylensError(
    'UNSUPPORTED_MODEL',
    `method '${explainer.id}' ${why}, and '${model.name}' is ${model.source}. Methods that would work: ${working.join(', ') || 'none'}`,
    { facts: { methods: working } },
  );
}

/** Ids of the methods that can serve a model of rows or texts. */
function tabularMethods(model: TabularModel, registry: Registry): string[] {
  return [...registry.explainers.values()]
    .map(forTabular)
    .filter((explainer) => unfit(explainer, model) === undefined)
    .map(({ id }) => id);
}

/** A method for pictures may have a version for rows. */
function forTabular(explainer: Explainer): Explainer {
  return explainer.rows ?? explainer;
}

function unfit(explainer: Explainer, model: TabularModel): string | undefined {
  const kind = model.documents === 'rows' ? 'features' : 'text';
  if (!explainer.documents.includes(kind)) {
    return `explains documents of kind ${explainer.documents.join(', ')} and no ${model.documents}`;
  }
  return explainer.lacks?.(model);
}

function rowsOf(documents: readonly Document[], model: RowModel, first?: number): Rows {
  const what = first === undefined ? 'the document' : 'the documents';
  const parts = documents.map((document, n) => {
    const at = first === undefined ? 0 : first + n;
    if (document.kind === 'features') return modelRows(document.values, model, what, at);
    if (document.kind === 'array') return modelRows(document, model, what, at);
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the model '${model.name}' takes rows: an object by feature name or a list of values, got ${document.kind === 'text' ? 'a text' : 'a picture'}`,
    );
  });
  if (parts.length === 1) return parts[0];
  const data = new Float64Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { count: data.length / model.features.length, columns: model.features.length, data };
}

function textsOf(documents: readonly Document[], { id }: Explainer): string[] {
  return documents.map((document) => {
    if (document.kind === 'text') return document.text;
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `a model of texts takes a string, and method '${id}' got a document of kind ${document.kind}`,
    );
  });
}
