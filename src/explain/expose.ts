/** Looking into a model without explaining anything: logits, activations, and where they are. */
import { withModel, registryFor, type Prepared } from './prepare.js';
import { watchingProgress } from './progress.js';
import { type ExplainOptions } from './explain-options.js';
import { inputsOf, partsOf } from './inputs.js';
import { readDocuments } from '../documents/read.js';
import { isList } from './predict.js';
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { channelMeans } from '../maths/cam.js';
import { sampleOf } from '../maths/ndarray.js';
import {
  ndSamples,
  type BatchOptions,
  type LayerInfo,
  type ModelDescription,
} from '../model/interface.js';
import { chooseLayer, findLayer, hasSpace, type LayerReference } from '../model/layers.js';
import { parseTargets } from '../model/parse-targets.js';

export interface ExposeOptions
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
    >,
    BatchOptions {
  /** Name of the output whose logits are wanted. Default: the first. */
  readonly output?: string;
}

/** What a model computes on the way, for a batch. */
export interface Exposed {
  /** `[N, …]` before the final softmax or sigmoid. */
  readonly logits: NdArray;
  /** `[N, …]` as the model gives them. */
  readonly values: NdArray;
  /** By layer path, `[N, …]`. */
  readonly activations: Readonly<Record<string, NdArray>>;
}

/** What the gradients are taken of. */
export type ExposeGradientOptions = Pick<ExplainOptions, 'targets' | 'score'>;

/** What a model computes on the way, and how scores change with it. */
export interface ExposedGradients extends Exposed {
  /** The differentiated scores, `scores[document][target]`. */
  readonly scores: readonly (readonly number[])[];
  /**
   * By layer path, one array `[N, …]` for each target: how much the score changes for
   * each value of the layer. What `K.gradients(score, layer.output)` gives.
   */
  readonly gradients: Readonly<Record<string, readonly NdArray[]>>;
  /**
   * By layer path, one array `[N, channels]` for each target: the mean of the gradients
   * over space, which is the weight Grad-CAM gives each channel (Selvaraju 2017, eq. 1).
   */
  readonly channelWeights: Readonly<Record<string, readonly NdArray[]>>;
}

/** A model with the values of some layers visible: what `exposeModel` gives. */
export interface ExposedModel {
  readonly description: ModelDescription;
  /** The layers whose activations `run` gives. */
  readonly layers: readonly string[];
  /** Path of the value before the final activation. */
  readonly logitsLayer: string | undefined;
  /** The layer that pools over space before the head, if there is one. */
  readonly poolingLayer: string | undefined;
  /** Logits and activations of a batch: an array `[N, …]`, a picture, or a list of pictures. */
  run(docs: unknown): Promise<Exposed>;
  /**
   * The same with the gradients of scores at the layers: the K.gradients recipe.
   * `targets` and `score` are as in `explainPrediction` (default: the logit of the top class).
   */
  differentiate(docs: unknown, options?: ExposeGradientOptions): Promise<ExposedGradients>;
}

/**
 * A model with the logits and the activations of some layers exposed, softmax
 * bypassed, the model itself untouched. Nested layers are named by path.
 *
 * @param layers one layer or several; default: the one explainers would choose
 * @throws WhylensError `UNKNOWN_LAYER` with the nearest names, `NEEDS_ACTIVATIONS` for plain functions
 * @example
 * const exposed = await exposeModel(model, 'backbone/out_relu', { preprocess: 'tf' });
 * const { logits, activations } = await exposed.run(pictures);
 * const { gradients, channelWeights } = await exposed.differentiate(picture, { targets: 'dog' });
 */
