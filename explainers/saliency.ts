import { reduceChannels } from '../src/maths/channels.js';
import { inputMethod } from './shared/input-method.js';

/**
 * Saliency (Simonyan et al. 2014, section 3): max_c |∂s/∂x| at every position
 * of the input `[..., c]`. Never negative, in score per unit of input.
 *
 * It tells where a small change would move the score, not what the score is
 * made of: prefer `integrated-gradients` for that, `smooth` to calm its noise.
 */
export const saliency = inputMethod({
  id: 'saliency',
  summary: 'pixels whose change changes the score most',
  description:
    'Large values are where a small change of the input would change the score most, in either direction.',
  reference: 'Simonyan 2014',
  options: {
    reduce: {
      type: 'choice',
      choices: ['max', 'mean'],
      default: 'max',
      help: 'over channels: the largest |gradient| (the paper) or their mean',
    },
  },
  map: (gradient, _, { reduce }) => reduceChannels(gradient, reduce),
});
