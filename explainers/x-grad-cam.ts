import { xGradCamMap } from '../src/maths/cam.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * XGrad-CAM (Fu et al. 2020): channels weighted by Σ(g·A) / Σ A, the gradient
 * averaged where the channel is active. Raw, signed map `[h, w]`.
 *
 * Equals `grad-cam` if global average pooling and a linear head follow; prefer it to that for
 * layers further from the output.
 */
export const xGradCam = layerMethod({
  id: 'x-grad-cam',
  summary: 'as grad-cam, gradients averaged over the activation',
  description:
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by their gradient averaged over their own activation.',
  reference: 'Fu 2020',
  map: xGradCamMap,
});
