/** Choosing and finding layers by what `describe()` says. Pure. */
import { nearestNames } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { LayerChoice } from '../explanation.js';
import type { LayerInfo, ModelDescription } from './interface.js';

const RUNNERS_UP = 4;

const REASON = 'the last layer whose output is larger than 1×1, after its activation';
const UNCERTAIN = '; whether its axes are space is not known';

/** How a caller names a layer: path, index in execution order (negative from the end), or an object with a name. */
export type LayerReference = string | number | { readonly name: string };

/** The explained input and outputs, if the model has several; default the first of each. */
export interface Explained {
  readonly input?: string;
  readonly outputs?: readonly string[];
}

/**
 * The layer to explain: the one named, or else the last on the way from the
 * explained input to the explained outputs whose output still has spatial extent
 * larger than 1×1, taken after its activation and before that of the output.
 * Sequences that are not known to be a map laid out in a row come last.
 */
export function chooseLayer(
  description: ModelDescription,
  reference?: LayerReference,
  explained: Explained = {},
): LayerChoice {
  const layers = description.layers.filter(({ internal }) => internal !== true);
  if (reference !== undefined) {
    const layer = findLayer(description, reference);
    return {
      path: layer.path,
      shape: spatialShape(layer, layers),
      reason: 'named by the caller',
      runnersUp: [],
    };
  }
  // an input layer shows nothing of the model
  const spatial = layers.filter((layer) => hasSpace(layer) && layer.inputs.length > 0).reverse();
  const onWay = spatial.filter((layer) => isOnWay(layer, description, explained));
  if (onWay.length === 0 && spatial.length > 0) throw noWay(description, explained, spatial[0]);
  const certain = onWay.filter((layer) => isMap(layer, description, explained));
  const candidates = certain.length > 0 ? certain : onWay;
  if (candidates.length === 0) {
    throw new WhylensError(
      'UNSUITABLE_LAYER',
      `no layer of model '${description.name}' has an output with spatial extent larger than 1×1, so there is nothing to draw a map from; its layers end in ${layers.slice(-3).map(describeLayer).join(', ')}. Use a method that needs no layer (see 'whylens methods')`,
    );
  }
  const [chosen, ...rest] = candidates;
  return {
    path: chosen.path,
    shape: known(chosen),
    reason: certain.length > 0 ? REASON : `${REASON}${UNCERTAIN}`,
    runnersUp: rest
      .slice(0, RUNNERS_UP)
      .map((layer) => ({ path: layer.path, shape: known(layer) })),
  };
}

/**
 * The layer a reference means: its path, the end of one that is unique, or a
 * nested model, whose last layer it is. Throws with the nearest paths.
 */
export function findLayer(description: ModelDescription, reference: LayerReference): LayerInfo {
  const listed = description.layers.filter(({ internal }) => internal !== true);
  if (typeof reference === 'number') {
    const layer = Number.isInteger(reference) ? listed.at(reference) : undefined;
    if (layer === undefined) {
      throw new WhylensError(
        'UNKNOWN_LAYER',
        `layer index must be a whole number from ${-listed.length} to ${listed.length - 1}, got ${reference}`,
        { facts: { layer: reference } },
      );
    }
    return layer;
  }
  const name = typeof reference === 'string' ? reference : reference?.name;
  const found =
    description.layers.find(({ path }) => path === name) ??
    description.layers.find(({ aliases }) => aliases?.includes(String(name))) ??
    uniqueEnding(description.layers, String(name)) ??
    listed.findLast(({ path }) => path.startsWith(`${name}/`));
  if (found === undefined) {
    const near = nearestNames(
      String(name),
      listed.map(({ path }) => path),
    );
    throw new WhylensError(
      'UNKNOWN_LAYER',
      `the model has no layer '${name}'${near.length === 0 ? '' : `; the nearest names are ${near.join(', ')}`}. 'whylens layers' lists all ${listed.length}`,
      { facts: { layer: name, near } },
    );
  }
  return found;
}

/** The warning for a default layer that is not known to be a map. */
export function layerProblem({ path, shape, reason }: LayerChoice): string | undefined {
  if (!reason.endsWith(UNCERTAIN)) return undefined;
  return `layer '${path}' [${shape.join(', ')}] was taken although it is not known that its axes are space, since there is no better one. Name a layer ('whylens layers' lists them) or use a method that needs none`;
}

/** True if the explained outputs depend on the layer, and the layer on the explained input. */
function isOnWay(
  { fromInputs, toOutputs }: LayerInfo,
  { inputs, outputs }: ModelDescription,
  explained: Explained,
): boolean {
  const input = explained.input ?? inputs[0]?.name;
  const ends = explained.outputs ?? outputs.slice(0, 1).map(({ name }) => name);
  return (
    (fromInputs === undefined || fromInputs.includes(input)) &&
    (toOutputs === undefined || ends.every((name) => toOutputs.includes(name)))
  );
}

/** True if a layer has as many axes as the input, or its rows are known to be the places of a map. */
function isMap(
  { shape, space }: LayerInfo,
  { inputs }: ModelDescription,
  explained: Explained,
): boolean {
  const input = inputs.find(({ name }) => name === explained.input) ?? inputs[0];
  return space !== undefined || shape.length >= (input?.shape.length ?? 0);
}

function noWay(
  { name, inputs, outputs }: ModelDescription,
  explained: Explained,
  last: LayerInfo,
): WhylensError {
  const ends = explained.outputs ?? [outputs[0].name];
  return new WhylensError(
    'UNSUITABLE_LAYER',
    `no layer with spatial extent lies on the way from input '${explained.input ?? inputs[0].name}' of model '${name}' to its output ${ends.map((end) => `'${end}'`).join(', ')}; ${describeLayer(last)}, say, does not. Use a method that needs no layer (see 'whylens methods'), or another input or output`,
    { facts: { input: explained.input, outputs: ends } },
  );
}

/** True if a layer's output has channels and more than one position in space. */
export function hasSpace({ shape, space: known }: LayerInfo): boolean {
  if (known === 'none') return false;
  // [n, k], [h, w, k], [d, h, w, k]; a null size is free, hence larger than one somewhere
  const space = shape.slice(0, -1);
  return space.length >= 1 && space.length <= 3 && space.some((size) => size === null || size > 1);
}

function spatialShape(layer: LayerInfo, layers: readonly LayerInfo[]): number[] {
  if (!hasSpace(layer)) {
    const better = layers
      .filter((other) => hasSpace(other) && other.inputs.length > 0)
      .slice(-3)
      .reverse();
    throw new WhylensError(
      'UNSUITABLE_LAYER',
      `layer ${describeLayer(layer)} has no spatial extent: a map needs an output of shape [height, width, channels] larger than 1×1. Suitable layers nearest to the output: ${better.map(describeLayer).join(', ') || 'none'}`,
      { facts: { layer: layer.path, shape: layer.shape } },
    );
  }
  return known(layer);
}

function uniqueEnding(layers: readonly LayerInfo[], name: string): LayerInfo | undefined {
  const matches = layers.filter(({ path }) => path.endsWith(`/${name}`));
  return matches.length === 1 ? matches[0] : undefined;
}

function describeLayer({ path, shape }: LayerInfo): string {
  return `'${path}' [${shape.map((size) => size ?? '?').join(', ')}]`;
}

/** Free sizes as 0: they are replaced by the real ones once the layer ran. */
function known({ shape }: LayerInfo): number[] {
  return shape.map((size) => size ?? 0);
}
