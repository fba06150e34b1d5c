/** Keras layers as ops. What is not understood to the last option gives undefined and runs as it is. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import { activationOp, eluOp, identityOp, reluOp, softmaxOp } from './ops/activation.js';
import { convOp, convTransposeOp, depthwiseOp, type ConvGeometry } from './ops/conv.js';
import { affineOp, denseOp, foldNormalization, layerNormOp } from './ops/linear.js';
import { concatOp, mergeOp, type MergeMode } from './ops/merge.js';
import { globalAverageOp, globalMaxOp, poolOp } from './ops/pool.js';
import { opaqueOp } from './ops/opaque.js';
import type { Op } from './program.js';
import {
  flattenOp,
  padOp,
  reshapeOp,
  resizeBilinearOp,
  transposeOp,
  upsampleNearestOp,
} from './ops/shape.js';
import { Weight } from './weight.js';

/** A layer variable. */
interface Variable {
  readonly shape: (number | null)[];
  read(): Tensor;
}

/** What is used of a tfjs layer; everything else comes from its config. */
export interface KerasLayer {
  readonly name: string;
  readonly weights: Variable[];
  readonly maskZero?: boolean;
  getClassName(): string;
  getConfig(): Record<string, unknown>;
  apply(inputs: unknown, kwargs?: Record<string, unknown>): unknown;
  predict?(inputs: unknown): unknown;
}

type Shape = readonly (number | null)[];

/** One op of a layer; all but the last get a name of their own. */
export interface LayerPart {
  readonly op: Op;
  readonly name?: string;
  readonly shape?: Shape;
}

interface Facts {
  readonly kind: string;
  readonly config: Record<string, unknown>;
  readonly layer: KerasLayer;
  readonly inputs: readonly Shape[];
  readonly output: Shape;
}

/** The ops of a layer in order, or undefined where it has to run as it is. */
export function layerOps(
  layer: KerasLayer,
  inputs: readonly Shape[],
  output: Shape,
): LayerPart[] | undefined {
  const kind = layer.getClassName();
  const translate = Object.hasOwn(LAYERS, kind) ? LAYERS[kind] : undefined;
  const config = layer.getConfig();
  if (translate === undefined || channelsFirst(config)) return undefined;
  return translate({ kind, config, layer, inputs, output });
}

