/** The surroundings of an operation: its node, and what all operations share. */
import { WhylensError } from '../../../errors.js';
import { sizeOf } from '../../../maths/ndarray.js';
import { ELEMENT, type OnnxAttribute } from '../../files/onnx.js';
import { isWhole } from '../../files/onnx-tensor.js';
import { evaluate } from '../../graph/evaluate.js';
import { Attributes as OnnxAttributes } from '../onnx/attributes.js';
import { FOLDS } from '../onnx/fold.js';
import { operatorOf } from '../onnx/operators/index.js';
import {
  arranged,
  dimsOf,
  known,
  range,
  requireSize,
  type Known,
  type Operand,
  type Traced,
} from '../onnx/tensor.js';
import type { Attributes } from './attributes.js';

export interface Site {
  readonly attributes: Attributes;
  /** Samples that the graph was written for at a time; one is computed. */
  readonly batch?: number;
  /** A warning for the reader of the explanation, given once. */
  warn(message: string): void;
  /** A value inside the node that can be addressed as `node:name`. */
  inner(name: string, value: Traced): void;
}

export type Inputs = readonly Operand[];
/** The outputs of a node, from its inputs. */
export type Operation = (inputs: Inputs, site: Site) => readonly Operand[];

/** The domain by which errors of the shared operators recognise our nodes. */
const DOMAIN = 'tensorflow';

export function need(inputs: Inputs, index: number, site: Site): Operand {
  const found = inputs[index] as Operand | undefined;
  if (found === undefined) throw broken(site, `lacks its input ${index}`);
  return found;
}

/** Numbers that must not depend on the picture: shapes, axes, rows. */
export function numbersAt(inputs: Inputs, index: number, site: Site): number[] {
  const found = settled(need(inputs, index, site), true);
  if (found.kind === 'known') {
    requireSize(dimsOf(found));
    return Array.from(found.weight.data);
  }
  throw refused(site, `takes its input ${index} from the values of the picture`);
}
export const numberAt = (inputs: Inputs, index: number, site: Site): number => {
  const found = numbersAt(inputs, index, site);
  if (found.length !== 1) throw broken(site, `needs one number as its input ${index}`);
  return found[0];
};

export function plainAxis(axis: number, rank: number, site: Site): number {
  const plain = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(plain) || plain < 0 || plain >= Math.max(rank, 1)) {
    throw broken(site, `names axis ${axis} of a tensor with ${rank} axes`);
  }
  return plain;
}

/** Constants larger than this stay in the graph, unless their numbers are asked for. */
const LARGE = 2 ** 12;

/** The numbers of a tensor that depends on no input. */
export function settled(x: Operand, whatever = false, type: number = ELEMENT.float): Operand {
  if (x.kind === 'known' || x.value.live) return x;
  const dims = dimsOf(x);
  if (!whatever && sizeOf(dims) > LARGE) return x;
  requireSize(dims);
  const [data] = evaluate([arranged(x, range(x.rank))]);
  return known(dims, data, type);
}

type Option = number | string | readonly number[];

/** An operation as one of ONNX: computed if all is known, else values of the graph. */
export function onnx(
  op: string,
  inputs: readonly (Operand | undefined)[],
  site: Site,
  options: Readonly<Record<string, Option>> = {},
  outputs = 1,
): Operand[] {
  const { node } = site.attributes;
  const attributes = new OnnxAttributes({
    op: node.op,
    domain: DOMAIN,
    overload: '',
    name: node.name,
    inputs: [],
    outputs: range(outputs).map((i) => `${node.name}:${i}`),
    attributes: new Map(Object.entries(options).map(([name, x]) => [name, attribute(name, x)])),
    metadata: new Map(),
  });
  const operator = operatorOf('', op);
  const given = inputs.map((x) => (x === undefined ? x : settled(x)));
  const fold = Object.hasOwn(FOLDS, op) ? FOLDS[op] : undefined;
  const allKnown = given.every((x) => x === undefined || x.kind === 'known');
  const large = given.some(
    (x) => x?.kind === 'known' && !isWhole(x.type) && sizeOf(dimsOf(x)) > LARGE,
  );
  if (fold !== undefined && allKnown && (!large || operator === undefined)) {
    const found = fold(given as (Known | undefined)[], attributes);
    if (found !== undefined) return [...found];
  }
  if (operator === undefined) throw refused(site, 'computes with numbers that it may not');
  return operator(given, {
    attributes,
    opset: 18,
    warn: (message) => site.warn(message),
  }).map((x) => settled(x));
}

function attribute(name: string, x: Option): OnnxAttribute {
  if (typeof x === 'string') return { name, type: 3, s: new TextEncoder().encode(x) };
  if (typeof x === 'number') {
    return { name, type: 1, f: x, ...(Number.isInteger(x) ? { i: BigInt(x) } : {}) };
  }
  return {
    name,
    type: 7,
    floats: x,
    ...(x.every(Number.isInteger) ? { ints: x.map(BigInt) } : {}),
  };
}

/** The error about an operation that whylens does not understand. */
export function refused(site: Site, why: string): WhylensError {
  const { node } = site.attributes;
  return new WhylensError(
    'UNSUPPORTED_OPERATION',
    `node '${node.name}' (${node.op}) ${why}. Methods that only need predictions (occlusion, rise, lime, kernel-shap) still work if TensorFlow.js runs the graph`,
    { facts: { layer: node.name, operation: node.op } },
  );
}

/** The graph contradicts itself at a node. */
export function broken(site: Site, why: string): WhylensError {
  const { node } = site.attributes;
  return new WhylensError(
    'MODEL_LOAD',
    `node '${node.name}' (${node.op}) ${why}: the file is damaged, or made for another input size`,
    { facts: { layer: node.name, operation: node.op } },
  );
}
