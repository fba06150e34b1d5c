/** scikit-learn's multi-layer perceptron, small enough to be computed here. */
import { broken, type Field } from '../fields.js';
import type { Columns, Link, Rows, TabularPrediction } from '../interface.js';
import { sigmoid } from '../link.js';

const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  identity: (x) => x,
  tanh: Math.tanh,
  logistic: sigmoid,
  relu: (x) => Math.max(0, x),
};

export interface Network {
  readonly network: (rows: Rows) => Columns;
  readonly outputs: number;
  readonly link: Link;
  /** Both tables, where values do not follow from the margins by the link. */
  readonly predict?: (rows: Rows) => TabularPrediction;
}

/** `coefs_` are `[in, out]`, one a layer. */
export function readPerceptron(file: Field, features: number): Network {
  const weights = file
    .get('coefs_')
    .list()
    .map((field) => field.matrix());
  const biases = file
    .get('intercepts_')
    .list()
    .map((field) => field.numbers());
  const name = file.get('activation').text();
  const activation = ACTIVATIONS[name] as ((x: number) => number) | undefined;
  if (activation === undefined) {
    throw file.get('activation').wrong(`one of ${Object.keys(ACTIVATIONS).join(', ')}`);
  }
  let width = features;
  weights.forEach((layer, l) => {
    if (layer.rows !== width || biases[l]?.length !== layer.columns) {
      throw broken(file.file, `layer ${l} takes ${layer.rows} numbers, but gets ${width}`);
    }
    width = layer.columns;
  });
  const last = weights.length - 1;
  if (last < 0) throw file.get('coefs_').wrong('one matrix or more');
  const final = file.get('out_activation_').text();
  const kind =
    final === 'softmax'
      ? 'softmax'
      : final === 'identity'
        ? 'identity'
        : final === 'logistic'
          ? width === 1
            ? 'logistic'
            : 'sigmoid'
          : undefined;
  if (kind === undefined) throw file.get('out_activation_').wrong('identity, logistic or softmax');
  return {
    outputs: width,
    link: { kind },
    network: (rows) => {
      let data = rows.data;
      weights.forEach((layer, l) => {
        data = dense(
          data,
          rows.count,
          layer,
          biases[l],
          l < last ? activation : ACTIVATIONS.identity,
        );
      });
      return { count: rows.count, columns: width, data };
    },
  };
}

function dense(
  data: Float64Array,
  count: number,
  layer: { readonly rows: number; readonly columns: number; readonly data: Float64Array },
  bias: Float64Array,
  activation: (x: number) => number,
): Float64Array {
  const { rows: inputs, columns: outputs, data: kernel } = layer;
  const next = new Float64Array(count * outputs);
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < outputs; k++) {
      let sum = bias[k];
      for (let j = 0; j < inputs; j++) sum += data[n * inputs + j] * kernel[j * outputs + k];
      next[n * outputs + k] = activation(sum);
    }
  }
  return next;
}
