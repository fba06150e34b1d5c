/** Operators value by value: arithmetic, activations, comparisons. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Comparison, Unary } from '../../../graph/primitives.js';
import type { Value } from '../../../graph/value.js';
import { ELEMENT } from '../../../files/onnx.js';
import { isWhole } from '../../../files/onnx-tensor.js';
import { refused, type Attributes } from '../attributes.js';
import { numbers, plainAxis } from '../fold.js';
import { need, needTraced, optionalNumber, type Operator } from '../site.js';
import { aligned, dimsOf, reshaped, traced, withValue, type Operand, asTraced } from '../tensor.js';

/** One input, one output, the same shape. */
export const each =
  (f: (x: Value, attributes: Attributes) => Value): Operator =>
  (inputs, site) => {
    const x = needTraced(inputs, 0, site);
    return [withValue(x, f(x.value, site.attributes))];
  };
const unary = (fn: Unary): Operator => each((x) => b.unary(fn, x));

/** Several inputs broadcast together. */
const together =
  (f: (values: readonly Value[], attributes: Attributes) => Value): Operator =>
  (inputs, site) => [
    joined(
      inputs.map((_, i) => need(inputs, i, site)),
      (values) => f(values, site.attributes),
    ),
  ];
export function joined(operands: readonly Operand[], f: (values: readonly Value[]) => Value) {
  const { values, rank, order, axes } = aligned(operands);
  const value = f(values);
  // constants alone may have lost axes of size 1
  const shape = order.map((axis) => Math.max(...operands.map((x) => sizeAt(x, axis, rank))));
  return traced(b.reshape(value, shape), rank, order, axes);
}
const sizeAt = (x: Operand, axis: number, rank: number): number => {
  const dims = dimsOf(x);
  return dims[axis - rank + dims.length] ?? 1;
};

const comparing = (how: Comparison): Operator => together(([x, y]) => b.compare(how, x, y));
const folded = (f: (x: Value, y: Value) => Value): Operator =>
  together((values) => values.reduce(f));

/** Bounds as inputs since opset 11, as attributes before. */
const clip: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const low = optionalNumber(inputs, 1, site) ?? site.attributes.float('min');
  const high = optionalNumber(inputs, 2, site) ?? site.attributes.float('max');
  // half precision says "no bound" with its largest numbers
  const [from, to] = [low ?? -Infinity, high ?? Infinity];
  return [
    withValue(x, c.clip(x.value, from < -3.4e38 ? -Infinity : from, to > 3.4e38 ? Infinity : to)),
  ];
};

const prelu: Operator = (inputs, site) => [
  joined([need(inputs, 0, site), need(inputs, 1, site)], ([x, slope]) => c.prelu(x, slope)),
];

const power: Operator = (inputs, site) => {
  const exponent = need(inputs, 1, site);
  if (exponent.kind === 'known' && numbers(exponent).length === 1) {
    const x = needTraced(inputs, 0, site);
    return [withValue(x, b.power(x.value, numbers(exponent)[0]))];
  }
  return [joined([need(inputs, 0, site), exponent], ([x, y]) => c.pow(x, y))];
};

const cast: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const to = site.attributes.int('to', ELEMENT.float);
  if (to === ELEMENT.bool) return [withValue(x, b.compare('notEqual', x.value, b.scalar(0)))];
  if (to === ELEMENT.string) throw refused(site.attributes.node, 'gives text');
  if (!isWhole(to)) return [x];
  const whole = b.mul(b.unary('sign', x.value), b.unary('floor', b.unary('abs', x.value)));
  return [withValue(x, whole)];
};

/** Softmax over one axis; before opset 13 over all axes from the given one on. */
const softmaxLike =
  (f: (x: Value, axis: number) => Value): Operator =>
  (inputs, site) => {
    const x = needTraced(inputs, 0, site);
    const dims = dimsOf(x);
    const modern = site.opset >= 13;
    const axis = site.attributes.int('axis', modern ? -1 : 1);
    const plain = plainAxis(axis, dims.length, site.attributes);
    const over = dims.map((_, i) => i).slice(plain, modern ? plain + 1 : undefined);
    const wide = over.filter((i) => dims[i] !== 1);
    if (wide.length === 1) {
      return [withValue(x, f(x.value, x.order.indexOf(wide[0])))];
    }
    const size = wide.reduce((n, i) => n * dims[i], 1);
    const flat = reshaped(x, [
      ...dims.slice(0, plain),
      size,
      ...(modern ? dims.slice(plain + 1) : []),
    ]);
    if (wide.length === 0) {
      // of one value alone: 1 (or its logarithm)
      return [withValue(x, f(b.reshape(x.value, [...x.value.shape, 1]), x.value.shape.length))].map(
        (y) => withValue(y, b.reshape(y.value, x.value.shape)),
      );
    }
    const y = withValue(flat, f(flat.value, flat.order.indexOf(plain)));
    return [reshaped(y, dims)];
  };

