import { reduceChannels } from '../src/maths/channels.js';
import { inputMethod, REDUCE_OPTIONS } from './shared/input-method.js';

/**
 * Deconvnet (Zeiler and Fergus 2014): the gradient at the input, except that a rectifier passes
 * back the positive part of the gradient, whether it was open on the way forward or not. Channels
 * are summed; signed.
 *
 * Of historical interest; prefer `guided-backprop`, which keeps the forward
 * mask and is sharper.
 */
export const deconvnet = inputMethod({
  id: 'deconvnet',
  summary: 'what a score projects back onto the input',
  description:
    'What the target projects back onto the input when rectifiers pass on positive signals only; the values are not the derivative of the score.',
  reference: 'Zeiler 2014',
  options: REDUCE_OPTIONS,
  reluRule: 'deconvnet',
  map: (gradient, _, { reduce }) => reduceChannels(gradient, reduce),
});
