/**
 * Loop, Scan and If: unrolled if it is known while reading how often they run. If a branch depends
 * on the picture, both sides are computed, and the values of the one that is taken go on.
 */
import { select } from '../../graph/build.js';
import { ELEMENT, type OnnxGraph, type OnnxNode } from '../../files/onnx.js';
import { Attributes, broken, refused } from './attributes.js';
import { numbers, plainAxis } from './fold.js';
import { joined } from './operators/pointwise.js';
import type { Inputs } from './site.js';
import { dimsOf, known, range, type Operand } from './tensor.js';

/** What control flow needs from the code that runs the nodes. */
export interface Body {
  /** The outputs of an inner graph with these inputs; `label` tells its runs apart in layer names. */
  run(graph: OnnxGraph, given: Inputs, label: string): Operand[];
  /** The first output of an operator of the standard. */
  apply(
    op: string,
    inputs: Inputs,
    attributes?: Readonly<Record<string, number | number[]>>,
  ): Operand;
}

/** Runs of a body, beyond which the graph would be too large to compile. */
const MOST_RUNS = 4096;

function graphOf(node: OnnxNode, name: string): OnnxGraph {
  const graph = node.attributes.get(name)?.g;
  if (graph === undefined) throw broken(node, `lacks its ${name}`);
  return graph;
}
const number = (n: number, type: number): Operand => known([], [n], type);

/** One value, if it is known while reading. */
function told(node: OnnxNode, x: Operand, what: string): number {
  if (x.kind === 'known') return numbers(x)[0];
  throw refused(node, `${what} by the values of the picture`);
}

export function branch(node: OnnxNode, [condition]: Inputs, body: Body): Operand[] {
  if (condition === undefined) throw broken(node, 'lacks its condition');
  const [yes, no] = ['then_branch', 'else_branch'].map((name) => graphOf(node, name));
  if (condition.kind === 'known') {
    return body.run(numbers(condition)[0] !== 0 ? yes : no, [], '');
  }
  const [a, b] = [body.run(yes, [], 'then'), body.run(no, [], 'else')];
  return a.map((x, i) => {
    const shapes = [dimsOf(x), dimsOf(b[i])].map(String);
    if (shapes[0] !== shapes[1]) {
      throw refused(
        node,
        `chooses by the values of the picture between shapes [${shapes[0]}] and [${shapes[1]}]`,
      );
    }
    return joined([condition, x, b[i]], ([c, p, q]) => select(c, p, q));
  });
}

/** Results of every run, one row each. */
function stacked(node: OnnxNode, rows: readonly Operand[], axis: number, body: Body): Operand {
  if (rows.length === 0) throw refused(node, 'runs no time, so its output has no rows');
  const wide = rows.map((x) => body.apply('Unsqueeze', [x], { axes: [axis] }));
  return body.apply('Concat', wide, { axis });
}

export function loop(node: OnnxNode, inputs: Inputs, body: Body): Operand[] {
  const graph = graphOf(node, 'body');
  const [most, first] = inputs;
  const count = most === undefined ? Infinity : told(node, most, 'runs as often as is told');
  let state: Inputs = inputs.slice(2);
  const results: Operand[][] = [];
  let goesOn = first === undefined || told(node, first, 'starts') !== 0;
  for (let i = 0; goesOn && i < count; i++) {
    if (i >= MOST_RUNS) throw refused(node, `runs more than ${MOST_RUNS} times`);
    const given = [number(i, ELEMENT.int64), number(1, ELEMENT.bool), ...state];
    const [condition, ...rest] = body.run(graph, given, String(i));
    state = rest.slice(0, state.length);
    rest.slice(state.length).forEach((x, k) => (results[k] ??= []).push(x));
    // without a condition at the start, only the count ends it
    if (first !== undefined) goesOn = told(node, condition, 'goes on') !== 0;
  }
  const scanned = range(graph.outputs.length - 1 - state.length);
  return [
    ...state.map((x) => x ?? number(0, ELEMENT.float)),
    ...scanned.map((k) => stacked(node, results[k] ?? [], 0, body)),
  ];
}

export function scan(node: OnnxNode, inputs: Inputs, opset: number, body: Body): Operand[] {
  const graph = graphOf(node, 'body');
  const attributes = new Attributes(node);
  if (opset < 9) throw refused(node, 'is of opset 8, in which it had another meaning');
  const count = attributes.int('num_scan_inputs', 0);
  const held = inputs.length - count;
  const rows = inputs.slice(held).map((x, k) => {
    if (x === undefined) throw broken(node, `lacks its input ${held + k}`);
    const dims = dimsOf(x);
    const axis = plainAxis(attributes.ints('scan_input_axes')?.[k] ?? 0, dims.length, attributes);
    const backwards = attributes.ints('scan_input_directions')?.[k] === 1;
    return { x, axis, size: dims[axis], backwards };
  });
  const steps = rows[0]?.size ?? 0;
  if (rows.some(({ size }) => size !== steps)) throw broken(node, 'runs over axes of other sizes');
  if (steps > MOST_RUNS) throw refused(node, `runs more than ${MOST_RUNS} times`);
  let state: Inputs = inputs.slice(0, held);
  const results: Operand[][] = [];
  for (const step of range(steps)) {
    const given = rows.map(({ x, axis, backwards }) => {
      const row = backwards ? steps - 1 - step : step;
      return body.apply('Gather', [x, number(row, ELEMENT.int64)], { axis });
    });
    const made = body.run(graph, [...state, ...given], String(step));
    state = made.slice(0, held);
    made.slice(held).forEach((x, k) => (results[k] ??= []).push(x));
  }
  const scanned = range(graph.outputs.length - held).map((k) => {
    const list = results[k] ?? [];
    const isBackwards = attributes.ints('scan_output_directions')?.[k] === 1;
    const axis = attributes.ints('scan_output_axes')?.[k] ?? 0;
    return stacked(node, isBackwards ? list.reverse() : list, axis, body);
  });
  return [...state.map((x) => x ?? number(0, ELEMENT.float)), ...scanned];
}
