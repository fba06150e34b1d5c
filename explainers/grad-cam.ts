import { gradCamMap } from '../src/maths/cam.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2): channels weighted by the mean
 * of their gradient, summed. The map is raw and signed, at the layer's
 * resolution `[h, w]`; the paper's ReLU is a display step.
 *
 * Prefer `hires-cam` if the layer is not followed by global average pooling, `layer-cam` for shallow layers.
 */
export const gradCam = layerMethod({
  id: 'grad-cam',
  summary: 'evidence of a layer, channels weighted by mean gradient',
  description:
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by their mean gradient.',
  reference: 'Selvaraju 2017',
  map: gradCamMap,
});
