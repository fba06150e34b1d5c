/**
 * Which weight of a file belongs to which variable of a layers model. Files
 * name them by layer and weight, but with scopes in front (`seq/conv/kernel`),
 * a layer's name twice, numbers instead of names (`conv/vars/0`), or names that
 * another version of Keras gave the same weight.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { nearestNames } from '../../did-you-mean.js';
import { WhylensError } from '../../errors.js';

/** A variable of a layer, as far as it is assigned to. */
export interface LayerVariable {
  readonly shape: readonly (number | null)[];
  readonly originalName: string;
  write(value: Tensor): unknown;
}

export interface WeightedLayer {
  readonly name: string;
  readonly weights: readonly LayerVariable[];
  readonly layers?: readonly WeightedLayer[];
}

interface Slot {
  /** Names of the nested models and the layer. */
  readonly path: readonly string[];
  readonly weight: string;
  readonly index: number;
  readonly variable: LayerVariable;
}

/** The same weight under other names. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  // Keras 3 calls the kernel of a depthwise convolution just kernel
  kernel: ['depthwise_kernel'],
  // what is left of a Normalization layer
  mean: ['moving_mean'],
  variance: ['moving_variance'],
};
/** Written by Keras, read by nobody. */
const IGNORED = /(^|\/)(count|seed_generator_state|seed_generator\/.*)$/;
/** Parts of names that are not a layer. */
const SCOPES = new Set(['vars', 'layers', '_layer_checkpoint_dependencies', 'model_weights']);

/** Writes each value into its variable. Throws `MODEL_LOAD`, naming what does not fit. */
export function assignWeights(
  model: WeightedLayer,
  values: ReadonlyMap<string, Tensor>,
  file: string,
): void {
  const slots = slotsOf(model.layers ?? [], []);
  const free = new Set(slots);
  const layers = new Set(slots.flatMap(({ path }) => path));
  const strangers: string[] = [];
  for (const [name, value] of values) {
    const slot = find(name, free, layers, value.shape);
    if (slot === undefined) {
      if (!IGNORED.test(name)) strangers.push(name);
      continue;
    }
    const { shape } = slot.variable;
    if (shape.join() !== value.shape.join()) {
      throw new WhylensError(
        'MODEL_LOAD',
        `weight '${name}' in ${file} must have shape [${shape.join(', ')}] as the topology says, got [${value.shape.join(', ')}]`,
        { facts: { weight: name, expected: [...shape], got: value.shape } },
      );
    }
    slot.variable.write(value);
    free.delete(slot);
  }
  const unset = [...free].map(({ path, weight }) => [...path, weight].join('/'));
  if (unset.length === 0 && strangers.length === 0) return;
  const [nearest] = unset.length === 0 ? [] : nearestNames(unset[0], strangers, 1);
  const near = nearest === undefined ? '' : `; the nearest to '${unset[0]}' is '${nearest}'`;
  throw new WhylensError(
    'MODEL_LOAD',
    `the weights of ${file} do not fit its topology: ${countOf(unset)} without value${list(unset)}, ${countOf(strangers)} without place${list(strangers)}${near}. Load the .keras or .h5 file that it was converted from instead: loadModel reads it`,
    { facts: { unset, strangers } },
  );
}

function slotsOf(layers: readonly WeightedLayer[], prefix: readonly string[]): Slot[] {
  return layers.flatMap((layer) => {
    const path = [...prefix, layer.name];
    if (layer.layers !== undefined) return slotsOf(layer.layers, path);
    return layer.weights.map((variable, index) => ({
      path,
      weight: variable.originalName.split('/').slice(1).join('/') || variable.originalName,
      index,
      variable,
    }));
  });
}

/** The free slot that agrees best with a name; layers of nested models count from the inside out. */
function find(
  name: string,
  free: ReadonlySet<Slot>,
  layers: ReadonlySet<string>,
  shape: readonly number[],
): Slot | undefined {
  const tokens = name.replace(/:\d+$/, '').split('/');
  for (const slot of free) {
    if (slot.variable.originalName === name && slot.path.length === 1) return slot;
  }
  const weight = tokens[tokens.length - 1];
  const path = tokens
    .slice(0, -1)
    .map((token) => token.replace(/^_(?=\w)/, (all) => (SCOPES.has(token) ? all : '')))
    .filter((token, i, all) => layers.has(token) && token !== all[i + 1]);
  if (path.length === 0) return undefined;
  let best: Slot | undefined;
  let score = 0;
  for (const slot of free) {
    if (!sameWeight(slot, weight, tokens)) continue;
    const agreement = sharedEnd(slot.path, path);
    // of layers alike, the one whose weight has this shape
    const value =
      agreement === 0 ? 0 : agreement + (slot.variable.shape.join() === shape.join() ? 0.5 : 0);
    if (value > score) [best, score] = [slot, value];
  }
  return best;
}

function sameWeight(slot: Slot, weight: string, tokens: readonly string[]): boolean {
  if (/^\d+$/.test(weight)) return slot.index === Number(weight);
  if (slot.weight === weight) return true;
  if ((ALIASES[weight] ?? []).includes(slot.weight)) return true;
  // wrapped layers: forward_lstm/kernel
  return slot.weight.includes('/') && tokens.join('/').endsWith(slot.weight);
}

/** How many names agree, from the last one back. */
function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (
    count < Math.min(a.length, b.length) &&
    a[a.length - 1 - count] === b[b.length - 1 - count]
  ) {
    count++;
  }
  return count;
}

function countOf(names: readonly string[]): string {
  return `${names.length} weight${names.length === 1 ? '' : 's'}`;
}

function list(names: readonly string[]): string {
  if (names.length === 0) return '';
  return ` (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`;
}
