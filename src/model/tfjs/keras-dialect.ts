/** Layers that tfjs lacks, or understands otherwise, said with layers that it has. Pure. */
import { WhylensError } from '../../errors.js';
import type { InboundTensor, LayerJson } from './keras-topology.js';

export interface LayerContext {
  readonly path: string;
  readonly file: string;
  /** Written by Keras 3. */
  readonly modern: boolean;
  /** An operation that Keras 3 recorded as a layer (`x + 3`). */
  readonly operation: boolean;
  /** The calls as they were written, constants included. */
  readonly calls: readonly unknown[];
}

/** Activations under the name by which tfjs (or `keras-classes.ts`) knows them. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  silu: 'swish',
  hard_silu: 'hard_swish',
  log_softmax: 'log_softmax',
};

/** The layers that take a layer's place; the last carries its name. */
export function expressLayer(layer: LayerJson, context: LayerContext): LayerJson[] {
  const { config } = layer;
  if (typeof config.activation === 'string') {
    config.activation = activationName(config.activation, context);
  }
  if (context.operation || layer.class_name === 'TFOpLambda') return [operation(layer, context)];
  if (Number(config.groups ?? 1) !== 1) {
    throw new WhylensError(
      'MODEL_LOAD',
      `layer '${context.path}' (${layer.class_name}) in ${context.file} is a convolution in ${String(config.groups)} groups, which TensorFlow.js layers do not have. Load the .keras or .h5 file that it was converted from instead: loadModel reads it`,
      { facts: { layer: context.path, class: layer.class_name } },
    );
  }
  const express = Object.hasOwn(LAYERS, layer.class_name) ? LAYERS[layer.class_name] : undefined;
  return express?.(layer, context) ?? [layer];
}

const LAYERS: Readonly<
  Record<string, (layer: LayerJson, context: LayerContext) => LayerJson[] | undefined>
> = {
  ReLU: (layer, context) => {
    const { max_value: ceiling, negative_slope: slope, threshold } = layer.config;
    const low = Number(slope ?? 0);
    if (Number(threshold ?? 0) !== 0 || (low !== 0 && ceiling !== null && ceiling !== undefined)) {
      throw unsupported(context, layer, 'a threshold, or a slope and a ceiling at once');
    }
    if (low === 0) return undefined;
    return [{ ...layer, class_name: 'LeakyReLU', config: { name: layer.name, alpha: low } }];
  },
  LeakyReLU: (layer) => {
    const { negative_slope: slope, ...config } = layer.config;
    return slope === undefined ? undefined : [{ ...layer, config: { ...config, alpha: slope } }];
  },
  BatchNormalization: (layer) => {
    const { axis } = layer.config;
    return Array.isArray(axis)
      ? [{ ...layer, config: { ...layer.config, axis: axis[0] } }]
      : undefined;
  },
  GlobalAveragePooling2D: keptDimensions,
  GlobalMaxPooling2D: keptDimensions,
  Normalization: (layer, context) => {
    const { name, mean, variance, invert } = layer.config;
    if (invert === true) throw unsupported(context, layer, 'inversion');
    if ((mean ?? undefined) === undefined || (variance ?? undefined) === undefined) {
      // its weights: a batch normalisation that has learnt nothing
      const config = { name, axis: -1, scale: false, center: false, epsilon: 1e-14 };
      return [{ ...layer, class_name: 'BatchNormalization', config }];
    }
    const [means, variances] = [mean, variance].map((value) => [value].flat(9) as number[]);
    const scale = variances.map((v) => 1 / Math.max(Math.sqrt(v), 1e-7));
    const offset = scale.map((s, i) => -s * means[i % means.length]);
    return [{ ...layer, class_name: 'Rescaling', config: { name, scale, offset } }];
  },
};

/** Pooling that keeps axes of size one: a class of ours, see `keras-classes.ts`. */
function keptDimensions(layer: LayerJson, context: LayerContext): LayerJson[] | undefined {
  const { name, keepdims, data_format: format } = layer.config;
  if (keepdims !== true) return undefined;
  if (format === 'channels_first') throw unsupported(context, layer, 'channels first and keepdims');
  return [{ ...layer, class_name: `${layer.class_name}Keepdims`, config: { name } }];
}

const MERGES: Readonly<Record<string, string>> = {
  add: 'Add',
  multiply: 'Multiply',
  subtract: 'Subtract',
  maximum: 'Maximum',
  minimum: 'Minimum',
};

/** Arithmetic recorded as a layer: with a constant it is a rescaling, of two tensors a merge. */
function operation(layer: LayerJson, context: LayerContext): LayerJson {
  const named = String(layer.config.function ?? layer.class_name);
  const kind = named
    .split('.')
    .pop()!
    .toLowerCase()
    .replace(/^true_?divide$/, 'truediv');
  const name = layer.name;
  const wrong = (): WhylensError =>
    unsupported(context, layer, `the operation '${named}' with these arguments`);
  const calls = context.calls.map((call) => argumentsOf(call));
  const tensors = calls.map((parts) => parts.filter((part) => Array.isArray(part)));
  const constants = calls.flat().filter((part) => typeof part === 'number');
  if (calls.length !== 1) throw wrong();
  if (tensors[0].length === 2 && constants.length === 0 && Object.hasOwn(MERGES, kind)) {
    return { class_name: MERGES[kind], name, config: { name }, inbound_nodes: tensors };
  }
  if (tensors[0].length !== 1 || constants.length !== 1) throw wrong();
  const [c] = constants;
  const tensorFirst = Array.isArray(calls[0][0]);
  const [scale, offset] =
    kind === 'add'
      ? [1, c]
      : kind === 'multiply'
        ? [c, 0]
        : kind === 'subtract' || kind === 'sub'
          ? tensorFirst
            ? [1, -c]
            : [-1, c]
          : (kind === 'truediv' || kind === 'divide') && tensorFirst
            ? [1 / c, 0]
            : [undefined, undefined];
  if (scale === undefined) throw wrong();
  return { class_name: 'Rescaling', name, config: { name, scale, offset }, inbound_nodes: tensors };
}

/** Tensors and numbers of a call in order, in Keras 2's and Keras 3's writing. */
function argumentsOf(call: unknown): (InboundTensor | number)[] {
  const found: (InboundTensor | number)[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'number') found.push(value);
    else if (isReference(value)) {
      found.push([value[0], value[1], value[2], {}]);
      const [, , , options] = value;
      if (options !== undefined) visit(options);
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      const { class_name: kind, config } = value as { class_name?: unknown; config?: unknown };
      if (kind === '__keras_tensor__') {
        visit((config as { keras_history: unknown }).keras_history);
      } else {
        for (const [key, inner] of Object.entries(value)) if (key !== 'name') visit(inner);
      }
    }
  };
  visit(call);
  return found;
}

function isReference(value: unknown): value is [string, number, number, unknown?] {
  return (
    Array.isArray(value) &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'number' &&
    typeof value[2] === 'number'
  );
}

function activationName(name: string, { modern }: LayerContext): string {
  // Keras 3 cuts at ±3 and divides by 6, Keras 2 and tfjs take 0.2 x + 0.5
  if (modern && name === 'hard_sigmoid') return 'hard_sigmoid6';
  return Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : name;
}

function unsupported(context: LayerContext, layer: LayerJson, what: string): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `layer '${context.path}' (${layer.class_name}) in ${context.file} has ${what}, which TensorFlow.js layers do not have. Load the .keras or .h5 file that it was converted from instead: loadModel reads it`,
    { facts: { layer: context.path, class: layer.class_name } },
  );
}
