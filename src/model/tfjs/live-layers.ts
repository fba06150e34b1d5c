/**
 * Which layers of a live model the table of Keras layers understands, and where
 * tfjs computes something else than Keras under the same name: the explanation is of what the
 * given model computes. All others run as they are.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import { resize } from '../graph/composites.js';
import type { Json } from '../readers/keras/config.js';
import { isActivation } from '../readers/keras/activations.js';
import { only, type BuildLayer } from '../readers/keras/layer.js';
import { LAYERS } from '../readers/keras/layers/index.js';

/** What is used of a tfjs layer; by shape, since it may come from another copy of tfjs. */
export interface LiveLayer {
  readonly name: string;
  readonly weights: readonly LiveVariable[];
  readonly maskZero?: boolean;
  readonly activation?: unknown;
  getClassName(): string;
  getConfig(): Record<string, unknown>;
  apply(inputs: unknown, kwargs?: Record<string, unknown>): unknown;
  computeOutputShape(input: unknown): unknown;
  predict?(inputs: unknown): unknown;
}

/** A layer's variable. */
export interface LiveVariable {
  readonly shape: readonly (number | null)[];
  read(): Tensor;
}

/** How a layer is built of values, with its settings in Keras' spelling. */
export interface Translation {
  readonly build: BuildLayer;
  readonly config: Json;
}

/**
 * The row of the table for a layer, or undefined if it has to run as it is.
 *
 * @param shapes of one sample, those of the inputs
 * @throws WhylensError `UNSUPPORTED_OPERATION` for what tfjs itself computes wrongly
 */
export function translationOf(
  layer: LiveLayer,
  shapes: readonly (readonly number[])[],
): Translation | undefined {
  const kind = layer.getClassName();
  const config = snaked(layer.getConfig());
  if (!Object.hasOwn(RULES, kind) || config.data_format === 'channels_first') return undefined;
  // a function of the user's own
  if (typeof config.activation === 'string' && !isActivation(config.activation)) return undefined;
  const rule = RULES[kind];
  if (rule === true) return { build: LAYERS[kind], config };
  return rule({ layer, config, shapes, kind });
}

interface Facts {
  readonly layer: LiveLayer;
  readonly config: Json;
  readonly kind: string;
  readonly shapes: readonly (readonly number[])[];
}

type Rule = true | ((facts: Facts) => Translation | undefined);

const as = (kind: string, config: Json): Translation => ({ build: LAYERS[kind], config });

/** Paddings that the table knows too. */
const padded: Rule = ({ kind, config }) =>
  ['same', 'valid', undefined].includes(config.padding as string | undefined)
    ? as(kind, config)
    : undefined;

/** A kernel that sees a part of the channels only is one of groups. */
const convolved: Rule = (facts) => {
  const { layer, shapes } = facts;
  const kernel = layer.weights[0].shape;
  return kernel[kernel.length - 2] === shapes[0].at(-1) ? padded(facts) : undefined;
};

/** Keras aligns inputs of unequal rank its own way. */
const merged: Rule = ({ kind, config, shapes }) =>
  shapes.every(({ length }) => length === shapes[0].length) ? as(kind, config) : undefined;

const isLast = (axis: unknown, shape: readonly number[]): boolean =>
  [axis].flat().length === 1 && [-1, shape.length].includes(Number([axis].flat()[0]));

const bilinear: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const factors = layer.config.sizes('size', 2, 2);
  // tfjs: corner on corner, where Keras puts centres on centres
  return resize(
    x,
    factors.map((n, axis) => n * x.shape[axis]),
    { method: 'linear', coordinates: 'asymmetric' },
  );
};

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    [
      'Dense Activation ReLU LeakyReLU PReLU ThresholdedReLU ELU Dropout SpatialDropout1D',
      'SpatialDropout2D GaussianNoise GaussianDropout AlphaDropout Flatten Permute',
      'ZeroPadding2D Cropping2D GlobalAveragePooling1D GlobalAveragePooling2D',
      'GlobalMaxPooling1D GlobalMaxPooling2D Concatenate',
    ]
      .join(' ')
      .split(' ')
      .map((kind) => [kind, true]),
  ),
  Conv1D: convolved,
  Conv2D: convolved,
  Conv3D: convolved,
  SeparableConv2D: padded,
  // its dilation is read and then ignored
  DepthwiseConv2D: (facts) =>
    padded({ ...facts, config: { ...facts.config, dilation_rate: [1, 1] } }),
  Conv2DTranspose: (facts) => {
    const dilations = [facts.config.dilation_rate ?? 1].flat().map(Number);
    if (dilations.some((d) => d !== 1)) return undefined;
    return padded({ ...facts, config: { ...facts.config, output_padding: null } });
  },
  BatchNormalization: ({ layer, config, shapes, kind }) => {
    const rank = shapes[0].length + 1;
    const axis = (Number(config.axis ?? -1) + rank) % rank;
    if (axis === rank - 1) return as(kind, config);
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `layer '${layer.name}' normalises over axis ${axis} of ${rank}: tfjs itself computes that wrongly on its CPU and WASM backends, so there is no prediction to explain. Normalise the last axis (channels last)`,
      { facts: { layer: layer.name, axis } },
    );
  },
  LayerNormalization: ({ config, shapes, kind }) =>
    isLast(config.axis ?? -1, shapes[0]) ? as(kind, config) : undefined,
  Softmax: ({ config, shapes, kind }) =>
    isLast(config.axis ?? -1, shapes[0]) ? as(kind, config) : undefined,
  Reshape: ({ kind, config }) => {
    const target = (config.target_shape as (number | null)[]).map((n) => n ?? -1);
    return target.filter((n) => n === -1).length <= 1
      ? as(kind, { ...config, target_shape: target })
      : undefined;
  },
  UpSampling2D: ({ kind, config }) =>
    config.interpolation === 'bilinear' ? { build: bilinear, config } : as(kind, config),
  ...Object.fromEntries(
    [1, 2, 3].flatMap((rank) => [
      [`MaxPooling${rank}D`, padded],
      [`AveragePooling${rank}D`, padded],
    ]),
  ),
  Add: merged,
  Subtract: merged,
  Multiply: merged,
  Average: merged,
  Maximum: merged,
  Minimum: merged,
  Rescaling: ({ kind, config }) => {
    const { scale, offset = 0 } = config;
    return typeof scale === 'number' && typeof offset === 'number' ? as(kind, config) : undefined;
  },
};

/** Keys and a few values in Keras' spelling; tfjs has them in camelCase. */
function snaked(config: Json): Json {
  const named = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
  return named.data_format === 'channelsFirst'
    ? { ...named, data_format: 'channels_first' }
    : named;
}
