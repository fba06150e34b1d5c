/** Runs through a graph node by node: numbers if all is known, values of our graph if not. */
import { isWhylensError, WhylensError } from '../../../errors.js';
import { sizeOf } from '../../../maths/ndarray.js';
import {
  ELEMENT,
  wholeAttribute,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from '../../files/onnx.js';
import { isWhole, tensorNumbers } from '../../files/onnx-tensor.js';
import { constant } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { ordered, type Value } from '../../graph/value.js';
import { Attributes, broken, refused } from './attributes.js';
import { branch, loop, scan, type Body } from './control.js';
import { FOLDS, ints } from './fold.js';
import { operatorOf } from './operators/index.js';
import { neededNodes } from './order.js';
import { SEQUENCES } from './sequences.js';
import type { Site } from './site.js';
import {
  arranged,
  dimsOf,
  everywhere,
  known,
  MOST_SPREAD,
  requireSize,
  stored,
  type Known,
  type Operand,
  type Traced,
} from './tensor.js';

/** Functions that call functions, branches in branches. */
const DEEPEST = 24;
/** Nodes run through, those of functions as often as they are called. */
const MOST_NODES = 500_000;
/** Numbers computed while reading, of all nodes together. */
const MOST_NUMBERS = 2 ** 26;
/** Weights larger than this are changed by the graph and not while reading. */
const LARGE = 2 ** 16;
/** Numbers that may be shapes, axes or rows. */
const SMALL = 2 ** 12;
/** Operators that give row numbers. */
const COUNTING = new Set(['ArgMax', 'ArgMin']);
/** Operators that only rename numbers, which cost nothing however large. */
const FREE = new Set([
  'Identity',
  'Dropout',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Expand',
  'ConstantOfShape',
]);

/** One node on the way from the input, as the layers are made of. */
export interface Step {
  readonly node: OnnxNode;
  /** Names of the functions around it. */
  readonly prefix: string;
  readonly output: Traced;
  /** Its other outputs. */
  readonly others: readonly Value[];
  readonly weights: readonly Value<'constant'>[];
  /** The operands that depend on the input, by the node from which they come. */
  readonly from: readonly Value[];
}

type Scope = Map<string, Operand | Error>;

export class Tracer {
  readonly steps: Step[] = [];
  readonly warnings = new Set<string>();
  readonly #functions: ReadonlyMap<string, OnnxFunction>;
  #nodes = 0;
  #numbers = 0;

  constructor(
    private readonly model: OnnxModel,
    private readonly files: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#functions = new Map(model.functions.map((fn) => [keyOf(fn), fn]));
  }

  /** The outputs that are asked for, or instead of one the error that it cannot be made. */
  run(inputs: ReadonlyMap<string, Operand>, outputs: readonly string[]): (Operand | Error)[] {
    const scope: Scope = new Map();
    this.#initialise(this.model.graph, scope);
    for (const [name, operand] of inputs) scope.set(name, operand);
    this.#nodesOf(this.model.graph.nodes, outputs, scope, this.model.opsets, '', 0);
    return outputs.map(
      (name) =>
        scope.get(name) ??
        new WhylensError('MODEL_LOAD', `no node of the model gives its output '${name}'`),
    );
  }

  #initialise(graph: OnnxGraph, scope: Scope): void {
    for (const tensor of graph.initializers) {
      try {
        scope.set(tensor.name, stored(tensor, this.files));
      } catch (error) {
        if (!isWhylensError(error)) throw error;
        // it only matters to the outputs that need it
        scope.set(tensor.name, error);
      }
    }
  }

  #nodesOf(
    nodes: readonly OnnxNode[],
    outputs: readonly string[],
    scope: Scope,
    opsets: ReadonlyMap<string, number>,
    prefix: string,
    depth: number,
  ): void {
    if (depth > DEEPEST) {
      throw new WhylensError('MODEL_LOAD', `functions of the model call each other without end`);
    }
    for (const node of neededNodes(nodes, outputs)) {
      if (++this.#nodes > MOST_NODES) {
        throw new WhylensError('MODEL_LOAD', `the model has more than ${MOST_NODES} nodes`);
      }
      this.#node(node, scope, opsets, prefix, depth);
    }
  }

  #node(
    node: OnnxNode,
    scope: Scope,
    opsets: ReadonlyMap<string, number>,
    prefix: string,
    depth: number,
  ): void {
    const inputs: (Operand | undefined)[] = [];
    for (const name of node.inputs) {
      const found = name === '' ? undefined : scope.get(name);
      if (name !== '' && found === undefined)
        throw broken(node, `needs '${name}', which nothing gives`);
      // an unknown operator only matters to the outputs that need it
      if (found instanceof Error) return this.#give(node, scope, found);
      inputs.push(found);
    }
    try {
      const results = this.#results(node, inputs, scope, opsets, prefix, depth);
      results.forEach((x) => requireSane(node, x));
      node.outputs.forEach((name, i) => {
        if (name === '') return;
        scope.set(
          name,
          results[i] ?? refused(node, `has an output ${i} that whylens does not compute`),
        );
      });
      this.#record(node, prefix, inputs, results);
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      this.#give(node, scope, error);
    }
  }

  #give(node: OnnxNode, scope: Scope, result: Error): void {
    for (const name of node.outputs) if (name !== '') scope.set(name, result);
  }

  #results(
    node: OnnxNode,
    inputs: readonly (Operand | undefined)[],
    scope: Scope,
    opsets: ReadonlyMap<string, number>,
    prefix: string,
    depth: number,
  ): readonly Operand[] {
    const attributes = new Attributes(node);
    const fn = this.#functions.get(keyOf({ ...node, name: node.op }));
    if (fn !== undefined) return this.#call(fn, node, inputs, prefix, depth);
    if (node.domain === '') {
      const body = this.#bodyOf(node, scope, opsets, prefix, depth);
      if (node.op === 'If') return branch(node, inputs, body);
      if (node.op === 'Loop') return loop(node, inputs, body);
      if (node.op === 'Scan') return scan(node, inputs, opsets.get('') ?? 17, body);
      if (Object.hasOwn(SEQUENCES, node.op)) return [SEQUENCES[node.op](node, inputs, body)];
    }
    if (node.domain === '' && node.op === 'Constant') return [this.#constant(attributes)];
    if (node.domain === '' && inputs.every((x) => x === undefined || x.kind === 'known')) {
      const folded = this.#fold(node, inputs as readonly (Known | undefined)[], attributes);
      if (folded !== undefined) return folded;
    }
    const operator = operatorOf(node.domain, node.op);
    if (operator === undefined) {
      throw refused(node, 'is not understood, so there are no activations and derivatives');
    }
    const site: Site = {
      attributes,
      opset: opsets.get(node.domain) ?? 17,
      warn: (message) => this.warnings.add(message),
    };
    const results = operator(inputs, site);
    return inputs.every((x) => x?.kind !== 'traced')
      ? results.map((x) => this.#still(x, node))
      : results;
  }

  /** Numbers again if nothing depends on the picture: they may be shapes, axes or row numbers. */
  #still(x: Operand, node: OnnxNode): Operand {
    if (x.kind === 'known' || x.value.live || sizeOf(x.value.shape) > SMALL) return x;
    const cost = ordered([x.value]).reduce((sum, v) => sum + sizeOf(v.shape), 0);
    this.#numbers += cost;
    if (cost > LARGE || this.#numbers > MOST_NUMBERS) return x;
    const dims = dimsOf(x);
    const [data] = evaluate([
      arranged(
        x,
        dims.map((_, axis) => axis),
      ),
    ]);
    return known(dims, data, COUNTING.has(node.op) ? ELEMENT.int64 : ELEMENT.float);
  }

  #fold(
    node: OnnxNode,
    inputs: readonly (Known | undefined)[],
    attributes: Attributes,
  ): readonly Known[] | undefined {
    if (node.op === 'ConstantOfShape') {
      const tensor = attributes.tensor('value');
      const fill = tensor === undefined ? 0 : tensorNumbers(tensor)[0];
      return [everywhere(ints(inputs[0]!), fill, tensor?.type ?? ELEMENT.float)];
    }
    const fold = Object.hasOwn(FOLDS, node.op) ? FOLDS[node.op] : undefined;
    if (fold === undefined) return undefined;
    const large = inputs.some(
      (x) => x !== undefined && !isWhole(x.type) && sizeOf(dimsOf(x)) > LARGE,
    );
    if (large && !FREE.has(node.op) && operatorOf('', node.op) !== undefined) return undefined;
    const results = fold(inputs, attributes);
    if (!FREE.has(node.op)) {
      for (const x of results ?? []) this.#numbers += sizeOf(dimsOf(x));
      if (this.#numbers > MOST_NUMBERS) {
        throw new WhylensError(
          'MODEL_LOAD',
          `the model computes more than ${MOST_NUMBERS} numbers that depend on no input: the file is damaged`,
        );
      }
    }
    return results;
  }

  #constant(attributes: Attributes): Known {
    const tensor = attributes.tensor('value');
    if (tensor !== undefined) return stored(tensor, this.files);
    const number = attributes.float('value_float');
    if (number !== undefined) return known([], [number], ELEMENT.float);
    const numbersGiven = attributes.floats('value_floats');
    if (numbersGiven !== undefined) {
      return known([numbersGiven.length], numbersGiven, ELEMENT.float);
    }
    const int = attributes.int('value_int');
    if (int !== undefined) return known([], [int], ELEMENT.int64);
    const list = attributes.ints('value_ints');
    if (list !== undefined) return known([list.length], list, ELEMENT.int64);
    throw refused(attributes.node, 'holds no numbers');
  }

  /** A function's nodes in place of the call. */
  #call(
    fn: OnnxFunction,
    node: OnnxNode,
    inputs: readonly (Operand | undefined)[],
    prefix: string,
    depth: number,
  ): readonly Operand[] {
    const scope: Scope = new Map();
    fn.inputs.forEach((name, i) => {
      const given = inputs[i];
      if (given !== undefined) scope.set(name, given);
    });
    const missing = new Set(fn.inputs.filter((name) => !scope.has(name)));
    const nodes = fn.nodes.map((inner) => ({
      ...inner,
      inputs: inner.inputs.map((name) => (missing.has(name) ? '' : name)),
      attributes: boundAttributes(inner, node, fn),
    }));
    const inside = insideOf(node, prefix);
    const opsets = fn.opsets.size > 0 ? fn.opsets : this.model.opsets;
    this.#nodesOf(nodes, fn.outputs, scope, opsets, inside, depth + 1);
    return this.#outputsOf(fn.outputs, scope, node);
  }

  #outputsOf(names: readonly string[], scope: Scope, node: OnnxNode): Operand[] {
    return names.map((name) => {
      const found = scope.get(name);
      if (found === undefined) throw broken(node, `gives '${name}', which nothing makes`);
      if (found instanceof Error) throw found;
      return found;
    });
  }

  /** Runs the graphs inside a node, and operators on its behalf. */
  #bodyOf(
    node: OnnxNode,
    scope: Scope,
    opsets: ReadonlyMap<string, number>,
    prefix: string,
    depth: number,
  ): Body {
    const inside = insideOf(node, prefix);
    return {
      run: (graph, given, label) => {
        const inner: Scope = new Map(scope);
        this.#initialise(graph, inner);
        graph.inputs.forEach(({ name }, i) => {
          const x = given[i];
          if (x !== undefined) inner.set(name, x);
        });
        const outputs = graph.outputs.map((output) => output.name);
        const within = label === '' ? prefix : `${inside}/${label}`;
        this.#nodesOf(graph.nodes, outputs, inner, opsets, within, depth + 1);
        return this.#outputsOf(outputs, inner, node);
      },
      apply: (op, given, attributes = {}) => {
        const made = {
          ...node,
          op,
          outputs: node.outputs.slice(0, 1),
          attributes: plain(attributes),
        };
        return this.#results(made, given, scope, opsets, prefix, depth)[0];
      },
    };
  }

  #record(
    node: OnnxNode,
    prefix: string,
    inputs: readonly (Operand | undefined)[],
    [output, ...more]: readonly (Operand | undefined)[],
  ): void {
    if (output?.kind !== 'traced' || !output.value.live) return;
    const weights = inputs.flatMap((x) =>
      x?.kind === 'known' && !isWhole(x.type) && sizeOf(dimsOf(x)) > 1 ? [constant(x.weight)] : [],
    );
    const from = inputs.flatMap((x) => (x?.kind === 'traced' && x.value.live ? [x.value] : []));
    const others = more.flatMap((x) => (x?.kind === 'traced' ? [x.value] : []));
    this.steps.push({ node, prefix, output, others, weights, from });
  }
}

