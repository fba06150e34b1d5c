import { SANITY } from '../src/container/plugin.js';
import { segEigenCamMap } from '../src/maths/eigen.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * Seg-Eigen-CAM (Chung 2025): the first principal component of |gradient| times
 * activation, made for segmentation, where gradients of both signs mark the
 * object. Signed map `[h, w]`, sign as in `eigen-cam`.
 *
 * Prefer `eigen-grad-cam` for plain classification.
 */
export const segEigenCam = layerMethod({
  id: 'seg-eigen-cam',
  summary: 'main pattern of a layer, by the size of gradients',
  description:
    'Values are how strongly each place expresses the main pattern of the activations weighted by the size of their gradient; the mean over the picture is zero.',
  reference: 'Chung 2025',
  sanity: SANITY.head,
  map: segEigenCamMap,
});
