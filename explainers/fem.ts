import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { femMap } from '../src/maths/fem.js';
import { runLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Feature explanation method (Fuad et al. 2020): each channel marks the places
 * where it lies above its mean by `deviations` standard deviations, and counts
 * with its mean. Knows no target. Map `[h, w]`, not negative after a rectifier.
 *
 * Prefer any method with gradients to tell one class from another.
 */
@injectable()
export class Fem implements Explainer {
  readonly id = 'fem';
  readonly family = 'cam';
  readonly description =
    "Values are how many of the layer's channels are unusually active at a place, each counted with its mean, whatever the class.";
  readonly reference = 'Fuad 2020';
  readonly cost = '1 forward';
  readonly needs = { activations: true, layer: true };
  readonly sanity = SANITY.head;
  readonly documents = ['image', 'array'] as const;
  readonly options = {
    ...TOKEN_OPTIONS,
    deviations: {
      type: 'number',
      default: 2,
      min: 0,
      help: 'Standard deviations above its mean at which a channel counts as active',
    },
  } as const;
  readonly ignoresTarget = true;

  async explain(context: ExplainContext): Promise<Explained> {
    const deviations = context.options.deviations as number;
    return runLayer(context, (activations) => femMap(activations, deviations));
  }
}