const LAYERS: Readonly<Record<string, (facts: Facts) => LayerPart[] | undefined>> = {
  Dense: (facts) => {
    const { kernel, bias } = variables(facts, ['kernel', 'bias']);
    return withActivation(facts, denseOp(facts.kind, kernel!, bias));
  },
  Conv1D: convolution,
  Conv2D: convolution,
  Conv3D: convolution,
  DepthwiseConv2D: (facts) => {
    const { depthwise_kernel: kernel, bias } = variables(facts, ['depthwise_kernel', 'bias']);
    const geometry = geometryOf(facts.config, 2);
    if (geometry === undefined) return undefined;
    // tfjs-layers reads this layer's dilation and then ignores it; what is
    // explained is what the model in hand computes
    const own = { ...geometry, dilations: [1, 1] };
    return withActivation(facts, depthwiseOp(facts.kind, kernel!, bias, own));
  },
  SeparableConv2D: (facts) => {
    const found = variables(facts, ['depthwise_kernel', 'pointwise_kernel', 'bias']);
    const geometry = geometryOf(facts.config, 2);
    if (geometry === undefined) return undefined;
    const depthwise = found.depthwise_kernel!;
    const channels = depthwise.shape[2] * depthwise.shape[3];
    const shape = [...facts.output.slice(0, -1), channels];
    const point: ConvGeometry = { strides: [1, 1], dilations: [1, 1], padding: 'valid' };
    return [
      { op: depthwiseOp(facts.kind, depthwise, undefined, geometry), name: 'depthwise', shape },
      ...withActivation(facts, convOp(facts.kind, found.pointwise_kernel!, found.bias, point)),
    ];
  },
  Conv2DTranspose: (facts) => {
    const { kernel, bias } = variables(facts, ['kernel', 'bias']);
    const geometry = geometryOf(facts.config, 2);
    if (geometry === undefined || typeof geometry.padding !== 'string') return undefined;
    if (geometry.dilations.some((d) => d !== 1)) return undefined;
    const strides: [number, number] = [geometry.strides[0], geometry.strides[1]];
    const op = convTransposeOp(facts.kind, kernel!, bias, strides, geometry.padding);
    return withActivation(facts, op);
  },
  BatchNormalization: (facts) => {
    const { config, inputs } = facts;
    const rank = inputs[0].length + 1;
    const axis = (Number(config.axis ?? -1) + rank) % rank;
    const found = variables(facts, ['gamma', 'beta', 'moving_mean', 'moving_variance']);
    const { scale, shift } = foldNormalization(
      {
        gamma: found.gamma,
        beta: found.beta,
        mean: found.moving_mean!,
        variance: found.moving_variance!,
      },
      Number(config.epsilon ?? 1e-3),
    );
    if (axis !== rank - 1) {
      throw new WhylensError(
        'UNSUPPORTED_OPERATION',
        `layer '${facts.layer.name}' normalises over axis ${axis} of ${rank}: tfjs itself computes that wrongly on its CPU and WASM back ends, so there is no prediction to explain. Normalise the last axis (channels last)`,
        { facts: { layer: facts.layer.name, axis } },
      );
    }
    return [{ op: affineOp(facts.kind, scale, shift) }];
  },
  LayerNormalization: (facts) => {
    const { config, inputs } = facts;
    const axes = [config.axis].flat().map(Number);
    if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== inputs[0].length)) return undefined;
    const { gamma, beta } = variables(facts, ['gamma', 'beta']);
    return [{ op: layerNormOp(facts.kind, gamma, beta, Number(config.epsilon ?? 1e-3)) }];
  },
  Activation: ({ kind, config }) => {
    const op = activationOp(String(config.activation), kind);
    return op && [{ op }];
  },
  ReLU: ({ kind, config }) => [
    { op: reluOp(kind, { ceiling: optional(config.maxValue ?? config.max_value) }) },
  ],
  LeakyReLU: ({ kind, config }) => [{ op: reluOp(kind, { slope: Number(config.alpha ?? 0.3) }) }],
  ThresholdedReLU: ({ kind, config }) => [
    { op: reluOp(kind, { threshold: Number(config.theta ?? 1) }) },
  ],
  ELU: ({ kind, config }) => [{ op: eluOp(kind, Number(config.alpha ?? 1)) }],
  Softmax: ({ kind, config, inputs }) => {
    const axis = Number(config.axis ?? -1);
    return axis === -1 || axis === inputs[0].length ? [{ op: softmaxOp(kind) }] : undefined;
  },
  Dropout: ({ kind }) => [{ op: identityOp(kind) }],
  SpatialDropout1D: ({ kind }) => [{ op: identityOp(kind) }],
  SpatialDropout2D: ({ kind }) => [{ op: identityOp(kind) }],
  GaussianNoise: ({ kind }) => [{ op: identityOp(kind) }],
  GaussianDropout: ({ kind }) => [{ op: identityOp(kind) }],
  AlphaDropout: ({ kind }) => [{ op: identityOp(kind) }],
  Flatten: ({ kind }) => [{ op: flattenOp(kind) }],
  Reshape: ({ kind, output, config }) => {
    const target = (config.targetShape ?? config.target_shape) as (number | null)[];
    const shape = output.every((size) => size !== null)
      ? (output as number[])
      : target.map((size) => size ?? -1);
    return shape.filter((size) => size === -1).length <= 1
      ? [{ op: reshapeOp(kind, shape) }]
      : undefined;
  },
  Permute: ({ kind, config }) => [{ op: transposeOp(kind, [0, ...(config.dims as number[])]) }],
  ZeroPadding2D: ({ kind, config }) => {
    const pads = config.padding as [number, number][];
    return [{ op: padOp(kind, pads) }];
  },
  Cropping2D: ({ kind, config }) => {
    const crops = config.cropping as [number, number][];
    return [
      {
        op: padOp(
          kind,
          crops.map(([a, b]) => [-a, -b] as const),
        ),
      },
    ];
  },
  UpSampling2D: ({ kind, config, output }) => {
    const factors = [config.size].flat().map(Number);
    if (config.interpolation === 'bilinear') {
      if (output.slice(0, 2).some((size) => size === null)) return undefined;
      const size = [Number(output[0]), Number(output[1])] as const;
      return [{ op: resizeBilinearOp(kind, () => size) }];
    }
    return [{ op: upsampleNearestOp(kind, factors) }];
  },
  MaxPooling1D: (facts) => pooling(facts, 'max', 1),
  MaxPooling2D: (facts) => pooling(facts, 'max', 2),
  MaxPooling3D: (facts) => pooling(facts, 'max', 3),
  AveragePooling1D: (facts) => pooling(facts, 'avg', 1),
  AveragePooling2D: (facts) => pooling(facts, 'avg', 2),
  AveragePooling3D: (facts) => pooling(facts, 'avg', 3),
  GlobalAveragePooling1D: (facts) => [{ op: globalAverageOp(facts.kind, [1], false) }],
  GlobalAveragePooling2D: (facts) => [
    { op: globalAverageOp(facts.kind, [1, 2], keepsDims(facts)) },
  ],
  GlobalMaxPooling1D: (facts) => [{ op: globalMaxOp(facts.kind, [1], false) }],
  GlobalMaxPooling2D: (facts) => [{ op: globalMaxOp(facts.kind, [1, 2], keepsDims(facts)) }],
  Add: (facts) => merge(facts, 'add'),
  Subtract: (facts) => merge(facts, 'sub'),
  Multiply: (facts) => merge(facts, 'mul'),
  Average: (facts) => merge(facts, 'average'),
  Maximum: (facts) => merge(facts, 'maximum'),
  Minimum: (facts) => merge(facts, 'minimum'),
  Concatenate: ({ kind, config }) => [{ op: concatOp(kind, Number(config.axis ?? -1)) }],
  Rescaling: ({ kind, config }) => {
    const { scale, offset = 0 } = config;
    if (typeof scale !== 'number' || typeof offset !== 'number') return undefined;
    const constant = (value: number) => Weight.from([1], () => Float32Array.of(value));
    return [{ op: affineOp(kind, constant(scale), constant(offset)) }];
  },
};

