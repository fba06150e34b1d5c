/** An ONNX file as a model's graph: one sample, channels last, everything constant folded. */
import { WhylensError } from '../../../errors.js';
import { sizeOf } from '../../../maths/ndarray.js';
import type { ActivationInfo, InputInfo } from '../../interface.js';
import { ELEMENT, type OnnxModel, type OnnxNode, type OnnxValueInfo } from '../../files/onnx.js';
import { elementName } from '../../files/onnx-tensor.js';
import { input as inputValue, reshape } from '../../graph/build.js';
import {
  countParameters,
  type GraphInput,
  type GraphLayer,
  type GraphOutput,
  type ModelGraph,
} from '../../graph/model-graph.js';
import { ordered, type Value } from '../../graph/value.js';
import { channelAxis } from './input-layout.js';
import { finalActivation } from './head.js';
import { nameOf, pathsOf } from './names.js';
import { spaceOf } from './space.js';
import {
  arranged,
  dimsOf,
  MOST_SPREAD,
  range,
  requireSize,
  traced,
  type Axis,
  type Operand,
  type Traced,
} from './tensor.js';
import { Tracer, type Step } from './trace.js';

export interface ReadOnnxOptions {
  readonly name: string;
  /** Of one sample, in the file's own order of axes or with channels last; for sizes left open. */
  readonly inputShape?: readonly number[];
  /** Weights in files beside the model, by their names. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** Height and width if neither file nor caller gives them: those with which most classifiers were trained. */
const USUAL_SIZE = 224;

/**
 * Reads a decoded model.
 *
 * @throws WhylensError `UNSUPPORTED_OPERATION` naming operator and node, `MODEL_LOAD` if the file
 * contradicts itself
 */
export function readOnnx(model: OnnxModel, options: ReadOnnxOptions): ModelGraph {
  const tracer = new Tracer(model, options.files ?? new Map());
  const weights = new Set(model.graph.initializers.map(({ name }) => name));
  const given = model.graph.inputs.filter(({ name }) => !weights.has(name));
  const made = given.map((info) => madeInput(model, info, options, given.length, tracer));
  const names = model.graph.outputs.map(({ name }) => name);
  const results = tracer.run(new Map(made.map(({ name, operand }) => [name, operand])), names);
  const outputs: GraphOutput[] = [];
  let reason: Error | undefined;
  results.forEach((result, i) => {
    if (result instanceof Error) {
      reason ??= result;
      tracer.warnings.add(`output '${names[i]}' is left out: ${result.message}`);
    } else if (result.kind === 'traced' && result.value.live) {
      outputs.push(madeOutput(names[i], result));
    } else tracer.warnings.add(`output '${names[i]}' depends on no input and is left out`);
  });
  if (outputs.length === 0) {
    throw (
      reason ??
      new WhylensError(
        'UNSUPPORTED_MODEL',
        `no output of model '${options.name}' depends on its input, so there is nothing to explain`,
      )
    );
  }
  const half = model.graph.initializers.some(
    ({ type }) => type === ELEMENT.float16 || type === ELEMENT.bfloat16,
  );
  if (half) tracer.warnings.add('weights of 16 bits are computed with in 32');
  const used = new Set(ordered(outputs.map(({ value }) => value)));
  return {
    name: options.name,
    format: 'onnx',
    inputs: made.map(({ graph }) => graph).filter(({ value }) => used.has(value)),
    outputs,
    layers: layersOf(tracer.steps, made, outputs),
    warnings: [...tracer.warnings],
  };
}

interface MadeInput {
  readonly name: string;
  readonly operand: Operand;
  readonly graph: GraphInput;
}

const DTYPES: Readonly<Record<number, InputInfo['dtype']>> = {
  [ELEMENT.bool]: 'bool',
  [ELEMENT.int32]: 'int32',
  [ELEMENT.int64]: 'int32',
  [ELEMENT.uint8]: 'int32',
  [ELEMENT.int8]: 'int32',
};

function madeInput(
  model: OnnxModel,
  info: OnnxValueInfo,
  options: ReadOnnxOptions,
  count: number,
  tracer: Tracer,
): MadeInput {
  const declared = info.shape;
  if (declared === undefined || info.type === ELEMENT.string || info.type === 0) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `input '${info.name}' of model '${options.name}' ${declared === undefined ? 'does not tell its shape' : `holds ${elementName(info.type)}`}; whylens explains models over arrays of numbers`,
    );
  }
  const rank = declared.length;
  const axis = channelAxis(model.graph, info);
  const order =
    rank === 0 ? [] : axis === 'first' ? [...range(rank - 2, 2), 1] : range(rank - 1, 1);
  const told = count === 1 ? options.inputShape : undefined;
  const sizes = order.map((at) => (typeof declared[at] === 'number' ? declared[at] : null));
  const shape = filledIn(info.name, sizes, told, axis, tracer, options.name);
  if (rank > 0 && typeof declared[0] === 'number' && declared[0] !== 1) {
    tracer.warnings.add(
      `input '${info.name}' declares batches of ${declared[0]}; samples are computed one by one`,
    );
  }
  requireSize(shape, MOST_SPREAD);
  const value = inputValue(info.name, shape);
  const kinds: (Axis | undefined)[] = new Array<undefined>(rank).fill(undefined);
  if (axis !== undefined) {
    order.forEach((at, i) => (kinds[at] = i === order.length - 1 ? 'channels' : 'space'));
  }
  return {
    name: info.name,
    operand: traced(value, rank, order, kinds),
    graph: {
      name: info.name,
      value,
      dtype: DTYPES[info.type] ?? 'float32',
      ...(sizes.includes(null) ? { shape: sizes } : {}),
      ...(axis === 'first' ? { order: [rank - 2, ...range(rank - 2)] } : {}),
    },
  };
}

