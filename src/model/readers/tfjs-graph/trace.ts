/** Runs through a graph node by node: numbers if all is known, values of our graph if not. */
import { isWhylensError, WhylensError } from '../../../errors.js';
import { sizeOf } from '../../../maths/ndarray.js';
import { isWhole } from '../../files/onnx-tensor.js';
import { constant } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { dimsOf, MOST_SPREAD, requireSize, type Operand, type Traced } from '../onnx/tensor.js';
import { Attributes } from './attributes.js';
import type { GraphDef, GraphNode, Source } from './graph-def.js';
import { operationOf } from './operators/index.js';
import { neededNodes } from './order.js';
import { broken, numbersAt, refused, settled, type Site } from './site.js';
import { inlineConstant, type GraphWeights } from './weights.js';

/** Functions that call functions, branches in branches. */
const DEEPEST = 24;
/** Nodes run through, those of functions as often as they are called. */
const MOST_NODES = 500_000;
/** Rounds of a loop whose end is known while reading. */
const MOST_ROUNDS = 1024;

/** One node on the way from the input, as the layers are made of. */
export interface Step {
  readonly node: GraphNode;
  /** Its name, with the calls around it. */
  readonly name: string;
  readonly output: Traced;
  readonly weights: readonly Value<'constant'>[];
  /** The operands that depend on the input, by the node from which they come. */
  readonly from: readonly Value[];
  /** Of a node: what it holds before its activation. */
  readonly internal?: boolean;
}

/** The side of a Switch that is not taken, with the reason; an error if something is not understood. */
type Found = Operand | Error;
type Scope = Map<string, Found>;

const keyOf = ({ node, output }: Source): string => `${node}:${output}`;

export class Tracer {
  readonly steps: Step[] = [];
  readonly warnings = new Set<string>();
  #nodes = 0;

  constructor(
    private readonly graph: GraphDef,
    private readonly weights: GraphWeights,
    private readonly batch?: number,
  ) {}

  /** The outputs that are asked for, or instead of one the error that it cannot be made. */
  run(inputs: ReadonlyMap<string, Operand>, outputs: readonly Source[]): Found[] {
    const scope: Scope = new Map();
    for (const [name, operand] of inputs) scope.set(`${name}:0`, operand);
    this.#nodesOf(this.graph.nodes, outputs, inputs, scope, '', 0);
    return outputs.map((source) => this.#found(source, scope));
  }

  #found(source: Source, scope: Scope): Found {
    return (
      scope.get(keyOf(source)) ??
      new WhylensError(
        'UNSUPPORTED_OPERATION',
        `node '${source.node}' has no output ${source.output} that whylens computes`,
        { facts: { node: source.node } },
      )
    );
  }