export async function exposeModel(
  model: unknown,
  layers?: LayerReference | readonly LayerReference[],
  options: ExposeOptions = {},
): Promise<ExposedModel> {
  const registry = registryFor(options);
  const description = await withModel(
    model,
    options,
    registry,
    async (prepared) => prepared.description,
  );
  if (!description.can.activations) {
    throw new WhylensError(
      'NEEDS_ACTIVATIONS',
      `model '${description.name}' (${description.adapter}) can only predict, so no layer can be exposed; pass one that shows its layers, such as loadModel gives`,
    );
  }
  const { batchSize, memoryBudget, maxMemory, signal } = options;
  const batch = { batchSize, memoryBudget, maxMemory, signal };
  const references = layers === undefined ? [] : Array.isArray(layers) ? layers : [layers];
  const paths =
    references.length === 0
      ? [chooseLayer(description).path]
      : references.map((reference: LayerReference) => findLayer(description, reference).path);
  const outputIndex =
    options.output === undefined
      ? 0
      : description.outputs.findIndex(({ name }) => name === options.output);
  if (outputIndex === -1) {
    const names = description.outputs.map(({ name }) => name);
    throw new WhylensError(
      'INVALID_OPTION',
      `the model has no output '${options.output}'${didYouMean(String(options.output), names)} Its outputs are ${names.join(', ')}`,
    );
  }
  return {
    description,
    layers: paths,
    logitsLayer: findLogitsLayer(description, options.output),
    poolingLayer: findPoolingLayer(description)?.path,
    run: (docs) =>
      withInputs(docs, async ({ model: adapted }, inputs) => {
        const { outputs, activations } = await watchingProgress(options.onProgress, (onProgress) =>
          adapted.run({ inputs: inputs.map(ndSamples), record: paths, ...batch, onProgress }),
        );
        const { logits, values } = outputs[outputIndex];
        return { logits, values, activations };
      }),
    differentiate: (docs, { targets, score = 'logit' } = {}) => {
      if (!description.can.gradients) {
        throw new WhylensError(
          'NEEDS_GRADIENTS',
          `model '${description.name}' (${description.adapter}) gives no gradients; pass one that does, such as loadModel gives`,
        );
      }
      return withInputs(docs, async ({ model: adapted, labels }, inputs) => {
        const { outputs, activations, gradients, scores } = await watchingProgress(
          options.onProgress,
          (onProgress) =>
            adapted.differentiate({
              inputs: inputs.map(ndSamples),
              layers: paths,
              targets: parseTargets(targets, description, labels, inputs[0].shape[0]),
              score,
              ...batch,
              onProgress,
            }),
        );
        const { logits, values } = outputs[outputIndex];
        const channelWeights = Object.fromEntries(
          Object.entries(gradients).map(([path, list]) => [path, list.map(meansOfSamples)]),
        );
        return { logits, values, activations, scores, gradients, channelWeights };
      });
    },
  };

  function withInputs<T>(
    docs: unknown,
    work: (prepared: Prepared, inputs: readonly NdArray[]) => Promise<T>,
  ): Promise<T> {
    return withModel(model, options, registry, async (prepared) => {
      const list = isList(docs) ? docs : [docs];
      const parts = await partsOf(description, await readDocuments(list));
      return work(prepared, inputsOf(description, parts, prepared.preprocess, options));
    });
  }
}

/** Mean over space of each sample's channels: `[N, …, C]` → `[N, C]`. */
function meansOfSamples(gradients: NdArray): NdArray {
  const [count] = gradients.shape;
  const means = Array.from({ length: count }, (_, n) => channelMeans(sampleOf(gradients, n)));
  return {
    shape: [count, means[0].length],
    data: Float32Array.from(means.flatMap((list) => [...list])),
  };
}

/** Path of the value before the final softmax or sigmoid of an output (the first by default). */
export function findLogitsLayer(
  { outputs }: ModelDescription,
  output?: string,
): string | undefined {
  return (output === undefined ? outputs[0] : outputs.find(({ name }) => name === output))?.logits;
}

/** The last layer that takes maps and gives one number for each channel: class activation maps look there. */
export function findPoolingLayer({ layers }: ModelDescription): LayerInfo | undefined {
  const byPath = new Map(layers.map((layer) => [layer.path, layer]));
  return layers
    .filter(({ internal }) => internal !== true)
    .filter((layer) => {
      const from = byPath.get(layer.inputs[0] ?? '');
      return (
        /pool|mean|max/i.test(layer.kind) &&
        from !== undefined &&
        hasSpace(from) &&
        !hasSpace(layer)
      );
    })
    .at(-1);
}
