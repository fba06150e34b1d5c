import { explainer } from '../src/container/plugin.js';
import type { Heatmap, NdArray } from '../src/explanation.js';
import { gradCamMap } from '../src/maths/cam.js';
import { CHANNEL_REDUCTIONS, reduceChannels, splitShape } from '../src/maths/channels.js';
import { positive } from '../src/maths/filters.js';
import { sampleOf, stack } from '../src/maths/ndarray.js';
import { resizeMap } from '../src/maths/resize.js';
import { differentiateFrom } from './shared/calls.js';
import { inputName, OutputCollector } from './shared/input-calls.js';
import { ndSamples } from '../src/model/interface.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';
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
 * Prefer `grad-cam` if the place matters and not the texture.
 */
export const guidedGradCam = explainer({
  id: 'guided-grad-cam',
  summary: 'fine detail of guided-backprop where grad-cam looks',
  family: 'gradient',
  description:
    'Fine detail from guided backpropagation, kept where Grad-CAM saw evidence for the target.',
  reference: 'Selvaraju 2017',
  cost: '1 forward + 1 backward and 1 from the layer on per target',
  needs: { gradients: true, activations: true, layer: true, fromLayer: true },
  documents: ['image', 'array'],
  options,

  async explain(context) {
    const reduce = context.options.reduce;
    const { space } = splitShape(context.inputs[context.input].shape.slice(1));
    const layer = context.layer!.path;
    const name = inputName(context);
    const collector = new OutputCollector(context.targets.length);
    const activations: NdArray[] = [];
    const maps: Heatmap[][] = [];
    await context.model.differentiate({
      inputs: context.inputs.map(ndSamples),
      targets: context.targets,
      score: context.score,
      wrt: [name],
      record: [layer],
      reluRule: 'guided',
      ...context.batch,
      onChunk(chunk) {
        for (let i = 0; i < chunk.count; i++) {
          const n = chunk.offset + i;
          collector.take(n, chunk, i);
          activations[n] = sampleOf(chunk.activations[layer], i);
          // the factor of a position is not negative, so it may be applied after the reduction
          maps[n] = context.targets[n].map((_, t) =>
            reduceChannels(sampleOf(chunk.gradients[name][t], i), reduce),
          );
        }
      },
    });
    // the rectifiers' rule holds for a whole backward pass: Grad-CAM's own starts from the layer
    const cams = await differentiateFrom(
      { ...context, batch: { ...context.batch, onProgress: undefined } },
      stack(activations),
      gradCamMap,
    );
    maps.forEach((list, n) =>
      list.forEach((map, t) => {
        const cam = resizeMap(positive(cams[n][t]), space);
        for (let p = 0; p < map.data.length; p++) map.data[p] *= cam.data[p];
      }),
    );
    return { kind: 'maps', outputs: collector.result(), maps };
  },
});
