/** Value-by-value non-linearities, softmax, and the guided ReLU rules. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ActivationInfo } from '../../interface.js';
import type { Op } from '../program.js';

interface Unit {
  readonly f: (x: Tensor) => Tensor;
  /** dy/dx from input and output. */
  readonly df: (x: Tensor, y: Tensor) => Tensor;
  readonly needs: 'x' | 'y' | 'xy';
  readonly info?: Partial<ActivationInfo>;
}

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
const GELU_CUBIC = 0.044715;

/** 1 where 0 < y < ceiling, as float32. */
function between(y: Tensor, ceiling: number): Tensor {
  return tf.step(tf.mul(y, tf.sub(ceiling, y)));
}

/** 1 where x > 0, `slope` elsewhere. */
function leak(x: Tensor, slope: number): Tensor {
  return tf.add(tf.mul(tf.step(x), 1 - slope), slope);
}

const PLAIN: Readonly<Record<string, Unit>> = {
  relu: { f: (x) => tf.relu(x), df: (_, y) => tf.step(y), needs: 'y' },
  relu6: { f: (x) => tf.relu6(x), df: (_, y) => between(y, 6), needs: 'y', info: { ceiling: 6 } },
  sigmoid: { f: (x) => tf.sigmoid(x), df: (_, y) => tf.mul(y, tf.sub(1, y)), needs: 'y' },
  tanh: { f: (x) => tf.tanh(x), df: (_, y) => tf.sub(1, tf.mul(y, y)), needs: 'y' },
  hardSigmoid: {
    f: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
    df: (_, y) => tf.mul(between(y, 1), 0.2),
    needs: 'y',
    info: { ceiling: 1 },
  },
  swish: {
    f: (x) => tf.mul(x, tf.sigmoid(x)),
    df: (x, y) => {
      const s = tf.sigmoid(x);
      return tf.add(y, tf.mul(s, tf.sub(1, y)));
    },
    needs: 'xy',
  },
  hardSwish: {
    f: (x) => tf.div(tf.mul(x, tf.relu6(tf.add(x, 3))), 6),
    df: (x) => {
      const gate = tf.relu6(tf.add(x, 3));
      return tf.div(tf.add(gate, tf.mul(x, between(gate, 6))), 6);
    },
    needs: 'x',
  },
  softplus: { f: (x) => tf.softplus(x), df: (x) => tf.sigmoid(x), needs: 'x' },
  softsign: {
    f: (x) => tf.div(x, tf.add(1, tf.abs(x))),
    df: (x) => tf.square(tf.div(1, tf.add(1, tf.abs(x)))),
    needs: 'x',
  },
  selu: {
    f: (x) => tf.selu(x),
    // below zero y = λα(eˣ − 1), so y' = y + λα
    df: (x, y) => {
      const positive = tf.step(x);
      const below = tf.mul(tf.add(y, SELU_SCALE * SELU_ALPHA), tf.sub(1, positive));
      return tf.add(tf.mul(positive, SELU_SCALE), below);
    },
    needs: 'xy',
  },
  mish: {
    f: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
    df: (x) => {
      const t = tf.tanh(tf.softplus(x));
      return tf.add(t, tf.mul(tf.mul(x, tf.sigmoid(x)), tf.sub(1, tf.mul(t, t))));
    },
    needs: 'x',
  },
  gelu: {
    f: (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
    df: (x) => {
      const cdf = tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
      const pdf = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.add(cdf, tf.mul(x, pdf));
    },
    needs: 'x',
  },
  geluNew: {
    f: (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, geluTanh(x))),
    df: (x) => {
      const t = geluTanh(x);
      const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(1, tf.mul(tf.square(x), 3 * GELU_CUBIC)));
      const slope = tf.mul(tf.mul(tf.mul(x, 0.5), tf.sub(1, tf.square(t))), inner);
      return tf.add(tf.mul(0.5, tf.add(1, t)), slope);
    },
    needs: 'x',
  },
  exp: { f: (x) => tf.exp(x), df: (_, y) => y.clone(), needs: 'y' },
  log: { f: (x) => tf.log(x), df: (x) => tf.div(1, x), needs: 'x' },
  neg: { f: (x) => tf.neg(x), df: (x) => tf.fill(x.shape, -1), needs: 'x' },
  abs: { f: (x) => tf.abs(x), df: (x) => tf.sign(x), needs: 'x' },
  square: { f: (x) => tf.square(x), df: (x) => tf.mul(x, 2), needs: 'x' },
  sqrt: { f: (x) => tf.sqrt(x), df: (_, y) => tf.div(0.5, y), needs: 'y' },
  rsqrt: { f: (x) => tf.rsqrt(x), df: (x, y) => tf.mul(tf.div(y, x), -0.5), needs: 'xy' },
  reciprocal: { f: (x) => tf.div(1, x), df: (_, y) => tf.neg(tf.square(y)), needs: 'y' },
  erf: {
    f: (x) => tf.erf(x),
    df: (x) => tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI)),
    needs: 'x',
  },
};

/** Names as Keras and TensorFlow write them, in the spelling of this project. */
const ALIASES: Readonly<Record<string, string>> = {
  hard_sigmoid: 'hardSigmoid',
  silu: 'swish',
  hard_silu: 'hardSwish',
  hard_swish: 'hardSwish',
  gelu_new: 'geluNew',
};

