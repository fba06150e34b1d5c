import { SANITY } from '../src/container/plugin.js';
import { eigenCamMap } from '../src/maths/eigen.js';
import { activationMethod } from './shared/layer-method.js';

/**
 * EigenCAM (Muhammad and Yeasin 2020): the activations, centred per channel and
 * projected on their first principal component. Knows no target. Signed map
 * `[h, w]`; the sign is the one that correlates positively with the length of
 * the activations over space.
 *
 * Prefer `eigen-grad-cam` to see one class rather than whatever stands out.
 */
export const eigenCam = activationMethod({
  id: 'eigen-cam',
  summary: 'main pattern of a layer, whatever the class',
  description:
    'Values are how strongly each place expresses the main pattern of the layer, whatever the class; the mean over the picture is zero.',
  reference: 'Muhammad 2020',
  sanity: SANITY.head,
  map: eigenCamMap,
});
