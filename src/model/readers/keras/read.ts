/**
 * A Keras model as a graph of values: its configuration decides what is
 * computed, the store gives the weights. One table of layers serves every file
 * that holds the two.
 */
import { WhylensError } from '../../../errors.js';
import { input as inputValue } from '../../graph/build.js';
import * as composites from '../../graph/composites.js';
import * as primitives from '../../graph/build.js';
import type { GraphInput, GraphLayer, ModelGraph } from '../../graph/model-graph.js';
import { countParameters } from '../../graph/model-graph.js';
import type { Shape } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import {
  isNetwork,
  isOperation,
  networkOf,
  TensorRef,
  type Argument,
  type Json,
  type LayerConfig,
  type NetworkConfig,
} from './config.js';
import { Config, isValue, valuesOf, type Built, type Layer } from './layer.js';
import { LAYERS } from './layers/index.js';
import { isKnownOperation, operation } from './layers/operations.js';
import { outputOf } from './output.js';
import { requireSettings } from './required.js';
import type { LayerWeights } from './weights.js';
import { type WeightStore } from './weights.js';

/** Functions that build values: what an implementation of a custom layer works with. */
export const GRAPH = { ...primitives, ...composites } as const;

/** A layer that is not Keras' own, as its user implements it. */
export type CustomLayer = (
  layer: {
    readonly name: string;
    readonly config: Json;
    /** In the order in which the layer created them. */
    readonly weights: readonly Value[];
  },
  inputs: readonly Value[],
  graph: typeof GRAPH,
) => Value;

export interface KerasOptions {
  /** `[height, width, channels]`, for inputs that leave a size open. */
  readonly inputShape?: readonly number[];
  /** Shapes of one sample for all inputs, which go before `inputShape`. */
  readonly shapes?: readonly Shape[];
  /** For sizes that are left open; default: they are an error. */
  readonly openSize?: number;
  /** By class name, with or without the package in front. */
  readonly customLayers?: Readonly<Record<string, CustomLayer>>;
}

export interface KerasSource {
  readonly model: unknown;
  /** Major version that wrote the configuration. */
  readonly keras: 2 | 3;
  /** Name of the file, for messages. */
  readonly file: string;
  /** What the model says it was read from; default `keras`. */
  readonly format?: string;
  /** The weights of the outermost container. */
  readonly store: (layers: readonly LayerConfig[]) => WeightStore;
}

/**
 * @throws WhylensError `MODEL_LOAD` for a broken file, `UNSUPPORTED_MODEL` and
 *   `UNSUPPORTED_OPERATION` for what is not understood: the message names the layer
 */
export function readKeras(source: KerasSource, options: KerasOptions = {}): ModelGraph {
  const network = networkOf(source.model, source.file);
  const reader = new Reader(source, options);
  const inputs = network.inputs.map((ref, i) => reader.input(network, ref, i));
  const outputs = reader.run(
    network,
    source.store(network.layers),
    inputs.map(({ value }) => value),
    '',
  );
  return {
    name: network.name,
    format: source.format ?? 'keras',
    inputs,
    outputs: outputs.map((value, i) =>
      outputOf(network.outputNames?.[i] ?? network.outputs[i].layer, value),
    ),
    layers: reader.layers,
    warnings: reader.warnings,
  };
}

class Reader {
  readonly layers = new Map<string, GraphLayer>();
  readonly warnings: string[] = [];
  /** Where each value came from first, for the inputs that layers name. */
  private readonly owners = new Map<Value, string>();

  constructor(
    private readonly source: KerasSource,
    private readonly options: KerasOptions,
  ) {}