const infinite: Operator = each((x, attributes) => {
  const [down, up] = ['detect_negative', 'detect_positive'].map((name) => attributes.int(name, 1));
  const above = b.compare('equal', x, b.scalar(Infinity));
  const below = b.compare('equal', x, b.scalar(-Infinity));
  return b.add(b.mul(above, b.scalar(up)), b.mul(below, b.scalar(down)));
});
/** What is left of a division, with the sign of the divisor, or of the dividend as in C. */
const modulo: Operator = together(([x, y], attributes) => {
  const quotient = b.div(x, y);
  const whole =
    attributes.int('fmod', 0) === 1
      ? b.mul(b.unary('sign', quotient), b.unary('floor', b.unary('abs', quotient)))
      : b.unary('floor', quotient);
  return b.sub(x, b.mul(y, whole));
});

const gelu = each((x, attributes) =>
  attributes.text('approximate', 'none') === 'tanh' ? c.geluTanh(x) : c.gelu(x),
);
const logical = (f: (x: Value, y: Value) => Value): Operator => together(([x, y]) => f(x, y));
const asTruth = (x: Value): Value => b.compare('notEqual', x, b.scalar(0));

export const POINTWISE: Readonly<Record<string, Operator>> = {
  Identity: each((x) => x),
  Cast: cast,
  CastLike: each((x) => x),
  Add: folded(b.add),
  Sum: folded(b.add),
  Sub: together(([x, y]) => b.sub(x, y)),
  Mul: folded(b.mul),
  Div: together(([x, y]) => b.div(x, y)),
  Max: folded(b.maximum),
  Min: folded(b.minimum),
  Mean: together((values) => b.mul(values.reduce(b.add), b.scalar(1 / values.length))),
  Pow: power,
  Neg: each(b.neg),
  Abs: unary('abs'),
  Sign: unary('sign'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Reciprocal: unary('reciprocal'),
  Erf: unary('erf'),
  Sin: unary('sin'),
  Cos: unary('cos'),
  Atan: unary('atan'),
  Tan: each((x) => b.div(b.unary('sin', x), b.unary('cos', x))),
  Asin: each(c.asin),
  Acos: each((x) => b.sub(b.scalar(Math.PI / 2), c.asin(x))),
  Sinh: each(c.sinh),
  Cosh: each(c.cosh),
  Asinh: each(c.asinh),
  Acosh: each(c.acosh),
  Atanh: each(c.atanh),
  IsNaN: each((x) => b.compare('notEqual', x, x)),
  IsInf: infinite,
  Mod: modulo,
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  Tanh: unary('tanh'),
  Sigmoid: unary('sigmoid'),
  Softplus: unary('softplus'),
  Relu: each((x) => b.relu(x)),
  Clip: clip,
  LeakyRelu: each((x, a) => c.leakyRelu(x, a.float('alpha', 0.01))),
  PRelu: prelu,
  ThresholdedRelu: each((x, a) => c.thresholdedRelu(x, a.float('alpha', 1))),
  Elu: each((x, a) => c.elu(x, a.float('alpha', 1))),
  Celu: each((x, a) => c.celu(x, a.float('alpha', 1))),
  Selu: each((x, a) =>
    c.selu(
      x,
      a.float('alpha', 1.67326319217681884765625),
      a.float('gamma', 1.05070102214813232421875),
    ),
  ),
  Softsign: each(c.softsign),
  Shrink: each((x, a) => c.shrink(x, a.float('lambd', 0.5), a.float('bias', 0))),
  Mish: each(c.mish),
  Gelu: gelu,
  HardSigmoid: each((x, a) => c.hardSigmoid(x, a.float('alpha', 0.2), a.float('beta', 0.5))),
  HardSwish: each(c.hardSwish),
  Swish: each((x, a) => c.swish(x, a.float('alpha', 1))),
  Softmax: softmaxLike(b.softmax),
  LogSoftmax: softmaxLike(c.logSoftmax),
  Greater: comparing('greater'),
  GreaterOrEqual: comparing('greaterEqual'),
  Less: comparing('less'),
  LessOrEqual: comparing('lessEqual'),
  Equal: comparing('equal'),
  Not: each(c.not),
  And: logical((x, y) => b.mul(asTruth(x), asTruth(y))),
  Or: logical((x, y) => b.maximum(asTruth(x), asTruth(y))),
  Xor: logical((x, y) => b.compare('notEqual', asTruth(x), asTruth(y))),
  Where: together(([condition, x, y]) => b.select(condition, x, y)),
  Dropout: (inputs, site) => {
    const x = asTraced(need(inputs, 0, site));
    return [x];
  },
};
