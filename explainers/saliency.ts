import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { reduceChannels } from '../src/maths/channels.js';
import { differentiateInput } from './shared/input-calls.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  reduce: {
    type: 'choice',
    choices: ['max', 'mean'],
    default: 'max',
    help: 'over channels: the largest |gradient| (the paper) or their mean',
  },
} as const satisfies OptionSpecs;

/**
 * Saliency (Simonyan et al. 2014, section 3): max_c |∂s/∂x| at every position
 * of the input `[..., c]`. Never negative, in score per unit of input.
 *
 * It tells where a small change would move the score, not what the score is
 * made of: prefer `integrated-gradients` for that, `smooth` to calm its noise.
 */
@injectable()
export class Saliency implements Explainer {
  readonly id = 'saliency';
  readonly family = 'gradient';
  readonly description =
    'Large values are where a small change of the input would change the score most, in either direction.';
  readonly reference = 'Simonyan 2014';
  readonly cost = '1 forward + 1 backward per target';
  readonly needs = { gradients: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = options;

  async explain(context: ExplainContext): Promise<Explained> {
    const reduce = context.options.reduce as 'max' | 'mean';
    return differentiateInput(context, (_, gradient) => reduceChannels(gradient, reduce));
  }
}
