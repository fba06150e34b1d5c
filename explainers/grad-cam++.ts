import { SANITY } from '../src/container/plugin.js';
import { gradCamPlusPlusMap } from '../src/maths/cam.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * Grad-CAM++ (Chattopadhay et al. 2018): channels weighted by their positive
 * gradients, each with the share α = g² / (2g² + (Σ A)·g³), so that several
 * instances of a class count alike. Raw map `[h, w]` at the layer's resolution.
 *
 * Prefer `grad-cam` if evidence against the target matters: negative gradients have no weight here.
 */
export const gradCamPlusPlus = layerMethod({
  id: 'grad-cam++',
  summary: 'as grad-cam, counting every instance of the class',
  description:
    'Values are where the layer saw evidence for the target; channels are weighted by their positive gradients so that every instance of the class counts.',
  reference: 'Chattopadhay 2018',
  sanity: SANITY.weights,
  map: gradCamPlusPlusMap,
});