  input(network: NetworkConfig, ref: TensorRef, at: number): GraphInput {
    const layer = network.layers.find(({ name }) => name === ref.layer);
    const config: Json = layer?.config ?? {};
    const batch = config.batch_shape ?? config.batch_input_shape;
    if (layer === undefined || !Array.isArray(batch)) {
      throw new WhylensError(
        'MODEL_LOAD',
        `input '${ref.layer}' of '${this.source.file}' has no shape in the configuration`,
      );
    }
    const shape = (batch as (number | null)[]).slice(1);
    const given = this.options.inputShape;
    if (given !== undefined && network.inputs.length === 1) {
      const fits =
        given.length === shape.length && shape.every((n, i) => n === null || n === given[i]);
      if (!fits) {
        throw new WhylensError(
          'INVALID_OPTION',
          `option 'inputShape' is [${given.join(', ')}]; input '${ref.layer}' has shape [${shape.map((n) => n ?? 'any').join(', ')}]`,
        );
      }
    }
    const { shapes, openSize } = this.options;
    const sizes = shape.map((n, i) => n ?? shapes?.[at]?.[i] ?? given?.[i] ?? openSize);
    if (!sizes.every((n): n is number => Number.isInteger(n) && n! > 0)) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `input '${ref.layer}' of '${this.source.file}' leaves sizes open: [${shape.map((n) => n ?? 'any').join(', ')}]. Say which one you feed: inputShape: [height, width, channels]`,
        { facts: { shape } },
      );
    }
    const isOpen = given === undefined && shape.includes(null);
    return {
      name: ref.layer,
      value: inputValue(ref.layer, sizes),
      shape: isOpen ? shape : sizes,
      dtype: dtypeOf(config.dtype),
    };
  }

  /** One call of a network with these inputs; `prefix` is the path of the network. */
  run(
    network: NetworkConfig,
    store: WeightStore,
    inputs: readonly Value[],
    prefix: string,
  ): Value[] {
    if (inputs.length !== network.inputs.length) {
      throw new WhylensError(
        'MODEL_LOAD',
        `model '${network.name}' takes ${network.inputs.length} inputs and is called with ${inputs.length}`,
      );
    }
    const known = new Map<string, readonly Value[]>();
    const key = (layer: string, call: number): string => `${call} ${layer}`;
    network.inputs.forEach((ref, i) => known.set(key(ref.layer, ref.call), [inputs[i]]));
    if (prefix === '') {
      network.inputs.forEach((ref, i) => this.name(ref.layer, 'InputLayer', inputs[i], [], []));
    }
    const weightsOf = new Map<string, LayerWeights>();
    for (const { layer, index } of this.inOrder(network)) {
      if (known.has(key(layer.name, index))) continue;
      const call = layer.calls[index];
      const resolve = (argument: Argument): Argument => {
        if (argument instanceof TensorRef) {
          return known.get(key(argument.layer, argument.call))![argument.output];
        }
        if (Array.isArray(argument)) return argument.map(resolve);
        if (typeof argument !== 'object' || argument === null) return argument;
        return Object.fromEntries(Object.entries(argument).map(([k, v]) => [k, resolve(v)]));
      };
      const args = call.args.map(resolve);
      const kwargs = resolve(call.kwargs) as Record<string, Argument>;
      const path = `${prefix}${layer.name}`;
      const again = index > 0 && layer.calls.length > 1 ? `${path}#${index}` : path;
      if (isNetwork(layer)) {
        const inner = networkOf(
          { class_name: layer.className, config: layer.config },
          this.source.file,
        );
        const values = this.run(
          inner,
          store.within(layer, inner.layers),
          valuesOf(args),
          index === 0 ? `${path}/` : `${again}/`,
        );
        known.set(key(layer.name, index), values);
        this.alias(again, values[0]);
        continue;
      }
      let weights = weightsOf.get(layer.name);
      if (weights === undefined) weightsOf.set(layer.name, (weights = store.of(layer)));
      const built = this.build(layer, weights, args, kwargs);
      known.set(key(layer.name, index), [built.value]);
      this.record(again, layer, built, weights, args, kwargs);
    }
    return network.outputs.map((ref) => known.get(key(ref.layer, ref.call))![ref.output]);
  }

  /** Calls in an order in which every tensor is known before it is used. */
  private inOrder(network: NetworkConfig): { layer: LayerConfig; index: number }[] {
    const byName = new Map(network.layers.map((layer) => [layer.name, layer]));
    const inputs = new Set(network.inputs.map(({ layer }) => layer));
    const order: { layer: LayerConfig; index: number }[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const refs = (value: unknown): TensorRef[] =>
      value instanceof TensorRef
        ? [value]
        : Array.isArray(value)
          ? value.flatMap(refs)
          : typeof value === 'object' && value !== null
            ? Object.values(value).flatMap(refs)
            : [];
    // a stack of its own: deep networks are deeper than the call stack
    const stack = network.outputs.map((ref) => ({ ref, leave: false, by: 'the output' }));
    while (stack.length > 0) {
      const { ref, leave, by } = stack.pop()!;
      const key = `${ref.call} ${ref.layer}`;
      const layer = byName.get(ref.layer);
      if (inputs.has(ref.layer)) continue;
      const call = layer?.calls[ref.call];
      if (layer === undefined || call === undefined) {
        throw new WhylensError(
          'MODEL_LOAD',
          `${by} in '${this.source.file}' takes a value from ${layer === undefined ? `layer '${ref.layer}', which is not there` : `call ${ref.call} of layer '${ref.layer}', which has ${layer.calls.length}`}`,
        );
      }
      if (leave) {
        state.set(key, 'done');
        order.push({ layer, index: ref.call });
        continue;
      }
      if (state.get(key) === 'done') continue;
      if (state.get(key) === 'open') {
        throw new WhylensError(
          'MODEL_LOAD',
          `the layers in '${this.source.file}' form a cycle through '${ref.layer}'`,
        );
      }
      state.set(key, 'open');
      stack.push({ ref, leave: true, by });
      for (const needed of refs([call.args, call.kwargs])) {
        const there = state.get(`${needed.call} ${needed.layer}`);
        if (there === 'open') {
          throw new WhylensError(
            'MODEL_LOAD',
            `the layers in '${this.source.file}' form a cycle through '${needed.layer}'`,
          );
        }
        if (there === undefined)
          stack.push({ ref: needed, leave: false, by: `layer '${ref.layer}'` });
      }
    }
    // in the order of the file, if that works, since people know it
    const listed = new Map(network.layers.map(({ name }, i) => [name, i]));
    return topological(order, listed, (one) => refs([one.layer.calls[one.index]]));
  }

  private build(
    layer: LayerConfig,
    weights: LayerWeights,
    args: readonly Argument[],
    kwargs: Readonly<Record<string, Argument>>,
  ): Built {
    const where = `layer '${layer.name}' (${layer.className})`;
    const custom =
      this.options.customLayers?.[layer.registered ?? layer.className] ??
      this.options.customLayers?.[layer.className];
    try {
      if (custom !== undefined) {
        const value = custom(
          { name: layer.name, config: layer.config, weights: weights.all().map((w) => w.value) },
          valuesOf(args),
          GRAPH,
        );
        if (isValue(value)) return { value };
        throw new WhylensError(
          'INVALID_OPTION',
          `the implementation of ${where} in 'customLayers' must return a value that the functions of its third argument made`,
        );
      }
      if (isOperation(layer) || isRecorded(layer, args)) {
        const name =
          layer.className === 'SlicingOpLambda'
            ? 'getitem'
            : typeof layer.config.function === 'string'
              ? layer.config.function
              : layer.className;
        // some operations of Keras 3 keep their settings in the configuration
        return { value: operation(name, args, { ...layer.config, ...kwargs }) };
      }
      const build = LAYERS[layer.className];
      if (build === undefined) throw unknownLayer(layer);
      const context: Layer = {
        name: layer.name,
        className: layer.className,
        config: new Config(layer.config, where),
        keras: this.source.keras,
        weights,
        inside: (raw, innerWeights, innerArgs) => this.inside(raw, innerWeights, innerArgs),
      };
      const built = build(context, args, kwargs);
      return isValue(built) ? { value: built } : built;
    } catch (error) {
      if (error instanceof WhylensError) {
        if (error.message.includes(`'${layer.name}'`)) throw error;
        throw new WhylensError(error.code, `${where}: ${error.message}`, {
          cause: error,
          facts: { ...error.facts, layer: layer.name },
        });
      }
      throw new WhylensError(
        'MODEL_LOAD',
        `${where} in '${this.source.file}' cannot be read: ${(error as Error).message}`,
        { cause: error, facts: { layer: layer.name } },
      );
    }
  }

  /** The layer inside a wrapper, given as raw configuration. */
  private inside(raw: unknown, weights: LayerWeights, args: readonly Argument[]): Built {
    const { class_name: className, config, registered_name: registered } = (raw ?? {}) as Json;
    const own = (config ?? {}) as Json;
    const layer = {
      className: String(className),
      module: '',
      registered: typeof registered === 'string' ? registered : undefined,
      name: String(own.name ?? className),
      config: own,
      calls: [],
    };
    requireSettings(layer, this.source.file);
    return this.build(layer, weights, args, {});
  }

  private record(
    path: string,
    layer: LayerConfig,
    built: Built,
    weights: LayerWeights,
    args: readonly Argument[],
    kwargs: Readonly<Record<string, Argument>>,
  ): void {
    const from = [...valuesIn(args), ...valuesIn(Object.values(kwargs))];
    const inputs = [...new Set(from.map((x) => this.owners.get(x)).filter((x) => x !== undefined))];
    const { before } = built;
    const linear = before === undefined || from.includes(before) ? [] : [`${path}:linear`];
    for (const name of linear) {
      this.name(name, layer.className, before!, inputs, [], { internal: true });
    }
    const own = linear.length > 0 ? linear : inputs;
    this.name(path, layer.className, built.value, own, weights.taken, {
      activation: built.activation,
    });
  }

  /** A nested model's own name is one more of its last layer's. */
  private alias(path: string, value: Value): void {
    const layer = this.layers.get(this.owners.get(value) ?? '');
    if (layer === undefined || !layer.path.startsWith(`${path}/`)) return;
    this.layers.set(layer.path, { ...layer, aliases: [...(layer.aliases ?? []), path] });
  }

  private name(
    path: string,
    kind: string,
    value: Value,
    inputs: readonly string[],
    weights: readonly Value<'constant'>[],
    more: Partial<GraphLayer> = {},
  ): void {
    this.layers.set(path, {
      path,
      kind,
      value,
      inputs,
      parameters: countParameters(weights),
      weights: [...new Set(weights)],
      ...more,
    });
    if (more.internal !== true) this.owners.set(value, path);
  }
}