function convolution(facts: Facts): LayerPart[] | undefined {
  const { kernel, bias } = variables(facts, ['kernel', 'bias']);
  const rank = kernel!.shape.length - 2;
  const geometry = geometryOf(facts.config, rank);
  // grouped convolution: the kernel sees a part of the channels only
  if (geometry === undefined || kernel!.shape[rank] !== facts.inputs[0].at(-1)) return undefined;
  return withActivation(facts, convOp(facts.kind, kernel!, bias, geometry));
}

function pooling(
  { kind, config }: Facts,
  mode: 'max' | 'avg',
  rank: number,
): LayerPart[] | undefined {
  const list = (value: unknown) => spread(value, rank);
  const window = list(config.poolSize ?? config.pool_size);
  const padding = config.padding ?? 'valid';
  if (padding !== 'same' && padding !== 'valid') return undefined;
  const strides =
    config.strides === undefined || config.strides === null ? window : list(config.strides);
  return [{ op: poolOp(kind, mode, { window, strides, padding }) }];
}

function merge({ kind, inputs }: Facts, mode: MergeMode): LayerPart[] | undefined {
  // Keras aligns inputs of unequal rank its own way
  return inputs.every(({ length }) => length === inputs[0].length)
    ? [{ op: mergeOp(kind, mode) }]
    : undefined;
}

/** The op, and the layer's own activation as a step of its own. */
function withActivation({ kind, config, output, layer }: Facts, op: Op): LayerPart[] {
  const name = String(config.activation ?? 'linear');
  if (name === 'linear') return [{ op }];
  const activation = activationOp(name, kind) ?? customActivation(layer, name);
  return [{ op, name: 'linear', shape: output }, { op: activation }];
}

function customActivation(layer: KerasLayer, name: string): Op {
  const { activation } = layer as unknown as { activation: { apply(x: Tensor): Tensor } };
  return opaqueOp(layer.getClassName(), ([x]) => activation.apply(x), { activation: { name } });
}

/** Weights by the role in which the layer creates them; absent ones are left out by `use_bias` and the like. */
function variables(
  { layer, config }: Facts,
  roles: readonly string[],
): Record<string, Weight | undefined> {
  const present = roles.filter((role) => {
    if (role === 'bias') return (config.useBias ?? config.use_bias ?? true) !== false;
    if (role === 'gamma') return (config.scale ?? true) !== false;
    if (role === 'beta') return (config.center ?? true) !== false;
    return true;
  });
  return Object.fromEntries(present.map((role, i) => [role, Weight.of(layer.weights[i].read())]));
}

function geometryOf(config: Record<string, unknown>, rank: number): ConvGeometry | undefined {
  const padding = config.padding ?? 'valid';
  if (padding !== 'same' && padding !== 'valid') return undefined;
  return {
    strides: spread(config.strides ?? 1, rank),
    dilations: spread(config.dilationRate ?? config.dilation_rate ?? 1, rank),
    padding,
  };
}

function spread(value: unknown, rank: number): number[] {
  const list = [value].flat().map(Number);
  return list.length === rank ? list : new Array<number>(rank).fill(list[0]);
}

function keepsDims({ output }: Facts): boolean {
  return output.length > 1;
}

function optional(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : Number(value);
}

function channelsFirst(config: Record<string, unknown>): boolean {
  return (
    (config.dataFormat ?? config.data_format) === 'channelsFirst' ||
    (config.dataFormat ?? config.data_format) === 'channels_first'
  );
}
