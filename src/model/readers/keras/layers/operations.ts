/**
 * Arithmetic on tensors that Keras records as steps of a network: `keras.ops` of
 * Keras 3, `TFOpLambda` of tf.keras 2. Arguments may be tensors or plain numbers.
 */
import { WhylensError } from '../../../../errors.js';
import {
  add,
  compare,
  concat,
  div,
  matMul,
  maximum,
  minimum,
  mul,
  neg,
  pad,
  power,
  relu,
  reshape,
  scalar,
  select,
  slice,
  softmax,
  sub,
  tensor,
  transpose,
  unary,
} from '../../../graph/build.js';
import * as make from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import type { Argument } from '../config.js';
import { isValue, sampleAxis } from '../layer.js';
import { snakeCase } from '../weights.js';
import { reshaped, resized } from './shape.js';

/** Arguments by name, in the order in which they may also stand without one. */
class Given {
  constructor(
    readonly where: string,
    private readonly args: readonly Argument[],
    private readonly kwargs: Readonly<Record<string, Argument>>,
  ) {}

  raw(position: number, ...names: readonly string[]): Argument {
    return (
      this.args[position] ??
      names.map((name) => this.kwargs[name]).find((one) => one !== null && one !== undefined)
    );
  }

  /** A tensor, a number or a list of numbers as a value. */
  value(position: number, ...names: readonly string[]): Value {
    const raw = this.raw(position, ...names);
    if (isValue(raw)) return raw;
    if (typeof raw === 'number' || typeof raw === 'boolean') return scalar(Number(raw));
    if (Array.isArray(raw)) {
      const shape: number[] = [];
      for (let at: unknown = raw; Array.isArray(at); at = (at as unknown[])[0])
        shape.push(at.length);
      const data = (raw as unknown[]).flat(16);
      if (data.every((n) => typeof n === 'number')) return constantOf(shape, data);
    }
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `operation '${this.where}' needs a tensor or a number as its argument ${position + 1}`,
      { facts: { operation: this.where } },
    );
  }

  values(position: number, ...names: readonly string[]): Value[] {
    const raw = this.raw(position, ...names);
    return Array.isArray(raw)
      ? (raw as unknown[]).filter(isValue)
      : [this.value(position, ...names)];
  }

  number(position: number, name: string, preset: number): number {
    const raw = this.raw(position, name);
    return typeof raw === 'number' ? raw : preset;
  }

  /** Axes of one sample; none given means all of them. */
  axes(position: number, rank: number): number[] {
    const raw = this.raw(position, 'axis', 'axes');
    if (raw === undefined) return [...Array(rank).keys()];
    return (Array.isArray(raw) ? raw : [raw]).map((axis) => sampleAxis(Number(axis), rank));
  }

  keep(position: number): boolean {
    return this.raw(position, 'keepdims', 'keep_dims') === true;
  }

  /** A shape without its batch axis. */
  shape(position: number, ...names: readonly string[]): number[] {
    const raw = this.raw(position, ...names);
    const list = Array.isArray(raw) ? (raw as unknown[]) : [];
    if (!list.every((n) => typeof n === 'number')) {
      throw new WhylensError(
        'UNSUPPORTED_OPERATION',
        `operation '${this.where}' computes a shape while the model runs; that is not understood`,
      );
    }
    return list.slice(1);
  }
}

/** An array that stands in the configuration: its batch axis of 1 is dropped where it has one too many. */
function constantOf(shape: readonly number[], data: readonly number[]): Value {
  return tensor(shape, data);
}

type Operation = (given: Given) => Value;

const two =
  (
    join: (a: Value, b: Value) => Value,
    names: readonly (readonly string[])[] = [
      ['x1', 'x', 'a'],
      ['x2', 'y', 'b'],
    ],
  ): Operation =>
  (given) =>
    aligned(given.value(0, ...names[0]), given.value(1, ...names[1]), join);

/** A constant `[1, …]` written for the batch meets a sample without that axis. */
function aligned(a: Value, b: Value, join: (a: Value, b: Value) => Value): Value {
  const trim = (v: Value, other: Value): Value =>
    !v.live && v.shape.length === other.shape.length + 1 && v.shape[0] === 1
      ? reshape(v, v.shape.slice(1))
      : v;
  return join(trim(a, b), trim(b, a));
}

const one =
  (build: (x: Value) => Value): Operation =>
  (given) =>
    build(given.value(0, 'x', 'input', 'features', 'inputs', 'input_tensor'));

const over =
  (reduce: (x: Value, axes: readonly number[], keep: boolean) => Value): Operation =>
  (given) => {
    const x = given.value(0, 'x', 'input_tensor');
    return reduce(x, given.axes(1, x.shape.length), given.keep(2));
  };

const whether = (how: Parameters<typeof compare>[0]): Operation =>
  two((a, b) => compare(how, a, b));

const variance = (x: Value, axes: readonly number[], keep: boolean): Value =>
  make.reduceMean(make.square(sub(x, make.reduceMean(x, axes))), axes, keep);

