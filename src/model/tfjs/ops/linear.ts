/** Matrix products and per-channel affine maps. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Op } from '../program.js';
import type { Weight } from '../weight.js';

/** `x · kernel + bias` over the last axis, kernel `[in, out]`. */
export function denseOp(kind: string, kernel: Weight, bias?: Weight): Op {
  const [from, to] = kernel.shape;
  return {
    kind,
    weights: bias === undefined ? [kernel] : [kernel, bias],
    linear: { kernel, bias },
    bias: () => bias?.data(),
    forward: ([x], session) => {
      const flat = tf.reshape(x, [-1, from]);
      const y = tf.matMul(flat, session.get(kernel));
      const sum = bias === undefined ? y : tf.add(y, session.get(bias));
      return [tf.reshape(sum, [...x.shape.slice(0, -1), to])];
    },
    backward: ([dy], { inputShapes: [shape] }, _want, session) => {
      const flat = tf.reshape(dy!, [-1, to]);
      const dx = tf.matMul(flat, session.get(kernel), false, true);
      return [tf.reshape(dx, [...shape])];
    },
    randomized: (draw) => denseOp(kind, draw(kernel), bias && draw(bias)),
  };
}

/** `x · scale + shift` per channel of the last axis: inference-time batch normalisation. */
export function affineOp(kind: string, scale: Weight, shift: Weight): Op {
  return {
    kind,
    weights: [scale, shift],
    affine: { scale, shift },
    bias: () => shift.data(),
    forward: ([x], session) => [tf.add(tf.mul(x, session.get(scale)), session.get(shift))],
    backward: ([dy], _saved, _want, session) => [tf.mul(dy!, session.get(scale))],
    randomized: (draw) => affineOp(kind, draw(scale), draw(shift)),
  };
}

/** Scale and shift of a batch normalisation, in float64 before rounding. */
export function foldNormalization(
  {
    gamma,
    beta,
    mean,
    variance,
  }: { gamma?: Weight; beta?: Weight; mean: Weight; variance: Weight },
  epsilon: number,
): { scale: Weight; shift: Weight } {
  const channels = mean.shape[0];
  const others = [gamma, beta, variance];
  const scaleAt = (k: number) => (gamma?.data()[k] ?? 1) / Math.sqrt(variance.data()[k] + epsilon);
  const scale = mean.derive(
    `scale ${epsilon}`,
    [channels],
    (data) => data.map((_, k) => scaleAt(k)),
    others,
  );
  const shift = mean.derive(
    `shift ${epsilon}`,
    [channels],
    (data) => data.map((value, k) => (beta?.data()[k] ?? 0) - value * scaleAt(k)),
    others,
  );
  return { scale, shift };
}

/** Normalisation over the last axis of each position (transformers). */
export function layerNormOp(
  kind: string,
  gamma: Weight | undefined,
  beta: Weight | undefined,
  epsilon: number,
): Op {
  const centered = (x: Tensor) => {
    const mean = tf.mean(x, -1, true);
    const difference = tf.sub(x, mean);
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(difference), -1, true), epsilon));
    return { normal: tf.mul(difference, inverse), inverse };
  };
  return {
    kind,
    weights: [gamma, beta].filter((weight): weight is Weight => weight !== undefined),
    saves: { inputs: true },
    bias: () => beta?.data(),
    forward: ([x], session) => {
      const { normal } = centered(x);
      const scaled = gamma === undefined ? normal : tf.mul(normal, session.get(gamma));
      return [beta === undefined ? scaled : tf.add(scaled, session.get(beta))];
    },
    backward: ([dy], { inputs: [x] }, _want, session) => {
      const { normal, inverse } = centered(x);
      const g = gamma === undefined ? dy! : tf.mul(dy!, session.get(gamma));
      const along = tf.mul(normal, tf.mean(tf.mul(g, normal), -1, true));
      return [tf.mul(inverse, tf.sub(tf.sub(g, tf.mean(g, -1, true)), along))];
    },
    randomized: (draw) => layerNormOp(kind, gamma && draw(gamma), beta && draw(beta), epsilon),
  };
}

/** Product of two computed matrices `[…, a, b]` and `[…, b, c]`. */
export function matMulOp(kind: string, transposeA: boolean, transposeB: boolean): Op {
  return {
    kind,
    saves: { inputs: true },
    forward: ([a, b]) => [tf.matMul(a, b, transposeA, transposeB)],
    backward: ([dy], { inputs: [a, b], inputShapes }, want) => {
      const da = () =>
        transposeA ? tf.matMul(b, dy!, transposeB, true) : tf.matMul(dy!, b, false, !transposeB);
      const db = () =>
        transposeB ? tf.matMul(dy!, a, true, transposeA) : tf.matMul(a, dy!, !transposeA, false);
      return [
        want[0] ? sumTo(da(), inputShapes[0]) : undefined,
        want[1] ? sumTo(db(), inputShapes[1]) : undefined,
      ];
    },
  };
}

/** Sums a gradient over the axes along which the value was broadcast. */
export function sumTo(gradient: Tensor, shape: readonly number[]): Tensor {
  const lead = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? gradient : tf.sum(gradient, axes);
  return tf.reshape(summed, [...shape]);
}
