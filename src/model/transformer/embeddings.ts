/** Where in a graph the tokens are embedded, and the graph that goes on from there. */
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from '../files/onnx.js';
import { ELEMENT, wholeAttribute } from '../files/onnx.js';

/** Names of tensors. */
export interface EmbeddingPlaces {
  /** The looked-up embeddings, `[batch, tokens, width]`. */
  readonly tokens: string;
  /** The same after positions and segments are added and normalised: all that the network sees of the text. */
  readonly embeddings: string;
}

/** Operators that pass numbers of tokens on as they are. */
const PASSING = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);
/** Operators with weights, before which the block of embeddings ends. */
const WEIGHING = new Set([
  'MatMul',
  'Gemm',
  'MatMulInteger',
  'QLinearMatMul',
  'DynamicQuantizeLinear',
  'Conv',
  'Einsum',
  'Attention',
  'FusedMatMul',
  'QAttention',
  'DynamicQuantizeMatMul',
]);
/** Operators that look at sizes alone. */
const SIZES = new Set(['Shape', 'Size']);

/** Undefined if no look-up by the tokens' numbers is found. */
export function embeddingPlaces(graph: OnnxGraph, ids: string): EmbeddingPlaces | undefined {
  const numbers = new Set([ids]);
  let tokens: string | undefined;
  for (const node of graph.nodes) {
    if (node.op === 'Gather' && numbers.has(node.inputs[1])) {
      tokens = node.outputs[0];
      break;
    }
    if (PASSING.has(node.op) && numbers.has(node.inputs[0])) numbers.add(node.outputs[0]);
  }
  if (tokens === undefined) return undefined;
  const looked = tokens;
  // a quantised table is spread out after the look-up
  const next = graph.nodes.find(({ inputs }) => inputs.includes(looked));
  if (next !== undefined && ['DequantizeLinear', 'Cast'].includes(next.op)) {
    tokens = next.outputs[0];
  }
  return { tokens, embeddings: blockEnd(graph, tokens) };
}

/** The last tensor through which all goes before the first operator with weights. */
function blockEnd({ nodes, outputs }: OnnxGraph, start: string): string {
  const uses = new Map<string, number>();
  for (const { inputs, op } of nodes) {
    if (SIZES.has(op)) continue;
    for (const name of new Set(inputs)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  for (const { name } of outputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  const open = new Map([[start, uses.get(start) ?? 0]]);
  let end = start;
  for (const node of nodes) {
    const live = [...new Set(node.inputs)].filter((name) => open.has(name));
    if (live.length === 0 || SIZES.has(node.op)) continue;
    if (open.size === 1) [end] = [...open.keys()];
    if (WEIGHING.has(node.op)) break;
    for (const name of live) {
      const left = open.get(name)! - 1;
      if (left === 0) open.delete(name);
      else open.set(name, left);
    }
    for (const name of node.outputs) if (uses.has(name)) open.set(name, uses.get(name)!);
  }
  return end;
}

/** One of the inputs with the values it has. */
export interface FixedInput {
  readonly info: OnnxValueInfo;
  readonly values: ArrayLike<number>;
}

/** Names of what is added to a graph. */
const PROBABILITIES = 'whylens/probabilities';

/**
 * The graph that begins at a tensor: it is the only input, of shape
 * `[batch, tokens, width]`, and what was fed beside it is fixed.
 */
export function graphFrom(
  model: OnnxModel,
  from: string,
  shape: readonly [tokens: number, width: number],
  fixed: readonly FixedInput[],
  output: string,
  activation: 'softmax' | 'sigmoid' | 'linear',
): OnnxModel {
  const { graph } = model;
  const maker = graph.nodes.find(({ outputs }) => outputs.includes(from));
  const nodes = graph.nodes.filter((node) => node !== maker);
  const made = activation === 'linear' ? output : PROBABILITIES;
  return {
    ...model,
    graph: {
      ...graph,
      nodes: activation === 'linear' ? nodes : [...nodes, activationNode(output, activation)],
      initializers: [...graph.initializers, ...fixed.map(constantOf)],
      inputs: [{ name: from, type: ELEMENT.float, shape: ['batch', ...shape] }],
      outputs: [{ name: made, type: ELEMENT.float }],
    },
  };
}

function activationNode(output: string, activation: 'softmax' | 'sigmoid'): OnnxNode {
  const axis = wholeAttribute('axis', -1);
  return {
    op: activation === 'softmax' ? 'Softmax' : 'Sigmoid',
    domain: '',
    overload: '',
    name: PROBABILITIES,
    inputs: [output],
    outputs: [PROBABILITIES],
    attributes: new Map(activation === 'softmax' ? [['axis', axis]] : []),
    metadata: new Map(),
  };
}

function constantOf({ info, values }: FixedInput): OnnxTensor {
  const { name, type } = info;
  const tensor = { name, type, dims: [1, values.length] };
  if (type === ELEMENT.int64) return { ...tensor, int64s: Array.from(values, BigInt) };
  if (type === ELEMENT.float) return { ...tensor, floats: Array.from(values) };
  return { ...tensor, int32s: Array.from(values, BigInt) };
}

/** The name of what comes before a final softmax or sigmoid, and which it is; the output itself if there is none. */
export function logitsBefore(
  graph: OnnxGraph,
  output: string,
): { readonly logits: string; readonly activation: 'softmax' | 'sigmoid' | 'linear' } {
  let name = output;
  for (;;) {
    const from = name;
    const maker = graph.nodes.find(({ outputs }) => outputs.includes(from));
    if (maker?.op === 'Softmax') return { logits: maker.inputs[0], activation: 'softmax' };
    if (maker?.op === 'Sigmoid') return { logits: maker.inputs[0], activation: 'sigmoid' };
    if (maker?.op !== 'Identity' && maker?.op !== 'Cast')
      return { logits: output, activation: 'linear' };
    [name] = maker.inputs;
  }
}

/** The file with more outputs: in this format what is appended is merged. */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const text = new TextEncoder();
  const infos = names.flatMap((name) => field(12, field(1, [...text.encode(name)])));
  const added = field(7, infos);
  const whole = new Uint8Array(bytes.length + added.length);
  whole.set(bytes);
  whole.set(added, bytes.length);
  return whole;
}

function field(number: number, content: readonly number[]): number[] {
  return [...varint((number << 3) | 2), ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}
