/**
 * A Keras configuration (2 or 3, Sequential or functional) in one form: layers,
 * each with its calls, whose arguments name the tensors that they take.
 */
import { WhylensError } from '../../../errors.js';
import { requireSettings } from './required.js';

export type Json = Readonly<Record<string, unknown>>;

/** A tensor of the network: which output of which call of which layer. */
export class TensorRef {
  constructor(
    readonly layer: string,
    readonly call: number,
    readonly output: number,
  ) {}
}

/** A number, text, list or object in which tensors may stand. */
export type Argument = unknown;

export interface Call {
  readonly args: readonly Argument[];
  readonly kwargs: Readonly<Record<string, Argument>>;
}

export interface LayerConfig {
  readonly className: string;
  /** Package of the class as Keras 3 names it. */
  readonly module: string;
  /** `package>Class` of a class that is not Keras' own. */
  readonly registered: string | undefined;
  readonly name: string;
  readonly config: Json;
  readonly calls: readonly Call[];
}

export interface NetworkConfig {
  readonly name: string;
  readonly layers: readonly LayerConfig[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
  /** Names of several outputs, if the file gives a dictionary. */
  readonly outputNames?: readonly string[];
}

const NETWORKS = ['Functional', 'Model', 'Sequential'];

export const isNetwork = ({ className, config }: LayerConfig): boolean =>
  NETWORKS.includes(className) || (Array.isArray(config.layers) && 'output_layers' in config);

/** True for `keras.ops` and other operations on tensors: no layers, without weights and without a place in a file of weights. */
export const isOperation = ({ module, className }: LayerConfig): boolean =>
  /^keras(\.src)?\.ops/.test(module) ||
  className === 'TFOpLambda' ||
  className === 'SlicingOpLambda';

/**
 * @throws WhylensError `MODEL_LOAD` for a configuration that is broken: it names the layer
 */
export function networkOf(model: unknown, file: string): NetworkConfig {
  const { class_name: className, config } = object(model, file, 'the model');
  const kind = String(className);
  if (kind === 'Sequential') return sequential(config, file);
  const own = object(config, file, 'the model');
  if (!Array.isArray(own.layers)) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `'${file}' holds a model of class '${kind}', whose network is code and not in the file. Save a functional or Sequential model, or export it: model.export(…) and tf2onnx, or torch.onnx.export`,
      { facts: { file, class: kind } },
    );
  }
  const layers = own.layers.map((layer) => layerOf(layer, file));
  const outputs = own.output_layers;
  const named =
    typeof outputs === 'object' && outputs !== null && !Array.isArray(outputs)
      ? Object.keys(outputs)
      : undefined;
  return checked(
    {
      name: typeof own.name === 'string' ? own.name : 'model',
      layers,
      inputs: refsOf(own.input_layers),
      outputs: refsOf(outputs),
      outputNames: named,
    },
    file,
  );
}

/** Layers of a Sequential feed one another. */
function sequential(config: unknown, file: string): NetworkConfig {
  // Keras 1 and early 2 have the bare list
  const own = Array.isArray(config) ? { layers: config } : object(config, file, 'the model');
  if (!Array.isArray(own.layers) || own.layers.length === 0) {
    throw new WhylensError('MODEL_LOAD', `the Sequential in '${file}' has no layers`);
  }
  const listed = own.layers.map((layer) => layerOf(layer, file));
  const first = listed[0];
  if (first.className !== 'InputLayer') {
    const shape =
      first.config.batch_input_shape ??
      first.config.batch_shape ??
      own.build_input_shape ??
      object(object(own.layers[0], file, 'a layer').build_config ?? {}, file, 'a layer')
        .input_shape ??
      nestedInput(first);
    if (shape === undefined) {
      throw new WhylensError(
        'MODEL_LOAD',
        `the Sequential in '${file}' does not say what shape its input has: it was saved before it was built. Build it (model.build((None, 224, 224, 3))) and save it again`,
      );
    }
    listed.unshift({
      className: 'InputLayer',
      module: 'keras.layers',
      registered: undefined,
      name: `${first.name}_input`,
      config: { batch_shape: shape },
      calls: [],
    });
  }
  const layers = listed.map((layer, i) => ({
    ...layer,
    calls: i === 0 ? [] : [{ args: [new TensorRef(listed[i - 1].name, 0, 0)], kwargs: {} }],
  }));
  return checked(
    {
      name: 'name' in own && typeof own.name === 'string' ? own.name : 'model',
      layers,
      inputs: [new TensorRef(layers[0].name, 0, 0)],
      outputs: [new TensorRef(layers[layers.length - 1].name, 0, 0)],
    },
    file,
  );
}

/** The shape that a nested model at the start of a Sequential asks for. */
function nestedInput({ config }: LayerConfig): unknown {
  if (!Array.isArray(config.layers)) return undefined;
  const [inner] = config.layers as Json[];
  const own = (inner as Json | undefined)?.config as Json | undefined;
  return own?.batch_shape ?? own?.batch_input_shape;
}

function layerOf(raw: unknown, file: string): LayerConfig {
  const layer = object(raw, file, 'a layer');
  const className = layer.class_name;
  const config = object(layer.config ?? {}, file, `layer of class '${String(className)}'`);
  const name = layer.name ?? config.name;
  if (typeof className !== 'string' || typeof name !== 'string') {
    throw new WhylensError('MODEL_LOAD', `a layer in '${file}' has no class or no name`);
  }
  const nodes = layer.inbound_nodes ?? [];
  if (!Array.isArray(nodes)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `layer '${name}' in '${file}': inbound_nodes is not a list`,
    );
  }
  // `package>Class` is how both versions name a registered class of a user
  const plain = className.replace(/^.*>/, '');
  const own = {
    className: plain,
    module: typeof layer.module === 'string' ? layer.module : '',
    registered:
      typeof layer.registered_name === 'string'
        ? layer.registered_name
        : plain === className
          ? undefined
          : className,
    name,
    config,
  };
  requireSettings(own, file);
  return { ...own, calls: nodes.map((node) => callOf(node, name, file)) };
}

