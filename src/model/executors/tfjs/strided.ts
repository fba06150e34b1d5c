/**
 * The input gradient of a strided convolution as dense convolutions: the inputs
 * of an `s × s` block see disjoint parts of the kernel. Those of a row become
 * `s` times as many output channels, which lie in memory as a longer row would;
 * the rows are made one by one and put together. A convolution of the
 * zero-stuffed gradient multiplies mostly zeros instead.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { tensor } from '../../graph/build.js';
import type { Shape, Weight } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { padOrCrop } from './padding.js';

/** A convolution of stride 1 over values with zeros between them. */
export interface Spread {
  /** Kernel `[kh, kw, from, to]`. */
  readonly kernel: Value<'constant'>;
  /** Rows of zeros before the first. */
  readonly low: Shape;
  /** One of how many rows is none of zeros, along both axes. */
  readonly stride: number;
  /** Height and width of the result. */
  readonly size: Shape;
}

interface Row {
  readonly taps: Taps;
  /** Undefined if a kernel smaller than its stride never reads these inputs. */
  readonly part: Value<'constant'> | undefined;
}

/** The kernels that it takes, and what to do with them. */
export function spreadConvolution(spread: Spread): {
  readonly parts: readonly Value<'constant'>[];
  readonly run: (y: Tensor, parts: readonly Tensor[]) => Tensor;
} {
  const { kernel, low, stride, size } = spread;
  const columns = tapsOf(kernel.shape[1], low[1], stride);
  const rows = Array.from({ length: stride }, (_, phase): Row => {
    const taps = tapsOf(kernel.shape[0], low[0], stride, phase);
    const part = taps.count === 0 ? undefined : partOf(spread, phase, taps, columns);
    return { taps, part };
  });
  const [height, width] = size.map((length) => Math.ceil(length / stride));
  const to = kernel.shape[3];
  const rowSize = width * stride * to;
  const run = (y: Tensor, parts: readonly Tensor[]): Tensor => {
    const [samples, ...given] = y.shape;
    let at = 0;
    const made = rows.map(({ taps, part }) => {
      if (part === undefined) return tf.zeros([samples * height, rowSize]);
      const around = padOrCrop(y, [
        [-taps.first, height + taps.count - 1 + taps.first - given[0]],
        [-columns.first, width + columns.count - 1 + columns.first - given[1]],
      ]);
      const z = tf.conv2d(around as Tensor4D, parts[at++] as Tensor4D, 1, 'valid');
      return tf.reshape(z, [samples * height, rowSize]);
    });
    const all = tf.reshape(tf.concat(made, 1), [samples, height * stride, width * stride, to]);
    return padOrCrop(
      all,
      size.map((length, axis) => [0, length - all.shape[1 + axis]] as const),
    );
  };
  return { parts: rows.flatMap(({ part }) => (part === undefined ? [] : [part])), run };
}

interface Taps {
  /** Position of the first tap, relative to the block. */
  readonly first: number;
  readonly count: number;
  readonly of: readonly {
    /** Of the kernel. */
    readonly index: number;
    /** Place within the block. */
    readonly phase: number;
    readonly tap: number;
  }[];
}

/** Position s·n + p takes kernel index k of position n + (p + k − low) / s, if that is a whole number. */
function tapsOf(window: number, low: number, stride: number, only?: number): Taps {
  const places = Array.from({ length: window }, (_, index) => {
    const phase = (((low - index) % stride) + stride) % stride;
    return { index, phase, position: (phase + index - low) / stride };
  }).filter(({ phase }) => only === undefined || phase === only);
  if (places.length === 0) return { first: 0, count: 0, of: [] };
  const positions = places.map(({ position }) => position);
  const first = Math.min(...positions);
  return {
    first,
    count: Math.max(...positions) - first + 1,
    of: places.map(({ index, phase, position }) => ({ index, phase, tap: position - first })),
  };
}

/** Kernels of rows that were made before. */
const made = new WeakMap<Weight, Map<string, Value<'constant'>>>();

/** `[rows, columns, from, (phase, to)]` from `[kh, kw, from, to]`. */
function partOf(
  { kernel, low, stride }: Spread,
  phase: number,
  rows: Taps,
  columns: Taps,
): Value<'constant'> {
  const { weight } = kernel.attrs;
  let known = made.get(weight);
  if (known === undefined) made.set(weight, (known = new Map()));
  const key = `row ${phase} of ${stride} after ${low.join()}`;
  let part = known.get(key);
  if (part !== undefined) return part;
  const [, across, from, to] = kernel.shape;
  const channels = stride * to;
  const data = new Float32Array(rows.count * columns.count * from * channels);
  for (const row of rows.of) {
    for (const column of columns.of) {
      const cell = (row.tap * columns.count + column.tap) * from * channels + column.phase * to;
      const source = (row.index * across + column.index) * from * to;
      for (let i = 0; i < from; i++) {
        for (let o = 0; o < to; o++) {
          data[cell + i * channels + o] = weight.data[source + i * to + o];
        }
      }
    }
  }
  part = tensor([rows.count, columns.count, from, channels], data);
  known.set(key, part);
  return part;
}
