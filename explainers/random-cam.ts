import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { randomCamMap } from '../src/maths/cam.js';
import { runLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Channels weighted uniformly at random in [−1, 1]: what a map looks like that
 * knows nothing of the class. A baseline for metrics, not an explanation. The
 * same weights for every sample and target of one seed.
 */
@injectable()
export class RandomCam implements Explainer {
  readonly id = 'random-cam';
  readonly family = 'cam';
  readonly description =
    'Channels weighted at random: a baseline to compare explanations with, not an explanation.';
  readonly reference = 'baseline';
  readonly cost = '1 forward';
  readonly needs = { activations: true, layer: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = TOKEN_OPTIONS;
  readonly ignoresTarget = true;

  async explain(context: ExplainContext): Promise<Explained> {
    return runLayer(context, (activations) => randomCamMap(activations, context.seed));
  }
}
