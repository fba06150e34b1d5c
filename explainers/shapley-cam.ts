import { explainer, type ExplainContext } from '../src/container/plugin.js';
import type { NdArray, Target } from '../src/explanation.js';
import { channelMeans, weightedChannelSum } from '../src/maths/cam.js';
import { sampleOf } from '../src/maths/ndarray.js';
import { asPartOf, concatOutputs, repeatSample } from './shared/calls.js';
import {
  ndSamples,
  type BatchOptions,
  type OutputValues,
  type Samples,
} from '../src/model/interface.js';
import { inSpace, TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Steps so small that a piecewise linear network hardly ever crosses a corner:
 * its gradients on both sides are then equal to the last bit, and H·A is 0.
 */
const TINY_STEPS = [2 ** -18, 2 ** -20, 2 ** -22];

/**
 * Shapley-CAM (Cai 2025): `grad-cam` with the second-order term of the score's
 * expansion, w_k = mean(g − ½·H·A)_k, H the Hessian of the score with respect
 * to the layer. Raw, signed map `[h, w]`.
 *
 * H·A is the central difference (g(A + εA) − g(A − εA)) / 2ε of two gradients
 * taken from the layer on. In a network of rectifiers it is 0 wherever it is
 * defined; gradients that do not change at all within a few rounding steps are
 * recognised as such, so that a corner near A does not count as curvature.
 *
 * Equals `grad-cam` if the score is piecewise linear in the layer: prefer that then, and this one
 * with smooth activations or `score: 'output'`.
 */
export const shapleyCam = explainer({
  id: 'shapley-cam',
  summary: 'as grad-cam, with the curvature of the score',
  family: 'cam',
  description:
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by gradient and curvature together.',
  reference: 'Cai 2025',
  cost: '1 forward + 1 partial backward per target, 6 to 8 times more from the layer on',
  needs: { gradients: true, activations: true, layer: true, fromLayer: true },
  documents: ['image', 'array'],
  options: {
    ...TOKEN_OPTIONS,
    step: {
      type: 'number',
      default: 1 / 256,
      min: 1e-4,
      max: 0.5,
      help: 'Step of the central difference, as a share of the activations',
    },
  },

  async explain(context) {
    const step = context.options.step;
    const layer = context.layer!.path;
    const samples = context.targets.length;
    const perSample = 2 * TINY_STEPS.length + 2;
    const total = samples * (1 + perSample);
    const chunks: (readonly OutputValues[])[] = [];
    const found: { A: NdArray; gradients: NdArray[] }[] = [];
    await asPartOf(context.batch, 0, total, (batch) =>
      context.model.differentiate({
        inputs: context.inputs.map(ndSamples),
        targets: context.targets,
        score: context.score,
        layers: [layer],
        ...batch,
        onChunk({ count, outputs, activations, gradients }) {
          chunks.push(outputs);
          for (let n = 0; n < count; n++) {
            found.push({
              A: copy(sampleOf(activations[layer], n)),
              gradients: gradients[layer].map((g) => copy(sampleOf(g, n))),
            });
          }
        },
      }),
    );
    const maps: NdArray[][] = [];
    for (const [n, { A, gradients }] of found.entries()) {
      const curvature = await asPartOf(context.batch, samples + n * perSample, total, (batch) =>
        hessianTimes(context, n, A, step, batch),
      );
      maps.push(
        gradients.map((g, t) => {
          const data = g.data.map((value, at) => value - 0.5 * (curvature[t]?.[at] ?? 0));
          const weights = channelMeans(inSpace(context, { shape: g.shape, data }));
          return weightedChannelSum(inSpace(context, A), weights);
        }),
      );
    }
    return { kind: 'maps', outputs: concatOutputs(chunks), maps };
  },
});

/** H·A per target; undefined if the score is linear around A. */
async function hessianTimes(
  context: ExplainContext,
  n: number,
  A: NdArray,
  step: number,
  batch: BatchOptions,
): Promise<(Float64Array | undefined)[]> {
  const targets = context.targets[n];
  const layer = context.layer!.path;
  const gradientsAt = async (steps: readonly number[], before: number) => {
    const total = 2 * TINY_STEPS.length + 2;
    const { gradients } = await asPartOf(batch, before, total, (part) =>
      context.model.differentiate({
        inputs: repeatSample(context, n),
        from: {
          layer,
          activations: scaled(
            A,
            steps.map((s) => 1 + s),
          ),
        },
        targets,
        score: context.score,
        layers: [layer],
        ...part,
      }),
    );
    return (t: number, i: number): Float32Array => sampleOf(gradients[layer][t], i).data;
  };
  const tiny = await gradientsAt(bothWays(TINY_STEPS), 0);
  const curved = targets.map((_, t) =>
    TINY_STEPS.every((_, i) => !same(tiny(t, 2 * i), tiny(t, 2 * i + 1))),
  );
  if (!curved.includes(true)) {
    // the wider step is left out
    batch.onProgress?.(2 * TINY_STEPS.length + 2, 2 * TINY_STEPS.length + 2);
    return targets.map(() => undefined);
  }
  const far = await gradientsAt(bothWays([step]), 2 * TINY_STEPS.length);
  return targets.map((_: Target, t) => {
    if (!curved[t]) return undefined;
    const below = far(t, 1);
    return Float64Array.from(far(t, 0), (above, at) => (above - below[at]) / (2 * step));
  });
}

function bothWays(steps: readonly number[]): number[] {
  return steps.flatMap((step) => [step, -step]);
}

function scaled(A: NdArray, factors: readonly number[]): Samples {
  return {
    count: factors.length,
    shape: A.shape,
    write: (index, into) => {
      for (let at = 0; at < into.length; at++) into[at] = A.data[at] * factors[index];
    },
  };
}

function same(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, at) => value === b[at]);
}

function copy({ shape, data }: NdArray): NdArray {
  return { shape, data: data.slice() };
}
