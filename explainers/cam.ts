import { explainer } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { weightedChannelSum } from '../src/maths/cam.js';
import { recordLayer } from './shared/calls.js';
import { channelWeights } from './shared/linear-head.js';
import { concreteTarget, describeTarget } from '../src/model/targets.js';
import { inSpace, TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * CAM (Zhou et al. 2016, eq. 2): channels weighted by the classifier's own
 * kernel, Σ_k W[k, c]·A[..,k]. Raw, signed map `[h, w]`; H·W times `grad-cam`.
 * Always explains the logit: the kernel knows no softmax.
 *
 * @throws UNSUITABLE_LAYER unless global average pooling and one linear layer
 * follow; `grad-cam` generalises it to everything else.
 */
export const cam = explainer({
  id: 'cam',
  summary: 'evidence of a layer, channels weighted by the classifier',
  family: 'cam',
  description:
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by the classifier itself.',
  reference: 'Zhou 2016',
  cost: '1 forward',
  needs: { activations: true, layer: true, linearHead: true },
  documents: ['image', 'array'],
  options: TOKEN_OPTIONS,

  async explain(context) {
    const { outputs, activations } = await recordLayer(context);
    const maps = context.targets.map((targets, n) => {
      const A = inSpace(context, activations[n]);
      return targets.map((given) => {
        const target = concreteTarget(given, outputs, n);
        const weights = channelWeights(context, target, outputs, n, 'logit');
        if ('found' in weights) {
          throw new WhylensError(
            'UNSUITABLE_LAYER',
            `cam needs global average pooling and one linear layer (dense, or a 1×1 convolution) right after layer '${context.layer!.path}' for target '${describeTarget(target)}'; found ${weights.found}. Use grad-cam, which needs neither`,
            { facts: { layer: context.layer!.path, found: weights.found } },
          );
        }
        return weightedChannelSum(A, weights);
      });
    });
    return { kind: 'maps', outputs, maps };
  },
});
