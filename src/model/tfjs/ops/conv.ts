/**
 * Convolutions of rank 1 to 3 and depthwise ones. The gradient to the input is
 * a forward convolution of the zero-stuffed output gradient with the reversed
 * filter: every back end has that kernel, and on WASM it is several times
 * faster than its own input-gradient kernel.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import type { Op } from '../program.js';
import type { Weight } from '../weight.js';
import { padOrCrop, type ConvGeometry } from './padding.js';
import { blockBackward, isBlockwise } from './strided.js';

export type { ConvGeometry };

/** Rows added before and after per axis, as TensorFlow counts them. */
export function padsOf(
  size: readonly number[],
  window: readonly number[],
  { strides, dilations, padding }: ConvGeometry,
): [number, number][] {
  if (typeof padding !== 'string') return padding.map(([a, b]) => [a, b]);
  return size.map((length, axis) => {
    if (padding === 'valid') return [0, 0];
    const reach = (window[axis] - 1) * dilations[axis] + 1;
    const out = Math.ceil(length / strides[axis]);
    const total = Math.max(0, (out - 1) * strides[axis] + reach - length);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  });
}

/** `[…window, in, out]` convolution over one to three spatial axes. */
export function convOp(
  kind: string,
  kernel: Weight,
  bias: Weight | undefined,
  geometry: ConvGeometry,
): Op {
  const rank = kernel.shape.length - 2;
  const window = kernel.shape.slice(0, rank);
  const pointwise = window.every((size) => size === 1);
  return {
    kind,
    weights: bias === undefined ? [kernel] : [kernel, bias],
    bias: () => bias?.data(),
    ...(pointwise ? { linear: { kernel, bias } } : {}),
    ...(rank === 2 ? { fusable: { kernel, bias, geometry, depthwise: false } } : {}),
    forward: ([x], session) => {
      const y = convolve(x, session.get(kernel), geometry);
      return [bias === undefined ? y : tf.add(y, session.get(bias))];
    },
    backward: ([dy], { inputShapes: [shape] }, _want, session) => {
      const size = shape.slice(1, 1 + rank);
      const pads = padsOf(size, window, geometry);
      if (pointwise && dy!.size / dy!.shape[0] === dy!.shape[rank + 1]) {
        return [matrixBackward(dy!, shape, session.get(kernel))];
      }
      if (rank === 2 && isBlockwise(geometry)) {
        return [blockBackward(dy! as Tensor4D, size, kernel, pads, geometry.strides[0], session)];
      }
      const { spread, rest } = spreadOut(dy!, size, window, pads, geometry);
      const reversed = session.get(reverseKernel(kernel));
      const dx = convolve(spread, reversed, {
        strides: window.map(() => 1),
        dilations: geometry.dilations,
        padding: rest,
      });
      return [dx];
    },
    randomized: (draw) => convOp(kind, draw(kernel), bias && draw(bias), geometry),
  };
}

/** A 1×1 convolution of one position is a product with the kernel as it lies there: none is reversed or uploaded. */
function matrixBackward(dy: Tensor, shape: readonly number[], kernel: Tensor): Tensor {
  const [from, to] = kernel.shape.slice(-2);
  const rows = tf.reshape(dy, [dy.shape[0], to]);
  const dx = tf.matMul(rows, tf.reshape(kernel, [from, to]), false, true);
  return tf.reshape(dx, [...shape]);
}

/** Depthwise convolution, kernel `[h, w, in, multiplier]`. */
export function depthwiseOp(
  kind: string,
  kernel: Weight,
  bias: Weight | undefined,
  geometry: ConvGeometry,
): Op {
  const [height, width, channels, multiplier] = kernel.shape;
  const window = [height, width];
  return {
    kind,
    fusable: { kernel, bias, geometry, depthwise: true },
    weights: bias === undefined ? [kernel] : [kernel, bias],
    bias: () => bias?.data(),
    forward: ([x], session) => {
      const y = depthwise(x as Tensor4D, session.get(kernel) as Tensor4D, geometry);
      return [bias === undefined ? y : tf.add(y, session.get(bias))];
    },
    backward: ([dy], { inputShapes: [shape] }, _want, session) => {
      const size = shape.slice(1, 3);
      const pads = padsOf(size, window, geometry);
      const { spread, rest } = spreadOut(dy!, size, window, pads, geometry);
      const reversed = session.get(
        kernel.derive('depthwise-reversed', [height, width, channels * multiplier, 1], (data) =>
          reverseWindow(data, height * width),
        ),
      );
      const dx = depthwise(spread as Tensor4D, reversed as Tensor4D, {
        strides: [1, 1],
        dilations: geometry.dilations,
        padding: rest,
      });
      if (multiplier === 1) return [dx];
      return [tf.sum(tf.reshape(dx, [...dx.shape.slice(0, 3), channels, multiplier]), -1)];
    },
    randomized: (draw) => depthwiseOp(kind, draw(kernel), bias && draw(bias), geometry),
  };
}

