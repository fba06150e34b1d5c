/** What a model predicts. */
import { rangeProblem } from '../documents/model-input.js';
import { readDocuments } from '../documents/read.js';
import { remarksOn } from '../images/remarks.js';
import { watchingProgress } from './progress.js';
import { withModel, registryFor } from './prepare.js';
import { predictTabular } from './predict-tabular.js';
import { tabularModelFor } from './tabular-function.js';
import { type ExplainOptions } from './explain-options.js';
import { inputsOf, partsOf } from './inputs.js';
import { decodePredictions, type DecodedPrediction } from '../images/labels.js';
import { sampleOf } from '../maths/ndarray.js';
import { ndSamples, type BatchOptions } from '../model/interface.js';
import { labelProblem } from '../model/parse-targets.js';

/** Predictions of models of rows and texts have all digits, of pictures and arrays those of float32. */
export interface PredictedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

export interface PredictOptions
  extends
    Pick<
      ExplainOptions,
      | 'labels'
      | 'preprocess'
      | 'resize'
      | 'engine'
      | 'threads'
      | 'backend'
      | 'container'
      | 'plugins'
      | 'inputShape'
      | 'outputActivation'
      | 'estimator'
    >,
    BatchOptions {
  /** How many classes `top` lists. Default 5. */
  readonly top?: number;
}

/** One output of the model, for N documents. */
export interface OutputPrediction {
  readonly name: string;
  /** `[N, …]` as the model gives them. */
  readonly values: PredictedArray;
  /** `[N, …]` before the final softmax or sigmoid; equal to `values` if there is none. */
  readonly logits: PredictedArray;
  /** True if `values` are probabilities: after a softmax or sigmoid. */
  readonly probabilities: boolean;
  /** The classes with the highest values: one list for each document. */
  readonly top: readonly (readonly DecodedPrediction[])[];
}

/** What `predict` gives. */
export interface Prediction extends Pick<OutputPrediction, 'values' | 'logits' | 'top'> {
  /** All outputs; `values`, `logits` and `top` beside it are those of the first. */
  readonly outputs: readonly OutputPrediction[];
  /** Warnings, such as labels whose number does not fit the model. */
  readonly warnings: readonly string[];
}

/**
 * What a model predicts for one document or a list of them: all values, and
 * the classes with the highest values by name. For a model of rows or texts
 * `logits` are its raw scores: one column for a binary classifier with one score.
 *
 * @param model as `explainPrediction` takes it
 * @param docs a picture, an array `[N, …]` as the model takes it, or a list of pictures; for a
 *   model of rows a row by feature name, a list of values, a list of rows or a table; texts
 * @throws WhylensError as `explainPrediction` does; `INVALID_OPTION` for a `top` below 1
 * @example
 * const { top } = await predict(model, await loadImage('cat.jpg'), { top: 3 });
 * console.log(top[0][0].label, top[0][0].score);
 */
export async function predict(
  model: unknown,
  docs: unknown,
  options: PredictOptions = {},
): Promise<Prediction> {
  const tabular = tabularModelFor(model, listOf(docs), options);
  if (tabular !== undefined) return predictTabular(tabular, docs, options);
  const { top = 5, batchSize, memoryBudget, maxMemory, signal, onProgress } = options;
  return withModel(model, options, registryFor(options), async (prepared) => {
    const { description, labels, preprocess } = prepared;
    const list = isList(docs) ? docs : [docs];
    const parts = await partsOf(description, await readDocuments(list));
    const inputs = inputsOf(description, parts, preprocess, options);
    const { outputs: found } = await watchingProgress(onProgress, (progress) =>
      prepared.model.run({
        inputs: inputs.map(ndSamples),
        batchSize,
        memoryBudget,
        maxMemory,
        signal,
        onProgress: progress,
      }),
    );
    const outputs = found.map(({ name, values, logits, activation }): OutputPrediction => ({
      name,
      values,
      logits,
      probabilities: activation !== 'linear',
      top: Array.from({ length: values.shape[0] }, (_, n) =>
        decodePredictions(sampleOf(values, n).data, labels, top),
      ),
    }));
    const { values, logits, top: highest } = outputs[0];
    const warnings = [labelProblem(description, labels), rangeProblem(parts.flat(), preprocess)];
    const said = list.flatMap((doc) =>
      typeof doc === 'object' && doc !== null ? remarksOn(doc) : [],
    );
    return {
      values,
      logits,
      top: highest,
      outputs,
      warnings: [...warnings, ...said].filter((warning) => warning !== undefined),
    };
  });
}

function listOf(docs: unknown): readonly unknown[] {
  return Array.isArray(docs) ? docs : [docs];
}

/** A list of documents, as against nested numbers, which are one batch. */
export function isList(docs: unknown): docs is readonly unknown[] {
  return Array.isArray(docs) && typeof docs[0] === 'object' && !Array.isArray(docs[0]);
}
