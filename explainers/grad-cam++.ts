import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { gradCamPlusPlusMap } from '../src/maths/cam.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Grad-CAM++ (Chattopadhay et al. 2018): channels weighted by their positive
 * gradients, each with the share α = g² / (2g² + (Σ A)·g³), so that several
 * instances of a class count alike. Raw map `[h, w]` at the layer's resolution.
 *
 * Prefer `grad-cam` where evidence against the target matters: negative
 * gradients have no weight here.
 */
@injectable()
export class GradCamPlusPlus implements Explainer {
  readonly id = 'grad-cam++';
  readonly family = 'cam';
  readonly description =
    'Values are where the layer saw evidence for the target; channels are weighted by their positive gradients so that every instance of the class counts.';
  readonly reference = 'Chattopadhay 2018';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly sanity = SANITY.weights;
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, gradCamPlusPlusMap);
  }
}
