/**
 * Gradient kernels for the WASM backend, registered only while a custom layer
 * is differentiated: the backend lacks some, and its max-pool gradient is wrong if a window's
 * maximum is not positive. Each is composed of other
 * operations; afterwards the process is as it was, so a training loop is not affected.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, KernelFunc, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as values from '../../graph/build.js';
import { samePadding } from '../../graph/composites.js';
import { padOrCrop, stuffed } from './padding.js';
import { maxPoolGradient } from './windows.js';

type Info = { readonly dataId: object; readonly shape: number[]; readonly dtype: tf.DataType };
type Pair = [number, number];

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
  // the convolution of the gradient, spread by the strides, with the reversed filter
  DepthwiseConv2dNativeBackpropInput: ({ inputs, attrs }) => {
    const { dy, filter } = inputs as unknown as Record<string, Info>;
    const { strides, dilations, pad, inputShape } = attrs as Record<string, never>;
    const [height, width, channels, multiplier] = filter.shape;
    const size = (inputShape as number[]).slice(1, 3);
    const [steps, spacing] = [pair(strides), pair(dilations ?? 1)];
    const low = padding(pad, size, [height, width], steps, spacing).map(([before]) => before);
    const spread = steps.reduce<Tensor>((x, s, a) => stuffed(x, a + 1, s - 1), asTensor(dy));
    const rest = size.map((length, a): Pair => {
      const reach = (filter.shape[a] - 1) * spacing[a];
      const before = reach - low[a];
      return [before, length + reach - spread.shape[1 + a] - before];
    });
    const reversed: Tensor4D = tf.reshape(tf.reverse(asTensor(filter), [0, 1]), [
      height,
      width,
      channels * multiplier,
      1,
    ]);
    const padded = padOrCrop(spread, rest) as Tensor4D;
    const dx = tf.depthwiseConv2d(padded, reversed, 1, 'valid', 'NHWC', spacing);
    if (multiplier === 1) return dx;
    return tf.sum(tf.reshape(dx, [...dx.shape.slice(0, 3), channels, multiplier]), -1);
  },
  MaxPoolGrad: ({ inputs, attrs }) => {
    const { dy, input, output } = inputs as unknown as Record<string, Info>;
    const { filterSize, strides, pad } = attrs as Record<string, never>;
    const [window, steps] = [pair(filterSize), pair(strides)];
    const size = input.shape.slice(1, 3);
    const pads = padding(pad, size, window, steps, [1, 1]);
    const x = tf.pad(asTensor(input), [[0, 0], ...pads, [0, 0]], -Infinity);
    const pooled = values.maxPool(values.input('x', x.shape.slice(1)), window, steps);
    const way = values.maxPoolGradient(pooled as never, values.input('dy', pooled.shape));
    const dx = maxPoolGradient([x, asTensor(output), asTensor(dy)], way as never);
    return padOrCrop(
      dx,
      pads.map(([a, b]): Pair => [-a, -b]),
    );
  },
};

function asTensor({ dataId, shape, dtype }: Info): Tensor4D {
  // another tensor over the same data, which is freed with this scope
  tf.engine().backend.incRef(dataId);
  return tf.engine().makeTensorFromDataId(dataId, shape, dtype) as Tensor4D;
}

function pair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}

/** Rows before and after that a padding of tfjs means. */
function padding(
  pad: unknown,
  size: readonly number[],
  window: Pair,
  strides: Pair,
  dilations: Pair,
): Pair[] {
  if (typeof pad === 'number') return size.map((): Pair => [pad, pad]);
  if (Array.isArray(pad)) return (pad as Pair[]).slice(1, 3);
  if (pad !== 'same') return size.map((): Pair => [0, 0]);
  const { low, high } = samePadding(size, window, strides, dilations);
  return low.map((n, a): Pair => [n, high[a]]);
}
