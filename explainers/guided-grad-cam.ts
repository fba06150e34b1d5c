import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import { gradCamMap } from '../src/maths/cam.js';
import {
  CHANNEL_REDUCTIONS,
  reduceChannels,
  scalePositions,
  splitShape,
  type ChannelReduction,
} from '../src/maths/channels.js';
import { resizeMap } from '../src/maths/resize.js';
import { differentiateLayer } from '../src/model/calls.js';
import { differentiateInput } from '../src/model/input-calls.js';
import { TOKEN_OPTIONS } from '../src/model/token-grid.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  ...TOKEN_OPTIONS,
  reduce: {
    type: 'choice',
    choices: CHANNEL_REDUCTIONS,
    default: 'sum',
    help: 'over channels: the signed sum, the largest magnitude, or the mean magnitude',
  },
} as const satisfies OptionSpecs;

/**
 * Guided Grad-CAM (Selvaraju et al. 2017, section 3.3): guided backpropagation
 * times the positive part of Grad-CAM, the latter enlarged to the input
 * (bilinear, half-pixel centres). Channels are summed; signed, at the input's size.
 *
 * Prefer `grad-cam` where the place matters and not the texture.
 */
@injectable()
export class GuidedGradCam implements Explainer {
  readonly id = 'guided-grad-cam';
  readonly family = 'gradient';
  readonly description =
    'Fine detail from guided backpropagation, kept where Grad-CAM saw evidence for the target.';
  readonly reference = 'Selvaraju 2017';
  readonly cost = '2 forward + 1 backward and 1 partial backward per target';
  readonly needs = { gradients: true, activations: true, layer: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = options;

  async explain(context: ExplainContext): Promise<Explained> {
    const reduce = context.options.reduce as ChannelReduction;
    const { space } = splitShape(context.inputs[context.input].shape.slice(1));
    // two passes: the rectifiers' rule holds for a whole backward pass
    const { maps } = await differentiateLayer(
      { ...context, batch: { ...context.batch, onProgress: undefined } },
      gradCamMap,
    );
    return differentiateInput(
      context,
      (_, gradient, n, t) => {
        const { shape, data } = maps[n][t];
        const positive = { shape, data: data.map((v) => Math.max(v, 0)) };
        return reduceChannels(scalePositions(gradient, resizeMap(positive, space)), reduce);
      },
      { reluRule: 'guided' },
    );
  }
}
