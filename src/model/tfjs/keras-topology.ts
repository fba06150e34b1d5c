/**
 * Keras topologies in the dialect that tfjs-layers reads. Keras 3 writes
 * inputs, types, activations and connections in another form than Keras 2, and
 * both have a few layers that tfjs lacks but that others it has can express.
 * Pure: JSON in, JSON out.
 */
import { WhylensError } from '../../errors.js';
import { parseConfig } from '../files/keras-archive.js';
import { expressLayer } from './keras-dialect.js';
import { requireOrder } from './keras-order.js';

type Json = Record<string, unknown>;

/** The name of a layer and what it takes. */
export interface LayerJson {
  class_name: string;
  name: string;
  config: Json;
  /** Per call: `[layer, call, output, options]` per input. */
  inbound_nodes?: InboundTensor[][];
}

export type InboundTensor = [string, number, number, Json];

export interface ModelJson {
  class_name: string;
  config: Json & { name?: string; layers: LayerJson[] };
}

/** The topology as tfjs-layers reads it. Throws `MODEL_LOAD` naming the layer that is wrong. */
export function normalizeTopology(topology: Json, file: string): ModelJson {
  let model: unknown = topology.model_config ?? topology;
  if (typeof model === 'string') model = parseConfig(model, file);
  const root = pythonic(model) as Json;
  const version = String(topology.keras_version ?? root.keras_version ?? '');
  const modern = version.startsWith('3') || isModern(root);
  return normalizeModel(root, { file, modern, prefix: '' });
}

interface Context {
  readonly file: string;
  /** Written by Keras 3. */
  readonly modern: boolean;
  readonly prefix: string;
}

function normalizeModel(model: Json, context: Context): ModelJson {
  const { class_name: kind, config } = model;
  const listed = Array.isArray(config) ? config : (config as Json | undefined)?.layers;
  if (typeof kind !== 'string' || !Array.isArray(listed)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `the topology in ${context.file} must be a model with 'class_name' and 'config.layers', got ${JSON.stringify(model).slice(0, 80)}`,
    );
  }
  const own = Array.isArray(config) ? {} : (config as Json);
  const layers = (listed as Json[]).flatMap((layer) => normalizeLayer(layer, context));
  if (kind === 'Sequential') {
    for (const layer of layers) delete layer.inbound_nodes;
    const first = layers[0];
    const build = own.build_input_shape ?? (model.build_config as Json | undefined)?.input_shape;
    // without its input's size a model cannot be built
    if (first !== undefined && !hasInput(first) && Array.isArray(build)) {
      first.config.batch_input_shape = build;
    }
    return { class_name: kind, config: { name: own.name as string | undefined, layers } };
  }
  requireConnections(layers, context);
  const nested = new Set(
    layers.filter(({ config: { layers } }) => Array.isArray(layers)).map(({ name }) => name),
  );
  // Keras 3 counts a nested model's calls from 0, Keras 2 and tfjs count its own making first
  const shift = (at: unknown[]): void => {
    if (context.modern && nested.has(at[0] as string)) at[1] = Number(at[1]) + 1;
  };
  for (const { inbound_nodes: nodes = [] } of layers) nodes.flat().forEach(shift);
  const [inputs, outputs] = [ends(own.input_layers), ends(own.output_layers)];
  outputs.forEach(shift);
  requireOrder(layers, [...inputs, ...outputs], context);
  return {
    class_name: 'Functional',
    config: {
      name: own.name as string | undefined,
      layers,
      input_layers: inputs,
      output_layers: outputs,
    },
  };
}

function normalizeLayer(json: Json, context: Context): LayerJson[] {
  const given = (json.config ?? {}) as Json;
  const name = String(json.name ?? given.name);
  const kind = String(json.class_name);
  const inbound = (json.inbound_nodes as unknown[] | undefined)?.map(nodeOf);
  if (Array.isArray((given as { layers?: unknown }).layers) || Array.isArray(json.config)) {
    const nested = normalizeModel(json, { ...context, prefix: `${context.prefix}${name}/` });
    return [{ ...nested, name, inbound_nodes: inbound }];
  }
  const config = normalizeConfig(given, context);
  config.name = name;
  const layer: LayerJson = { class_name: kind, name, config, inbound_nodes: inbound };
  return expressLayer(layer, {
    path: context.prefix + name,
    file: context.file,
    modern: context.modern,
    operation: String(json.module ?? '').includes('.ops'),
    calls: (json.inbound_nodes as unknown[] | undefined) ?? [],
  });
}

