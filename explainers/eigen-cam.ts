import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { eigenCamMap } from '../src/maths/eigen.js';
import { runLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * EigenCAM (Muhammad and Yeasin 2020): the activations, centred per channel and
 * projected on their first principal component. Knows no target. Signed map
 * `[h, w]`; the sign is the one that correlates positively with the length of
 * the activations over space.
 *
 * Prefer `eigen-grad-cam` to see one class rather than whatever stands out.
 */
@injectable()
export class EigenCam implements Explainer {
  readonly id = 'eigen-cam';
  readonly family = 'cam';
  readonly description =
    'Values are how strongly each place expresses the main pattern of the layer, whatever the class; the mean over the picture is zero.';
  readonly reference = 'Muhammad 2020';
  readonly cost = '1 forward';
  readonly needs = { activations: true, layer: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;
  readonly ignoresTarget = true;

  async explain(context: ExplainContext): Promise<Explained> {
    return runLayer(context, eigenCamMap);
  }
}
