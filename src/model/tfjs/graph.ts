/**
 * tfjs graph models as programs: each node a step, constants folded, values
 * computed from sizes taken as the constants they are. Nodes without a
 * translation run as they are, alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { NodeFacts, Operand } from './graph-facts.js';
import { nodeOps } from './graph-ops.js';
import {
  keyOf,
  nodeOf,
  signatureNames,
  type GraphModel,
  type GraphNode,
  type Key,
} from './graph-model.js';
import { orderedNodes, type OrderedNode } from './graph-order.js';
import { probeGraph, type Probe, type ProbedInput } from './graph-probe.js';
import { opaqueOp } from './ops/opaque.js';
import { ProgramBuilder, type Program, type ValueId } from './program.js';
import { Weight } from './weight.js';

/** Nodes that hand their input on. */
const PASS =
  /^(Identity|IdentityN|StopGradient|PreventGradient|CheckNumerics|Snapshot|PlaceholderWithDefault)$/;
/** Larger constants are weights and no arguments. */
const LARGEST_ARGUMENT = 64;

/** `inputShape` (without batch) fills in what the graph leaves open. */
export function graphProgram(
  model: GraphModel,
  name: string,
  inputShape?: readonly number[],
): Program {
  const inputs = inputsOf(model, inputShape);
  const outputs = model.outputs.map((output) => keyOf(output.name));
  const order = orderedNodes(model, outputs, new Set(inputs.map(({ key }) => key)));
  return new GraphTranslation(model, inputs, order, outputs).program(name, outputs);
}

class GraphTranslation {
  private readonly builder = new ProgramBuilder();
  private readonly values = new Map<Key, ValueId>();
  private readonly constants = new Map<Key, Weight>();
  private readonly probe: Probe;
  private readonly users = new Map<Key, GraphNode[]>();
  /** Products whose bias is added by the next node: made there, as one. */
  private readonly postponed = new Map<Key, NodeFacts>();

  constructor(
    private readonly model: GraphModel,
    private readonly inputs: readonly ProbedInput[],
    private readonly order: ReadonlyMap<string, OrderedNode>,
    outputs: readonly Key[],
  ) {
    const keys = new Set<Key>(outputs.filter((key) => this.dependsOf(key) !== 'constant'));
    for (const { node, inputs: from, depends } of order.values()) {
      for (const key of from) this.users.set(key, [...(this.users.get(key) ?? []), node]);
      if (depends === 'constant') continue;
      keys.add(node.name);
      const parts = node.attrParams.numOrSizeSplits?.value;
      if (typeof parts === 'number') {
        for (let i = 1; i < parts; i++) keys.add(`${node.name}:${i}`);
      }
      for (const key of from) if (this.dependsOf(key) !== 'constant') keys.add(key);
    }
    for (const key of outputs) this.users.set(key, [...(this.users.get(key) ?? []), OUTSIDE]);
    const computesShapes = [...order.values()].some(({ depends }) => depends === 'shape');
    this.probe = probeGraph(model, inputs, [...keys], computesShapes);
  }

  program(name: string, outputs: readonly Key[]): Program {
    const { builder, model } = this;
    const called = signatureNames(model.modelSignature?.inputs);
    const inputs = this.inputs.map(({ key, shape, dtype }) => {
      const own = called.get(key) ?? key;
      const value = builder.input(own, shape);
      builder.alias(key, value);
      this.values.set(key, value);
      return { name: own, value, shape, dtype };
    });
    for (const ordered of this.order.values()) {
      if (ordered.depends === 'values' && !this.values.has(ordered.node.name)) this.add(ordered);
    }
    const names = signatureNames(model.modelSignature?.outputs);
    return builder.build({
      name,
      adapter: 'tfjs-graph',
      inputs,
      outputs: outputs.map((key) => {
        const value = this.values.get(key);
        if (value === undefined) throw constantOutput(key);
        return builder.output(names.get(key) ?? key, value);
      }),
    });
  }

