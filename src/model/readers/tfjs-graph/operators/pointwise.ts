/** Operations value by value: arithmetic, activations, comparisons. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { joined } from '../../onnx/operators/pointwise.js';
import { asTraced, dimsOf, range, reshaped, withValue, type Operand } from '../../onnx/tensor.js';
import { isWholeType, type Attributes } from '../attributes.js';
import { need, numbersAt, onnx, refused, settled, type Operation } from '../site.js';

/** One input, one output, the same shape. */
const each =
  (f: (x: Value, attributes: Attributes) => Value): Operation =>
  (inputs, site) => {
    const x = asTraced(need(inputs, 0, site));
    return [settled(withValue(x, f(x.value, site.attributes)))];
  };
/** Several inputs broadcast together. */
const together =
  (f: (values: readonly Value[], attributes: Attributes) => Value): Operation =>
  (inputs, site) => [settled(joined(inputs, (values) => f(values, site.attributes)))];
/** The same under a name of ONNX. */
const as =
  (op: string): Operation =>
  (inputs, site) =>
    onnx(op, inputs, site);

const truth = (x: Value): Value => b.compare('notEqual', x, b.scalar(0));
const truncated = (x: Value): Value => b.mul(b.unary('sign', x), b.unary('floor', c.abs(x)));
const quotient = (x: Value, y: Value): Value => b.unary('floor', b.div(x, y));
/** −1 below 0, else 1: unlike the sign it is 1 at 0. */
const side = (x: Value): Value =>
  b.sub(b.mul(b.compare('greaterEqual', x, b.scalar(0)), b.scalar(2)), b.scalar(1));
const one = b.scalar(1);

/** The bias stands for the channels, wherever they are. */
export const biased = (x: Operand, bias: Operand, format: string): Operand => {
  const rank = dimsOf(x).length;
  const size = dimsOf(bias).reduce((p, q) => p * q, 1);
  const first = /^NC/.test(format);
  // Keras 3 folds normalisations into biases [1, 1, 1, C]
  const shape = first ? [size, ...range(rank - 2).map(() => 1)] : [size];
  return settled(joined([x, reshaped(asTraced(bias), shape)], ([p, q]) => b.add(p, q)));
};
const biasAdd: Operation = (inputs, site) => {
  const [x, bias] = [need(inputs, 0, site), need(inputs, 1, site)];
  const format = site.attributes.choice('data_format', 'NHWC');
  return [biased(x, bias, dimsOf(x).length > 2 ? format : 'NHWC')];
};

const divide: Operation = (inputs, site) => {
  const whole = isWholeType(site.attributes.type('T'));
  return together(([x, y]) => (whole ? truncated(b.div(x, y)) : b.div(x, y)))(inputs, site);
};
const divideNoNan = together(([x, y]) => {
  const zero = b.compare('equal', y, b.scalar(0));
  return b.select(zero, b.scalar(0), b.div(x, b.select(zero, one, y)));
});
/** The angle of (x, y): atan(y / x), moved by π if x is below 0. */
const atan2 = together(([y, x]) => {
  const left = b.compare('less', x, b.scalar(0));
  const turn = b.mul(left, b.mul(side(y), b.scalar(Math.PI)));
  return b.add(b.unary('atan', b.div(y, x)), turn);
});

const clip: Operation = (inputs, site) => {
  const [low, high] = [1, 2].map((i) => settled(need(inputs, i, site), true));
  const single = [low, high].every((x) => x.kind === 'known' && x.weight.data.length === 1);
  if (!single) {
    return together(([x, from, to]) => b.minimum(b.maximum(x, from), to))(inputs, site);
  }
  const [from] = numbersAt(inputs, 1, site);
  const [to] = numbersAt(inputs, 2, site);
  return each((x) => c.clip(x, from, to))(inputs, site);
};

/** Between whole numbers nothing changes; on the way to them, what is behind the point is cut off. */
const cast: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const [from, to] = ['SrcT', 'DstT'].map((name) => site.attributes.type(name));
  if (to === 'DT_BOOL') return from === to ? [x] : each(truth)(inputs, site);
  if (to === 'DT_STRING' || /COMPLEX/.test(to ?? '')) throw refused(site, `gives ${to}`);
  return isWholeType(to) && !isWholeType(from) ? each(truncated)(inputs, site) : [x];
};