/** Layers that take their tensors as one list; operations of the same name take them one by one. */
const MERGES = ['Add', 'Subtract', 'Multiply', 'Maximum', 'Minimum', 'Average'];

/** An operation in a file that does not tell packages: what is not a layer, or is called as no layer is. */
function isRecorded({ className, module }: LayerConfig, args: readonly Argument[]): boolean {
  if (module !== '' || !isKnownOperation(className)) return false;
  return !Object.hasOwn(LAYERS, className) || (MERGES.includes(className) && args.length > 1);
}

function dtypeOf(dtype: unknown): GraphInput['dtype'] {
  const name = typeof dtype === 'string' ? dtype : String((dtype as Json | null)?.class_name);
  return /int/.test(name) ? 'int32' : name === 'bool' ? 'bool' : 'float32';
}

/** In the listed order as far as what is needed allows. */
function topological<T extends { layer: LayerConfig; index: number }>(
  calls: readonly T[],
  listed: ReadonlyMap<string, number>,
  needs: (one: T) => readonly TensorRef[],
): T[] {
  const wanted = [...calls].sort(
    (a, b) => listed.get(a.layer.name)! - listed.get(b.layer.name)! || a.index - b.index,
  );
  const position = new Map(wanted.map((one, i) => [`${one.index} ${one.layer.name}`, i]));
  const sorted = wanted.every((one, i) =>
    needs(one).every((ref) => (position.get(`${ref.call} ${ref.layer}`) ?? -1) < i),
  );
  return sorted ? wanted : [...calls];
}

function unknownLayer({ name, className, registered }: LayerConfig): WhylensError {
  const lambda = className === 'Lambda';
  const own =
    registered !== undefined && registered !== className && !registered.startsWith('keras');
  const what = lambda
    ? `layer '${name}' is a Lambda: its code is Python and not in the file`
    : own
      ? `layer '${name}' is of the custom class '${registered}', whose code is not in the file`
      : `layer '${name}' is of class '${className}', which is not understood`;
  return new WhylensError(
    'UNSUPPORTED_OPERATION',
    `${what}. Give an implementation: customLayers: { ${JSON.stringify(registered ?? className)}: (layer, [x], graph) => … }; or export the model to ONNX, which holds the layer's operations`,
    { facts: { layer: name, class: className } },
  );
}

function valuesIn(value: unknown): Value[] {
  if (isValue(value)) return [value];
  return Array.isArray(value) ? value.flatMap(valuesIn) : [];
}
