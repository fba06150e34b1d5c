/** ONNX models by hand, for tests of single operators. */
import {
  ELEMENT,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../../src/model/files/onnx.js';

export type Plain = number | string | readonly number[] | OnnxTensor | OnnxGraph;
/** Attributes whose numbers are floating-point though they look whole. */
const FLOATS = new Set(
  'alpha beta gamma epsilon bias value_float cubic_coeff_a lambd min max value_floats scales activation_params clip softcap scale'.split(
    ' ',
  ),
);
const text = new TextEncoder();

function attribute(name: string, value: Plain): OnnxAttribute {
  if (typeof value === 'string') return { name, type: 3, s: text.encode(value) };
  if (typeof value === 'number') {
    return FLOATS.has(name) && name !== 'axis'
      ? { name, type: 1, f: value }
      : { name, type: 2, i: BigInt(value) };
  }
  if (Array.isArray(value)) {
    const list = value as readonly number[];
    return FLOATS.has(name)
      ? { name, type: 6, floats: list }
      : { name, type: 7, ints: list.map(BigInt) };
  }
  return 'nodes' in (value as object)
    ? { name, type: 5, g: value as OnnxGraph }
    : { name, type: 4, t: value as OnnxTensor };
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Plain>>;
  readonly domain?: string;
  readonly name?: string;
}
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  { attributes = {}, domain = '', name = '' }: NodeOptions = {},
): OnnxNode {
  return {
    op,
    domain,
    overload: '',
    name,
    inputs,
    outputs,
    attributes: new Map(
      Object.entries(attributes).map(([key, value]) => [key, attribute(key, value)]),
    ),
    metadata: new Map(),
  };
}

export function floats(name: string, dims: readonly number[], data: readonly number[]): OnnxTensor {
  return { name, dims, type: ELEMENT.float, floats: data };
}
export function int64s(name: string, data: readonly number[], dims = [data.length]): OnnxTensor {
  return { name, dims, type: ELEMENT.int64, int64s: data.map((n) => BigInt(Math.trunc(n))) };
}
/** Of the types of quantised weights. */
export function small(
  name: string,
  type: number,
  data: readonly number[],
  dims: readonly number[] = [data.length],
): OnnxTensor {
  return { name, dims, type, int32s: data.map(BigInt) };
}

export interface ModelOptions {
  readonly nodes: readonly OnnxNode[];
  /** Name and shape with the batch axis; a text is a free size. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly initializers?: readonly OnnxTensor[];
  readonly opset?: number;
  readonly functions?: OnnxModel['functions'];
}
export function onnxModel(options: ModelOptions): OnnxModel {
  const { nodes, inputs, outputs, initializers = [], opset = 17, functions = [] } = options;
  return {
    irVersion: 8,
    producer: 'test',
    opsets: new Map([
      ['', opset],
      ['com.microsoft', 1],
      ['local', 1],
    ]),
    functions,
    metadata: new Map(),
    graph: {
      name: 'g',
      nodes,
      initializers,
      inputs: Object.entries(inputs).map(([name, shape]) => ({ name, type: 1, shape })),
      outputs: outputs.map((name) => ({ name, type: 0 })),
    },
  };
}

/** Numbers without a pattern, between −1 and 1. */
export function mixed(count: number, seed = 1): number[] {
  let state = seed * 2654435761;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}