/** Transposed convolution, kernel `[h, w, out, in]`; its gradient is a plain convolution. */
export function convTransposeOp(
  kind: string,
  kernel: Weight,
  bias: Weight | undefined,
  strides: readonly [number, number],
  padding: 'same' | 'valid',
): Op {
  const [height, width] = kernel.shape;
  const geometry: ConvGeometry = { strides, dilations: [1, 1], padding };
  return {
    kind,
    weights: bias === undefined ? [kernel] : [kernel, bias],
    bias: () => bias?.data(),
    forward: ([x], session) => {
      const length = (axis: number, window: number) =>
        padding === 'same'
          ? x.shape[1 + axis] * strides[axis]
          : x.shape[1 + axis] * strides[axis] + Math.max(window - strides[axis], 0);
      const size = [length(0, height), length(1, width)];
      const window = [height, width];
      const pads = padsOf(size, window, geometry);
      const { spread, rest } = spreadOut(x, size, window, pads, geometry);
      const y = convolve(spread, session.get(reverseKernel(kernel)), {
        strides: [1, 1],
        dilations: [1, 1],
        padding: rest,
      });
      return [bias === undefined ? y : tf.add(y, session.get(bias))];
    },
    backward: ([dy], _saved, _want, session) => {
      return [convolve(dy!, session.get(kernel), geometry)];
    },
    randomized: (draw) => convTransposeOp(kind, draw(kernel), bias && draw(bias), strides, padding),
  };
}

/** Forward convolution of any rank; paddings that a back end lacks are made explicit. */
function convolve(x: Tensor, kernel: Tensor, geometry: ConvGeometry): Tensor {
  const rank = kernel.shape.length - 2;
  const { strides, dilations } = geometry;
  const [padded, pad] = explicitPadding(x, kernel.shape.slice(0, rank), geometry);
  if (rank === 1) {
    const four = tf.expandDims<Tensor4D>(padded, 1);
    const filter = tf.expandDims<Tensor4D>(kernel, 0);
    const y = tf.conv2d(four, filter, [1, strides[0]], pad, 'NHWC', [1, dilations[0]]);
    return tf.squeeze(y, [1]);
  }
  if (rank === 2) {
    return tf.conv2d(
      padded as Tensor4D,
      kernel as Tensor4D,
      [strides[0], strides[1]],
      pad,
      'NHWC',
      [dilations[0], dilations[1]],
    );
  }
  return tf.conv3d(
    padded as Tensor5D,
    kernel as Tensor5D,
    [strides[0], strides[1], strides[2]],
    pad,
    'NDHWC',
    [dilations[0], dilations[1], dilations[2]],
  );
}

function depthwise(x: Tensor4D, kernel: Tensor4D, geometry: ConvGeometry): Tensor4D {
  const { strides, dilations } = geometry;
  const [padded, pad] = explicitPadding(x, kernel.shape.slice(0, 2), geometry);
  return tf.depthwiseConv2d(padded as Tensor4D, kernel, [strides[0], strides[1]], pad, 'NHWC', [
    dilations[0],
    dilations[1],
  ]);
}

/**
 * Pads by hand where rows differ from what 'same' means, and where both stride
 * and dilation exceed one, which tfjs refuses although it can be computed.
 */
export function explicitPadding(
  x: Tensor,
  window: readonly number[],
  geometry: ConvGeometry,
): [Tensor, 'same' | 'valid'] {
  if (typeof geometry.padding === 'string') return [x, geometry.padding];
  const size = x.shape.slice(1, -1);
  const pads = padsOf(size, window, geometry);
  if (pads.every(([a, b]) => a === 0 && b === 0)) return [x, 'valid'];
  const same = padsOf(size, window, { ...geometry, padding: 'same' });
  if (pads.every(([a, b], axis) => a === same[axis][0] && b === same[axis][1])) return [x, 'same'];
  return [padOrCrop(x, pads), 'valid'];
}

/** The output gradient with zeros between its values, and the padding that makes the reversed convolution give `size`. */
function spreadOut(
  dy: Tensor,
  size: readonly number[],
  window: readonly number[],
  pads: readonly (readonly [number, number])[],
  { strides, dilations }: ConvGeometry,
): { spread: Tensor; rest: [number, number][] } {
  let spread = dy;
  for (let axis = window.length - 1; axis >= 0; axis--) {
    spread = stuff(spread, 1 + axis, strides[axis]);
  }
  const rest = size.map((length, axis): [number, number] => {
    const reach = (window[axis] - 1) * dilations[axis];
    const before = reach - pads[axis][0];
    return [before, length + reach - spread.shape[1 + axis] - before];
  });
  return { spread, rest };
}

/** Puts `stride − 1` zeros after every value along one axis, as a pad of a matrix. */
function stuff(x: Tensor, axis: number, stride: number): Tensor {
  if (stride === 1) return x;
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const rows = x.size / inner;
  const padded = tf.pad(tf.reshape(x, [rows, inner]), [
    [0, 0],
    [0, (stride - 1) * inner],
  ]);
  const shape = [...x.shape];
  shape[axis] *= stride;
  return tf.reshape(padded, shape);
}

/** The kernel reversed in space with in and out exchanged. */
function reverseKernel(kernel: Weight): Weight {
  const rank = kernel.shape.length - 2;
  const window = kernel.shape.slice(0, rank);
  const [from, to] = kernel.shape.slice(rank);
  const cells = window.reduce((a, b) => a * b, 1);
  return kernel.derive('reversed', [...window, to, from], (data) => {
    const result = new Float32Array(data.length);
    for (let cell = 0; cell < cells; cell++) {
      const source = cell * from * to;
      const target = (cells - 1 - cell) * from * to;
      for (let i = 0; i < from; i++) {
        for (let o = 0; o < to; o++) result[target + o * from + i] = data[source + i * to + o];
      }
    }
    return result;
  });
}

function reverseWindow(data: Float32Array, cells: number): Float32Array {
  const each = data.length / cells;
  const result = new Float32Array(data.length);
  for (let cell = 0; cell < cells; cell++) {
    result.set(data.subarray(cell * each, (cell + 1) * each), (cells - 1 - cell) * each);
  }
  return result;
}
