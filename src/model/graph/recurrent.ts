/** Recurrent layers, step by step: as many values as there are steps, in the order of ONNX' weights. */
import {
  add,
  concat,
  matMul,
  maximum,
  minimum,
  mul,
  range,
  relu,
  reshape,
  scalar,
  slice,
  sub,
} from './build.js';
import * as c from './composites.js';
import type { Value } from './value.js';

export type Activation = (x: Value) => Value;

export interface RecurrentWeights {
  /** `[gates · hidden, inputs]` and `[gates · hidden, hidden]`. */
  readonly input: Value;
  readonly hidden: Value;
  /** `[gates · hidden]` each. */
  readonly inputBias?: Value;
  readonly hiddenBias?: Value;
  /** An LSTM's weights from its cell to its gates: `[3 · hidden]`, in the order i, o, f. */
  readonly peepholes?: Value;
}
export interface RecurrentOptions {
  readonly kind: 'RNN' | 'GRU' | 'LSTM';
  readonly backwards?: boolean;
  /** f, g and h in ONNX' words; an RNN has one, a GRU two. */
  readonly activations: readonly Activation[];
  /** Bounds the inputs of the activations. */
  readonly clip?: number;
  /** An LSTM whose forget gate is one minus its input gate. */
  readonly coupled?: boolean;
  /** A GRU that applies its reset gate after the product with the hidden weights. */
  readonly resetAfter?: boolean;
}
export interface Recurred {
  /** `[steps, batch, hidden]`. */
  readonly all: Value;
  /** `[batch, hidden]`. */
  readonly last: Value;
  readonly cell?: Value;
}

/** `x` is `[steps, batch, inputs]`, the states `[batch, hidden]`. */
export function recurrent(
  x: Value,
  weights: RecurrentWeights,
  state: { readonly hidden: Value; readonly cell?: Value },
  options: RecurrentOptions,
): Recurred {
  const [steps, batch, inputs] = x.shape;
  const width = weights.input.shape[0];
  const size = weights.hidden.shape[1];
  // the products with the input are one for all steps
  let projected = matMul(reshape(x, [steps * batch, inputs]), weights.input, false, true);
  if (weights.inputBias !== undefined) projected = add(projected, weights.inputBias);
  const bound = (v: Value): Value =>
    options.clip === undefined
      ? v
      : maximum(minimum(v, scalar(options.clip)), scalar(-options.clip));
  let { hidden, cell } = state;
  const made: Value[] = [];
  for (const step of options.backwards ? range(steps).reverse() : range(steps)) {
    const own = slice(projected, [step * batch, 0], [(step + 1) * batch, width]);
    const next = CELLS[options.kind]({ own, hidden, cell, weights, size, options, bound });
    hidden = next.hidden;
    cell = next.cell;
    made.push(reshape(hidden, [1, batch, size]));
  }
  const all = concat(options.backwards ? made.reverse() : made, 0);
  return { all, last: hidden, ...(cell === undefined ? {} : { cell }) };
}

interface Step {
  readonly own: Value;
  readonly hidden: Value;
  readonly cell: Value | undefined;
  readonly weights: RecurrentWeights;
  readonly size: number;
  readonly options: RecurrentOptions;
  readonly bound: (v: Value) => Value;
}
type Cell = (step: Step) => { readonly hidden: Value; readonly cell?: Value };

const part = (v: Value, i: number, size: number): Value =>
  v.shape.length === 1
    ? slice(v, [i * size], [(i + 1) * size])
    : slice(v, [0, i * size], [v.shape[0], (i + 1) * size]);
const recurring = (hidden: Value, w: Value, bias: Value | undefined): Value => {
  const y = matMul(hidden, w, false, true);
  return bias === undefined ? y : add(y, bias);
};

const CELLS: Readonly<Record<RecurrentOptions['kind'], Cell>> = {
  RNN: ({ own, hidden, weights, options: { activations }, bound }) => ({
    hidden: activations[0](bound(add(own, recurring(hidden, weights.hidden, weights.hiddenBias)))),
  }),
  GRU: ({ own, hidden, weights, size, options, bound }) => {
    const [f, g] = options.activations;
    // in the order z, r, h
    const rowsOf = (from: number, to: number): Value =>
      slice(weights.hidden, [from * size, 0], [to * size, size]);
    const biasOf = (from: number, to: number): Value | undefined =>
      weights.hiddenBias && slice(weights.hiddenBias, [from * size], [to * size]);
    const gates = f(
      bound(
        add(
          slice(own, [0, 0], [own.shape[0], 2 * size]),
          recurring(hidden, rowsOf(0, 2), biasOf(0, 2)),
        ),
      ),
    );
    const [update, reset] = [part(gates, 0, size), part(gates, 1, size)];
    const inner = options.resetAfter
      ? mul(reset, recurring(hidden, rowsOf(2, 3), biasOf(2, 3)))
      : recurring(mul(reset, hidden), rowsOf(2, 3), biasOf(2, 3));
    const fresh = g(bound(add(part(own, 2, size), inner)));
    return { hidden: add(mul(sub(scalar(1), update), fresh), mul(update, hidden)) };
  },
  LSTM: ({ own, hidden, cell, weights, size, options, bound }) => {
    const [f, g, h] = options.activations;
    // in the order i, o, f, c
    const all = add(own, recurring(hidden, weights.hidden, weights.hiddenBias));
    const peep = (i: number, from: Value): Value => {
      const gate = part(all, i, size);
      return weights.peepholes === undefined
        ? gate
        : add(gate, mul(part(weights.peepholes, i, size), from));
    };
    const input = f(bound(peep(0, cell!)));
    const forget = options.coupled ? sub(scalar(1), input) : f(bound(peep(2, cell!)));
    const fresh = g(bound(part(all, 3, size)));
    const next = add(mul(forget, cell!), mul(input, fresh));
    const output = f(bound(peep(1, next)));
    return { hidden: mul(output, h(next)), cell: next };
  },
};

/** Activations by ONNX' names, with their numbers. */
export const RECURRENT_ACTIVATIONS: Readonly<
  Record<string, (alpha: number | undefined, beta: number | undefined) => Activation>
> = {
  relu: () => (x) => relu(x),
  tanh: () => c.tanh,
  sigmoid: () => c.sigmoid,
  affine:
    (alpha = 1, beta = 0) =>
    (x) =>
      add(mul(x, scalar(alpha)), scalar(beta)),
  leakyrelu:
    (alpha = 0.01) =>
    (x) =>
      c.leakyRelu(x, alpha),
  thresholdedrelu:
    (alpha = 1) =>
    (x) =>
      c.thresholdedRelu(x, alpha),
  scaledtanh:
    (alpha = 1, beta = 1) =>
    (x) =>
      mul(c.tanh(mul(x, scalar(beta))), scalar(alpha)),
  hardsigmoid:
    (alpha = 0.2, beta = 0.5) =>
    (x) =>
      c.hardSigmoid(x, alpha, beta),
  elu:
    (alpha = 1) =>
    (x) =>
      c.elu(x, alpha),
  softsign: () => c.softsign,
  softplus: () => c.softplus,
};