  #nodesOf(
    nodes: readonly GraphNode[],
    outputs: readonly Source[],
    given: { readonly has: (name: string) => boolean },
    scope: Scope,
    prefix: string,
    depth: number,
  ): void {
    if (depth > DEEPEST) {
      throw new WhylensError('MODEL_LOAD', 'functions of the model call each other without end');
    }
    for (const node of neededNodes(nodes, outputs, given)) {
      if (++this.#nodes > MOST_NODES) {
        throw new WhylensError('MODEL_LOAD', `the model has more than ${MOST_NODES} nodes`);
      }
      this.#node(node, scope, prefix, depth);
    }
  }

  #node(node: GraphNode, scope: Scope, prefix: string, depth: number): void {
    const name = prefix === '' ? node.name : `${prefix}/${node.name}`;
    const inner: Step[] = [];
    const found = node.inputs.map((source) => this.#found(source, scope));
    const site: Site = {
      attributes: new Attributes(node),
      ...(this.batch === undefined ? {} : { batch: this.batch }),
      warn: (message) => this.warnings.add(message),
      inner: (own, output) => {
        inner.push({
          node,
          name: `${name}:${own}`,
          output,
          weights: [],
          from: livesOf(found),
          internal: true,
        });
      },
    };
    const give = (results: readonly Found[]): void =>
      results.forEach((result, i) => scope.set(`${node.name}:${i}`, result));
    if (node.op === 'Merge') return give(merged(found, site));
    const failed = found.find((x) => x instanceof Error);
    // an unknown operation only matters to the outputs that need it
    if (failed !== undefined) return give(this.#outputsOf(node).map(() => failed));
    try {
      const inputs = found as Operand[];
      const results = this.#results(inputs, site, name, depth);
      for (const x of results) if (!(x instanceof Error)) requireSane(x, site);
      give(results);
      const [first] = results;
      if (first === undefined || first instanceof Error || first.kind === 'known') return;
      if (!first.value.live) return;
      this.steps.push(...inner, {
        node,
        name,
        output: first,
        weights: weightsOf(inputs),
        // values inside the node lie between it and its inputs
        from: inner.length > 0 ? [inner[inner.length - 1].output.value] : livesOf(inputs),
      });
    } catch (error) {
      if (!isWhylensError(error, 'UNSUPPORTED_OPERATION')) throw error;
      give(this.#outputsOf(node).map(() => error));
    }
  }

  /** As many as somebody may ask for. */
  #outputsOf(node: GraphNode): number[] {
    const { attributes } = new Attributes(node).node;
    const told = [attributes.num_split, attributes.num, attributes.N].map((a) => Number(a?.i ?? 0));
    return Array.from({ length: Math.max(5, ...told) }, (_, i) => i);
  }

  #results(inputs: readonly Operand[], site: Site, name: string, depth: number): readonly Found[] {
    const { node } = site.attributes;
    switch (node.op) {
      case 'Const':
        return [this.#constant(site)];
      case 'Placeholder':
        throw new WhylensError(
          'UNSUPPORTED_MODEL',
          `the graph waits for '${node.name}', which its signature does not list as an input`,
          { facts: { node: node.name } },
        );
      case 'Switch':
        return switched(inputs, site);
      case 'If':
      case 'StatelessIf': {
        const branch = truthOf(inputs, site) ? 'then_branch' : 'else_branch';
        return this.#call(site.attributes.func(branch), inputs.slice(1), site, name, depth);
      }
      case 'While':
      case 'StatelessWhile':
        return this.#loop(inputs, site, name, depth);
      case 'PartitionedCall':
      case 'StatefulPartitionedCall':
        return this.#call(site.attributes.func('f'), inputs, site, name, depth);
      default: {
        if (this.graph.functions.has(node.op))
          return this.#call(node.op, inputs, site, name, depth);
        const operation = operationOf(node.op);
        if (operation === undefined) {
          throw refused(
            site,
            CONTROL.test(node.op)
              ? 'is control flow, which has no derivatives'
              : 'is not understood, so there are no activations and derivatives',
          );
        }
        return operation(inputs, site);
      }
    }
  }

  #constant(site: Site): Operand {
    const { node } = site.attributes;
    const found = this.weights.get(node.name) ?? inlineConstant(node);
    if (found === undefined) {
      const isText = site.attributes.type('dtype') === 'DT_STRING';
      throw isText
        ? refused(site, 'is text')
        : broken(site, 'has no numbers in the weight files or in the graph');
    }
    return found;
  }

  /** A function's nodes in place of the call. */
  #call(
    called: string | undefined,
    inputs: readonly Operand[],
    site: Site,
    name: string,
    depth: number,
  ): readonly Found[] {
    const fn = called === undefined ? undefined : this.graph.functions.get(called);
    if (fn === undefined) throw broken(site, `calls '${called}', which the graph does not hold`);
    const scope: Scope = new Map();
    fn.inputs.forEach((input, i) => {
      if (i < inputs.length) scope.set(`${input}:0`, inputs[i]);
    });
    this.#nodesOf(fn.nodes, fn.outputs, new Set(fn.inputs), scope, name, depth + 1);
    return fn.outputs.map((source) => this.#found(source, scope));
  }

  /** A loop whose rounds are known is written out, round by round. */
  #loop(inputs: readonly Operand[], site: Site, name: string, depth: number): readonly Found[] {
    const [condition, body] = ['cond', 'body'].map((part) => site.attributes.func(part));
    let state: readonly Operand[] = inputs;
    for (let round = 0; round <= MOST_ROUNDS; round++) {
      const [again] = this.#call(condition, state, site, `${name}/cond`, depth);
      if (again instanceof Error) throw again;
      if (!truthOf([again], site)) return state;
      const next = this.#call(body, state, site, `${name}/${round}`, depth);
      const failed = next.find((x) => x instanceof Error);
      if (failed !== undefined) throw failed;
      state = next as readonly Operand[];
    }
    throw refused(site, `is control flow: a loop of more than ${MOST_ROUNDS} rounds`);
  }
}

const CONTROL = /^(Enter|Exit|NextIteration|LoopCond|TensorArray|TensorList|EmptyTensorList)/;

function truthOf(inputs: readonly Operand[], site: Site): boolean {
  const x = settled(inputs[0], true);
  if (x.kind === 'known') return numbersAt([x], 0, site)[0] !== 0;
  throw refused(site, 'is control flow that depends on the values of the picture');
}

/** The value goes on at the side that the known condition takes. */
function switched(inputs: readonly Operand[], site: Site): Found[] {
  const taken = truthOf(inputs.slice(1), site) ? 1 : 0;
  const { message, code, facts } = refused(site, 'is control flow, whose other side is taken');
  // no engine gives what is never computed
  const other = new WhylensError(code, message, { facts: { ...facts, never: true } });
  return [0, 1].map((side) => (side === taken ? inputs[0] : other));
}
function merged(found: readonly Found[], site: Site): Found[] {
  const alive = found.filter((x): x is Operand => !(x instanceof Error));
  if (alive.length === 1) return [alive[0]];
  const [reason] = found.filter((x) => x instanceof Error);
  return [reason ?? refused(site, 'is control flow of which both sides are taken')];
}

const livesOf = (inputs: readonly Found[]): Value[] =>
  inputs.flatMap((x) =>
    !(x instanceof Error) && x.kind === 'traced' && x.value.live ? [x.value] : [],
  );
const weightsOf = (inputs: readonly Operand[]): Value<'constant'>[] =>
  inputs.flatMap((x) =>
    x.kind === 'known' && !isWhole(x.type) && sizeOf(dimsOf(x)) > 1 ? [constant(x.weight)] : [],
  );

/** Checks that a computed tensor has values, and not too many. */
function requireSane(x: Operand, site: Site): void {
  if (x.kind === 'known') return;
  const dims = dimsOf(x);
  if (dims.some((n) => n < 1)) throw broken(site, `gives a tensor of shape [${dims.join(', ')}]`);
  requireSize(dims, MOST_SPREAD);
}
