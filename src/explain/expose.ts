/** Looking into a model without explaining anything: logits, activations, and where they are. */
import { withModel, registryFor } from './prepare.js';
import { type ExplainOptions } from './explain-options.js';
import { inputsOf } from './inputs.js';
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import {
  ndSamples,
  type BatchOptions,
  type LayerInfo,
  type ModelDescription,
} from '../model/interface.js';
import { chooseLayer, findLayer, hasSpace, type LayerReference } from '../model/layers.js';

export interface ExposeOptions
  extends
    Pick<
      ExplainOptions,
      'preprocess' | 'resize' | 'backend' | 'container' | 'plugins' | 'inputShape'
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

export interface ExposedModel {
  readonly description: ModelDescription;
  /** The layers whose activations `run` gives. */
  readonly layers: readonly string[];
  /** Path of the value before the final activation. */
  readonly logitsLayer: string | undefined;
  /** The layer that pools space away before the head, where there is one. */
  readonly poolingLayer: string | undefined;
  /** Logits and activations of a batch: an array `[N, …]`, a picture, or a list of pictures. */
  run(docs: unknown): Promise<Exposed>;
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
      `model '${description.name}' (${description.adapter}) can only predict, so no layer can be exposed; pass a tfjs model`,
    );
  }
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
    throw new WhylensError(
      'INVALID_OPTION',
      `the model has no output '${options.output}'; its outputs are ${description.outputs.map(({ name }) => name).join(', ')}`,
    );
  }
  return {
    description,
    layers: paths,
    logitsLayer: findLogitsLayer(description, options.output),
    poolingLayer: findPoolingLayer(description)?.path,
    run: (docs) =>
      withModel(model, options, registry, async (prepared) => {
        const list = isList(docs) ? docs : [docs];
        const inputs = await inputsOf(description, list, prepared.preprocess, options);
        const { batchSize, memoryBudget, signal, onProgress } = options;
        const { outputs, activations } = await prepared.model.run({
          inputs: inputs.map(ndSamples),
          record: paths,
          batchSize,
          memoryBudget,
          signal,
          onProgress,
        });
        const { logits, values } = outputs[outputIndex];
        return { logits, values, activations };
      }),
  };
}

/** Path of the value before the final softmax or sigmoid of an output (the first by default). */
export function findLogitsLayer(
  { outputs }: ModelDescription,
  output?: string,
): string | undefined {
  return (output === undefined ? outputs[0] : outputs.find(({ name }) => name === output))?.logits;
}

/** The last layer that takes maps and gives one number a channel: where class activation maps look. */
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

function isList(docs: unknown): docs is readonly unknown[] {
  return Array.isArray(docs) && typeof docs[0] === 'object' && !Array.isArray(docs[0]);
}
