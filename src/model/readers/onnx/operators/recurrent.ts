/** RNN, GRU and LSTM: unrolled over the steps that the input has. */
import * as b from '../../../graph/build.js';
import {
  recurrent,
  RECURRENT_ACTIVATIONS,
  type Activation,
  type RecurrentOptions,
  type Recurred,
} from '../../../graph/recurrent.js';
import type { Value } from '../../../graph/value.js';
import { broken, refused } from '../attributes.js';
import { ints } from '../fold.js';
import { needTraced, optionalKnown, type Inputs, type Operator, type Site } from '../site.js';
import { arranged, asTraced, dimsOf, range, traced, type Dims, type Traced } from '../tensor.js';

type Kind = RecurrentOptions['kind'];

/** Each step is some twenty operations, and as many on the way back. */
const MOST_STEPS = 1024;
const GATES: Readonly<Record<Kind, number>> = { RNN: 1, GRU: 3, LSTM: 4 };
const USUAL: Readonly<Record<Kind, readonly string[]>> = {
  RNN: ['Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
};
const text = new TextDecoder();

/** The activations of one direction; numbers go to those that take some, in order. */
function activationsOf(kind: Kind, directions: number, site: Site): Activation[][] {
  const { attributes } = site;
  const usual = USUAL[kind];
  const names =
    attributes.node.attributes.get('activations')?.strings?.map((bytes) => text.decode(bytes)) ??
    range(directions).flatMap(() => usual);
  if (names.length !== usual.length * directions) {
    throw broken(attributes.node, `names ${names.length} activations`);
  }
  const alphas = attributes.floats('activation_alpha');
  const betas = attributes.floats('activation_beta');
  const made = names.map((name, i) => {
    const make = Object.hasOwn(RECURRENT_ACTIVATIONS, name.toLowerCase())
      ? RECURRENT_ACTIVATIONS[name.toLowerCase()]
      : undefined;
    if (make === undefined) throw refused(attributes.node, `has the unknown activation '${name}'`);
    return make(alphas?.[i], betas?.[i]);
  });
  return range(directions).map((d) => made.slice(d * usual.length, (d + 1) * usual.length));
}

/** How many steps count, the same for all sequences; the rest is padding. */
function stepsOf(inputs: Inputs, steps: number, site: Site): number {
  const given = optionalKnown(inputs, 4, site);
  if (given === undefined) return steps;
  const lengths = new Set(ints(given));
  const [length] = lengths;
  if (lengths.size !== 1 || !(length >= 1 && length <= steps)) {
    throw refused(site.attributes.node, 'has sequences of different lengths');
  }
  return length;
}

const layer =
  (kind: Kind): Operator =>
  (inputs, site) => {
    const { attributes } = site;
    const isBatchFirst = attributes.int('layout', 0) === 1;
    const [stepAxis, batchAxis] = isBatchFirst ? [1, 0] : [0, 1];
    const given = needTraced(inputs, 0, site);
    if (given.rank !== 3) throw broken(attributes.node, 'needs an input of three axes');
    const [weights, hiddenWeights] = [needTraced(inputs, 1, site), needTraced(inputs, 2, site)];
    const [directions, width] = dimsOf(weights);
    const size = dimsOf(hiddenWeights)[2];
    const dims = dimsOf(given);
    const [steps, batch] = [dims[stepAxis], dims[batchAxis]];
    if (width !== GATES[kind] * size || directions > 2) {
      throw broken(attributes.node, `has weights of shape [${dimsOf(weights).join(', ')}]`);
    }
    if (steps > MOST_STEPS) {
      throw refused(
        attributes.node,
        `runs over ${steps} steps, of which whylens unrolls ${MOST_STEPS}`,
      );
    }
    const told = attributes.text('direction', 'forward');
    const used = stepsOf(inputs, steps, site);
    const x = b.sliceAxis(arranged(given, [stepAxis, batchAxis, 2]), 0, 0, used);
    /** The part of one direction, with these axes left. */
    const own = (input: number, d: number, shape: Dims): Value | undefined => {
      const found = inputs[input];
      if (found === undefined) return undefined;
      const t = asTraced(found);
      const all = arranged(t, range(t.rank));
      const at = isBatchFirst && (input === 5 || input === 6) ? 1 : 0;
      return b.reshape(b.sliceAxis(all, at, d, d + 1), shape);
    };
    const zeros = b.tensor([batch, size], new Float32Array(batch * size));
    const activations = activationsOf(kind, directions, site);
    const results = range(directions).map((d): Recurred => {
      const biases = own(3, d, [2 * width]);
      const half = (i: number): Value | undefined =>
        biases && b.slice(biases, [i * width], [(i + 1) * width]);
      const inputWeights = own(1, d, [width, dimsOf(weights)[2]])!;
      return recurrent(
        x,
        {
          input: inputWeights,
          hidden: own(2, d, [width, size])!,
          inputBias: half(0),
          hiddenBias: half(1),
          ...(kind === 'LSTM' ? { peepholes: own(7, d, [3 * size]) } : {}),
        },
        {
          hidden: own(5, d, [batch, size]) ?? zeros,
          ...(kind === 'LSTM' ? { cell: own(6, d, [batch, size]) ?? zeros } : {}),
        },
        {
          kind,
          backwards: told === 'reverse' || d === 1,
          activations: activations[d],
          clip: attributes.float('clip'),
          coupled: attributes.int('input_forget', 0) === 1,
          resetAfter: attributes.int('linear_before_reset', 0) === 1,
        },
      );
    });
    const all = results.map(({ all: y }) => {
      const filled = b.pad(y, [0, 0, 0], [steps - used, 0, 0]);
      return b.reshape(filled, [steps, 1, batch, size]);
    });
    const lasts = results.map(({ last }) => b.reshape(last, [1, batch, size]));
    const cells = results.flatMap(({ cell }) =>
      cell === undefined ? [] : [b.reshape(cell, [1, batch, size])],
    );
    const order = isBatchFirst ? [1, 2, 0, 3] : [0, 1, 2, 3];
    const state = (list: readonly Value[]): Traced =>
      compact(b.concat(list, 0), 3, isBatchFirst ? [1, 0, 2] : [0, 1, 2]);
    return [
      compact(b.concat(all, 1), 4, order),
      state(lasts),
      ...(cells.length > 0 ? [state(cells)] : []),
    ];
  };

/** Without the axes of size 1, so that the batch is none of the sample's own. */
function compact(value: Value, rank: number, order: Dims): Traced {
  const wide = range(order.length).filter((i) => value.shape[i] !== 1);
  return traced(
    b.reshape(
      value,
      wide.map((i) => value.shape[i]),
    ),
    rank,
    wide.map((i) => order[i]),
  );
}

export const RECURRENT: Readonly<Record<string, Operator>> = {
  RNN: layer('RNN'),
  GRU: layer('GRU'),
  LSTM: layer('LSTM'),
};
