/** Which nodes a graph needs for its outputs, in an order in which each finds its inputs made. */
import { WhylensError } from '../../../errors.js';
import type { OnnxGraph, OnnxNode } from '../../files/onnx.js';
import { append } from '../../../maths/extremes.js';

/** Nodes in execution order, without those that no output needs. */
export function neededNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  for (const node of nodes)
    for (const name of node.outputs) if (name !== '') makers.set(name, node);
  const done = new Set<OnnxNode>();
  const open = new Set<OnnxNode>();
  // not recursive: networks are deeper than the call stack
  const stack: { node: OnnxNode; rest: string[] }[] = [];
  const enter = (name: string): void => {
    const node = makers.get(name);
    if (node === undefined || done.has(node)) return;
    if (open.has(node)) {
      throw new WhylensError(
        'MODEL_LOAD',
        `the node that gives '${name}' needs its own result: the graph has a cycle, so the file is damaged`,
        { facts: { node: node.name } },
      );
    }
    open.add(node);
    stack.push({ node, rest: [...node.inputs, ...capturedNames(node)].reverse() });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const { node, rest } = stack[stack.length - 1];
      const name = rest.pop();
      if (name !== undefined) {
        enter(name);
        continue;
      }
      stack.pop();
      open.delete(node);
      done.add(node);
    }
  }
  return [...done];
}

/** Names that the graphs inside a node take from around it. */
function capturedNames(node: OnnxNode): string[] {
  const names: string[] = [];
  for (const { g } of node.attributes.values()) if (g !== undefined) append(names, outerNames(g));
  return names;
}
function outerNames(graph: OnnxGraph): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [
    ...graph.nodes.flatMap((inner) => [...inner.inputs, ...capturedNames(inner)]),
    ...graph.outputs.map(({ name }) => name),
  ];
  return used.filter((name) => name !== '' && !own.has(name));
}
