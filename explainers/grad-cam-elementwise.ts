import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { gradCamElementwiseMap } from '../src/maths/cam.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Gradient times activation, value by value, positive products only, summed
 * over channels (as the pytorch-grad-cam library publishes it). Never negative.
 *
 * Prefer `hires-cam`, which keeps what speaks against the target.
 */
@injectable()
export class GradCamElementwise implements Explainer {
  readonly id = 'grad-cam-elementwise';
  readonly family = 'cam';
  readonly description =
    'Values are how much each place raised the score of the target, counting only products of gradient and activation that are positive.';
  readonly reference = 'pytorch-grad-cam';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly sanity = SANITY.weights;
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, gradCamElementwiseMap);
  }
}
