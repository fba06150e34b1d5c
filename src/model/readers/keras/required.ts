/** Settings without which a layer of Keras cannot be made: it has no default for them. */
import { WhylensError } from '../../../errors.js';
import type { LayerConfig } from './config.js';

const RANKS = [1, 2, 3];
const ranks = (name: (rank: number) => string, fields: readonly string[]) =>
  Object.fromEntries(RANKS.map((rank) => [name(rank), fields]));
const RATE = ['rate'];
const CONVOLUTION = ['filters', 'kernel_size'];

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  ...ranks((rank) => `Conv${rank}D`, CONVOLUTION),
  ...ranks((rank) => `Conv${rank}DTranspose`, CONVOLUTION),
  ...ranks((rank) => `SeparableConv${rank}D`, CONVOLUTION),
  ...ranks((rank) => `DepthwiseConv${rank}D`, ['kernel_size']),
  ...ranks((rank) => `SpatialDropout${rank}D`, RATE),
  Dropout: RATE,
  AlphaDropout: RATE,
  GaussianDropout: RATE,
  GaussianNoise: ['stddev'],
  Dense: ['units'],
  EinsumDense: ['equation', 'output_shape'],
  Embedding: ['input_dim', 'output_dim'],
  Activation: ['activation'],
  Reshape: ['target_shape'],
  Permute: ['dims'],
  RepeatVector: ['n'],
  Rescaling: ['scale'],
  Resizing: ['height', 'width'],
  CenterCrop: ['height', 'width'],
  Dot: ['axes'],
  MultiHeadAttention: ['num_heads', 'key_dim'],
  TimeDistributed: ['layer'],
  Bidirectional: ['layer'],
  SpectralNormalization: ['layer'],
  SimpleRNN: ['units'],
  LSTM: ['units'],
  GRU: ['units'],
};

/**
 * Nothing is made up for a setting that got lost. Classes of users may have a
 * name of Keras and settings of their own.
 *
 * @throws WhylensError `MODEL_LOAD`: it names the layer and the setting
 */
export function requireSettings(
  { className, registered, name, config }: Omit<LayerConfig, 'calls'>,
  file: string,
): void {
  if (registered?.includes('>') === true || !Object.hasOwn(REQUIRED, className)) return;
  const lost = REQUIRED[className].filter((field) => (config[field] ?? undefined) === undefined);
  if (lost.length === 0) return;
  const has = Object.keys(config).filter((field) => field !== 'name');
  throw new WhylensError(
    'MODEL_LOAD',
    `layer '${name}' (${className}) in '${file}' lacks ${lost.map((field) => `'${field}'`).join(' and ')}, for which Keras has no default; its settings are ${has.slice(0, 8).join(', ') || 'empty'}${has.length > 8 ? ', …' : ''}. The file is damaged: get or convert it again`,
    { facts: { file, layer: name, fields: lost } },
  );
}