const OPERATIONS: Readonly<Record<string, Operation>> = {
  add: two(add),
  subtract: two(sub),
  multiply: two(mul),
  divide: two(div),
  true_divide: two(div),
  maximum: two(maximum),
  minimum: two(minimum),
  power: (given) => {
    const exponent = given.raw(1, 'x2', 'y', 'b');
    const base = given.value(0, 'x1', 'x', 'a');
    return typeof exponent === 'number'
      ? power(base, exponent)
      : make.pow(base, given.value(1, 'x2', 'y', 'b'));
  },
  floor_divide: two((a, b) => unary('floor', div(a, b))),
  greater: whether('greater'),
  greater_equal: whether('greaterEqual'),
  less: whether('less'),
  less_equal: whether('lessEqual'),
  equal: whether('equal'),
  not_equal: whether('notEqual'),
  where: (given) =>
    select(given.value(0, 'condition'), given.value(1, 'x1', 'x'), given.value(2, 'x2', 'y')),
  matmul: two(matMul, [
    ['x1', 'a'],
    ['x2', 'b'],
  ]),
  square: one(make.square),
  sqrt: one(make.sqrt),
  rsqrt: one((x) => unary('reciprocal', make.sqrt(x))),
  reciprocal: one((x) => unary('reciprocal', x)),
  exp: one(make.exp),
  log: one(make.log),
  abs: one(make.abs),
  absolute: one(make.abs),
  negative: one(neg),
  sign: one((x) => unary('sign', x)),
  sin: one((x) => unary('sin', x)),
  cos: one((x) => unary('cos', x)),
  floor: one((x) => unary('floor', x)),
  ceil: one((x) => unary('ceil', x)),
  round: one((x) => unary('round', x)),
  erf: one((x) => unary('erf', x)),
  tanh: one(make.tanh),
  sigmoid: one(make.sigmoid),
  relu: one((x) => relu(x)),
  relu6: one((x) => relu(x, 6)),
  silu: one((x) => make.swish(x)),
  swish: one((x) => make.swish(x)),
  hard_sigmoid: one((x) => make.hardSigmoid(x)),
  hard_swish: one(make.hardSwish),
  hard_silu: one(make.hardSwish),
  softplus: one(make.softplus),
  softsign: one(make.softsign),
  selu: one((x) => make.selu(x)),
  log_sigmoid: one(make.logSigmoid),
  mish: one(make.mish),
  gelu: (given) => {
    const x = given.value(0, 'x', 'features');
    const approximate = given.raw(1, 'approximate');
    return approximate === true ? make.geluTanh(x) : make.gelu(x);
  },
  elu: (given) => make.elu(given.value(0, 'x', 'features'), given.number(1, 'alpha', 1)),
  leaky_relu: (given) =>
    make.leakyRelu(
      given.value(0, 'x', 'features'),
      given.number(1, 'negative_slope', given.number(1, 'alpha', 0.2)),
    ),
  softmax: (given) => {
    const x = given.value(0, 'x', 'logits');
    return softmax(x, sampleAxis(given.number(1, 'axis', -1), x.shape.length));
  },
  log_softmax: (given) => {
    const x = given.value(0, 'x', 'logits');
    return make.logSoftmax(x, sampleAxis(given.number(1, 'axis', -1), x.shape.length));
  },
  clip: (given) =>
    make.clip(
      given.value(0, 'x', 't'),
      given.number(1, 'x_min', given.number(1, 'clip_value_min', -Infinity)),
      given.number(2, 'x_max', given.number(2, 'clip_value_max', Infinity)),
    ),
  mean: over(make.reduceMean),
  sum: over(make.reduceSum),
  max: over(make.reduceMaximum),
  min: over(make.reduceMinimum),
  var: over(variance),
  std: over((x, axes, keep) => make.sqrt(variance(x, axes, keep))),
  norm: over(make.reduceL2),
  logsumexp: over(make.reduceLogSumExp),
  cast: one((x) => x),
  identity: one((x) => x),
  copy: one((x) => x),
  stop_gradient: one((x) => x),
  convert_to_tensor: one((x) => x),
  flatten: one(make.flatten),
  reshape: (given) => reshaped(given.value(0, 'x', 'tensor'), given.shape(1, 'newshape', 'shape')),
  transpose: (given) => {
    const order = given.raw(1, 'axes', 'perm');
    const x = given.value(0, 'x', 'a');
    if (!Array.isArray(order) || order[0] !== 0) {
      throw new WhylensError(
        'UNSUPPORTED_OPERATION',
        `operation '${given.where}' moves the batch axis; that is not understood`,
      );
    }
    return transpose(
      x,
      (order as number[]).slice(1).map((axis) => axis - 1),
    );
  },
  expand_dims: (given) => {
    const x = given.value(0, 'x', 'input');
    const axis = sampleAxis(given.number(1, 'axis', -1), x.shape.length + 1);
    return reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
  },
  squeeze: (given) => {
    const x = given.value(0, 'x', 'input');
    const axes =
      given.raw(1, 'axis') === undefined
        ? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1)
        : given.axes(1, x.shape.length);
    return make.squeeze(x, axes);
  },
  concatenate: (given) => {
    const all = given.values(0, 'xs', 'values');
    return concat(all, sampleAxis(given.number(1, 'axis', 0), all[0].shape.length));
  },
  stack: (given) => {
    const all = given.values(0, 'x', 'values');
    const axis = sampleAxis(given.number(1, 'axis', 0), all[0].shape.length + 1);
    const wide = all.map((x) => reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]));
    return concat(wide, axis);
  },
  pad: (given) => {
    const rows = given.raw(1, 'pad_width', 'paddings') as number[][];
    const low = rows.slice(1).map(([n]) => n);
    const high = rows.slice(1).map(([, n]) => n);
    const mode = String(given.raw(2, 'mode') ?? 'constant').toLowerCase();
    const x = given.value(0, 'x', 'tensor');
    if (mode === 'constant') {
      return pad(x, low, high, undefined, given.number(3, 'constant_values', 0));
    }
    return make.padRepeating(x, low, high, mode === 'reflect' ? 'reflect' : 'symmetric');
  },
  // x[:, a:b, …]
  get_item: (given) => {
    const x = given.value(0, 'x');
    return sliced(x, given.raw(1, 'key', 'slice_spec'), given.where);
  },
  resize: (given) => {
    const x = given.value(0, 'images');
    const size = given.raw(1, 'size') as number[];
    return resized(
      x,
      size,
      String(given.raw(2, 'interpolation', 'method') ?? 'bilinear'),
      given.where,
    );
  },
};