/** The old form takes one condition a row as well. */
const select: Operation = (inputs, site) => {
  const condition = need(inputs, 0, site);
  const rank = dimsOf(need(inputs, 1, site)).length;
  const own = dimsOf(condition);
  const rows = own.length === 1 && rank > 1;
  const shaped = rows
    ? reshaped(asTraced(condition), [...own, ...range(rank - 1).map(() => 1)])
    : condition;
  return onnx('Where', [settled(shaped), inputs[1], inputs[2]], site);
};

const notEqual: Operation = (inputs, site) => onnx('Not', onnx('Equal', inputs, site), site);

/** The numbers alone of a pass-through; what is quantised in training is not in inference. */
const pass: Operation = (inputs, site) => inputs.map((_, i) => need(inputs, i, site));

export const activations: Readonly<Record<string, (x: Value, attributes: Attributes) => Value>> = {
  Relu: (x) => b.relu(x),
  Relu6: (x) => b.relu(x, 6),
  Elu: (x) => c.elu(x),
  Selu: (x) => c.selu(x),
  Sigmoid: c.sigmoid,
  Tanh: c.tanh,
  Softplus: c.softplus,
  Softsign: c.softsign,
  LeakyRelu: (x, a) => c.leakyRelu(x, a.float('alpha', 0.2)),
};

export const POINTWISE: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(Object.entries(activations).map(([name, f]) => [name, each(f)])),
  Identity: pass,
  IdentityN: pass,
  Snapshot: pass,
  StopGradient: pass,
  PreventGradient: pass,
  CheckNumerics: pass,
  Print: (inputs, site) => [need(inputs, 0, site)],
  PlaceholderWithDefault: pass,
  EnsureShape: (inputs, site) => [need(inputs, 0, site)],
  FakeQuantWithMinMaxVars: (inputs, site) => [need(inputs, 0, site)],
  Add: as('Add'),
  AddV2: as('Add'),
  AddN: as('Sum'),
  BiasAdd: biasAdd,
  Sub: as('Sub'),
  Mul: as('Mul'),
  RealDiv: divide,
  Div: divide,
  DivNoNan: divideNoNan,
  FloorDiv: together(([x, y]) => quotient(x, y)),
  FloorMod: together(([x, y]) => b.sub(x, b.mul(quotient(x, y), y))),
  Mod: together(([x, y]) => b.sub(x, b.mul(truncated(b.div(x, y)), y))),
  Maximum: as('Max'),
  Minimum: as('Min'),
  Pow: as('Pow'),
  SquaredDifference: together(([x, y]) => c.square(b.sub(x, y))),
  Atan2: atan2,
  Prelu: as('PRelu'),
  Abs: as('Abs'),
  Neg: as('Neg'),
  Sign: as('Sign'),
  Exp: as('Exp'),
  Expm1: each((x) => b.sub(c.exp(x), one)),
  Log: as('Log'),
  Log1p: each((x) => c.log(b.add(x, one))),
  Sqrt: as('Sqrt'),
  Rsqrt: each((x) => b.unary('reciprocal', c.sqrt(x))),
  Square: each(c.square),
  Reciprocal: as('Reciprocal'),
  Inv: as('Reciprocal'),
  Erf: as('Erf'),
  Erfc: each((x) => b.sub(one, b.unary('erf', x))),
  Floor: as('Floor'),
  Ceil: as('Ceil'),
  Round: as('Round'),
  Rint: as('Round'),
  Sin: as('Sin'),
  Cos: as('Cos'),
  Tan: as('Tan'),
  Asin: as('Asin'),
  Acos: as('Acos'),
  Atan: as('Atan'),
  Sinh: as('Sinh'),
  Cosh: as('Cosh'),
  Asinh: as('Asinh'),
  Acosh: as('Acosh'),
  Atanh: as('Atanh'),
  IsNan: as('IsNaN'),
  IsFinite: each((x) => b.compare('less', c.abs(x), b.scalar(Infinity))),
  IsInf: each((x) => b.compare('equal', c.abs(x), b.scalar(Infinity))),
  ClipByValue: clip,
  Cast: cast,
  Equal: as('Equal'),
  NotEqual: notEqual,
  Greater: as('Greater'),
  GreaterEqual: as('GreaterOrEqual'),
  Less: as('Less'),
  LessEqual: as('LessOrEqual'),
  LogicalAnd: as('And'),
  LogicalOr: as('Or'),
  LogicalNot: as('Not'),
  LogicalXor: as('Xor'),
  Select: select,
  SelectV2: select,
};
