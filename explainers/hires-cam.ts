import { hiresCamMap } from '../src/maths/cam.js';
import { layerMethod } from './shared/layer-method.js';

/**
 * HiResCAM (Draelos and Carin 2020): gradient times activation, value by value,
 * summed over channels. Raw, signed map `[h, w]`; if global average pooling and a linear head
 * follow, it sums to the logit minus the bias.
 *
 * Prefer it to `grad-cam` if the layer feeds a flatten or dense layer:
 * the mean gradient there mixes up the places.
 */
export const hiresCam = layerMethod({
  id: 'hires-cam',
  summary: 'gradient times activation at each place of a layer',
  description:
    'Positive values are where the layer raised the score of the target, negative values where it lowered it: gradient times activation at every place.',
  reference: 'Draelos 2020',
  map: hiresCamMap,
});