  private add({ node, inputs }: OrderedNode): void {
    if (PASS.test(node.op)) {
      inputs.forEach((key, i) => this.pass(key, i === 0 ? node.name : `${node.name}:${i}`));
      return;
    }
    const before = this.postponed.get(inputs[0]);
    const facts =
      before === undefined ? this.facts(node, inputs) : this.joined(before, node, inputs);
    if (before === undefined && this.endsInBias(node, facts)) {
      this.postponed.set(node.name, facts);
      return;
    }
    // a product taken together with its bias keeps the inputs of the product
    const from = before === undefined ? inputs : this.order.get(before.node.name)!.inputs;
    const parts = nodeOps(facts);
    if (parts === undefined) {
      this.addOpaque(node, inputs);
      return;
    }
    const live = from.filter((key) => this.values.has(key));
    let values = live.map((key) => this.values.get(key)!);
    parts.forEach(({ op, name }, i) => {
      const last = i === parts.length - 1;
      const keys = last ? this.outputsOf(node, op.kind) : [node.name];
      const shapes = keys.map((key) => this.shape(key).slice(1));
      const path = last ? node.name : `${node.name}:${name}`;
      const parameters = parts
        .flatMap((part) => part.op.weights ?? [])
        .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
      const about = last ? { parameters, kind: facts.kind } : { internal: true, kind: facts.kind };
      values = this.builder.add(path, op, values, shapes, about);
      if (last) keys.forEach((key, at) => this.values.set(key, values[at]));
    });
  }

  /** A node without translation, executed alone by tfjs. */
  private addOpaque(node: GraphNode, inputs: readonly Key[]): void {
    const live = [...new Set(inputs)].filter((key) => this.values.has(key));
    const known = [...new Set(inputs)].filter((key) => this.dependsOf(key) === 'shape');
    for (const key of known) {
      if (!this.probe.values.has(key)) throw sizeDependent(node, key);
    }
    const keys = this.outputsOf(node);
    const { model } = this;
    const run = (tensors: Tensor[]): Tensor[] => {
      const feeds: Record<string, Tensor> = {};
      live.forEach((key, i) => (feeds[key] = tensors[i]));
      for (const key of known) {
        const shape = this.shape(key) as number[];
        feeds[key] = tf.tensor([...this.probe.values.get(key)!], shape, 'int32');
      }
      return [model.execute(feeds, keys)].flat();
    };
    const values = live.map((key) => this.values.get(key)!);
    const shapes = keys.map((key) => this.shape(key).slice(1));
    const outputs = this.builder.add(node.name, opaqueOp(kindOf(node), run), values, shapes);
    keys.forEach((key, i) => this.values.set(key, outputs[i]));
  }

  private facts(node: GraphNode, inputs: readonly Key[]): NodeFacts {
    return {
      node,
      kind: kindOf(node),
      inputs: inputs.map((key) => this.operand(key)),
      output: this.shape(node.name),
    };
  }

  /** The product and the node that adds its bias, in the form in which converters fuse them. */
  private joined(product: NodeFacts, node: GraphNode, inputs: readonly Key[]): NodeFacts {
    const attrParams = { ...product.node.attrParams, fusedOps: { value: ['BiasAdd'] } };
    return {
      node: { ...product.node, attrParams },
      kind: product.kind,
      inputs: [...product.inputs.slice(0, 2), this.operand(inputs[1])],
      output: this.shape(node.name),
    };
  }

  /**
   * A product of which only a bias addition takes the result, where it may be
   * the classifier's head: those two are one linear layer.
   */
  private endsInBias(node: GraphNode, facts: NodeFacts): boolean {
    const { inputs, output } = facts;
    const single = output.slice(1, -1).every((size) => size === 1);
    const linear = node.op === 'MatMul' || (node.op === 'Conv2D' && single);
    const users = this.users.get(node.name) ?? [];
    if (!linear || inputs[1].weight === undefined || users.length !== 1) return false;
    const [next] = users;
    if (!['BiasAdd', 'Add', 'AddV2'].includes(next.op)) return false;
    const [first, bias] = this.order.get(next.name)!.inputs;
    if (first !== node.name || this.dependsOf(bias) !== 'constant') return false;
    const fits = this.constant(bias).shape.join() === String(output[output.length - 1]);
    return fits && nodeOps(facts) !== undefined;
  }

  private operand(key: Key): Operand {
    const depends = this.dependsOf(key);
    if (depends === 'constant') {
      const weight = this.constant(key);
      const size = weight.shape.reduce((a, b) => a * b, 1);
      return {
        weight,
        shape: weight.shape,
        numbers: size <= LARGEST_ARGUMENT ? [...weight.data()] : undefined,
      };
    }
    const shape = this.shape(key);
    return depends === 'shape' ? { shape, numbers: this.probe.values.get(key) } : { shape };
  }

