import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import {
  CHANNEL_REDUCTIONS,
  reduceChannels,
  type ChannelReduction,
} from '../src/maths/channels.js';
import { differentiateInput } from './shared/input-calls.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  reduce: {
    type: 'choice',
    choices: CHANNEL_REDUCTIONS,
    default: 'sum',
    help: 'over channels: the signed sum, the largest magnitude, or the mean magnitude',
  },
} as const satisfies OptionSpecs;

/**
 * Guided backpropagation (Springenberg et al. 2015): the gradient at the
 * input, except that a rectifier (ReLU, ReLU6 with its ceiling, fused into its
 * layer or separate) passes back only gradients that are positive, and only
 * where it was open on the way forward. Channels are summed; signed.
 *
 * Sharp and pretty, and hardly dependent on the target: use it to see what the
 * network looks at in detail, `guided-grad-cam` to tie it to a class.
 */
@injectable()
export class GuidedBackprop implements Explainer {
  readonly id = 'guided-backprop';
  readonly family = 'gradient';
  readonly description =
    'Fine detail that excites the network through positive paths only; the values are no derivative of the score.';
  readonly reference = 'Springenberg 2015';
  readonly cost = '1 forward + 1 backward per target';
  readonly needs = { gradients: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = options;

  async explain(context: ExplainContext): Promise<Explained> {
    const reduce = context.options.reduce as ChannelReduction;
    return differentiateInput(context, (_, gradient) => reduceChannels(gradient, reduce), {
      reluRule: 'guided',
    });
  }
}
