/** One method at several layers: what `multi-layer` and `refine-cam` have in common. */
import {
  explainer,
  type ExplainContext,
  type ExplainedMaps,
  type Explainer,
} from '../../src/container/plugin.js';
import { WhylensError } from '../../src/errors.js';
import type { Heatmap, LayerChoice, NdArray } from '../../src/explanation.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { resizeMap } from '../../src/maths/resize.js';
import type { OptionSpecs, OptionValues } from '../../src/options.js';
import type { LayerInfo, ModelDescription, OutputValues } from '../../src/model/interface.js';
import { hasSpace } from '../../src/model/layers.js';
import { explainPart, innerOptions, wrapped } from './wrapper.js';

const STAGES = 3;
const COST = `layers (${STAGES})`;

/** The options of an explainer that runs another at several layers. */
const own = {
  layers: {
    type: 'list',
    of: 'string',
    default: undefined,
    help: 'paths of the layers; the last layer of each of the last three map sizes if left out',
  },
  resolution: {
    type: 'choice',
    choices: ['finest', 'input'],
    default: 'finest',
    help: 'size at which the maps are put together: that of the finest layer, or of the input',
  },
} as const satisfies OptionSpecs;

type Context = ExplainContext<OptionValues<typeof own>>;

/** How such an explainer describes itself, and what it does with the layers' maps. */
export interface Combining<Id extends string = string> {
  readonly id: Id;
  readonly family: Explainer['family'];
  readonly summary?: string;
  readonly description: string;
  readonly reference: string;
  /** Id of the method if none is named. */
  readonly defaultMethod: string;
  /** One layer's map before it is resized. */
  scale(values: Float32Array): Float32Array;
  /** All layers' maps, scaled and of one size, at one place. */
  combine(values: readonly number[]): number;
}

/**
 * An explainer that runs a method at several layers and puts the maps together
 * at one size, as data: `multi-layer`, `refine-cam`.
 *
 * @example
 * export const largest = severalLayers({
 *   id: 'largest',
 *   family: 'cam',
 *   description: 'Values are the largest of the layers.',
 *   reference: 'an example',
 *   defaultMethod: 'grad-cam',
 *   scale: (values) => values,
 *   combine: (values) => Math.max(...values),
 * });
 */
export function severalLayers<const Id extends string>(
  combining: Combining<Id>,
): Explainer<Id, ReturnType<typeof optionsOf>> {
  const { id, family, summary, description, reference, defaultMethod } = combining;
  return explainer({
    id,
    family,
    ...(summary === undefined ? {} : { summary }),
    description,
    reference,
    cost: `${COST} × the method`,
    needs: { activations: true },
    documents: ['image', 'array'],
    options: optionsOf(defaultMethod),
    /** With the needs and options of the method that `given` names. */
    specialise(given, find) {
      const method = String(given.of ?? defaultMethod);
      const inner = find(method);
      const around = wrapped(inner.specialise?.({}, find) ?? inner, wrappingOf(combining));
      return {
        ...around,
        family,
        description,
        // the layers are named in an option of their own
        needs: { ...inner.needs, layer: false },
        options: { ...around.options, ...optionsOf(method) },
      };
    },
    explain: (context) =>
      wrappingOf(combining).explain(context, context.explainer(context.options.of)),
  });
}

/** The option that names the method, and the wrapper's own. */
function optionsOf(method: string) {
  const of = {
    type: 'string',
    default: method,
    help: 'the method that is run at each layer; its own options stand beside these',
  } as const;
  return { of, ...own } as const;
}

function wrappingOf(combining: Combining<string>) {
  const { id, description, reference } = combining;
  const explain = async (context: Context, inner: Explainer): Promise<ExplainedMaps> => {
    const { outputs, layers, maps } = await explainAtLayers(context, inner);
    return {
      kind: 'maps',
      outputs,
      maps: maps.map((targets) =>
        targets.map((list) => {
          const [first, ...rest] = atOneSize(context, list, (values) => combining.scale(values));
          const data = first.data.map((value, at) =>
            combining.combine([value, ...rest.map((map) => map.data[at])]),
          );
          return { shape: first.shape, data };
        }),
      ),
      layer: severalLayersChoice(layers),
      facts: { layers: layers.map(({ path }) => path) },
    };
  };
  return { id, added: description, reference, cost: COST, options: own, explain };
}

async function explainAtLayers(
  context: Context,
  inner: Explainer,
): Promise<{
  readonly outputs: readonly OutputValues[];
  readonly layers: readonly LayerChoice[];
  /** `maps[sample][target][layer]`, raw, each as the method gives it. */
  readonly maps: readonly (readonly (readonly Heatmap[])[])[];
}> {
  requireLayerMethod(inner);
  const layers = (context.options.layers ?? stageLayers(context.description)).map((path) =>
    context.resolveLayer(path),
  );
  if (layers.length === 0) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'layers' needs at least one layer path, got none; 'whylens layers' lists them`,
    );
  }
  const options = innerOptions(context, inner, optionsOf(''));
  const size = context.targets.length;
  const total = layers.length * size;
  let outputs: readonly OutputValues[] = [];
  const perLayer: (readonly (readonly NdArray[])[])[] = [];
  for (const [i, layer] of layers.entries()) {
    const part = { done: i * size, size, total };
    const explained = await explainPart(inner, { ...context, layer, options }, part);
    outputs = explained.outputs;
    perLayer.push(explained.maps);
  }
  const maps = context.targets.map((targets, n) =>
    targets.map((_, t) => perLayer.map((all) => all[n][t])),
  );
  return { outputs, layers, maps };
}

/** Every map, scaled by `scale`, at one size: that of the finest of them, or of the input. */
function atOneSize(
  context: Context,
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
function severalLayersChoice(layers: readonly LayerChoice[]): LayerChoice {
  const places = ({ shape }: LayerChoice) => sizeOf(shape.slice(0, -1));
  const finest = layers.reduce((a, b) => (places(b) > places(a) ? b : a));
  return {
    ...finest,
    reason: `the finest of ${layers.length} layers taken together: ${layers.map(({ path }) => path).join(', ')}`,
    runnersUp: layers
      .filter(({ path }) => path !== finest.path)
      .map(({ path, shape }) => ({ path, shape })),
  };
}

/**
 * The last layer of each of the last map sizes, nearest to the output first. A size that only
 * padding gives does not count: the layer before has the same evidence.
 */
export function stageLayers(description: ModelDescription, count = STAGES): string[] {
  const candidates = description.layers
    .filter(({ internal, inputs }) => internal !== true && inputs.length > 0)
    .filter(hasSpace)
    .reverse();
  const sizeOf = ({ shape }: LayerInfo) => shape.slice(0, -1).join();
  const working = candidates.filter(({ parameters }) => parameters > 0).map(sizeOf);
  const found = new Map<string, string>();
  for (const layer of candidates) {
    const size = sizeOf(layer);
    if (working.length > 0 && !working.includes(size)) continue;
    if (!found.has(size)) found.set(size, layer.path);
  }
  return [...found.values()].slice(0, count);
}

function requireLayerMethod(explainer: Explainer): void {
  if (explainer.needs.layer === true) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'of' must name a method that explains a layer, '${explainer.id}' does not, so several layers mean nothing to it; grad-cam, layer-cam and the rest of the CAM family do`,
    { facts: { method: explainer.id } },
  );
}
