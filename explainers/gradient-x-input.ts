import { multiply, reduceChannels } from '../src/maths/channels.js';
import { inputMethod } from './shared/input-method.js';

/**
 * Gradient × input (Shrikumar et al. 2017): Σ_c x · ∂s/∂x at every position.
 * Signed. For a network of linear and piecewise-linear units without offsets
 * the values sum to the score; with biases they do not (`full-grad` says what
 * the biases add).
 *
 * Its zero is the value 0 of the preprocessed input (mid grey for inputs in
 * [−1, 1]): prefer `integrated-gradients`, where the baseline is chosen.
 */
export const gradientXInput = inputMethod({
  id: 'gradient-x-input',
  summary: 'what each pixel adds to the score, taken linearly',
  description:
    'Positive values are where the input, taken linearly, raises the score above that of an all-zero input; negative values lower it.',
  reference: 'Shrikumar 2017',
  map: (gradient, sample) => reduceChannels(multiply(sample, gradient), 'sum'),
});
