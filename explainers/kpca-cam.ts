import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { kpcaCamMap, type KernelOptions } from '../src/maths/kpca.js';
import { sizeOf } from '../src/maths/ndarray.js';
import { runLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

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
@injectable()
export class KpcaCam implements Explainer {
  readonly id = 'kpca-cam';
  readonly family = 'cam';
  readonly description =
    'Values are how strongly each place expresses the main non-linear pattern of the layer, whatever the class; the mean over the picture is zero.';
  readonly reference = 'Karmani 2024';
  readonly cost = '1 forward';
  readonly needs = { activations: true, layer: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = {
    ...TOKEN_OPTIONS,
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
  } as const;
  readonly ignoresTarget = true;

  async explain(context: ExplainContext): Promise<Explained> {
    const { kernel, gamma } = context.options as KernelOptions;
    return runLayer(context, (activations) => {
      const places = sizeOf(activations.shape.slice(0, -1));
      if (places > MOST_PLACES) {
        throw new WhylensError(
          'UNSUITABLE_LAYER',
          `kpca-cam compares every pair of places and allows ${MOST_PLACES} of them; layer '${context.layer?.path}' has ${places} (${activations.shape.slice(0, -1).join('×')}). Name a layer nearer to the output, or use eigen-cam`,
          { facts: { layer: context.layer?.path, places, allowed: MOST_PLACES } },
        );
      }
      return kpcaCamMap(activations, { kernel, gamma });
    });
  }
}
