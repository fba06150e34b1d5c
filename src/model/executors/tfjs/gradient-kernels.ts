/**
 * Gradient kernels for the WASM back end, registered only while a custom layer
 * is differentiated: the back end lacks some, and its max-pool gradient is wrong
 * where a window's maximum is not positive. Each is composed of our own
 * operations; afterwards the process is as it was, a training loop sees nothing.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, KernelFunc, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { Session, Weight } from '../../tfjs/weight.js';
import { depthwiseOp } from '../../tfjs/ops/conv.js';
import { poolOp } from '../../tfjs/ops/pool.js';

type Info = { readonly dataId: object; readonly shape: number[]; readonly dtype: tf.DataType };
type Pair = number | [number, number];

const BACKEND = 'wasm';

export function withGradientKernels<T>(work: () => T): T {
  if (tf.getBackend() !== BACKEND) return work();
  const before: [string, KernelConfig | undefined][] = [];
  for (const [kernelName, kernelFunc] of Object.entries(KERNELS)) {
    before.push([kernelName, tf.getKernel(kernelName, BACKEND)]);
    if (before[before.length - 1][1] !== undefined) tf.unregisterKernel(kernelName, BACKEND);
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
  }
  try {
    return work();
  } finally {
    for (const [kernelName, original] of before) {
      tf.unregisterKernel(kernelName, BACKEND);
      if (original !== undefined) tf.registerKernel(original);
    }
  }
}

const KERNELS: Readonly<Record<string, KernelFunc>> = {
  DepthwiseConv2dNativeBackpropInput: ({ inputs, attrs }) => {
    const { dy, filter } = inputs as unknown as Record<string, Info>;
    const { strides, dilations, pad, inputShape } = attrs as Record<string, never>;
    const session = new Session();
    const op = depthwiseOp('depthwise', Weight.of(asTensor(filter)), undefined, {
      strides: pair(strides),
      dilations: pair(dilations ?? 1),
      padding: padding(pad),
    });
    const result = op.backward([asTensor(dy)], shaped(inputShape), [true], session, 'plain')[0]!;
    session.dispose();
    return result;
  },
  MaxPoolGrad: ({ inputs, attrs }) => {
    const { dy, input, output } = inputs as unknown as Record<string, Info>;
    const { filterSize, strides, pad } = attrs as Record<string, never>;
    const x = asTensor(input);
    const by = padding(pad);
    if (typeof by !== 'string')
      throw new Error('max pooling with explicit padding has no gradient here');
    const op = poolOp('MaxPool', 'max', {
      window: pair(filterSize),
      strides: pair(strides),
      padding: by,
    });
    const saved = { inputs: [x], outputs: [asTensor(output)], inputShapes: [x.shape] };
    return op.backward([asTensor(dy)], saved, [true], new Session(), 'plain')[0]!;
  },
};

function asTensor({ dataId, shape, dtype }: Info): Tensor4D {
  // another tensor over the same data, which is freed with this scope
  tf.engine().backend.incRef(dataId);
  return tf.engine().makeTensorFromDataId(dataId, shape, dtype) as Tensor4D;
}

function shaped(shape: readonly number[]): {
  inputs: Tensor[];
  outputs: Tensor[];
  inputShapes: (readonly number[])[];
} {
  return { inputs: [], outputs: [], inputShapes: [shape] };
}

function pair(value: Pair): [number, number] {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}

function padding(pad: unknown): 'same' | 'valid' | [number, number][] {
  if (pad === 'same' || pad === 'valid') return pad;
  if (typeof pad === 'number')
    return [
      [pad, pad],
      [pad, pad],
    ];
  return (pad as [number, number][]).slice(1, 3);
}
