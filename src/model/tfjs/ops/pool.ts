/**
 * Pooling. The backward passes are plain loops over typed arrays: the WASM
 * kernel for max pooling is wrong where a window's largest value is not
 * positive, the CPU kernel for average pooling is wrong with 'same' padding,
 * and the native ones refuse some paddings.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import type { Op } from '../program.js';
import { repeat } from './repeat.js';
import { padsOf } from './conv.js';

export interface PoolGeometry {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'same' | 'valid';
}

export function poolOp(kind: string, mode: 'max' | 'avg', geometry: PoolGeometry): Op {
  const { window, strides, padding } = geometry;
  return {
    kind,
    saves: mode === 'max' ? { inputs: true, outputs: true } : {},
    forward: ([x]) => [pool(x, mode, geometry)],
    backward: ([dy], { inputs: [x], outputs: [y], inputShapes: [shape] }) => {
      const size = shape.slice(1, -1);
      const pads = padsOf(size, window, { strides, padding, dilations: window.map(() => 1) });
      const cells = windowCells(size, dy!.shape.slice(1, -1), window, strides, pads);
      const into = new Float32Array(shape.reduce((a, b) => a * b, 1));
      const channels = shape[shape.length - 1];
      const from = dy!.dataSync() as Float32Array;
      if (mode === 'avg') spreadMean(from, into, cells, shape[0], channels);
      else {
        const [xs, ys] = [x.dataSync(), y.dataSync()] as Float32Array[];
        spreadMax(from, xs, ys, into, cells, shape[0], channels);
      }
      return [tf.tensor(into, [...shape])];
    },
  };
}

/** Mean over all positions; with `keepDims` the spatial axes stay as ones. */
export function globalAverageOp(kind: string, axes: readonly number[], keepDims: boolean): Op {
  return {
    kind,
    globalAverage: true,
    forward: ([x]) => [tf.mean(x, [...axes], keepDims)],
    backward: ([dy], { inputShapes: [shape] }) => {
      const positions = axes.reduce((product, axis) => product * shape[axis], 1);
      const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const each = tf.div(tf.reshape(dy!, kept), positions);
      return [
        repeat(
          each,
          shape.map((size, axis) => (axes.includes(axis) ? size : 1)),
        ),
      ];
    },
  };
}

/** Largest value over all positions; ties share the gradient with none but the first. */
export function globalMaxOp(kind: string, axes: readonly number[], keepDims: boolean): Op {
  return {
    kind,
    saves: { inputs: true, outputs: true },
    forward: ([x]) => [tf.max(x, [...axes], keepDims)],
    backward: ([dy], { inputs: [x], outputs: [y], inputShapes: [shape] }) => {
      const channels = shape[shape.length - 1];
      const positions = shape.slice(1, -1).reduce((a, b) => a * b, 1);
      const into = new Float32Array(x.size);
      const all = Array.from({ length: positions }, (_, p) => p);
      const cells: Cells = { positions, outputs: 1, of: () => all };
      const arrays = [dy!, x, y].map((t) => t.dataSync() as Float32Array);
      spreadMax(arrays[0], arrays[1], arrays[2], into, cells, shape[0], channels);
      return [tf.tensor(into, [...shape])];
    },
  };
}

interface Cells {
  readonly positions: number;
  readonly outputs: number;
  /** Flat input positions under output `o`, in row-major order. */
  of(output: number): readonly number[];
}

function windowCells(
  size: readonly number[],
  out: readonly number[],
  window: readonly number[],
  strides: readonly number[],
  pads: readonly (readonly [number, number])[],
): Cells {
  const lists: number[][] = [];
  const visit = (axis: number, flats: number[], index: readonly number[]): number[] => {
    if (axis === size.length) return flats;
    const first = index[axis] * strides[axis] - pads[axis][0];
    const next: number[] = [];
    for (const flat of flats) {
      for (let i = Math.max(0, first); i < Math.min(size[axis], first + window[axis]); i++) {
        next.push(flat * size[axis] + i);
      }
    }
    return visit(axis + 1, next, index);
  };
  const outputs = out.reduce((a, b) => a * b, 1);
  for (let o = 0; o < outputs; o++) {
    const index: number[] = [];
    for (let axis = out.length - 1, rest = o; axis >= 0; axis--) {
      index[axis] = rest % out[axis];
      rest = Math.floor(rest / out[axis]);
    }
    lists.push(visit(0, [0], index));
  }
  return { positions: size.reduce((a, b) => a * b, 1), outputs, of: (o) => lists[o] };
}

function spreadMean(
  dy: Float32Array,
  dx: Float32Array,
  cells: Cells,
  batch: number,
  channels: number,
): void {
  for (let n = 0, at = 0; n < batch; n++) {
    const base = n * cells.positions * channels;
    for (let o = 0; o < cells.outputs; o++, at += channels) {
      const list = cells.of(o);
      for (const cell of list) {
        const to = base + cell * channels;
        for (let k = 0; k < channels; k++) dx[to + k] += dy[at + k] / list.length;
      }
    }
  }
}

function spreadMax(
  dy: Float32Array,
  x: Float32Array,
  y: Float32Array,
  dx: Float32Array,
  cells: Cells,
  batch: number,
  channels: number,
): void {
  for (let n = 0, at = 0; n < batch; n++) {
    const base = n * cells.positions * channels;
    for (let o = 0; o < cells.outputs; o++, at += channels) {
      const list = cells.of(o);
      for (let k = 0; k < channels; k++) {
        const slope = dy[at + k];
        if (slope === 0) continue;
        // the first position that holds the maximum takes it all
        for (const cell of list) {
          const to = base + cell * channels + k;
          if (x[to] === y[at + k]) {
            dx[to] += slope;
            break;
          }
        }
      }
    }
  }
}

function pool(x: Tensor, mode: 'max' | 'avg', { window, strides, padding }: PoolGeometry): Tensor {
  const two = mode === 'max' ? tf.maxPool : tf.avgPool;
  if (window.length === 1) {
    const four = tf.expandDims<Tensor4D>(x, 1);
    return tf.squeeze(two(four, [1, window[0]], [1, strides[0]], padding), [1]);
  }
  if (window.length === 2) {
    return two(x as Tensor4D, [window[0], window[1]], [strides[0], strides[1]], padding);
  }
  const three = mode === 'max' ? tf.maxPool3d : tf.avgPool3d;
  const triple = (list: readonly number[]): [number, number, number] => [list[0], list[1], list[2]];
  return three(x as Tensor5D, triple(window), triple(strides), padding);
}
