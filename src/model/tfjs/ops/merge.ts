/** Several values into one: sums, products, concatenation; broadcasting as in tfjs. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Op } from '../program.js';
import type { Weight } from '../weight.js';
import { sumTo } from './linear.js';

export type MergeMode = 'add' | 'sub' | 'mul' | 'div' | 'average' | 'maximum' | 'minimum';

export function mergeOp(kind: string, mode: MergeMode): Op {
  return {
    kind,
    saves: { inputs: !['add', 'sub', 'average'].includes(mode) },
    forward: (xs) => [combine(xs, mode)],
    backward: ([dy], { inputs, inputShapes }, want) =>
      inputShapes.map((shape, i) => {
        if (!want[i]) return undefined;
        return sumTo(partial(dy!, inputs, inputShapes.length, i, mode), shape).clone();
      }),
  };
}

/** A computed value with a constant on one side. */
export function constantOp(kind: string, mode: MergeMode, constant: Weight, first: boolean): Op {
  const inner = mergeOp(kind, mode);
  const both = (x: Tensor, c: Tensor) => (first ? [c, x] : [x, c]);
  return {
    kind,
    weights: [constant],
    saves: inner.saves,
    // added per channel, it is a bias
    bias: () =>
      mode === 'add' && constant.shape.length === 1 && constant.shape[0] > 1
        ? constant.data()
        : undefined,
    forward: ([x], session) => inner.forward(both(x, session.get(constant)), session),
    backward: (dys, { inputs: [x], outputs, inputShapes: [shape] }, _want, session, rule) => {
      const c = session.get(constant);
      const inputs = both(x, c);
      const inputShapes = first ? [c.shape, shape] : [shape, c.shape];
      const want = first ? [false, true] : [true, false];
      const result = inner.backward(dys, { inputs, outputs, inputShapes }, want, session, rule);
      return [result[first ? 1 : 0]];
    },
    randomized: (draw) => constantOp(kind, mode, draw(constant), first),
  };
}

/** Concatenation along an axis, the batch counted. */
export function concatOp(kind: string, axis: number): Op {
  return {
    kind,
    forward: (xs) => [tf.concat([...xs], axis)],
    backward: ([dy], { inputShapes }, want) => {
      const along = axis < 0 ? axis + dy!.rank : axis;
      let at = 0;
      return inputShapes.map((shape, i) => {
        const begin = dy!.shape.map((_, j) => (j === along ? at : 0));
        at += shape[along];
        return want[i] ? tf.slice(dy!, begin, [...shape]) : undefined;
      });
    },
  };
}

/** Cuts into parts along an axis. */
export function splitOp(kind: string, sizes: number | readonly number[], axis: number): Op {
  return {
    kind,
    forward: ([x]) => tf.split(x, typeof sizes === 'number' ? sizes : [...sizes], axis),
    backward: (dys, { inputShapes: [shape] }) => {
      const along = axis < 0 ? axis + shape.length : axis;
      const parts =
        typeof sizes === 'number' ? new Array<number>(sizes).fill(shape[along] / sizes) : sizes;
      return [
        tf.concat(
          parts.map((size, i) => dys[i] ?? tf.zeros(shape.map((s, j) => (j === along ? size : s)))),
          along,
        ),
      ];
    },
  };
}

function combine(xs: readonly Tensor[], mode: MergeMode): Tensor {
  const two = {
    add: tf.add,
    average: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    div: tf.div,
    maximum: tf.maximum,
    minimum: tf.minimum,
  }[mode];
  const all = xs.slice(1).reduce((sum, x) => two<Tensor>(sum, x), xs[0]);
  return mode === 'average' ? tf.div(all, xs.length) : xs.length === 1 ? all.clone() : all;
}

function partial(
  dy: Tensor,
  xs: readonly Tensor[],
  count: number,
  i: number,
  mode: MergeMode,
): Tensor {
  switch (mode) {
    case 'add':
      return dy;
    case 'average':
      return tf.div(dy, count);
    case 'sub':
      return i === 0 ? dy : tf.neg(dy);
    case 'mul':
      return xs.reduce((product, x, j) => (j === i ? product : tf.mul(product, x)), dy);
    case 'div':
      return i === 0 ? tf.div(dy, xs[1]) : tf.neg(tf.div(tf.mul(dy, xs[0]), tf.square(xs[1])));
    case 'maximum':
    case 'minimum': {
      // ties go to the first, so that nothing is counted twice
      const others = xs.filter((_, j) => j !== i);
      const beats = others.map((other, j) => {
        const first = j >= i;
        if (mode === 'maximum')
          return first ? tf.greaterEqual(xs[i], other) : tf.greater(xs[i], other);
        return first ? tf.lessEqual(xs[i], other) : tf.less(xs[i], other);
      });
      return beats.reduce<Tensor>((product, mask) => tf.mul(product, tf.cast(mask, 'float32')), dy);
    }
  }
}
