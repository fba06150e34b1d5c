import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { xGradCamMap } from '../src/maths/cam.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * XGrad-CAM (Fu et al. 2020): channels weighted by Σ(g·A) / Σ A, the gradient
 * averaged where the channel is active. Raw, signed map `[h, w]`.
 *
 * Equals `grad-cam` where global average pooling and a linear head follow;
 * prefer it over that for layers further from the output.
 */
@injectable()
export class XGradCam implements Explainer {
  readonly id = 'x-grad-cam';
  readonly family = 'cam';
  readonly description =
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by their gradient averaged over their own activation.';
  readonly reference = 'Fu 2020';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, xGradCamMap);
  }
}
