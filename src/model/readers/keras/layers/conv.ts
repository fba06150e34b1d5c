/** Convolutions of every rank, plain, depthwise, separable and transposed; pools. */
import {
  averagePooling,
  convolution,
  convTranspose,
  depthwise,
  maxPooling,
  reduceMaximum,
  reduceMean,
  samePadding,
} from '../../../graph/composites.js';
import type { Shape } from '../../../graph/primitives.js';
import type { Value } from '../../../graph/value.js';
import { lastly, only, type BuildLayer, type Layer } from '../layer.js';

const CONV_BIAS = 'bias';

interface Padding {
  readonly low: Shape;
  readonly high: Shape;
}

/** Rows of padding that the setting asks for. */
function paddingOf(
  { config }: Layer,
  space: Shape,
  window: Shape,
  strides: Shape,
  dilations: Shape,
): Padding {
  const rank = window.length;
  const none = new Array<number>(rank).fill(0);
  switch (config.text('padding', 'valid').toLowerCase()) {
    case 'same':
      return samePadding(space, window, strides, dilations);
    case 'causal':
      return { low: window.map((k, i) => (k - 1) * dilations[i]), high: none };
    case 'valid':
      return { low: none, high: none };
    default:
      throw config.wrong('padding', "'valid', 'same' or 'causal'", config.raw.padding);
  }
}

const settings = ({ config }: Layer, rank: number) => ({
  strides: config.sizes('strides', rank, 1),
  dilations: config.sizes('dilation_rate', rank, 1),
});

const wanted = ({ config }: Layer, name: string): number | undefined =>
  config.has(name) ? config.number(name) : undefined;

/** A kernel of the settings' window, with these two axes behind it. */
function requireKernel(
  layer: Layer,
  kernel: Value,
  rank: number,
  channels: readonly (number | undefined)[],
): void {
  const { config, weights } = layer;
  const window = config.has('kernel_size')
    ? config.sizes('kernel_size', rank)
    : new Array<undefined>(rank).fill(undefined);
  weights.requireShape('kernel', kernel, [...window, ...channels]);
}

export const conv =
  (rank: number): BuildLayer =>
  (layer, args) => {
    const [kernel, bias] = layer.weights.as(
      'kernel',
      layer.config.flag('use_bias', true) && CONV_BIAS,
    );
    const { strides, dilations } = settings(layer, rank);
    return lastly(layer, only(layer, args), (x) => {
      const window = kernel!.shape.slice(0, rank);
      const padding = paddingOf(layer, x.shape, window, strides, dilations);
      const groups = layer.config.number('groups', 1);
      requireKernel(layer, kernel!, rank, [x.shape.at(-1)! / groups, wanted(layer, 'filters')]);
      return convolution(x, kernel!, bias, { strides, dilations, groups, ...padding });
    });
  };

export const depthwiseConv =
  (rank: number): BuildLayer =>
  (layer, args) => {
    const [kernel, bias] = layer.weights.as(
      'depthwise_kernel|kernel',
      layer.config.flag('use_bias', true) && CONV_BIAS,
    );
    const { strides, dilations } = settings(layer, rank);
    return lastly(layer, only(layer, args), (x) => {
      const window = kernel!.shape.slice(0, rank);
      const padding = paddingOf(layer, x.shape, window, strides, dilations);
      requireKernel(layer, kernel!, rank, [x.shape.at(-1), wanted(layer, 'depth_multiplier')]);
      return depthwise(x, kernel!, bias, { strides, dilations, ...padding });
    });
  };

export const separableConv =
  (rank: number): BuildLayer =>
  (layer, args) => {
    const [kernel, pointwise, bias] = layer.weights.as(
      'depthwise_kernel',
      'pointwise_kernel',
      layer.config.flag('use_bias', true) && CONV_BIAS,
    );
    const { strides, dilations } = settings(layer, rank);
    return lastly(layer, only(layer, args), (x) => {
      const window = kernel!.shape.slice(0, rank);
      const padding = paddingOf(layer, x.shape, window, strides, dilations);
      requireKernel(layer, kernel!, rank, [x.shape.at(-1), wanted(layer, 'depth_multiplier')]);
      const deep = depthwise(x, kernel!, undefined, { strides, dilations, ...padding });
      return convolution(deep, pointwise!, bias);
    });
  };

/** The gradient of a convolution over a picture of the output's size: so its padding is that one's. */
export const transposedConv =
  (rank: number): BuildLayer =>
  (layer, args) => {
    const { config } = layer;
    const [kernel, bias] = layer.weights.as('kernel', config.flag('use_bias', true) && CONV_BIAS);
    const { strides, dilations } = settings(layer, rank);
    const same = config.text('padding', 'valid').toLowerCase() === 'same';
    const extra = config.has('output_padding') ? config.sizes('output_padding', rank) : undefined;
    return lastly(layer, only(layer, args), (x) => {
      requireKernel(layer, kernel!, rank, [wanted(layer, 'filters'), x.shape.at(-1)]);
      const window = kernel!.shape.slice(0, rank);
      const reach = window.map((k, i) => (k - 1) * dilations[i] + 1);
      const full = reach.map((k, i) => (x.shape[i] - 1) * strides[i] + k);
      const sizes = full.map((n, i) => {
        if (extra !== undefined) return n - (same ? 2 * Math.floor(reach[i] / 2) : 0) + extra[i];
        if (same) return x.shape[i] * strides[i];
        return x.shape[i] * strides[i] + Math.max(reach[i] - strides[i], 0);
      });
      const cut = full.map((n, i) => Math.max(n - sizes[i], 0));
      return convTranspose(x, kernel!, bias, {
        strides,
        dilations,
        low: cut.map((n) => Math.floor(n / 2)),
        high: cut.map((n) => Math.ceil(n / 2)),
        outputPadding: full.map((n, i) => Math.max(sizes[i] - n, 0)),
      });
    });
  };

export const pool =
  (rank: number, kind: 'max' | 'average'): BuildLayer =>
  (layer, args) => {
    const { config } = layer;
    const window = config.sizes('pool_size', rank, 2);
    const strides = config.has('strides') ? config.sizes('strides', rank) : window;
    const ones = window.map(() => 1);
    return lastly(layer, only(layer, args), (x) => {
      const options = { strides, ...paddingOf(layer, x.shape, window, strides, ones) };
      return kind === 'max' ? maxPooling(x, window, options) : averagePooling(x, window, options);
    });
  };

export const globalPool =
  (rank: number, kind: 'max' | 'average'): BuildLayer =>
  (layer, args) => {
    const x = only(layer, args);
    const from = layer.config.channelsFirst ? 1 : 0;
    const axes = Array.from({ length: rank }, (_, i) => from + i);
    const keep = layer.config.flag('keepdims', false);
    return kind === 'max' ? reduceMaximum(x, axes, keep) : reduceMean(x, axes, keep);
  };
