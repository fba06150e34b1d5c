import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
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
 * Deconvnet (Zeiler and Fergus 2014): the gradient at the input, except that a
 * rectifier passes back the positive part of the gradient wherever it comes
 * from, open or not on the way forward. Channels are summed; signed.
 *
 * Of historical interest; prefer `guided-backprop`, which keeps the forward
 * mask and is sharper.
 */
@injectable()
export class Deconvnet implements Explainer {
  readonly id = 'deconvnet';
  readonly family = 'gradient';
  readonly description =
    'What the target projects back onto the input when rectifiers pass on positive signals only; the values are no derivative of the score.';
  readonly reference = 'Zeiler 2014';
  readonly cost = '1 forward + 1 backward per target';
  readonly needs = { gradients: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = options;

  async explain(context: ExplainContext): Promise<Explained> {
    const reduce = context.options.reduce as ChannelReduction;
    return differentiateInput(context, (_, gradient) => reduceChannels(gradient, reduce), {
      reluRule: 'deconvnet',
    });
  }
}
