import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { segEigenCamMap } from '../src/maths/eigen.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Seg-Eigen-CAM (Chung 2025): the first principal component of |gradient| times
 * activation, made for segmentation, where gradients of both signs mark the
 * object. Signed map `[h, w]`, sign as in `eigen-cam`.
 *
 * Prefer `eigen-grad-cam` for plain classification.
 */
@injectable()
export class SegEigenCam implements Explainer {
  readonly id = 'seg-eigen-cam';
  readonly family = 'cam';
  readonly description =
    'Values are how strongly each place expresses the main pattern of the activations weighted by the size of their gradient; the mean over the picture is zero.';
  readonly reference = 'Chung 2025';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;

  async explain(context: ExplainContext): Promise<Explained> {
    return differentiateLayer(context, segEigenCamMap);
  }
}
