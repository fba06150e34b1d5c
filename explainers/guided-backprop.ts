import { SANITY } from '../src/container/plugin.js';
import { reduceChannels } from '../src/maths/channels.js';
import { inputMethod, REDUCE_OPTIONS } from './shared/input-method.js';

/**
 * Guided backpropagation (Springenberg et al. 2015): the gradient at the
 * input, except that a rectifier (ReLU, ReLU6 with its ceiling, fused into its
 * layer or separate) passes back only gradients that are positive, and only
 * where it was open on the way forward. Channels are summed; signed.
 *
 * Sharp and pretty, and hardly dependent on the target: use it to see what the
 * network looks at in detail, `guided-grad-cam` to tie it to a class.
 */
export const guidedBackprop = inputMethod({
  id: 'guided-backprop',
  summary: 'fine detail along positive paths, of any class',
  description:
    'Fine detail that excites the network through positive paths only; the values are not the derivative of the score.',
  reference: 'Springenberg 2015',
  sanity: SANITY.head,
  options: REDUCE_OPTIONS,
  reluRule: 'guided',
  map: (gradient, _, { reduce }) => reduceChannels(gradient, reduce),
});
