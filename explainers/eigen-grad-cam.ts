import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { eigenGradCamMap } from '../src/maths/eigen.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * The first principal component of gradient times activation (as the
 * pytorch-grad-cam library publishes it): `eigen-cam` with a target. Signed map
 * `[h, w]`, sign as there, by the length of gradient times activation.
 *
 * Prefer `hires-cam` where the values must add up to the score.
 */
@injectable()
export class EigenGradCam implements Explainer {
  readonly id = 'eigen-grad-cam';
  readonly family = 'cam';
  readonly description =
    'Values are how strongly each place expresses the main pattern of gradient times activation for the target; the mean over the picture is zero.';
  readonly reference = 'pytorch-grad-cam';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, eigenGradCamMap);
  }
}
