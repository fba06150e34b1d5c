import { SANITY } from '../src/container/plugin.js';
import { layerCamMap } from '../src/maths/cam.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * Layer-CAM (Jiang et al. 2021): activations weighted place by place with their
 * positive gradients, summed over channels; made for shallow layers with fine
 * maps. With `tanhScale` γ the map becomes tanh(γ·M / max M), as the paper
 * scales shallow layers (γ = 2).
 *
 * Prefer `grad-cam` at the last layer if evidence against the target matters.
 */
export const layerCam = layerMethod({
  id: 'layer-cam',
  summary: 'finer grad-cam: each place by its own gradient',
  description:
    'Values are where the layer saw evidence for the target, each place weighted by its own positive gradient.',
  reference: 'Jiang 2021',
  sanity: SANITY.weights,
  options: {
    tanhScale: {
      type: 'number',
      default: undefined,
      min: 0,
      help: 'Gamma of the scaling tanh(gamma * M / max M) for shallow layers; the paper takes 2; off if left out',
    },
  },
  map: layerCamMap,
});
