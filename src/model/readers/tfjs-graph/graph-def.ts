/** A graph as TensorFlow.js' converter writes it: checked, with inputs as node and number of the output. */
import { WhylensError } from '../../../errors.js';

/** An attribute as the file has it: one of several kinds. */
export type RawAttribute = Readonly<Record<string, unknown>>;

export interface Source {
  readonly node: string;
  /** Which output of that node. */
  readonly output: number;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Without those that only order execution. */
  readonly inputs: readonly Source[];
  readonly attributes: Readonly<Record<string, RawAttribute | undefined>>;
}

export interface GraphFunction {
  readonly name: string;
  readonly inputs: readonly string[];
  /** Where each output comes from. */
  readonly outputs: readonly Source[];
  readonly nodes: readonly GraphNode[];
}

export interface GraphDef {
  readonly nodes: readonly GraphNode[];
  readonly functions: ReadonlyMap<string, GraphFunction>;
}

export interface SignatureEntry {
  /** Its name in the signature. */
  readonly name: string;
  readonly source: Source;
  /** With the batch axis; undefined if even the rank is open. */
  readonly shape?: readonly (number | null)[];
  readonly dtype?: string;
}

export interface Signature {
  readonly inputs: readonly SignatureEntry[];
  readonly outputs: readonly SignatureEntry[];
}

const MOST_NODES = 500_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function damaged(what: string): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `the graph is damaged: ${what}. Convert the model again with tensorflowjs_converter`,
  );
}

/** @throws WhylensError `MODEL_LOAD` if the topology is not a graph */
export function readGraphDef(topology: unknown): GraphDef {
  if (!isObject(topology) || !Array.isArray(topology.node)) throw damaged("it has no 'node' list");
  const nodes = nodesOf(topology.node);
  const known = new Set(nodes.map(({ name }) => name));
  for (const { name, inputs } of nodes) requireKnown(name, inputs, known);
  return { nodes, functions: functionsOf(topology.library) };
}

function requireKnown(
  name: string,
  inputs: readonly Source[],
  known: { readonly has: (name: string) => boolean },
): void {
  const lost = inputs.find(({ node }) => !known.has(node));
  if (lost !== undefined) {
    throw damaged(`node '${name}' takes '${lost.node}', which it does not hold`);
  }
}

function nodesOf(list: readonly unknown[]): GraphNode[] {
  if (list.length > MOST_NODES) throw damaged(`it has more than ${MOST_NODES} nodes`);
  const ops = new Map<string, string>();
  const raw = list.map((node, i) => {
    if (!isObject(node) || typeof node.name !== 'string' || typeof node.op !== 'string') {
      throw damaged(`node ${i} has no name or no operation`);
    }
    const { name, op, input = [], attr } = node;
    const isList = Array.isArray(input) && input.every((one) => typeof one === 'string');
    if (!isList || (attr !== undefined && attr !== null && !isObject(attr))) {
      throw damaged(`the inputs or attributes of node '${name}' are not lists of them`);
    }
    ops.set(name, op);
    return { name, op, input: input, attr: (attr ?? {}) as GraphNode['attributes'] };
  });
  return raw.map(({ name, op, input, attr }) => ({
    name,
    op,
    attributes: attr,
    inputs: input.filter((one) => !one.startsWith('^')).map((one) => sourceOf(one, ops)),
  }));
}

/** Names of outputs by operation, as functions use them, for operations with several. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  FusedBatchNorm: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
  FusedBatchNormV2: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
  FusedBatchNormV3: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
  TopKV2: ['values', 'indices'],
  Switch: ['output_false', 'output_true'],
  Merge: ['output', 'value_index'],
  MaxPoolWithArgmax: ['output', 'argmax'],
  Unique: ['y', 'idx'],
};

/** `a`, `a:1`, and in functions `a:output:1`. */
function sourceOf(text: string, ops: ReadonlyMap<string, string>): Source {
  const parts = text.split(':');
  if (parts.length === 1) return { node: text, output: 0 };
  if (parts.length === 2 && /^\d+$/.test(parts[1])) {
    return { node: parts[0], output: Number(parts[1]) };
  }
  const [node, name, index = '0'] = parts;
  const names = OUTPUTS[ops.get(node) ?? ''] as readonly string[] | undefined;
  return { node, output: Math.max(names?.indexOf(name) ?? 0, 0) + Number(index) };
}