/** Channels that pictures have. */
const COLOURS: readonly number[] = [1, 3, 4];

/** Open sizes as the caller says, or as most models have them. */
function filledIn(
  name: string,
  sizes: readonly (number | null)[],
  told: readonly number[] | undefined,
  axis: 'first' | 'last' | undefined,
  tracer: Tracer,
  model: string,
): number[] {
  if (told !== undefined) {
    const fits = (shape: readonly number[]): boolean =>
      shape.length === sizes.length && sizes.every((n, i) => n === null || n === shape[i]);
    const last = axis === 'first' ? [...told.slice(1), told[0]] : told;
    // the option says [height, width, channels], but the model's own order is accepted too
    const isPlain = COLOURS.includes(told.at(-1) ?? 0);
    const found = (isPlain ? [told, last] : [last, told]).find(fits);
    if (found !== undefined) return [...found];
    throw new WhylensError(
      'INVALID_OPTION',
      `inputShape [${told.join(', ')}] does not fit input '${name}' of model '${model}', whose sizes are [${sizes.map((n) => n ?? 'any').join(', ')}] with channels last`,
    );
  }
  if (!sizes.includes(null)) return sizes as number[];
  const shape = sizes.map((n, i) =>
    n !== null ? n : axis !== undefined && i === sizes.length - 1 ? 3 : USUAL_SIZE,
  );
  tracer.warnings.add(
    `input '${name}' leaves its size open; [${shape.join(', ')}] was taken (another one: inputShape)`,
  );
  return shape;
}

/** An output with its final activation found; scores of classes have one axis. */
function madeOutput(name: string, result: Traced): GraphOutput {
  const dims = dimsOf(result);
  const wide = range(dims.length).filter((axis) => dims[axis] !== 1);
  if (wide.length <= 1) {
    const value = reshape(result.value, [sizeOf(dims)]);
    return { name, value, ...finalActivation(value) };
  }
  // channels last, as everywhere; the file's order is kept beside it
  const first = dims[0] === 1 ? 1 : 0;
  const present = range(dims.length).slice(first);
  const isImage = result.axes[1] === 'channels' && dims.length > 2 && first === 1;
  const order = isImage ? [...range(dims.length - 2, 2), 1] : present;
  const value = arranged(result, order);
  return {
    name,
    value,
    ...finalActivation(value),
    ...(isImage ? { order: [order.length - 1, ...range(order.length - 1)] } : {}),
  };
}

