import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { hiresCamMap } from '../src/maths/cam.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * HiResCAM (Draelos and Carin 2020): gradient times activation, value by value,
 * summed over channels. Raw, signed map `[h, w]`; where global average pooling
 * and a linear head follow, it sums to the logit minus the bias.
 *
 * Prefer it over `grad-cam` where the layer feeds a flatten or dense layer:
 * the mean gradient there mixes up the places.
 */
@injectable()
export class HiresCam implements Explainer {
  readonly id = 'hires-cam';
  readonly family = 'cam';
  readonly description =
    'Positive values are where the layer raised the score of the target, negative values where it lowered it: gradient times activation at every place.';
  readonly reference = 'Draelos 2020';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, hiresCamMap);
  }
}