function functionsOf(library: unknown): Map<string, GraphFunction> {
  const list = isObject(library) ? (library.function ?? []) : [];
  if (!Array.isArray(list)) throw damaged('its library holds no list of functions');
  const functions = (list as unknown[]).map((fn): GraphFunction => {
    const { signature, nodeDef = [], ret = {} } = isObject(fn) ? fn : {};
    if (!isObject(signature) || !Array.isArray(nodeDef) || !isObject(ret)) {
      throw damaged('a function of its library has no signature');
    }
    const name = String(signature.name);
    const args = (value: unknown): string[] =>
      Array.isArray(value) ? value.map((arg) => String((arg as { name?: unknown }).name)) : [];
    const nodes = nodesOf(nodeDef);
    const ops = new Map(nodes.map((node) => [node.name, node.op]));
    const inputs = args(signature.inputArg);
    const known = new Set([...inputs, ...ops.keys()]);
    for (const node of nodes) requireKnown(`${name}/${node.name}`, node.inputs, known);
    const outputs = args(signature.outputArg).map((arg) => {
      const told = ret[arg];
      if (typeof told !== 'string') throw damaged(`function '${name}' does not give '${arg}'`);
      return sourceOf(told, ops);
    });
    requireKnown(name, outputs, known);
    return { name, inputs, outputs, nodes };
  });
  return new Map(functions.map((fn) => [fn.name, fn]));
}

/** The inputs and outputs that `model.json` names; else placeholders are the inputs, and values that nothing uses the outputs. */
export function readSignature(graph: GraphDef, signature: unknown): Signature {
  const told = isObject(signature) ? signature : {};
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const ops = new Map(graph.nodes.map((node) => [node.name, node.op]));
  const entries = (value: unknown): SignatureEntry[] =>
    Object.entries(isObject(value) ? value : {}).flatMap(([name, info]) => {
      const about = isObject(info) ? info : {};
      const source = sourceOf(typeof about.name === 'string' ? about.name : name, ops);
      if (!byName.has(source.node)) return [];
      const shape = shapeOf(about.tensorShape);
      return [
        {
          name,
          source,
          ...(shape === undefined ? {} : { shape }),
          ...(typeof about.dtype === 'string' ? { dtype: about.dtype } : {}),
        },
      ];
    });
  let inputs = entries(told.inputs);
  if (inputs.length === 0) {
    inputs = graph.nodes
      .filter(({ op }) => op === 'Placeholder')
      .map(({ name }) => ({ name, source: { node: name, output: 0 } }));
  }
  let outputs = entries(told.outputs);
  if (outputs.length === 0) {
    const taken = new Set(graph.nodes.flatMap((node) => node.inputs.map((source) => source.node)));
    outputs = graph.nodes
      .filter(({ name, op }) => !taken.has(name) && !SILENT.has(op))
      .map(({ name }) => ({ name, source: { node: name, output: 0 } }));
  }
  return { inputs, outputs };
}
const SILENT = new Set(['NoOp', 'Assert', 'Placeholder', 'Const']);

/** Sizes of a `TensorShapeProto`; null if one is open, undefined if all are. */
export function shapeOf(value: unknown): (number | null)[] | undefined {
  if (!isObject(value) || value.unknownRank === true) return undefined;
  const dims = value.dim;
  if (dims === undefined) return [];
  if (!Array.isArray(dims)) return undefined;
  return dims.map((dim) => {
    const size = Number(isObject(dim) ? (dim.size ?? 0) : dim);
    return Number.isSafeInteger(size) && size >= 0 ? size : null;
  });
}
