import { SANITY } from '../src/container/plugin.js';
import { femMap } from '../src/maths/fem.js';
import { activationMethod } from './shared/layer-method.js';

/**
 * Feature explanation method (Fuad et al. 2020): each channel marks the places
 * where it lies above its mean by `deviations` standard deviations, and counts
 * with its mean. Knows no target. Map `[h, w]`, not negative after a rectifier.
 *
 * Prefer any method with gradients to tell one class from another.
 */
export const fem = activationMethod({
  id: 'fem',
  summary: 'where unusually many channels are active',
  description:
    "Values are how many of the layer's channels are unusually active at a place, each counted with its mean, whatever the class.",
  reference: 'Fuad 2020',
  sanity: SANITY.head,
  options: {
    deviations: {
      type: 'number',
      default: 2,
      min: 0,
      help: 'Standard deviations above its mean at which a channel counts as active',
    },
  },
  map: (activations, { deviations }) => femMap(activations, deviations),
});
