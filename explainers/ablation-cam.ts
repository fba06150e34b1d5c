import { explainer, type ExplainContext } from '../src/container/plugin.js';
import type { NdArray, Target } from '../src/explanation.js';
import { channelMeans, channelsOf, weightedChannelSum } from '../src/maths/cam.js';
import { asPartOf, recordLayer, repeatSample } from './shared/calls.js';
import type { OutputValues, Samples } from '../src/model/interface.js';
import { channelWeights } from './shared/linear-head.js';
import { concreteTarget, scoreOf } from '../src/model/targets.js';
import { inSpace, TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Ablation-CAM (Desai and Ramaswamy 2020, eq. 3): channels weighted by the
 * share of the score that is lost without them, w_k = (s − s_k) / |s|, s_k with channel k set to
 * zero; s − s_k if s is exactly 0. No gradients. Raw,
 * signed map `[h, w]`.
 *
 * Runs on from the layer, all targets in one run; channels that are zero
 * already are not run. If only global average pooling and a linear layer follow, s − s_k = W[k,
 * c]·mean(A_k) and nothing is run at all.
 *
 * Prefer `grad-cam` for speed: one backward pass instead of a run per channel.
 */
export const ablationCam = explainer({
  id: 'ablation-cam',
  summary: 'channels weighted by how the score falls without them',
  family: 'cam',
  description:
    'Channels are weighted by how much the score of the target falls without them: positive values are where such channels are active, negative values where channels are active without which it rises.',
  reference: 'Desai 2020',
  cost: '1 forward + 1 run from the layer per active channel (none before a linear head)',
  needs: { activations: true, layer: true, fromLayer: true },
  documents: ['image', 'array'],
  options: TOKEN_OPTIONS,

  async explain(context) {
    const { outputs, activations } = await recordLayer(context, withoutProgress(context));
    const jobs = activations.map((A, n) => jobOf(context, A, outputs, n));
    const total = jobs.reduce((sum, { channels }) => sum + channels.length, 0);
    let done = 0;
    const maps: NdArray[][] = [];
    for (const [n, job] of jobs.entries()) {
      if (job.channels.length > 0) {
        await asPartOf(context.batch, done, total, (batch) =>
          context.model.run({
            inputs: repeatSample(context, n),
            from: {
              layer: context.layer!.path,
              activations: ablated(activations[n], job.channels),
            },
            ...batch,
            onChunk({ offset, count, outputs: chunk }) {
              for (let i = 0; i < count; i++) {
                const k = job.channels[offset + i];
                for (const entry of job.open) {
                  entry.drops[k] = entry.score - scoreOf(entry.target, chunk, i, context.score);
                }
              }
            },
          }),
        );
        done += job.channels.length;
      }
      const A = inSpace(context, activations[n]);
      maps.push(job.all.map(({ drops, score }) => weightedChannelSum(A, shares(drops, score))));
    }
    return { kind: 'maps', outputs, maps, facts: { channelsRun: total } };
  },
});

interface Entry {
  readonly target: Target;
  readonly score: number;
  /** s − s_k per channel; stays 0 for channels that are never run. */
  readonly drops: Float64Array;
}

interface Job {
  readonly all: readonly Entry[];
  /** Targets whose drops have to be measured, … */
  readonly open: readonly Entry[];
  /** … and the channels to set to zero for it. */
  readonly channels: readonly number[];
}

function jobOf(
  context: ExplainContext,
  A: NdArray,
  outputs: readonly OutputValues[],
  n: number,
): Job {
  const means = channelMeans(A);
  const open: Entry[] = [];
  const all = context.targets[n].map((given) => {
    const target = concreteTarget(given, outputs, n);
    const score = scoreOf(target, outputs, n, context.score);
    const weights = channelWeights(context, target, outputs, n, context.score);
    if (!('found' in weights)) return { target, score, drops: weights.map((w, k) => w * means[k]) };
    const entry = { target, score, drops: new Float64Array(means.length) };
    open.push(entry);
    return entry;
  });
  return { all, open, channels: open.length === 0 ? [] : activeChannels(A) };
}

function activeChannels(A: NdArray): number[] {
  const channels = channelsOf(A);
  const active = new Set<number>();
  A.data.forEach((value, at) => {
    if (value !== 0) active.add(at % channels);
  });
  return [...active].sort((a, b) => a - b);
}

/** One variant a channel: the activations with that channel set to zero, made as they are asked for. */
function ablated(A: NdArray, order: readonly number[]): Samples {
  const channels = channelsOf(A);
  return {
    count: order.length,
    shape: A.shape,
    write(index, into) {
      into.set(A.data);
      for (let at = order[index]; at < into.length; at += channels) into[at] = 0;
    },
  };
}

function shares(drops: Float64Array, score: number): Float64Array {
  return score === 0 ? drops : drops.map((drop) => drop / Math.abs(score));
}

function withoutProgress(context: ExplainContext): ExplainContext['batch'] {
  return { ...context.batch, onProgress: undefined };
}
