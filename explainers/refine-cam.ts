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
 * RefineCAM (Domeniconi et al. 2026): a method's maps at several layers, each
 * max(M, 0) stretched to [0, 1] and resized bilinearly to the finest,
 * multiplied: the coarse layers say which object, the fine ones where exactly.
 * Map `[h, w]` in [0, 1], at the resolution of the finest layer or of the input.
 *
 * Where one layer has nothing positive the product is empty; `multi-layer`
 * takes the mean instead.
 */
@injectable()
export class RefineCam implements Explainer {
  readonly id = 'refine-cam';
  readonly family = 'cam';
  readonly description =
    'Values from 0 to 1 are where all the layers saw evidence for the target at once: the product of their maps, each scaled to its own maximum.';
  readonly reference = 'Domeniconi 2026';
  readonly cost = 'that of the method, once per layer';
  readonly needs = { activations: true };
  readonly documents = ['image', 'array'] as const;
  readonly options = {
    method: {
      type: 'string',
      default: 'grad-cam++',
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
      maps: maps.map((targets) =>
        targets.map((list) => product(atOneSize(context, list, stretched))),
      ),
      layer: severalLayersChoice(layers),
      facts: { layers: layers.map(({ path }) => path) },
    };
  }
}

function product(maps: readonly Heatmap[]): Heatmap {
  const data = new Float32Array(maps[0].data.length);
  for (let at = 0; at < data.length; at++) {
    data[at] = maps.reduce((value, map) => value * map.data[at], 1);
  }
  return { shape: maps[0].shape, data };
}

/** max(M, 0) stretched to [0, 1]; zeros where that is the same everywhere. */
function stretched(values: Float32Array): Float32Array {
  const positive = values.map((value) => Math.max(value, 0));
  const low = positive.reduce((a, b) => Math.min(a, b), Infinity);
  const range = positive.reduce((a, b) => Math.max(a, b), 0) - low;
  return positive.map((value) => (range === 0 ? 0 : (value - low) / range));
}
