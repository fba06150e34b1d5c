/** One method at several layers: what `multi-layer` and `refine-cam` have in common. */
import type { ExplainContext, Explainer } from '../container/plugin.js';
import { WhylensError } from '../errors.js';
import type { Heatmap, LayerChoice, NdArray } from '../explanation.js';
import { resizeMap } from '../maths/resize.js';
import { validateOptions, type OptionSpecs } from '../options.js';
import { asPartOf } from './calls.js';
import type { ModelDescription, OutputValues } from './interface.js';
import { hasSpace } from './layers.js';

const STAGES = 3;

/** Spread into the options of an explainer that runs another at several layers. */
export const SEVERAL_LAYERS_OPTIONS = {
  layers: {
    type: 'list',
    of: 'string',
    default: undefined,
    help: 'Paths of the layers; the last layer of each of the last three map sizes if left out',
  },
  resolution: {
    type: 'choice',
    choices: ['finest', 'input'],
    default: 'finest',
    help: 'Size at which the maps are put together: that of the finest layer, or of the input',
  },
  methodOptions: {
    type: 'value',
    default: undefined,
    help: 'Options of the method',
    expects: 'an object of option names and values',
    check: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
  },
} as const satisfies OptionSpecs;

export interface MapsOfLayers {
  readonly outputs: readonly OutputValues[];
  readonly layers: readonly LayerChoice[];
  /** `maps[sample][target][layer]`, raw, each as the method gives it. */
  readonly maps: readonly (readonly (readonly Heatmap[])[])[];
}

/**
 * The method `id` at each of the layers in `context.options.layers`.
 *
 * @throws INVALID_OPTION where the method needs no layer, or fewer than two layers are there
 */
export async function explainAtLayers(context: ExplainContext, id: string): Promise<MapsOfLayers> {
  const explainer = context.explainer(id);
  requireLayerMethod(explainer);
  const given = context.options.layers as readonly string[] | undefined;
  const layers = (given ?? stageLayers(context.description)).map((path) =>
    context.resolveLayer(path),
  );
  if (layers.length === 0) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'layers' needs at least one layer path, got none; 'whylens layers' lists them`,
    );
  }
  const methodOptions = (context.options.methodOptions ?? {}) as Record<string, unknown>;
  const options = validateOptions(explainer.id, explainer.options, methodOptions);
  const samples = context.targets.length;
  let outputs: readonly OutputValues[] = [];
  const perLayer: (readonly (readonly NdArray[])[])[] = [];
  for (const [i, layer] of layers.entries()) {
    // a method's own evaluations are not known beforehand: a layer counts as the samples it explains
    const explained = await asPartOf(
      { ...context.batch, onProgress: undefined },
      i * samples,
      layers.length * samples,
      (batch) => explainer.explain({ ...context, layer, options, batch }),
    );
    if (explained.kind !== 'maps') {
      throw new WhylensError(
        'INVALID_OPTION',
        `option 'method' must be a method that gives maps, '${explainer.id}' gives records; use one of the CAM family`,
      );
    }
    outputs = explained.outputs;
    perLayer.push(explained.maps);
    context.batch.onProgress?.((i + 1) * samples, layers.length * samples);
  }
  const maps = context.targets.map((targets, n) =>
    targets.map((_, t) => perLayer.map((all) => all[n][t])),
  );
  return { outputs, layers, maps };
}

/** Every map, scaled by `scale`, at one size: that of the finest of them, or of the input. */
export function atOneSize(
  context: ExplainContext,
  maps: readonly Heatmap[],
  scale: (values: Float32Array) => Float32Array,
): Heatmap[] {
  const rank = maps[0].shape.length;
  const size =
    context.options.resolution === 'input'
      ? context.inputs[context.input].shape.slice(1, 1 + rank)
      : maps[0].shape.map((_, axis) => Math.max(...maps.map(({ shape }) => shape[axis])));
  return maps.map(({ shape, data }) => resizeMap({ shape, data: scale(data) }, size));
}

/** What the record says of several layers: the one with the largest map, and why. */
export function severalLayersChoice(layers: readonly LayerChoice[]): LayerChoice {
  const places = ({ shape }: LayerChoice) => shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const finest = layers.reduce((a, b) => (places(b) > places(a) ? b : a));
  return {
    ...finest,
    reason: `the finest of ${layers.length} layers taken together: ${layers.map(({ path }) => path).join(', ')}`,
    runnersUp: layers
      .filter(({ path }) => path !== finest.path)
      .map(({ path, shape }) => ({ path, shape })),
  };
}

/** The last layer of each of the last map sizes, nearest to the output first. */
export function stageLayers(description: ModelDescription, count = STAGES): string[] {
  const found = new Map<string, string>();
  for (const layer of [...description.layers].reverse()) {
    if (layer.internal === true || layer.inputs.length === 0 || !hasSpace(layer)) continue;
    const size = layer.shape.slice(0, -1).join();
    if (!found.has(size)) found.set(size, layer.path);
  }
  return [...found.values()].slice(0, count);
}

function requireLayerMethod(explainer: Explainer): void {
  if (explainer.needs.layer === true) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'method' must be a method that explains a layer, '${explainer.id}' explains none, so several layers mean nothing to it; grad-cam, layer-cam and the rest of the CAM family do`,
    { facts: { method: explainer.id } },
  );
}
