import { SANITY } from '../src/container/plugin.js';
import { gradCamElementwiseMap } from '../src/maths/cam.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * Gradient times activation, value by value, positive products only, summed
 * over channels (as the pytorch-grad-cam library publishes it). Never negative.
 *
 * Prefer `hires-cam`, which keeps what speaks against the target.
 */
export const gradCamElementwise = layerMethod({
  id: 'grad-cam-elementwise',
  summary: 'as hires-cam, positive products only',
  description:
    'Values are how much each place raised the score of the target, counting only products of gradient and activation that are positive.',
  reference: 'pytorch-grad-cam',
  sanity: SANITY.weights,
  map: gradCamElementwiseMap,
});
