import { explainer, SANITY, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { NdArray } from '../src/explanation.js';
import { channelsOf, weightedChannelSum } from '../src/maths/cam.js';
import { channelOf, softmax, variedChannels, writeMasked } from '../src/maths/masks.js';
import { sampleOf } from '../src/maths/ndarray.js';
import { recordLayer } from './shared/calls.js';
import type { Samples } from '../src/model/interface.js';
import { concreteTarget, scoreOf } from '../src/model/targets.js';
import { inSpace, TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Score-CAM (Wang et al. 2020): every channel, enlarged to the input and
 * stretched to [0, 1], masks the input; the score that remains is the channel's
 * weight. No gradients. Raw map `[h, w]` = Σ_k α_k·A_k.
 *
 * - `mode: 'paper'` (algorithm 1): α = softmax over channels of
 *   f(X∘H_k) − f(X_b). The baseline's score is the same for every channel and
 *   cancels in the softmax, so it is not run.
 * - `mode: 'reference'` (the authors' code): α_k is the probability of the
 *   masked input; no baseline, no softmax over channels.
 *
 * Channels that are the same everywhere have no mask: they are never run and
 * have weight 0. All targets of a sample share one run.
 *
 * Prefer `grad-cam` for speed, `ablation-cam` for the same idea inside the network.
 */
export const scoreCam = explainer({
  id: 'score-cam',
  summary: 'channels weighted by the score of what they cover alone',
  family: 'cam',
  description:
    'Channels are weighted by the score of the target if only what they cover is shown; values are where channels with a high weight are active.',
  reference: 'Wang 2020',
  cost: '1 forward + 1 forward per channel that varies',
  needs: { activations: true, layer: true },
  sanity: SANITY.weights,
  documents: ['image', 'array'],
  options: {
    ...TOKEN_OPTIONS,
    mode: {
      type: 'choice',
      choices: ['paper', 'reference'],
      default: 'paper',
      help: 'Softmax over channels of the scores as the paper says, or the plain probabilities of its code',
    },
    topChannels: {
      type: 'number',
      default: undefined,
      min: 1,
      integer: true,
      help: 'Only that many channels, those that vary most over space; all if left out',
    },
  },

  async explain(context) {
    const { mode, topChannels } = context.options;
    const first = await recordLayer(context, { ...context.batch, onProgress: undefined });
    const { outputs } = first;
    const activations = first.activations.map((A) => inSpace(context, A));
    const score = mode === 'reference' ? 'output' : context.score;
    const channels = activations.map((A) => variedChannels(A, topChannels));
    const variants = channels.flatMap((list, n) => list.map((k) => ({ n, k })));
    const targets = context.targets.map((list, n) =>
      list.map((target) => concreteTarget(target, outputs, n)),
    );
    const scores = variants.map(({ n }) => new Float64Array(targets[n].length));
    if (variants.length > 0) {
      await context.model.run({
        inputs: maskedInputs(context, activations, variants),
        ...context.batch,
        onChunk({ offset, count, outputs: chunk }) {
          for (let i = 0; i < count; i++) {
            const { n } = variants[offset + i];
            targets[n].forEach((target, t) => {
              scores[offset + i][t] = scoreOf(target, chunk, i, score);
            });
          }
        },
      });
    }
    let start = 0;
    const maps = activations.map((A, n) => {
      const own = scores.slice(start, (start += channels[n].length));
      return targets[n].map((_, t) => {
        const values = own.map((list) => list[t]);
        const alpha = mode === 'paper' ? softmax(values) : values;
        const weights = new Float64Array(channelsOf(A));
        channels[n].forEach((k, i) => (weights[k] = alpha[i]));
        return weightedChannelSum(A, weights);
      });
    });
    return {
      kind: 'maps',
      outputs,
      maps,
      facts: channels.map((list) => ({ channelsRun: list.length })),
    };
  },
});

/** The explained input under each mask, the other inputs as they are; each is made when it is asked for. */
function maskedInputs(
  context: ExplainContext,
  activations: readonly NdArray[],
  variants: readonly { readonly n: number; readonly k: number }[],
): Samples[] {
  return context.inputs.map((array, input) => {
    const shape = array.shape.slice(1);
    const plain = (n: number) => sampleOf(array, n).data;
    if (input !== context.input) {
      const write = (index: number, into: Float32Array) => into.set(plain(variants[index].n));
      return { count: variants.length, shape, write };
    }
    const rank = activations[0].shape.length - 1;
    if (shape.length !== rank && shape.length !== rank + 1) {
      throw new WhylensError(
        'UNSUITABLE_LAYER',
        `score-cam lays the layer's channels over the input as masks, so both must have as many axes in space; layer '${context.layer!.path}' has ${rank}, the input has shape [${shape.join(', ')}]. Name another layer, or the grid of a layer of tokens`,
      );
    }
    return {
      count: variants.length,
      shape,
      write(index, into) {
        const { n, k } = variants[index];
        writeMasked(channelOf(activations[n], k), shape.slice(0, rank), plain(n), into);
      },
    };
  });
}
