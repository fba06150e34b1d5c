/**
 * A live layers model as a graph of values. Its network is walked node by node,
 * nested models in place, so that every value has a path and residual
 * connections, shared layers and several inputs need no special case. Layers
 * that are not translated are opaque: tfjs runs them as they are.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { OpaqueTfjs } from '../executors/tfjs/opaque.js';
import { constant, input as inputValue, opaque } from '../graph/build.js';
import { countParameters, type GraphLayer, type ModelGraph } from '../graph/model-graph.js';
import type { Shape } from '../graph/primitives.js';
import type { Value } from '../graph/value.js';
import { Config, isValue, type Built } from '../readers/keras/layer.js';
import { outputOf } from '../readers/keras/output.js';
import { LayerWeights } from '../readers/keras/weights.js';
import { liveWeight } from './live-weight.js';
import { translationOf, type LiveLayer } from './live-layers.js';

type FreeShape = readonly (number | null)[];

interface SymbolicTensor {
  readonly id: number;
  readonly name: string;
  readonly shape: (number | null)[];
  readonly dtype: string;
}

interface Node {
  readonly outboundLayer: LiveLayer;
  readonly inputTensors: SymbolicTensor[];
  readonly outputTensors: SymbolicTensor[];
  readonly callArgs?: Record<string, unknown>;
}

/** What is used of a LayersModel or Sequential. */
export interface LiveModel extends LiveLayer {
  readonly layers: LiveLayer[];
  readonly inputs: SymbolicTensor[];
  readonly outputs: SymbolicTensor[];
  readonly inputNames: string[];
  readonly outputNames: string[];
  readonly nodesByDepth: Record<string, Node[]>;
  /** Sequential only. */
  readonly model?: LiveModel;
  build?(): void;
}

/** Size of an axis that the model leaves open, if nobody gives it: large enough for any network. */
const OPEN_SIZE = 224;

/**
 * The graph for inputs of these shapes; left out, open sizes are taken to be
 * large, which is enough to describe the model.
 */
export function liveNetwork(model: LiveModel, name: string, sizes?: readonly Shape[]): ModelGraph {
  const graph = networkOf(model);
  const walker = new Walker();
  const inputs = graph.inputs.map((tensor, i) => {
    const own = graph.inputNames[i] ?? tensor.name;
    const shape = tensor.shape.slice(1);
    const value = inputValue(own, sizes?.[i] ?? shape.map((n) => n ?? OPEN_SIZE));
    walker.name(own, 'Input', value, [], { shape });
    return { name: own, value, shape, dtype: dtypeOf(tensor) };
  });
  const outputs = walker.walk(
    graph,
    inputs.map(({ value }) => value),
    '',
  );
  return {
    name,
    format: 'tfjs-layers',
    inputs,
    outputs: outputs.map((value, i) => ({
      ...outputOf(graph.outputNames[i], value),
      shape: graph.outputs[i].shape.slice(1),
    })),
    layers: walker.layers,
  };
}

/** Whether some size of its inputs is open. */
export const isOpen = (model: LiveModel): boolean =>
  networkOf(model).inputs.some(({ shape }) => shape.slice(1).includes(null));

class Walker {
  readonly layers = new Map<string, GraphLayer>();
  private readonly owners = new Map<Value, string>();

  /** Adds one (nested) model's layers; gives the values of its outputs. */
  walk(graph: LiveModel, inputs: readonly Value[], prefix: string): Value[] {
    const values = new Map<number, Value>();
    graph.inputs.forEach((tensor, i) => values.set(tensor.id, inputs[i]));
    const depths = Object.keys(graph.nodesByDepth)
      .map(Number)
      .sort((a, b) => b - a);
    for (const depth of depths) {
      for (const node of graph.nodesByDepth[depth]) {
        const layer = node.outboundLayer;
        if (layer.getClassName() === 'InputLayer') continue;
        const from = node.inputTensors.map((tensor) => values.get(tensor.id)!);
        const path = this.unique(prefix + layer.name);
        const nested = nestedModel(layer);
        const outputs =
          nested === undefined
            ? this.layer(layer, node, path, from)
            : this.walk(nested, from, `${path}/`);
        node.outputTensors.forEach((tensor, i) => values.set(tensor.id, outputs[i]));
        if (nested !== undefined) this.alias(path, outputs[0]);
      }
    }
    return graph.outputs.map((tensor) => values.get(tensor.id)!);
  }

