/** Moving values about: reshapes, padding, cropping, upsampling, slices, transposes. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { Op } from '../program.js';
import { padOrCrop } from './padding.js';
import { repeat } from './repeat.js';

/** Reshape of each sample; −1 once for what is left. */
export function reshapeOp(kind: string, shape: readonly number[]): Op {
  return {
    kind,
    passthrough: true,
    forward: ([x]) => [tf.reshape(x, [x.shape[0], ...shape])],
    backward: ([dy], { inputShapes: [before] }) => [tf.reshape(dy!, [...before])],
  };
}

/** All axes but the batch made one. */
export function flattenOp(kind: string): Op {
  return {
    kind,
    passthrough: true,
    forward: ([x]) => [tf.reshape(x, [x.shape[0], -1])],
    backward: ([dy], { inputShapes: [before] }) => [tf.reshape(dy!, [...before])],
  };
}

/** Axes exchanged; `order` names the old axis of each new one, batch included. */
export function transposeOp(kind: string, order: readonly number[]): Op {
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return {
    kind,
    forward: ([x]) => [tf.transpose(x, [...order])],
    backward: ([dy]) => [tf.transpose(dy!, inverse)],
  };
}

/** Constant padding of spatial axes (channels last); negative numbers crop. */
export function padOp(kind: string, pads: readonly (readonly [number, number])[], value = 0): Op {
  return {
    kind,
    ...(value === 0 && pads.every(([a, b]) => a >= 0 && b >= 0) ? { zeroPads: pads } : {}),
    forward: ([x]) => {
      if (value === 0) return [own(padOrCrop(x, pads), x)];
      const by = pads.map(([a, b]): [number, number] => [a, b]);
      return [tf.pad(x, [[0, 0], ...by, [0, 0]], value)];
    },
    backward: ([dy]) => [
      own(
        padOrCrop(
          dy!,
          pads.map(([a, b]) => [-a, -b] as const),
        ),
        dy!,
      ),
    ],
  };
}

/** An op's result is disposed as its own: the input itself must be cloned. */
function own(result: Tensor, input: Tensor): Tensor {
  return result === input ? input.clone() : result;
}

/** A slice with steps; the gradient is put back between zeros. */
export function sliceOp(
  kind: string,
  /** Per axis, batch included: first, last (exclusive), step; undefined for a whole axis. */
  ranges: readonly (readonly [number, number, number] | undefined)[],
  squeeze: readonly number[] = [],
): Op {
  return {
    kind,
    forward: ([x]) => {
      const begin = x.shape.map((_, axis) => ranges[axis]?.[0] ?? 0);
      const end = x.shape.map((size, axis) => ranges[axis]?.[1] ?? size);
      const step = x.shape.map((_, axis) => ranges[axis]?.[2] ?? 1);
      const y = step.every((s) => s === 1)
        ? tf.slice(
            x,
            begin,
            end.map((last, axis) => last - begin[axis]),
          )
        : tf.stridedSlice(x, begin, end, step);
      return [squeeze.length === 0 ? y : tf.squeeze(y, [...squeeze])];
    },
    backward: ([dy], { inputShapes: [shape] }) => {
      const into = tf.buffer([...shape], 'float32');
      const counts = shape.map((size, axis) => {
        const range = ranges[axis];
        return range === undefined
          ? size
          : Math.max(0, Math.ceil((range[1] - range[0]) / range[2]));
      });
      const strides = tf.util.computeStrides([...shape]).concat(1);
      const from = dy!.dataSync();
      const total = counts.reduce((a, b) => a * b, 1);
      for (let flat = 0; flat < total; flat++) {
        let target = 0;
        for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
          const index = rest % counts[axis];
          rest = Math.floor(rest / counts[axis]);
          const range = ranges[axis];
          target += (range === undefined ? index : range[0] + index * range[2]) * strides[axis];
        }
        into.values[target] = from[flat];
      }
      return [into.toTensor()];
    },
  };
}

/** Nearest-neighbour upsampling by whole factors: the gradient sums each block. */
export function upsampleNearestOp(kind: string, factors: readonly number[]): Op {
  return {
    kind,
    forward: ([x]) => {
      let y = x.clone();
      factors.forEach((factor, i) => {
        if (factor === 1) return;
        const axis = 1 + i;
        const shape = [...y.shape];
        shape[axis] *= factor;
        y = tf.reshape(tileMerged(y, axis, factor), shape);
      });
      return [y];
    },
    backward: ([dy]) => {
      let dx = dy!.clone();
      factors.forEach((factor, i) => {
        if (factor === 1) return;
        const axis = 1 + i;
        const outer = dx.shape.slice(0, axis).reduce((a, b) => a * b, 1);
        const inner = dx.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
        const length = dx.shape[axis] / factor;
        const shape = [...dx.shape];
        shape[axis] = length;
        dx = tf.reshape(tf.sum(tf.reshape(dx, [outer * length, factor, inner]), 1), shape);
      });
      return [dx];
    },
  };
}

/** Bilinear resize; the gradient is the transposed interpolation, separable and exact. */
export function resizeBilinearOp(
  kind: string,
  size: (input: readonly number[]) => readonly [number, number],
  { alignCorners = false, halfPixelCenters = false } = {},
): Op {
  return {
    kind,
    forward: ([x]) => {
      const [height, width] = size(x.shape);
      return [
        tf.image.resizeBilinear(x as Tensor4D, [height, width], alignCorners, halfPixelCenters),
      ];
    },
    backward: ([dy], { inputShapes: [shape] }) => {
      const [n, height, width, channels] = shape;
      const [, outHeight, outWidth] = dy!.shape;
      const rows = interpolation(height, outHeight, alignCorners, halfPixelCenters);
      const columns = interpolation(width, outWidth, alignCorners, halfPixelCenters);
      // Rᵀ · dy · C, with the matrices of the two axes
      const down = tf.matMul(
        tf.tensor2d(rows, [outHeight, height]),
        tf.reshape(tf.transpose(dy!, [1, 0, 2, 3]), [outHeight, -1]),
        true,
      );
      const across = tf.reshape(
        tf.transpose(tf.reshape(down, [height, n, outWidth, channels]), [2, 1, 0, 3]),
        [outWidth, -1],
      );
      const both = tf.matMul(tf.tensor2d(columns, [outWidth, width]), across, true);
      return [tf.transpose(tf.reshape(both, [width, n, height, channels]), [1, 2, 0, 3])];
    },
  };
}

/** The matrix `[out, in]` of a one-dimensional linear interpolation. */
function interpolation(
  from: number,
  to: number,
  alignCorners: boolean,
  half: boolean,
): Float32Array {
  const matrix = new Float32Array(to * from);
  const scale = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  for (let i = 0; i < to; i++) {
    const at = half ? Math.max(0, (i + 0.5) * scale - 0.5) : i * scale;
    const low = Math.min(from - 1, Math.floor(at));
    const high = Math.min(from - 1, low + 1);
    matrix[i * from + low] += 1 - (at - low);
    matrix[i * from + high] += at - low;
  }
  return matrix;
}

/** Tiles a copy axis put in behind `axis`; as `[outer, 1, inner]`, since three axes are as many as every back end broadcasts. */
function tileMerged(y: Tensor, axis: number, factor: number): Tensor {
  const outer = y.shape.slice(0, axis + 1).reduce((a, b) => a * b, 1);
  return repeat(tf.reshape(y, [outer, 1, y.size / outer]), [1, factor, 1]);
}
