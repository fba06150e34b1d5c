/** Activations of Keras by name, in every spelling of Keras 2 and 3. */
import { WhylensError } from '../../../errors.js';
import { add, mul, relu, scalar, softmax, sub } from '../../graph/build.js';
import * as make from '../../graph/composites.js';
import type { Value } from '../../graph/value.js';
import type { ActivationInfo } from '../../interface.js';
import type { Built, Config } from './layer.js';
import { snakeCase } from './weights.js';

type Row = readonly [info: ActivationInfo | undefined, build: (x: Value) => Value];

const row = (name: string, build: (x: Value) => Value, ceiling?: number): Row => [
  ceiling === undefined ? { name } : { name, ceiling },
  build,
];
/** Keras' own slope; tf.keras 2 had x/6 + 1/2 under another name and 0.2 x + 1/2 here. */
const HARD_SIGMOID_2 = (x: Value): Value => make.hardSigmoid(x, 0.2, 0.5);
const relu6 = (x: Value): Value => relu(x, 6);
const hardSwish = row('hardSwish', make.hardSwish);
const swish = row('swish', (x) => make.swish(x));

const ACTIVATIONS: Readonly<Record<string, Row>> = {
  linear: [undefined, (x) => x],
  relu: row('relu', (x) => relu(x)),
  relu6: row('relu6', relu6, 6),
  leaky_relu: row('leakyRelu', (x) => make.leakyRelu(x, 0.2)),
  elu: row('elu', (x) => make.elu(x)),
  celu: row('celu', (x) => make.celu(x)),
  selu: row('selu', (x) => make.selu(x)),
  sigmoid: row('sigmoid', make.sigmoid),
  hard_sigmoid: row('hardSigmoid', (x) => make.hardSigmoid(x)),
  tanh: row('tanh', make.tanh),
  hard_tanh: row('hardTanh', (x) => make.hardTanh(x)),
  tanh_shrink: row('tanhShrink', make.tanhShrink),
  softplus: row('softplus', make.softplus),
  softsign: row('softsign', make.softsign),
  soft_sign: row('softsign', make.softsign),
  softmax: row('softmax', (x) => softmax(x)),
  log_softmax: row('logSoftmax', (x) => make.logSoftmax(x)),
  log_sigmoid: row('logSigmoid', make.logSigmoid),
  exponential: row('exponential', make.exp),
  swish,
  silu: swish,
  hard_swish: hardSwish,
  hard_silu: hardSwish,
  gelu: row('gelu', make.gelu),
  // tfjs' name of the approximation by tanh
  gelu_new: row('geluNew', make.geluTanh),
  mish: row('mish', make.mish),
  glu: row('glu', (x) => make.glu(x)),
  hard_shrink: row('hardShrink', (x) => make.shrink(x, 0.5, 0)),
  soft_shrink: row('softShrink', (x) => make.shrink(x, 0.5, 0.5)),
  // (x + √(x² + 4)) / 2
  squareplus: row('squareplus', (x) =>
    mul(add(x, make.sqrt(add(make.square(x), scalar(4)))), scalar(0.5)),
  ),
  // 0 below −1, x above 1, (x + 1)² / 4 between
  sparse_plus: row('sparsePlus', (x) =>
    add(
      mul(make.square(make.clip(add(x, scalar(1)), 0, 2)), scalar(0.25)),
      relu(sub(x, scalar(1))),
    ),
  ),
};

/** tf.keras 2 and Keras 2 give `hard_sigmoid` another slope. */
export interface Dialect {
  readonly keras: 2 | 3;
}

/**
 * `y` with the activation that the setting names.
 *
 * @throws WhylensError `UNSUPPORTED_OPERATION` for a function that the user wrote
 */
export function activated(
  config: Config,
  y: Value,
  dialect: Dialect,
  where: string,
  field = 'activation',
): Built {
  const [info, build] = activationOf(config.raw[field], dialect, where);
  if (info === undefined) return { value: y };
  return { value: build(y), before: y, activation: info };
}

/** Whether the name is one of Keras', in any spelling. */
export const isActivation = (name: string): boolean => rowOf(name) !== undefined;

function rowOf(said: string): Row | undefined {
  const id = idOf(said);
  return ACTIVATIONS[id] ?? ACTIVATIONS[id.replaceAll('_', '')] ?? ACTIVATIONS[said];
}

const idOf = (said: string): string => (said.includes('_') ? said.toLowerCase() : snakeCase(said));

function activationOf(setting: unknown, { keras }: Dialect, where: string): Row {
  if (setting === undefined || setting === null) return ACTIVATIONS.linear;
  const {
    class_name: kind,
    config,
    name,
  } = (typeof setting === 'object' ? setting : {}) as Record<string, unknown>;
  const said =
    typeof setting === 'string'
      ? setting
      : typeof config === 'string'
        ? config
        : String(kind === 'function' ? name : kind);
  const known = rowOf(said);
  if (known === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `${where} has the activation '${said}', which is a function of its author's own. Methods that perturb the input work with a function that predicts`,
      { facts: { activation: said } },
    );
  }
  return idOf(said) === 'hard_sigmoid' && keras === 2 ? row('hardSigmoid', HARD_SIGMOID_2) : known;
}
