/** The table of layers: class name → how its value is built. */
import {
  add,
  concat,
  mul,
  neg,
  reduceMax,
  relu,
  reshape,
  scalar,
  slice,
  softmax,
  sum,
  unary,
} from '../../../graph/build.js';
import {
  dense as denseValue,
  elu,
  exp,
  leakyRelu,
  prelu,
  thresholdedRelu,
} from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { activated } from '../activations.js';
import { only, sampleAxis, type Built, type BuildLayer, type Layer } from '../layer.js';
import * as attention from './attention.js';
import * as conv from './conv.js';
import * as merge from './merge.js';
import * as norm from './norm.js';
import * as shape from './shape.js';

/** Layers that do something in training only. */
const IDENTITIES = [
  'InputLayer Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout',
  'GaussianDropout GaussianNoise ActivityRegularization Identity StochasticDepth Masking',
  'RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomErasing',
  'RandomFlip RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization',
  'RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom',
  'RandomGaussianBlur RandomElasticTransform RandomHeight RandomWidth RandAugment AugMix CutMix MixUp',
  'FixedDropout DropConnect DropPath',
]
  .join(' ')
  .split(' ');

const identity: BuildLayer = (layer, args) => only(layer, args);

/** A layer whose own activation comes last; the value before it is kept. */
const withActivation =
  (build: BuildLayer): BuildLayer =>
  (layer, args, kwargs) => {
    const y = build(layer, args, kwargs) as Value;
    return activated(layer.config, y, layer, `layer '${layer.name}'`);
  };

const dense: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const [kernel, bias] = layer.weights.as('kernel', layer.config.flag('use_bias', true) && 'bias');
  const units = layer.config.has('units') ? layer.config.number('units') : undefined;
  layer.weights.requireShape('kernel', kernel!, [x.shape.at(-1), units]);
  if (bias !== undefined) layer.weights.requireShape('bias', bias, [kernel!.shape[1]]);
  return denseValue(x, kernel!, bias);
};

const activation: BuildLayer = (layer, args) =>
  activated(layer.config, only(layer, args), layer, `layer '${layer.name}'`);

const rectifier: BuildLayer = (layer, args) => {
  const { config } = layer;
  const x = only(layer, args);
  const ceiling = config.has('max_value') ? config.number('max_value') : Infinity;
  const slope = config.has('negative_slope') ? config.list('negative_slope')[0] : 0;
  const threshold = config.has('threshold') ? config.list('threshold')[0] : 0;
  const built = (value: Value, name: string): Built => ({
    value,
    before: x,
    activation: Number.isFinite(ceiling) ? { name, ceiling } : { name },
  });
  if (slope === 0 && threshold === 0) {
    const name = ceiling === Infinity ? 'relu' : ceiling === 6 ? 'relu6' : 'reluN';
    return built(relu(x, ceiling), name);
  }
  // x from the threshold on (up to the ceiling), slope · (x − threshold) below it
  const above = threshold === 0 ? relu(x) : thresholdedRelu(x, threshold);
  const capped = Number.isFinite(ceiling) ? relu(above, ceiling) : above;
  if (slope === 0) return built(capped, 'thresholdedRelu');
  const below = neg(relu(add(neg(x), scalar(threshold))));
  return built(add(capped, mul(below, scalar(slope))), 'leakyRelu');
};

const slopeOf = ({ config }: Layer, preset: number): number =>
  config.has('negative_slope')
    ? config.list('negative_slope')[0]
    : config.has('alpha')
      ? config.list('alpha')[0]
      : preset;

const single =
  (name: string, build: (x: Value, layer: Layer) => Value): BuildLayer =>
  (layer, args) => {
    const x = only(layer, args);
    return { value: build(x, layer), before: x, activation: { name } };
  };

const softmaxLayer: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const axes = layer.config.has('axis') ? layer.config.list('axis') : [-1];
  const plain = axes.map((axis) => sampleAxis(axis, x.shape.length));
  if (plain.length === 1) {
    return { value: softmax(x, plain[0]), before: x, activation: { name: 'softmax' } };
  }
  const shifted = add(x, neg(reduceMax(x, plain)));
  const powers = exp(shifted);
  return mul(powers, unary('reciprocal', sum(powers, plain)));
};

/** The same layer on every row of the first axis. */
const timeDistributed: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const inner = layer.config.raw.layer;
  const [rows, ...rest] = x.shape;
  const parts = Array.from({ length: rows }, (_, i) => {
    const row = slice(x, [i, ...rest.map(() => 0)], [i + 1, ...rest]);
    const { value } = layer.inside(inner as never, weightsInside(layer), [reshape(row, rest)]);
    return reshape(value, [1, ...value.shape]);
  });
  return concat(parts, 0);
};

