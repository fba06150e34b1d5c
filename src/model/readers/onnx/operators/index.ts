/** The table of operators: their names in the file, and the values that they stand for. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { refused } from '../attributes.js';
import { need, needTraced, type Operator } from '../site.js';
import { asTraced, type Traced, withValue } from '../tensor.js';
import { ATTENTION, ATTENTION_RUNTIME } from './attention.js';
import { fusedMatMul, gemm, LINEAR } from './linear.js';
import { NORMALISE, skipLayerNorm } from './normalise.js';
import { each, joined, POINTWISE } from './pointwise.js';
import { PICKING } from './picking.js';
import { QUANTISED, QUANTISED_RUNTIME } from './quantised.js';
import { RECURRENT } from './recurrent.js';
import { SAMPLING } from './sampling.js';
import { SHAPE } from './shape.js';
import { convolve, SPATIAL } from './spatial.js';

const STANDARD: Readonly<Record<string, Operator>> = {
  ...POINTWISE,
  ...SHAPE,
  ...LINEAR,
  ...SPATIAL,
  ...NORMALISE,
  ...QUANTISED,
  ...PICKING,
  ...RECURRENT,
  ...SAMPLING,
  ...ATTENTION,
};

/** The activation that ONNX Runtime fuses into what comes before it. */
function activated(x: Value, name: string, params: readonly number[], refuse: () => Error): Value {
  switch (name) {
    case '':
      return x;
    case 'Relu':
      return b.relu(x);
    case 'Tanh':
      return c.tanh(x);
    case 'Sigmoid':
      return c.sigmoid(x);
    case 'LeakyRelu':
      return c.leakyRelu(x, params[0] ?? 0.01);
    case 'Clip':
      return c.clip(x, params[0], params[1]);
    case 'HardSigmoid':
      return c.hardSigmoid(x, params[0] ?? 0.2, params[1] ?? 0.5);
    case 'HardSwish':
      return c.hardSwish(x);
    default:
      throw refuse();
  }
}
const fusedConv: Operator = (inputs, site) => {
  const { attributes } = site;
  const sum = inputs[3];
  let y: Traced = convolve(need(inputs, 0, site), need(inputs, 1, site), inputs[2], site);
  if (sum !== undefined) y = { ...joined([y, sum], ([p, q]) => b.add(p, q)), axes: y.axes };
  const name = attributes.text('activation', '');
  const value = activated(y.value, name, attributes.floats('activation_params') ?? [], () =>
    refused(attributes.node, `has the unknown activation '${name}'`),
  );
  return [withValue(y, value)];
};
const fusedGemm: Operator = (inputs, site) => {
  const { attributes } = site;
  const y = asTraced(gemm(inputs, site)[0]);
  const name = attributes.text('activation', '');
  const params = [attributes.float('activation_alpha'), attributes.float('activation_beta')];
  const value = activated(
    y.value,
    name,
    params.filter((x) => x !== undefined),
    () => refused(attributes.node, `has the unknown activation '${name}'`),
  );
  return [withValue(y, value)];
};
const withBias =
  (f: (x: Value) => Value): Operator =>
  (inputs, site) => {
    const x = needTraced(inputs, 0, site);
    const bias = inputs[1];
    const y = bias === undefined ? x : joined([x, bias], ([p, q]) => b.add(p, q));
    return [withValue(y, f(y.value))];
  };

/** ONNX Runtime's own operators, as its optimiser writes them. */
const RUNTIME: Readonly<Record<string, Operator>> = {
  ...QUANTISED_RUNTIME,
  ...ATTENTION_RUNTIME,
  GridSample: SAMPLING.GridSample,
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  FusedMatMul: fusedMatMul,
  TransposeMatMul: fusedMatMul,
  Gelu: each(c.gelu),
  BiasGelu: withBias(c.gelu),
  FastGelu: withBias(c.geluTanh),
  QuickGelu: each((x, attributes) => c.swish(x, attributes.float('alpha', 1.702))),
  SkipLayerNormalization: skipLayerNorm(true),
  SkipSimplifiedLayerNormalization: skipLayerNorm(false),
};

/** The meaning of a node's operator; undefined if whylens has none. */
export function operatorOf(domain: string, op: string): Operator | undefined {
  const table = domain === '' ? STANDARD : domain === 'com.microsoft' ? RUNTIME : undefined;
  return table !== undefined && Object.hasOwn(table, op) ? table[op] : undefined;
}