  private layer(layer: LiveLayer, node: Node, path: string, from: readonly Value[]): Value[] {
    const kind = layer.getClassName();
    if (kind === 'Masking' || layer.maskZero === true) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `layer '${path}' (${kind}) makes a mask for the layers after it, which this library does not follow; remove the mask or explain the model as a plain function with a perturbation method`,
        { facts: { layer: path, kind } },
      );
    }
    const shapes = node.outputTensors.map(({ shape }) => shape.slice(1));
    const weights = layer.weights.map((variable) => constant(liveWeight(variable.read())));
    const parameters = countParameters(weights);
    const inputs = from.map((x) => this.owners.get(x)!);
    const built = this.translated(layer, weights, from, path);
    if (built !== undefined) {
      const { value, before, activation } = built;
      const linear = before === undefined || from.includes(before) ? undefined : `${path}:linear`;
      if (linear !== undefined) {
        this.name(linear, kind, before!, inputs, { internal: true, shape: shapes[0] });
      }
      const more = { parameters, weights, activation, shape: shapes[0] };
      this.name(path, kind, value, linear === undefined ? inputs : [linear], more);
      return [value];
    }
    const outputs = opaqueLayer(layer, node, path, from);
    outputs.forEach((value, i) => {
      const own = { parameters: i === 0 ? parameters : 0, weights, shape: shapes[i] };
      this.name(i === 0 ? path : `${path}:${i}`, kind, value, inputs, own);
    });
    return outputs;
  }

  private translated(
    layer: LiveLayer,
    weights: readonly Value<'constant'>[],
    from: readonly Value[],
    path: string,
  ): Built | undefined {
    const shapes = from.map(({ shape }) => shape);
    const found = translationOf(layer, shapes);
    if (found === undefined) return undefined;
    const where = `layer '${path}' (${layer.getClassName()})`;
    const entries = weights.map(({ attrs }) => ({ parts: [], read: () => attrs.weight }));
    const built = found.build(
      {
        name: path,
        className: layer.getClassName(),
        config: new Config(found.config, where),
        keras: 2,
        weights: new LayerWeights(where, entries, () => undefined),
        inside: () => {
          throw new WhylensError('UNSUPPORTED_MODEL', `${where} wraps another layer`);
        },
      },
      from,
      {},
    );
    return isValue(built) ? { value: built } : built;
  }

  name(
    path: string,
    kind: string,
    value: Value,
    inputs: readonly string[],
    more: Partial<GraphLayer> = {},
  ): void {
    this.layers.set(path, { path, kind, value, inputs, parameters: 0, ...more });
    if (more.internal !== true) this.owners.set(value, path);
  }

  /** A nested model's own name is one more of its last layer's. */
  private alias(path: string, value: Value): void {
    const owner = this.owners.get(value);
    const layer = owner === undefined ? undefined : this.layers.get(owner);
    if (layer === undefined || !layer.path.startsWith(`${path}/`)) return;
    this.layers.set(layer.path, { ...layer, aliases: [...(layer.aliases ?? []), path] });
  }

  private unique(path: string): string {
    const taken = (one: string): boolean =>
      this.layers.has(one) || [...this.layers.keys()].some((other) => other.startsWith(`${one}/`));
    if (!taken(path)) return path;
    for (let call = 1; ; call++) if (!taken(`${path}#${call}`)) return `${path}#${call}`;
  }
}

/** The layer as it is, run and differentiated by tfjs. */
function opaqueLayer(layer: LiveLayer, node: Node, path: string, from: readonly Value[]): Value[] {
  const kind = layer.getClassName();
  const kwargs = { ...node.callArgs, training: false };
  const types = node.inputTensors.map(({ dtype }) => dtype as tf.DataType);
  const own: OpaqueTfjs = {
    where: `layer '${path}' (${kind})`,
    apply: (inputs) => {
      const typed = inputs.map((x, i) => (types[i] === x.dtype ? x : tf.cast(x, types[i])));
      const result = layer.apply(typed.length === 1 ? typed[0] : typed, kwargs);
      return [result as Tensor | Tensor[]].flat();
    },
  };
  const opaqueOne = { kind, own };
  return outputShapes(layer, node, from).map((shape, output) =>
    opaque(opaqueOne, from, shape, output),
  );
}

function outputShapes(layer: LiveLayer, node: Node, from: readonly Value[]): number[][] {
  const declared = node.outputTensors.map(({ shape }) => shape.slice(1));
  if (declared.every((shape): shape is number[] => !shape.includes(null))) return declared;
  const given = from.map(({ shape }) => [null, ...shape]);
  const found = layer.computeOutputShape(given.length === 1 ? given[0] : given) as unknown[];
  const all = (Array.isArray(found[0]) ? found : [found]) as FreeShape[];
  return all.map((shape) => shape.slice(1).map((n) => n ?? OPEN_SIZE));
}

/** The graph behind a model: a Sequential keeps it inside. */
function networkOf(model: LiveModel): LiveModel {
  const sequential = model.getClassName() === 'Sequential';
  // as its own predict would: a Sequential puts its graph together when first used
  if (sequential && (model.model === undefined || model.model === null) && model.inputs?.length > 0)
    model.build?.();
  const graph = sequential ? model.model : model;
  if (graph?.nodesByDepth === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the model '${model.name}' is not built: it must know its input shape. Call model.build() or give its first layer an inputShape`,
    );
  }
  return graph;
}

/** A layer that is itself a graph of layers, and runs as one: a subclass with its own call does not. */
function nestedModel(layer: LiveLayer): LiveModel | undefined {
  const kind = layer.getClassName();
  if (!['Model', 'Functional', 'LayersModel', 'Sequential'].includes(kind)) return undefined;
  return networkOf(layer as LiveModel);
}

function dtypeOf({ dtype }: SymbolicTensor): 'float32' | 'int32' | 'bool' {
  return dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';
}