/** The activation of that name, or undefined where it is not known here. */
export function activationOp(name: string, kind = 'Activation'): Op | undefined {
  const own = ALIASES[name] ?? name;
  if (own === 'linear') return identityOp(kind);
  if (own === 'softmax') return softmaxOp(kind);
  if (own === 'elu') return eluOp(kind, 1);
  const unit = PLAIN[own];
  return unit === undefined ? undefined : unitOp(kind, own, unit);
}

/** ReLU as Keras' layer has it: ceiling, slope below the threshold. */
export function reluOp(
  kind: string,
  { ceiling, slope = 0, threshold = 0 }: { ceiling?: number; slope?: number; threshold?: number },
): Op {
  if (slope === 0 && threshold === 0) {
    if (ceiling === undefined) return unitOp(kind, 'relu', PLAIN.relu);
    return unitOp(kind, ceiling === 6 ? 'relu6' : 'reluN', {
      f: (x) => (ceiling === 6 ? tf.relu6(x) : tf.clipByValue(x, 0, ceiling)),
      df: (_, y) => between(y, ceiling),
      needs: 'y',
      info: { ceiling },
    });
  }
  const name = threshold === 0 && ceiling === undefined ? 'leakyRelu' : 'generalRelu';
  return unitOp(kind, name, {
    f: (x) => {
      if (name === 'leakyRelu') return tf.leakyRelu(x, slope);
      const above = tf.cast(tf.greaterEqual(x, threshold), 'float32');
      const linear = ceiling === undefined ? x : tf.minimum(x, ceiling);
      return tf.add(
        tf.mul(linear, above),
        tf.mul(tf.mul(tf.sub(x, threshold), slope), tf.sub(1, above)),
      );
    },
    df: (x) => {
      if (name === 'leakyRelu') return leak(x, slope);
      const above = tf.cast(tf.greaterEqual(x, threshold), 'float32');
      const open =
        ceiling === undefined ? above : tf.mul(above, tf.cast(tf.less(x, ceiling), 'float32'));
      return tf.add(open, tf.mul(tf.sub(1, above), slope));
    },
    needs: 'x',
    ...(ceiling === undefined ? {} : { info: { ceiling } }),
  });
}

/** ELU: below zero y = α(eˣ − 1), hence y' = y + α. */
export function eluOp(kind: string, alpha: number): Op {
  return unitOp(kind, 'elu', {
    f: (x) => {
      if (alpha === 1) return tf.elu(x);
      const positive = tf.step(x);
      const below = tf.mul(tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), 1), alpha), tf.sub(1, positive));
      return tf.add(tf.relu(x), below);
    },
    df: (x, y) => {
      const positive = tf.step(x);
      return tf.add(positive, tf.mul(tf.add(y, alpha), tf.sub(1, positive)));
    },
    needs: 'xy',
  });
}

/** Values between two limits pass, the others are cut. */
export function clipOp(kind: string, low: number, high: number): Op {
  if (low === 0) return reluOp(kind, { ceiling: high });
  return unitOp(kind, 'clip', {
    f: (x) => tf.clipByValue(x, low, high),
    df: (x) => tf.step(tf.mul(tf.sub(x, low), tf.sub(high, x))),
    needs: 'x',
    info: { ceiling: high },
  });
}

export function identityOp(kind: string): Op {
  return {
    kind,
    passthrough: true,
    forward: ([x]) => [x.clone()],
    backward: ([dy]) => [dy!.clone()],
  };
}

/** Softmax over the last axis. */
export function softmaxOp(kind: string): Op {
  return {
    kind,
    activation: { name: 'softmax' },
    saves: { outputs: true },
    forward: ([x]) => [tf.softmax(x)],
    backward: ([dy], { outputs: [y] }) => {
      const weighted = tf.mul(dy!, y);
      return [tf.sub(weighted, tf.mul(y, tf.sum(weighted, -1, true)))];
    },
  };
}

function unitOp(kind: string, name: string, unit: Unit): Op {
  const rectifier =
    name === 'relu' || (unit.info?.ceiling !== undefined && name.startsWith('relu'));
  return {
    kind,
    activation: { name, ...unit.info },
    saves: { inputs: unit.needs !== 'y', outputs: unit.needs !== 'x' || rectifier },
    forward: ([x]) => [unit.f(x)],
    backward: ([dy], { inputs: [x], outputs: [y] }, _want, _session, rule) => {
      if (!rectifier || rule === 'plain') return [tf.mul(dy!, unit.df(x, y))];
      // guided: forward and backward rectified; deconvnet: backward only. The
      // ceiling is no rectifier and stays as it is in both.
      const open =
        rule === 'guided'
          ? unit.df(x, y)
          : unit.info?.ceiling === undefined
            ? undefined
            : tf.step(tf.sub(unit.info.ceiling, y));
      return [tf.relu(open === undefined ? dy! : tf.mul(dy!, open))];
    },
  };
}

function geluTanh(x: Tensor): Tensor {
  const cubic = tf.add(x, tf.mul(tf.mul(tf.square(x), x), GELU_CUBIC));
  return tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI)));
}
