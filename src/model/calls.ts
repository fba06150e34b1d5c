/** The model calls that many explainers make, written once. */
import type { Explained, ExplainContext } from '../container/plugin.js';
import type { Heatmap, NdArray } from '../explanation.js';
import { sampleOf } from '../maths/ndarray.js';
import { ndSamples } from './interface.js';

/** One call of the model, then `map(activations, gradients)` for every sample and target. */
export async function differentiateLayer(
  context: ExplainContext,
  map: (activations: NdArray, gradients: NdArray) => Heatmap,
): Promise<Explained> {
  const layer = context.layer!.path;
  const { outputs, activations, gradients } = await context.model.differentiate({
    inputs: context.inputs.map(ndSamples),
    targets: context.targets,
    score: context.score,
    layers: [layer],
    ...context.batch,
  });
  const maps = context.targets.map((targets, n) => {
    const A = sampleOf(activations[layer], n);
    return targets.map((_, t) => map(A, sampleOf(gradients[layer][t], n)));
  });
  return { kind: 'maps', outputs, maps };
}
