import { injectable } from 'inversify';
import type { Explained, ExplainContext, Explainer } from '../src/container/plugin.js';
import type { Heatmap } from '../src/explanation.js';
import {
  atOneSize,
  explainAtLayers,
  SEVERAL_LAYERS_OPTIONS,
  severalLayersChoice,
} from '../src/model/several-layers.js';

/**
 * Mean over several layers of a method's maps, each max(M, 0) / max M and
 * resized bilinearly to the largest of them. Map `[h, w]` in [0, 1]; a layer
 * whose map has nothing positive counts as zeros.
 *
 * Prefer `refine-cam` for a map that is as sharp as the finest layer and marks
 * only what all layers agree on.
 */
@injectable()
export class MultiLayer implements Explainer {
  readonly id = 'multi-layer';
  readonly family = 'wrapper';
  readonly description =
    'Values from 0 to 1 are where the layers, each scaled to its own maximum, saw evidence for the target on average.';
  readonly reference = 'pytorch-grad-cam';
  readonly cost = 'that of the method, once per layer';
  readonly needs = { activations: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = {
    method: {
      type: 'string',
      default: 'grad-cam',
      help: 'Method of the CAM family that is run at each layer',
    },
    ...SEVERAL_LAYERS_OPTIONS,
  } as const;

  async explain(context: ExplainContext): Promise<Explained> {
    const { outputs, layers, maps } = await explainAtLayers(
      context,
      context.options.method as string,
    );
    return {
      kind: 'maps',
      outputs,
      maps: maps.map((targets) => targets.map((list) => mean(atOneSize(context, list, maxShare)))),
      layer: severalLayersChoice(layers),
      facts: { layers: layers.map(({ path }) => path) },
    };
  }
}

function mean(maps: readonly Heatmap[]): Heatmap {
  const data = new Float32Array(maps[0].data.length);
  for (let at = 0; at < data.length; at++) {
    data[at] = maps.reduce((sum, map) => sum + map.data[at], 0) / maps.length;
  }
  return { shape: maps[0].shape, data };
}

/** max(M, 0) / max M; zeros where nothing is positive. */
function maxShare(values: Float32Array): Float32Array {
  const top = values.reduce((a, b) => Math.max(a, b), 0);
  return values.map((value) => (value > 0 ? value / top : 0));
}
