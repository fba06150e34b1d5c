/** The model calls that many explainers make, written once. */
import type { ExplainContext, ExplainedMaps } from '../../src/container/plugin.js';
import { AbortedError, isWhylensError } from '../../src/errors.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { sampleOf, sizeOf } from '../../src/maths/ndarray.js';
import {
  ndSamples,
  type BatchOptions,
  type OutputValues,
  type Samples,
} from '../../src/model/interface.js';
import { inSpace, type LayerContext } from './token-grid.js';

/** One call of the model, then `map(activations, gradients)` for every sample and target. */
export async function differentiateLayer(
  context: LayerContext,
  map: (activations: NdArray, gradients: NdArray) => Heatmap,
): Promise<ExplainedMaps> {
  const layer = context.layer!.path;
  const maps: Heatmap[][] = [];
  const chunks: (readonly OutputValues[])[] = [];
  // chunk by chunk, so that the gradients of a large batch never lie in memory together
  await context.model.differentiate({
    inputs: context.inputs.map(ndSamples),
    targets: context.targets,
    score: context.score,
    layers: [layer],
    ...context.batch,
    onChunk({ offset, count, outputs, activations, gradients }) {
      chunks.push(outputs);
      for (let n = 0; n < count; n++) {
        const A = inSpace(context, sampleOf(activations[layer], n));
        maps[offset + n] = context.targets[offset + n].map((_, t) =>
          map(A, inSpace(context, sampleOf(gradients[layer][t], n))),
        );
      }
    },
  });
  return { kind: 'maps', outputs: concatOutputs(chunks), maps };
}

/**
 * As `differentiateLayer`, if the layer's activations `[N, …]` are known already: only what comes
 * after the layer is run.
 */
export async function differentiateFrom(
  context: LayerContext,
  activations: NdArray,
  map: (activations: NdArray, gradients: NdArray) => Heatmap,
): Promise<Heatmap[][]> {
  const layer = context.layer!.path;
  const maps: Heatmap[][] = [];
  await context.model.differentiate({
    inputs: context.inputs.map(ndSamples),
    from: { layer, activations: ndSamples(activations) },
    targets: context.targets,
    score: context.score,
    layers: [layer],
    ...context.batch,
    onChunk({ offset, count, gradients }) {
      for (let n = 0; n < count; n++) {
        const A = inSpace(context, sampleOf(activations, offset + n));
        maps[offset + n] = context.targets[offset + n].map((_, t) =>
          map(A, inSpace(context, sampleOf(gradients[layer][t], n))),
        );
      }
    },
  });
  return maps;
}

/** One forward pass, then `map(activations)` for every sample: the same map for each of its targets. */
export async function runLayer(
  context: LayerContext,
  map: (activations: NdArray) => Heatmap,
): Promise<ExplainedMaps> {
  const { outputs, activations } = await recordLayer(context);
  const maps = context.targets.map((targets, n) => {
    const { shape, data } = map(inSpace(context, activations[n]));
    return targets.map(() => ({ shape, data: data.slice() }));
  });
  return { kind: 'maps', outputs, maps };
}

/** One forward pass: outputs and, sample by sample, the layer's activations as the model has them. */
export async function recordLayer(
  context: ExplainContext,
  batch: BatchOptions = context.batch,
): Promise<{ readonly outputs: readonly OutputValues[]; readonly activations: NdArray[] }> {
  const layer = context.layer!.path;
  const { outputs, activations } = await context.model.run({
    inputs: context.inputs.map(ndSamples),
    record: [layer],
    ...batch,
  });
  return { outputs, activations: context.targets.map((_, n) => sampleOf(activations[layer], n)) };
}

/** Sample `index` of every input, `count` times over. */
export function repeatSample(context: ExplainContext, index: number, count = 1): Samples[] {
  return context.inputs.map((array) => {
    const { shape, data } = sampleOf(array, index);
    return { count, shape, write: (_, into) => into.set(data) };
  });
}

/** Outputs of consecutive chunks as one batch. */
export function concatOutputs(chunks: readonly (readonly OutputValues[])[]): OutputValues[] {
  const concat = (arrays: readonly NdArray[]): NdArray => {
    const rest = arrays[0].shape.slice(1);
    const count = arrays.reduce((sum, { shape }) => sum + shape[0], 0);
    const data = new Float32Array(count * sizeOf(rest));
    let at = 0;
    for (const array of arrays) {
      data.set(array.data, at);
      at += array.data.length;
    }
    return { shape: [count, ...rest], data };
  };
  return chunks[0].map((first, i) => {
    const logits = concat(chunks.map((outputs) => outputs[i].logits));
    const values =
      first.values === first.logits ? logits : concat(chunks.map((outputs) => outputs[i].values));
    return { ...first, logits, values };
  });
}

/**
 * Makes one of several model calls count as part of one job of `total`
 * evaluations, `before` of which are done: progress goes on from there, and an
 * abort says how far the whole job came.
 */
export async function asPartOf<T>(
  batch: BatchOptions,
  before: number,
  total: number,
  call: (batch: BatchOptions) => Promise<T>,
): Promise<T> {
  const { onProgress, ...rest } = batch;
  try {
    return await call({
      ...rest,
      ...(onProgress === undefined
        ? {}
        : { onProgress: (done: number) => onProgress(before + done, total) }),
    });
  } catch (error) {
    if (!isWhylensError(error, 'ABORTED')) throw error;
    const done = typeof error.facts.done === 'number' ? error.facts.done : 0;
    throw new AbortedError(Math.min(before + done, total), total, error.cause ?? error);
  }
}
