import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import { layerCamMap } from '../src/maths/cam.js';
import { differentiateLayer } from './shared/calls.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Layer-CAM (Jiang et al. 2021): activations weighted place by place with their
 * positive gradients, summed over channels; made for shallow layers with fine
 * maps. With `tanhScale` γ the map becomes tanh(γ·M / max M), as the paper
 * scales shallow layers (γ = 2).
 *
 * Prefer `grad-cam` at the last layer where evidence against the target counts.
 */
@injectable()
export class LayerCam implements Explainer {
  readonly id = 'layer-cam';
  readonly family = 'cam';
  readonly description =
    'Values are where the layer saw evidence for the target, each place weighted by its own positive gradient.';
  readonly reference = 'Jiang 2021';
  readonly cost = '1 forward + 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly sanity = SANITY.weights;
  readonly documents = ['image', 'array'] as const;
  readonly options = {
    ...TOKEN_OPTIONS,
    tanhScale: {
      type: 'number',
      default: undefined,
      min: 0,
      help: 'Gamma of the scaling tanh(gamma * M / max M) for shallow layers; the paper takes 2; off if left out',
    },
  } as const;

  async explain(context: ExplainContext): Promise<Explained> {
    const tanhScale = context.options.tanhScale as number | undefined;
    return differentiateLayer(context, (activations, gradients) =>
      layerCamMap(activations, gradients, { tanhScale }),
    );
  }
}