/** The prefix of the nodes inside a node. */
function insideOf(node: OnnxNode, prefix: string): string {
  const own = node.name === '' ? node.op : node.name;
  return prefix === '' ? own : `${prefix}/${own}`;
}

/** Checks that a computed tensor has values, and not too many. */
function requireSane(node: OnnxNode, x: Operand): void {
  if (x.kind === 'known') return;
  const dims = dimsOf(x);
  if (dims.some((n) => n < 1)) throw broken(node, `gives a tensor of shape [${dims.join(', ')}]`);
  requireSize(dims, MOST_SPREAD);
}

function isUnsupported(error: unknown): error is WhylensError {
  return error instanceof WhylensError && error.code === 'UNSUPPORTED_OPERATION';
}

/** Attributes of whole numbers. */
function plain(
  attributes: Readonly<Record<string, number | number[]>>,
): Map<string, OnnxAttribute> {
  return new Map(
    Object.entries(attributes).map(([name, given]) => [name, wholeAttribute(name, given)]),
  );
}

function keyOf({
  domain,
  name,
  overload,
}: Pick<OnnxFunction, 'domain' | 'name' | 'overload'>): string {
  return `${domain}\n${name}\n${overload}`;
}

/** Attributes of a function's node, those that it takes from the call filled in. */
function boundAttributes(
  inner: OnnxNode,
  call: OnnxNode,
  fn: OnnxFunction,
): Map<string, OnnxAttribute> {
  const bound = new Map<string, OnnxAttribute>();
  for (const [name, attribute] of inner.attributes) {
    const { reference } = attribute;
    if (reference === undefined) bound.set(name, attribute);
    else {
      const given = call.attributes.get(reference) ?? fn.defaults.get(reference);
      if (given !== undefined) bound.set(name, { ...given, name });
    }
  }
  return bound;
}
