/** Which nodes of a graph matter, in which order, and what their values depend on. */
import { WhylensError } from '../../errors.js';
import { dataInputs, nodeOf, type GraphModel, type GraphNode, type Key } from './graph-model.js';
import { append } from '../../maths/extremes.js';

/**
 * What a node's value depends on: nothing (a constant), the size of the input
 * alone (a shape computed to reshape with), or the input's values.
 */
export type Dependence = 'constant' | 'shape' | 'values';

export interface OrderedNode {
  readonly node: GraphNode;
  readonly inputs: readonly Key[];
  readonly depends: Dependence;
}

const SHAPE_OPS: readonly string[] = ['Shape', 'ShapeN', 'Size', 'Rank'];

/** The nodes that the outputs need, in execution order. */
export function orderedNodes(
  model: GraphModel,
  outputs: readonly Key[],
  inputs: ReadonlySet<string>,
): Map<string, OrderedNode> {
  const { nodes } = model.executor.graph;
  const inputsOf = dataInputs(model);
  const found = new Map<string, OrderedNode>();
  const started = new Set<string>();
  // by hand and not by recursion: graphs are thousands of nodes deep
  const stack = outputs.map(nodeOf).reverse();
  while (stack.length > 0) {
    const name = stack[stack.length - 1];
    const node = nodes[name] as GraphNode | undefined;
    if (node === undefined) throw notInGraph(name);
    const own = inputs.has(name) ? [] : inputsOf(node);
    const waiting = own.map(nodeOf).filter((input) => !found.has(input));
    if (found.has(name) || waiting.length === 0) {
      stack.pop();
      if (!found.has(name)) {
        const depends = dependence(node, own, found, inputs);
        found.set(name, { node, inputs: own, depends });
      }
    } else {
      if (started.has(name)) throw controlFlow(node);
      started.add(name);
      append(stack, waiting);
    }
  }
  return found;
}

function dependence(
  node: GraphNode,
  inputs: readonly Key[],
  found: ReadonlyMap<string, OrderedNode>,
  placeholders: ReadonlySet<string>,
): Dependence {
  if (placeholders.has(node.name)) return 'values';
  const from = inputs.map((key) => found.get(nodeOf(key))!.depends);
  if (from.every((depends) => depends === 'constant')) return 'constant';
  if (node.category === 'control' && !/^(Identity|IdentityN|StopGradient)$/.test(node.op)) {
    throw controlFlow(node);
  }
  if (SHAPE_OPS.includes(node.op)) return 'shape';
  return from.includes('values') ? 'values' : 'shape';
}

function controlFlow({ name, op }: GraphNode): WhylensError {
  return new WhylensError(
    'UNSUPPORTED_OPERATION',
    `node '${name}' (${op}) is control flow, which graph models only run asynchronously and without gradients. Export the model for inference without it, or explain it as a function with a method that only needs predictions`,
    { facts: { layer: name, operation: op } },
  );
}

function notInGraph(name: string): WhylensError {
  return new WhylensError(
    'UNSUPPORTED_MODEL',
    `the graph refers to a node '${name}' that it does not hold; convert the SavedModel again with tensorflowjs_converter`,
    { facts: { node: name } },
  );
}
