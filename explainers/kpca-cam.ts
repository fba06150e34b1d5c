import { SANITY } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { kpcaCamMap } from '../src/maths/kpca.js';
import { sizeOf } from '../src/maths/ndarray.js';
import { activationMethod } from './shared/layer-method.js';

/** The kernel of 64×64 places takes 134 MB. */
const MOST_PLACES = 4096;

/**
 * KPCA-CAM (Karmani et al. 2024): the first kernel principal component of the
 * places, each with its channels as features. Knows no target. Signed map
 * `[h, w]`, sign as in `eigen-cam`, which `kernel: 'linear'` gives exactly.
 *
 * Needs a number for every pair of places, so at most 4096 of them; prefer
 * `eigen-cam` for larger layers.
 */
export const kpcaCam = activationMethod({
  id: 'kpca-cam',
  summary: 'main non-linear pattern of a layer',
  description:
    'Values are how strongly each place expresses the main non-linear pattern of the layer, whatever the class; the mean over the picture is zero.',
  reference: 'Karmani 2024',
  sanity: SANITY.head,
  options: {
    kernel: {
      type: 'choice',
      choices: ['rbf', 'sigmoid', 'linear'],
      default: 'rbf',
      help: 'How alike two places are: exp(-gamma |x-y|^2), tanh(gamma x.y + 1) or x.y',
    },
    gamma: {
      type: 'number',
      default: undefined,
      min: 0,
      help: 'Scale of the kernel; 1 / channels if left out',
    },
  },
  map(activations, { kernel, gamma }, { layer }) {
    const places = sizeOf(activations.shape.slice(0, -1));
    if (places > MOST_PLACES) {
      throw new WhylensError(
        'UNSUITABLE_LAYER',
        `kpca-cam compares every pair of places and allows ${MOST_PLACES} of them; layer '${layer?.path}' has ${places} (${activations.shape.slice(0, -1).join('×')}). Name a layer nearer to the output, or use eigen-cam`,
        { facts: { layer: layer?.path, places, allowed: MOST_PLACES } },
      );
    }
    return kpcaCamMap(activations, { kernel, gamma });
  },
});
