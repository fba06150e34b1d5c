import * as tf from '@tensorflow/tfjs-core';

/**
 * The methods of tensors that some layers of tfjs-layers call (the orthogonal
 * initialiser of LSTM, attention) and that only the union package of tfjs
 * registers. Those a process already has are left alone.
 */
const NAMES = [
  'abs',
  'add',
  'argMax',
  'broadcastTo',
  'cast',
  'concat',
  'cumsum',
  'div',
  'equal',
  'exp',
  'expandDims',
  'flatten',
  'gather',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'log',
  'logicalAnd',
  'logicalNot',
  'logicalOr',
  'matMul',
  'max',
  'maximum',
  'mean',
  'min',
  'minimum',
  'mul',
  'neg',
  'notEqual',
  'oneHot',
  'onesLike',
  'pad',
  'pow',
  'relu',
  'reshape',
  'sigmoid',
  'sign',
  'prod',
  'dot',
  'norm',
  'round',
  'floor',
  'ceil',
  'step',
  'clipByValue',
  'reciprocal',
  'rsqrt',
  'slice',
  'softmax',
  'split',
  'sqrt',
  'square',
  'squeeze',
  'stack',
  'stridedSlice',
  'sub',
  'sum',
  'tanh',
  'tile',
  'transpose',
  'unstack',
  'zerosLike',
] as const;

export function registerChainedOps(): void {
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const ops = tf as unknown as Record<string, (...args: unknown[]) => unknown>;
  const flatten = (x: unknown) => tf.reshape(x as tf.Tensor, [-1]);
  for (const name of NAMES) {
    const op = name === 'flatten' ? flatten : ops[name];
    prototype[name] ??= function (this: tf.Tensor, ...args: unknown[]) {
      return op(this, ...args);
    };
  }
}