  /** A constant: one of the model's weights, or what follows from them alone. */
  private constant(key: Key): Weight {
    let found = this.constants.get(key);
    if (found !== undefined) return found;
    const node = this.order.get(nodeOf(key))!;
    const own = node.node.op === 'Const' ? this.model.weights[nodeOf(key)]?.[0] : undefined;
    if (own !== undefined) found = Weight.of(own);
    else if (PASS.test(node.node.op)) found = this.constant(node.inputs[0]);
    else {
      const [shape, data] = this.folded(key);
      found = Weight.from(shape, () => data);
    }
    this.constants.set(key, found);
    return found;
  }

  /** A constant subgraph, computed. */
  private folded(key: Key): [number[], Float32Array] {
    const result: [number[], Float32Array] = [[], new Float32Array()];
    tf.tidy(() => {
      const [value] = [this.model.execute({}, key)].flat();
      result[0] = value.shape;
      result[1] = Float32Array.from(value.dataSync());
    });
    return result;
  }

  private pass(from: Key, to: Key): void {
    const value = this.values.get(from);
    if (value === undefined) return;
    this.values.set(to, value);
    this.builder.alias(to, value);
  }

  private outputsOf(node: GraphNode, kind?: string): Key[] {
    const parts = node.attrParams.numOrSizeSplits?.value;
    const count =
      typeof parts === 'number' && kind !== undefined
        ? parts
        : Math.max(
            1,
            ...[...this.users.keys()].filter((key) => nodeOf(key) === node.name).map(indexOf),
          );
    return Array.from({ length: count }, (_, i) => (i === 0 ? node.name : `${node.name}:${i}`));
  }

  private shape(key: Key): readonly (number | null)[] {
    return this.probe.shapes.get(key) ?? this.probe.shapes.get(nodeOf(key)) ?? [];
  }

  private dependsOf(key: Key): OrderedNode['depends'] {
    return this.order.get(nodeOf(key))!.depends;
  }
}

/** Stands for whoever takes the model's outputs. */
const OUTSIDE: GraphNode = {
  name: '',
  op: 'Output',
  category: '',
  inputNames: [],
  attrParams: {},
};

function inputsOf(model: GraphModel, inputShape?: readonly number[]): ProbedInput[] {
  const used = model.inputs.filter(({ dtype }) => dtype !== 'resource' && dtype !== 'string');
  return used.map(({ name, shape, dtype }) => {
    const sizes = shape?.map((size) => (size < 0 ? null : size));
    const open = sizes === undefined || sizes.length === 0;
    if (open && inputShape === undefined) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `the graph does not say the shape of its input '${name}'; say it: inputShape: [height, width, channels]`,
        { facts: { input: name } },
      );
    }
    const own = open ? inputShape!.map(() => null) : sizes.slice(1);
    const fits =
      used.length === 1 &&
      inputShape?.length === own.length &&
      own.every((size, axis) => size === null || size === inputShape[axis]);
    return {
      key: keyOf(name),
      shape: fits ? inputShape : own,
      batch: open ? null : sizes[0],
      dtype: dtype === 'int32' || dtype === 'bool' ? dtype : 'float32',
    };
  });
}

function kindOf({ op }: GraphNode): string {
  return op.replace(/^_/, '');
}

function indexOf(key: Key): number {
  return Number(/:(\d+)$/.exec(key)?.[1] ?? 0) + 1;
}

function sizeDependent(node: GraphNode, key: Key): WhylensError {
  return new WhylensError(
    'UNSUPPORTED_OPERATION',
    `node '${node.name}' (${node.op}) takes sizes from '${key}' that change with the batch or the picture. Say the size (inputShape: [height, width, channels]), or export the model with a fixed input size`,
    { facts: { layer: node.name, operation: node.op } },
  );
}

function constantOutput(key: Key): WhylensError {
  return new WhylensError(
    'UNSUPPORTED_MODEL',
    `the output '${key}' of the graph does not depend on the values of its input, so there is nothing to explain`,
    { facts: { output: key } },
  );
}