function normalizeConfig(given: Json, context: Context): Json {
  const config: Json = {};
  for (const [key, value] of Object.entries(given)) {
    // values are loaded: how they would have been drawn and trained only costs time
    if (/_(regularizer|constraint)$/.test(key)) continue;
    else if (/_initializer$/.test(key)) config[key] = { class_name: 'Zeros', config: {} };
    else if (key === 'batch_shape') config.batch_input_shape = value;
    else if (key === 'dtype') config.dtype = dtypeOf(value);
    else if (key === 'layer' && isObject(value) && 'class_name' in value) {
      // wrappers hold a layer
      const [inner] = normalizeLayer(value, context);
      config[key] = { class_name: inner.class_name, config: inner.config };
    } else config[key] = plain(value);
  }
  return config;
}

/** Keras 3 wraps names of functions and lists of numbers into objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value) || !('class_name' in value)) return value;
  const { class_name: kind, config } = value;
  if (kind === 'function' || kind === 'builtin_function') {
    return typeof config === 'string' ? config : String((config as Json | undefined)?.name);
  }
  if (kind === '__tuple__') return plain((value as { items?: unknown }).items);
  if (kind === '__numpy__') return (config as Json | undefined)?.value;
  return value;
}

function dtypeOf(value: unknown): string {
  const name = isObject(value) ? (value.config as Json | undefined)?.name : value;
  // mixed and lower precision are a matter of training: tfjs computes in float32
  return typeof name === 'string' && /^(int32|bool)$/.test(name) ? name : 'float32';
}

/** One call of a layer as a list of `[layer, call, output, options]`. */
function nodeOf(node: unknown): InboundTensor[] {
  if (Array.isArray(node)) {
    const list = (typeof node[0] === 'string' ? [node] : node) as unknown[][];
    return list.map(([layer, call, output, options]) => [
      String(layer),
      Number(call),
      Number(output),
      isObject(options) ? options : {},
    ]);
  }
  const { args, kwargs } = node as { args?: unknown; kwargs?: unknown };
  const found: InboundTensor[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (isObject(value) && value.class_name === '__keras_tensor__') {
      const [layer, call, output] = (value.config as { keras_history: unknown[] }).keras_history;
      found.push([String(layer), Number(call), Number(output), {}]);
    } else if (isObject(value)) Object.values(value).forEach(collect);
  };
  collect(args);
  collect(kwargs);
  return found;
}

/** Ends of a model: one `[layer, call, output]`, a list of them, or a dictionary by name. */
function ends(value: unknown): unknown[][] {
  if (!Array.isArray(value)) return Object.values((value ?? {}) as Json).flatMap(ends);
  return typeof value[0] === 'string' ? [value.slice(0, 3)] : value.flatMap(ends);
}

/** A reference to a layer that is not there would make tfjs search for ever. */
function requireConnections(layers: readonly LayerJson[], context: Context): void {
  const names = new Set(layers.map(({ name }) => name));
  for (const { name, inbound_nodes: nodes = [] } of layers) {
    for (const [from] of nodes.flat()) {
      if (!names.has(from)) {
        throw new WhylensError(
          'MODEL_LOAD',
          `layer '${context.prefix}${name}' in ${context.file} takes the output of a layer '${from}', which the topology does not hold`,
          { facts: { layer: context.prefix + name, missing: from } },
        );
      }
    }
  }
}

function hasInput({ class_name: kind, config }: LayerJson): boolean {
  return kind === 'InputLayer' || Array.isArray(config.batch_input_shape) || 'layers' in config;
}

function isModern(root: Json): boolean {
  const layers = ((root.config as Json | undefined)?.layers ?? []) as Json[];
  return layers.some(
    (layer) => 'module' in layer || 'batch_shape' in ((layer.config ?? {}) as Json),
  );
}

/** tfjs itself writes camelCase keys when asked for an object; Keras writes snake_case. */
function pythonic(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pythonic);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[a-z0-9][A-Z]/g, (pair) => `${pair[0]}_${pair[1].toLowerCase()}`),
      pythonic(inner),
    ]),
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