const ACTIVATIONS: Readonly<Record<string, string>> = {
  Relu: 'relu',
  LeakyRelu: 'leakyRelu',
  PRelu: 'prelu',
  Elu: 'elu',
  Celu: 'celu',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  HardSigmoid: 'hardSigmoid',
  Tanh: 'tanh',
  HardSwish: 'hardSwish',
  Gelu: 'gelu',
  FastGelu: 'gelu',
  QuickGelu: 'swish',
  Swish: 'swish',
  Mish: 'mish',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Softmax: 'softmax',
  ThresholdedRelu: 'thresholdedRelu',
};

function activationOf({ node, output }: Step): ActivationInfo | undefined {
  const { value } = output;
  if (value.op === 'relu') {
    const { ceiling } = value.attrs;
    return ceiling === Infinity
      ? { name: 'relu' }
      : { name: ceiling === 6 ? 'relu6' : 'relu', ceiling };
  }
  const name = Object.hasOwn(ACTIVATIONS, node.op) ? ACTIVATIONS[node.op] : undefined;
  return name === undefined ? undefined : { name };
}

/** Nodes as layers. One that changes no value is another name of the one before it. */
function layersOf(
  steps: readonly Step[],
  inputs: readonly MadeInput[],
  outputs: readonly GraphOutput[],
): Map<string, GraphLayer> {
  const needed = new Set(ordered(outputs.flatMap(({ value, logits }) => [value, logits])));
  const layers = new Map<string, GraphLayer>();
  const paths = new Map<Value, string>(inputs.map(({ name, graph }) => [graph.value, name]));
  const aliases = new Map<string, string[]>();
  const listed: Step[] = [];
  const owners = new Map<Value, Step>();
  const others = new Map<Step, OnnxNode[]>();
  for (const step of steps) {
    const { value } = step.output;
    const owner = owners.get(value);
    if (owner !== undefined) others.get(owner)!.push(step.node);
    else if (!paths.has(value) && needed.has(value)) {
      owners.set(value, step);
      others.set(step, []);
      listed.push(step);
    }
  }
  const names = pathsOf(listed.map(({ node, prefix }) => nameOf(node, prefix)));
  listed.forEach((step, i) => {
    paths.set(step.output.value, names[i]);
    aliases.set(
      names[i],
      [step.node, ...others.get(step)!].flatMap(({ name, outputs: [tensor] }) => [name, tensor]),
    );
  });
  // a reshape that another one swallowed is not a layer: what fed it feeds its readers
  const makers = new Map<Value, Step>();
  for (const step of steps) {
    for (const value of [step.output.value, ...step.others]) {
      if (!makers.has(value)) makers.set(value, step);
    }
  }
  const sources = (value: Value, seen = new Set<Value>()): string[] => {
    const path = paths.get(value);
    if (path !== undefined) return [path];
    // values are shared by what computes the same, so a way may lead back
    if (seen.has(value)) return [];
    seen.add(value);
    return makers.get(value)?.from.flatMap((x) => sources(x, seen)) ?? [];
  };
  const spaces = spaceOf(listed, outputs);
  const counted = new Set<Value>();
  listed.forEach((step, i) => {
    const path = names[i];
    const own = step.weights.filter((w) => !counted.has(w));
    own.forEach((w) => counted.add(w));
    layers.set(path, {
      path,
      kind: step.node.op,
      value: step.output.value,
      parameters: countParameters(own),
      inputs: [...new Set(step.from.flatMap((x) => sources(x)))],
      activation: activationOf(step),
      space: spaces.get(step),
      aliases: [...new Set(aliases.get(path))].filter((name) => name !== '' && name !== path),
      weights: own,
    });
  });
  return layers;
}
