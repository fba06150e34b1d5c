import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { gradCamMap } from '../src/maths/cam.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2): channels weighted by the mean
 * of their gradient, summed. The map is raw and signed, at the layer's
 * resolution `[h, w]`; the paper's ReLU is a display step.
 *
 * Prefer `hires-cam` where the layer is not followed by global average
 * pooling, `layer-cam` for shallow layers.
 */
@injectable()
export class GradCam implements Explainer {
  readonly id = 'grad-cam';
  readonly family = 'cam';
  readonly description =
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by their mean gradient.';
  readonly reference = 'Selvaraju 2017';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, gradCamMap);
  }
}
