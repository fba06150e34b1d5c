import { SANITY } from '../src/container/plugin.js';
import { eigenGradCamMap } from '../src/maths/eigen.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * The first principal component of gradient times activation (as the
 * pytorch-grad-cam library publishes it): `eigen-cam` with a target. Signed map
 * `[h, w]`, sign as there, by the length of gradient times activation.
 *
 * Prefer `hires-cam` if the values must add up to the score.
 */
export const eigenGradCam = layerMethod({
  id: 'eigen-grad-cam',
  summary: 'main pattern of gradient times activation',
  description:
    'Values are how strongly each place expresses the main pattern of gradient times activation for the target; the mean over the picture is zero.',
  reference: 'pytorch-grad-cam',
  sanity: SANITY.head,
  map: eigenGradCamMap,
});
