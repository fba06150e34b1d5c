/**
 * Shapes of all nodes, found by running the graph on zeros: a graph does not
 * tell them. Where sizes are free, or values are computed from sizes, it is run
 * again with another size and one sample more, and what differs is not fixed.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { GraphModel, Key } from './graph-model.js';

/** Height and width where the graph and the caller leave them open. */
const DEFAULT_SIZE = 224;
const OTHER_SIZE = 288;
const DEFAULT_CHANNELS = 3;
/** Longer int arrays are no shapes. */
const LONGEST_SHAPE = 64;

export interface Probe {
  /** With the batch axis; null where the size is free. */
  readonly shapes: ReadonlyMap<Key, readonly (number | null)[]>;
  /** Values computed from sizes; undefined where they change with them. */
  readonly values: ReadonlyMap<Key, readonly number[]>;
}

export interface ProbedInput {
  readonly key: Key;
  /** Without the batch axis; null where it is free. */
  readonly shape: readonly (number | null)[];
  /** The graph's own batch size, where it is fixed. */
  readonly batch: number | null;
  readonly dtype: 'float32' | 'int32' | 'bool';
}

export function probeGraph(
  model: GraphModel,
  inputs: readonly ProbedInput[],
  keys: readonly Key[],
  computesShapes: boolean,
): Probe {
  const free = inputs.some(({ shape }) => shape.includes(null));
  const first = measure(model, inputs, keys, 1, DEFAULT_SIZE);
  if (!free && !computesShapes) return first;
  let second: Probe;
  try {
    second = measure(model, inputs, keys, 2, OTHER_SIZE);
  } catch {
    // a graph that says it takes any size may not: the first size it ran with holds
    second = free ? measure(model, inputs, keys, 2, DEFAULT_SIZE) : first;
  }
  return {
    shapes: new Map(
      [...first.shapes].map(([key, shape]) => [
        key,
        shape.map((size, axis) =>
          axis === 0 || size === second.shapes.get(key)![axis] ? size : null,
        ),
      ]),
    ),
    values: new Map(
      [...first.values].filter(([key, value]) => value.join() === second.values.get(key)?.join()),
    ),
  };
}

function measure(
  model: GraphModel,
  inputs: readonly ProbedInput[],
  keys: readonly Key[],
  count: number,
  size: number,
): Probe {
  const shapes = new Map<Key, readonly number[]>();
  const values = new Map<Key, readonly number[]>();
  tf.tidy(() => {
    const feeds = Object.fromEntries(
      inputs.map(({ key, shape, batch, dtype }) => {
        const full = [
          batch ?? count,
          ...shape.map((length, axis) => length ?? guess(shape, axis, size)),
        ];
        return [key, tf.zeros(full, dtype)];
      }),
    );
    const found = run(model, feeds, keys);
    keys.forEach((key, i) => {
      const { shape, dtype } = found[i];
      shapes.set(key, shape);
      if (dtype === 'int32' && found[i].size <= LONGEST_SHAPE) {
        values.set(key, [...found[i].dataSync()]);
      }
    });
  });
  return { shapes, values };
}

function guess(shape: readonly (number | null)[], axis: number, size: number): number {
  return shape.length > 1 && axis === shape.length - 1 ? DEFAULT_CHANNELS : size;
}

function run(model: GraphModel, feeds: Record<string, Tensor>, keys: readonly Key[]): Tensor[] {
  try {
    return [model.execute(feeds, [...keys])].flat();
  } catch (cause) {
    const shapes = Object.entries(feeds).map(
      ([name, { shape }]) => `${name} [${shape.join(', ')}]`,
    );
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the graph cannot be run on ${shapes.join(', ')}: ${(cause as Error).message}. If its input is of another size, say it: inputShape: [height, width, channels]`,
      { cause },
    );
  }
}