/** Some files give the weights of a wrapped layer to the wrapper. */
function weightsInside({ weights }: Layer): Layer['weights'] {
  const inside = weights.sub('layer');
  return inside.count > 0 ? inside : weights;
}

/** At inference the normalised kernel is what is stored: the layer inside as it is. */
const spectral: BuildLayer = (layer, args) =>
  layer.inside(layer.config.raw.layer as never, weightsInside(layer), args);

const ranks = (build: (rank: number) => BuildLayer, name: (rank: number) => string) =>
  Object.fromEntries([1, 2, 3].map((rank) => [name(rank), build(rank)]));

export const LAYERS: Readonly<Record<string, BuildLayer>> = {
  ...Object.fromEntries(IDENTITIES.map((name) => [name, identity])),
  ...ranks(
    (rank) => withActivation(conv.conv(rank)),
    (rank) => `Conv${rank}D`,
  ),
  ...ranks(
    (rank) => withActivation(conv.conv(rank)),
    (rank) => `Convolution${rank}D`,
  ),
  ...ranks(
    (rank) => withActivation(conv.depthwiseConv(rank)),
    (rank) => `DepthwiseConv${rank}D`,
  ),
  ...ranks(
    (rank) => withActivation(conv.separableConv(rank)),
    (rank) => `SeparableConv${rank}D`,
  ),
  ...ranks(
    (rank) => withActivation(conv.transposedConv(rank)),
    (rank) => `Conv${rank}DTranspose`,
  ),
  ...ranks(
    (rank) => conv.pool(rank, 'max'),
    (rank) => `MaxPooling${rank}D`,
  ),
  ...ranks(
    (rank) => conv.pool(rank, 'average'),
    (rank) => `AveragePooling${rank}D`,
  ),
  ...ranks(
    (rank) => conv.globalPool(rank, 'max'),
    (rank) => `GlobalMaxPooling${rank}D`,
  ),
  ...ranks(
    (rank) => conv.globalPool(rank, 'average'),
    (rank) => `GlobalAveragePooling${rank}D`,
  ),
  ...ranks(shape.zeroPadding, (rank) => `ZeroPadding${rank}D`),
  ...ranks(shape.cropping, (rank) => `Cropping${rank}D`),
  ...ranks(shape.upSampling, (rank) => `UpSampling${rank}D`),
  Dense: withActivation(dense),
  EinsumDense: withActivation(attention.einsumDense),
  Activation: activation,
  ReLU: rectifier,
  Softmax: softmaxLayer,
  LeakyReLU: single('leakyRelu', (x, layer) => leakyRelu(x, slopeOf(layer, 0.3))),
  PReLU: single('prelu', (x, { weights }) => prelu(x, weights.as('alpha')[0]!)),
  ELU: single('elu', (x, { config }) => elu(x, config.has('alpha') ? config.list('alpha')[0] : 1)),
  ThresholdedReLU: single('thresholdedRelu', (x, { config }) =>
    thresholdedRelu(x, config.has('theta') ? config.list('theta')[0] : 1),
  ),
  BatchNormalization: norm.batchNormalization,
  SyncBatchNormalization: norm.batchNormalization,
  LayerNormalization: norm.layerNormalization,
  RMSNormalization: norm.rmsNormalization,
  GroupNormalization: norm.groupNormalization,
  UnitNormalization: norm.unitNormalization,
  Normalization: norm.normalization,
  SpectralNormalization: spectral,
  LayerScale: norm.layerScale,
  Rescaling: norm.rescaling,
  Resizing: shape.resizing,
  CenterCrop: shape.centerCrop,
  Flatten: shape.flatten,
  Reshape: shape.reshapeTo,
  Permute: shape.permute,
  RepeatVector: shape.repeatVector,
  Add: merge.addAll,
  Subtract: merge.subtract,
  Multiply: merge.multiplyAll,
  Average: merge.average,
  Maximum: merge.maximumOf,
  Minimum: merge.minimumOf,
  Concatenate: merge.concatenate,
  Dot: merge.dot,
  MultiHeadAttention: attention.multiHeadAttention,
  GroupedQueryAttention: attention.multiHeadAttention,
  GroupQueryAttention: attention.multiHeadAttention,
  Attention: attention.simpleAttention('dot'),
  AdditiveAttention: attention.simpleAttention('additive'),
  TimeDistributed: timeDistributed,
};
