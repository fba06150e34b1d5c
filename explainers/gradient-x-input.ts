import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { multiply, reduceChannels } from '../src/maths/channels.js';
import { differentiateInput } from './shared/input-calls.js';

/**
 * Gradient × input (Shrikumar et al. 2017): Σ_c x · ∂s/∂x at every position.
 * Signed. For a network of linear and piecewise-linear units without offsets
 * the values sum to the score; with biases they do not (`full-grad` says what
 * the biases add).
 *
 * Its zero is the value 0 of the preprocessed input (mid grey for inputs in
 * [−1, 1]): prefer `integrated-gradients`, where the baseline is chosen.
 */
@injectable()
export class GradientXInput implements Explainer {
  readonly id = 'gradient-x-input';
  readonly family = 'gradient';
  readonly description =
    'Positive values are where the input, taken linearly, raises the score above that of an all-zero input; negative values lower it.';
  readonly reference = 'Shrikumar 2017';
  readonly cost = '1 forward + 1 backward per target';
  readonly needs = { gradients: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = {};

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateInput(context, (sample, gradient) =>
      reduceChannels(multiply(sample, gradient), 'sum'),
    );
  }
}
