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
import { sampleOf } from '../src/maths/ndarray.js';
import { resizeMap } from '../src/maths/resize.js';
import { inputName } from '../src/model/input-calls.js';
import { ndSamples } from '../src/model/interface.js';
import { inSpace, TOKEN_OPTIONS } from '../src/model/token-grid.js';
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
    const layer = context.layer!.path;
    const name = inputName(context);
    const request = {
      inputs: context.inputs.map(ndSamples),
      targets: context.targets,
      score: context.score,
      ...context.batch,
    };
    // two passes: the rectifiers' rule holds for a whole backward pass
    const cam = await context.model.differentiate({
      ...request,
      layers: [layer],
      onProgress: undefined,
    });
    const guided = await context.model.differentiate({
      ...request,
      wrt: [name],
      reluRule: 'guided',
    });
    const maps = context.targets.map((targets, n) => {
      const { space } = splitShape(context.inputs[context.input].shape.slice(1));
      return targets.map((_, t) => {
        const small = gradCamMap(
          inSpace(context, sampleOf(cam.activations[layer], n)),
          inSpace(context, sampleOf(cam.gradients[layer][t], n)),
        );
        const positive = { shape: small.shape, data: small.data.map((v) => Math.max(v, 0)) };
        const gradient = sampleOf(guided.gradients[name][t], n);
        return reduceChannels(scalePositions(gradient, resizeMap(positive, space)), reduce);
      });
    });
    return { kind: 'maps', outputs: cam.outputs, maps };
  }
}
