/**
 * The input gradient of a strided convolution as dense convolutions: the inputs
 * of an `s × s` block see disjoint parts of the kernel. Those of a row become
 * `s` times as many output channels, which lie in memory as a longer row would;
 * the rows are made one by one and put together. A convolution of the
 * zero-stuffed gradient multiplies mostly zeros instead.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Session, Weight } from '../weight.js';
import { padOrCrop, type ConvGeometry } from './padding.js';

/** Where it applies: one stride above 1 for both axes, no dilation. */
export function isBlockwise({ strides, dilations }: ConvGeometry): boolean {
  return strides[0] > 1 && strides[0] === strides[1] && dilations.every((d) => d === 1);
}

/**
 * @param dy `[n, oh, ow, out]`
 * @param size of the input
 * @param kernel `[kh, kw, in, out]`
 * @param pads of the forward pass
 */
export function blockBackward(
  dy: Tensor4D,
  size: readonly number[],
  kernel: Weight,
  pads: readonly (readonly [number, number])[],
  stride: number,
  session: Session,
): Tensor4D {
  const [samples, ...outputs] = dy.shape;
  const channels = kernel.shape[2];
  const [height, width] = size.map((length) => Math.ceil(length / stride));
  const columns = tapsOf(kernel.shape[1], pads[1][0], stride);
  const rowSize = width * stride * channels;
  const rows = Array.from({ length: stride }, (_, phase) => {
    const own = tapsOf(kernel.shape[0], pads[0][0], stride, phase);
    // a kernel smaller than its stride: these inputs are never read
    if (own.count === 0) return tf.zeros([samples * height, rowSize]);
    const shape = [own.count, columns.count, kernel.shape[3], stride * channels];
    const name = `row ${phase} of ${stride} padded ${pads[0][0]} ${pads[1][0]}`;
    const part = kernel.derive(name, shape, (data) =>
      partOf(data, kernel.shape, own, columns, stride),
    );
    const around = padOrCrop(dy, [
      [-own.first, height + own.count - 1 + own.first - outputs[0]],
      [-columns.first, width + columns.count - 1 + columns.first - outputs[1]],
    ]);
    const y = tf.conv2d(around as Tensor4D, session.get(part) as Tensor4D, 1, 'valid');
    return tf.reshape(y, [samples * height, rowSize]);
  });
  const all = tf.reshape(tf.concat(rows, 1), [samples, height * stride, width * stride, channels]);
  return padOrCrop(
    all,
    size.map((length, axis) => [0, length - all.shape[1 + axis]] as const),
  ) as Tensor4D;
}

interface Taps {
  /** Output position of the first tap, relative to the block. */
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

/** Input position s·m + p takes kernel index k of output m + (p + pad − k) / s, where that is whole. */
function tapsOf(window: number, pad: number, stride: number, only?: number): Taps {
  const places = Array.from({ length: window }, (_, index) => {
    const phase = (((index - pad) % stride) + stride) % stride;
    return { index, phase, output: (phase + pad - index) / stride };
  }).filter(({ phase }) => only === undefined || phase === only);
  if (places.length === 0) return { first: 0, count: 0, of: [] };
  const outputs = places.map(({ output }) => output);
  const first = Math.min(...outputs);
  return {
    first,
    count: Math.max(...outputs) - first + 1,
    of: places.map(({ index, phase, output }) => ({ index, phase, tap: output - first })),
  };
}

/** `[rows, columns, out, (phase, in)]` from `[kh, kw, in, out]`. */
function partOf(
  data: Float32Array,
  [, across, from, to]: readonly number[],
  rows: Taps,
  columns: Taps,
  stride: number,
): Float32Array {
  const channels = stride * from;
  const result = new Float32Array(rows.count * columns.count * to * channels);
  for (const row of rows.of) {
    for (const column of columns.of) {
      const cell = (row.tap * columns.count + column.tap) * to * channels + column.phase * from;
      const source = (row.index * across + column.index) * from * to;
      for (let i = 0; i < from; i++) {
        for (let o = 0; o < to; o++) result[cell + o * channels + i] = data[source + i * to + o];
      }
    }
  }
  return result;
}
