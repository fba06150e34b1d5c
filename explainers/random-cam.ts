import { SANITY } from '../src/container/plugin.js';
import { randomCamMap } from '../src/maths/cam.js';
import { activationMethod } from './shared/layer-method.js';

/**
 * Channels weighted uniformly at random in [−1, 1]: what a map looks like that
 * knows nothing of the class. A baseline for metrics, not an explanation. The
 * same weights for every sample and target of one seed.
 */
export const randomCam = activationMethod({
  id: 'random-cam',
  summary: 'channels at random: a baseline, no explanation',
  description:
    'Channels weighted at random: a baseline to compare explanations with, not an explanation.',
  reference: 'baseline',
  sanity: SANITY.head,
  seeded: true,
  map: (activations, _, { seed }) => randomCamMap(activations, seed),
});