/** Names of TensorFlow for what has another in `keras.ops`. */
const ALIASES: Readonly<Record<string, string>> = {
  concat: 'concatenate',
  truediv: 'divide',
  pow: 'power',
  reduce_mean: 'mean',
  reduce_sum: 'sum',
  reduce_max: 'max',
  reduce_min: 'min',
  amax: 'max',
  amin: 'min',
  clip_by_value: 'clip',
  sub: 'subtract',
  mul: 'multiply',
  neg: 'negative',
  getitem: 'get_item',
  linalg_matmul: 'matmul',
  hard_sigmoid_v2: 'hard_sigmoid',
};

/** True if it is an operation with this name, as Keras writes it. */
export const isKnownOperation = (name: string): boolean => operationOf(name) !== undefined;

function operationOf(name: string): Operation | undefined {
  const last = name
    .replace(/^.*\./, '')
    .replace(/^__(\w+)__$/, '$1')
    .replace(/_v\d$/, '');
  const id = /[A-Z]/.test(last) ? snakeCase(last) : last;
  const key = ALIASES[id] ?? (Object.hasOwn(OPERATIONS, id) ? id : id.replace(/_/g, ''));
  return Object.hasOwn(OPERATIONS, key) ? OPERATIONS[key] : undefined;
}

/** @throws WhylensError `UNSUPPORTED_OPERATION` for one that is not known */
export function operation(
  name: string,
  args: readonly Argument[],
  kwargs: Readonly<Record<string, Argument>>,
): Value {
  const build = operationOf(name);
  if (build === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `the operation '${name}' is not understood in a Keras file. Export the model to ONNX, or explain a function that predicts with a method that perturbs the input`,
      { facts: { operation: name } },
    );
  }
  return build(new Given(name, args, kwargs));
}

interface SliceSpec {
  readonly start?: number | null;
  readonly stop?: number | null;
  readonly step?: number | null;
}

function sliced(x: Value, key: unknown, where: string): Value {
  const items = (Array.isArray(key) ? (key as unknown[]) : [key]).map(sliceOf);
  const dots = items.indexOf('...');
  if (dots !== -1) {
    const rest = x.shape.length + 1 - (items.length - 1);
    items.splice(dots, 1, ...new Array<SliceSpec>(rest).fill({}));
  }
  const start = x.shape.map(() => 0);
  const stop = [...x.shape];
  const step = x.shape.map(() => 1);
  const dropped: number[] = [];
  items.slice(1).forEach((item, axis) => {
    const size = x.shape[axis];
    const plain = (n: number): number => Math.min(Math.max(n < 0 ? n + size : n, 0), size);
    if (typeof item === 'number') {
      [start[axis], stop[axis]] = [plain(item), plain(item) + 1];
      dropped.push(axis);
    } else if (typeof item === 'object') {
      step[axis] = item.step ?? 1;
      if (step[axis] < 1) {
        throw new WhylensError('UNSUPPORTED_OPERATION', `'${where}' slices backwards`);
      }
      start[axis] = plain(item.start ?? 0);
      stop[axis] = plain(item.stop ?? size);
    }
  });
  return make.squeeze(slice(x, start, stop, step), dropped);
}

function sliceOf(item: unknown): number | '...' | SliceSpec {
  if (typeof item === 'number' || item === '...') return item;
  const { class_name: kind, config, start, stop, step } = (item ?? {}) as Record<string, unknown>;
  if (kind === '__slice__' || kind === 'slice') {
    const own = config as { start?: number; stop?: number; step?: number };
    return { start: own.start, stop: own.stop, step: own.step };
  }
  return { start, stop, step } as SliceSpec;
}
