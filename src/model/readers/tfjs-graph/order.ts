/** Which nodes the outputs need, in an order in which each finds its inputs made. */
import { WhylensError } from '../../../errors.js';
import type { GraphNode, Source } from './graph-def.js';

/** Nodes of loops that run backwards in the graph. */
const LOOPS = new Set(['NextIteration', 'Enter', 'Exit', 'LoopCond']);

export function neededNodes(
  nodes: readonly GraphNode[],
  outputs: readonly Source[],
  given: { readonly has: (name: string) => boolean },
): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const done = new Set<GraphNode>();
  const open = new Set<GraphNode>();
  // not recursive: networks are deeper than the call stack
  const stack: { node: GraphNode; next: number }[] = [];
  const enter = (name: string): void => {
    const node = byName.get(name);
    if (node === undefined || given.has(name) || done.has(node)) return;
    if (open.has(node)) throw cycle(node, open);
    open.add(node);
    stack.push({ node, next: 0 });
  };
  for (const { node: output } of outputs) {
    enter(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.node.inputs.length) {
        enter(top.node.inputs[top.next++].node);
        continue;
      }
      stack.pop();
      open.delete(top.node);
      done.add(top.node);
    }
  }
  return [...done];
}

function cycle(node: GraphNode, open: ReadonlySet<GraphNode>): WhylensError {
  const loop = [...open].find(({ op }) => LOOPS.has(op));
  if (loop !== undefined) {
    return new WhylensError(
      'UNSUPPORTED_OPERATION',
      `node '${loop.name}' (${loop.op}) is control flow: a loop, through which nothing can be differentiated. Export the model for inference without it`,
      { facts: { layer: loop.name, operation: loop.op } },
    );
  }
  return new WhylensError(
    'MODEL_LOAD',
    `node '${node.name}' needs its own result: the graph has a cycle, so the file is damaged`,
    { facts: { node: node.name } },
  );
}