/** Keras 3: `{ args, kwargs }`; Keras 2: a list of `[layer, call, output, kwargs]`. */
function callOf(node: unknown, name: string, file: string): Call {
  if (!Array.isArray(node)) {
    const { args, kwargs } = object(node, file, `a call of layer '${name}'`);
    return {
      args: (Array.isArray(args) ? args : []).map(argument3),
      kwargs: mapValues((kwargs ?? {}) as Json, argument3),
    };
  }
  // one tensor may stand without the list around it
  const entries = (typeof node[0] === 'string' ? [node] : node) as unknown[][];
  const tensors = entries.map(argument2);
  const kwargs = entries.find((entry) => Array.isArray(entry) && isPlain(entry[3]))?.[3];
  return {
    args: tensors.length > 1 ? [tensors] : tensors,
    kwargs: mapValues((kwargs ?? {}) as Json, argument2),
  };
}

function argument3(value: unknown): Argument {
  if (Array.isArray(value)) return value.map(argument3);
  if (!isPlain(value)) return value;
  const { class_name: kind, config } = value;
  if (kind === '__keras_tensor__') {
    const history = (config as Json | undefined)?.keras_history;
    if (Array.isArray(history)) return refOf(history);
  }
  if (kind === '__numpy__' || kind === '__tensor__') return (config as Json).value;
  if (kind === '__tuple__' && Array.isArray(config)) return config.map(argument3);
  if (kind === '__ellipsis__') return '...';
  return mapValues(value, argument3);
}

function argument2(value: unknown): Argument {
  if (Array.isArray(value)) {
    if (value[0] === '_CONSTANT_VALUE') return value[2] as unknown;
    const isRef =
      typeof value[0] === 'string' && Number.isInteger(value[1]) && Number.isInteger(value[2]);
    return isRef ? refOf(value) : value.map(argument2);
  }
  return isPlain(value) ? mapValues(value, argument2) : value;
}

const refOf = ([layer, call, output]: readonly unknown[]): TensorRef =>
  new TensorRef(String(layer), Number(call), Number(output));

/** Tensors wherever they stand: one, a list, a dictionary. */
function refsOf(value: unknown): TensorRef[] {
  if (Array.isArray(value)) {
    if (typeof value[0] === 'string' && Number.isInteger(value[1])) return [refOf(value)];
    return value.flatMap(refsOf);
  }
  return isPlain(value) ? Object.values(value).flatMap(refsOf) : [];
}

/** Checks that every named tensor belongs to an existing call, and that names are unique. */
function checked(network: NetworkConfig, file: string): NetworkConfig {
  const layers = new Map<string, LayerConfig>();
  for (const layer of network.layers) {
    if (layers.has(layer.name)) {
      throw new WhylensError('MODEL_LOAD', `two layers in '${file}' are called '${layer.name}'`);
    }
    layers.set(layer.name, layer);
  }
  const shifted = network.layers.filter(isNetwork).filter(({ name, calls }) => {
    const used = refsIn([network.outputs, network.layers.map((layer) => layer.calls)], name);
    return used.some(({ call }) => call >= calls.length) && used.every(({ call }) => call > 0);
  });
  if (shifted.length > 0) return checked(unshifted(network, shifted), file);
  if (network.inputs.length === 0 || network.outputs.length === 0) {
    throw new WhylensError('MODEL_LOAD', `the model in '${file}' names no input or no output`);
  }
  for (const ref of network.outputs) {
    if (!layers.has(ref.layer)) {
      throw new WhylensError(
        'MODEL_LOAD',
        `'${file}' names an output '${ref.layer}', no layer of it`,
      );
    }
  }
  return network;
}

/**
 * Keras 2 counts the call by which a nested model was built as its first, and
 * leaves it out of the file: calls are then numbered from 1.
 */
function unshifted(network: NetworkConfig, layers: readonly LayerConfig[]): NetworkConfig {
  const names = new Set(layers.map(({ name }) => name));
  const walk = (value: unknown): unknown => {
    if (value instanceof TensorRef) {
      return names.has(value.layer)
        ? new TensorRef(value.layer, value.call - 1, value.output)
        : value;
    }
    if (Array.isArray(value)) return value.map(walk);
    return isPlain(value) ? mapValues(value, walk) : value;
  };
  return {
    ...network,
    outputs: walk(network.outputs) as TensorRef[],
    layers: network.layers.map((layer) => ({ ...layer, calls: walk(layer.calls) as Call[] })),
  };
}

function refsIn(value: unknown, layer: string): TensorRef[] {
  if (value instanceof TensorRef) return value.layer === layer ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one) => refsIn(one, layer));
  return isPlain(value) ? Object.values(value).flatMap((one) => refsIn(one, layer)) : [];
}

function object(value: unknown, file: string, what: string): Json {
  if (isPlain(value)) return value;
  throw new WhylensError(
    'MODEL_LOAD',
    `the configuration in '${file}' is broken: ${what} must be an object, got ${value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`}`,
    { facts: { file } },
  );
}

const isPlain = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapValues = <T>(record: Json, f: (value: unknown) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]));
