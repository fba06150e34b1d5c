/** A TensorFlow graph as a model's graph: one sample, channels last, everything constant folded. */
import { isWhylensError, WhylensError } from '../../../errors.js';
import type { InputInfo } from '../../interface.js';
import { input as inputValue } from '../../graph/build.js';
import type { GraphInput, GraphOutput, ModelGraph } from '../../graph/model-graph.js';
import { openSizes } from '../../graph/open-sizes.js';
import { ordered } from '../../graph/value.js';
import { finalActivation } from '../onnx/head.js';
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
} from '../onnx/tensor.js';
import { Attributes } from './attributes.js';
import { readGraphDef, readSignature, type GraphDef, type SignatureEntry } from './graph-def.js';
import { channelAxis } from './input-layout.js';
import { layersOf } from './layers.js';
import { neededNodes } from './order.js';
import { Tracer } from './trace.js';
import type { GraphWeights } from './weights.js';

/** What `model.json` and its weight files hold, or a live model. */
export interface TfjsGraph {
  readonly topology: unknown;
  readonly signature?: unknown;
  readonly weights: GraphWeights;
}

export interface ReadTfjsGraphOptions {
  readonly name: string;
  /** Of one sample, for sizes left open; in the file's own order of axes or with channels last. */
  readonly inputShape?: readonly number[];
}

/** Height and width if neither file nor caller gives them, and others to see what depends on them. */
const USUAL_SIZE = 224;
const OTHER_SIZE = 288;
const USUAL_CHANNELS = 3;

/**
 * Reads a graph. Sizes that stay open are null in the description; the graph is
 * that of a usual size, and `readTfjsGraph` with `inputShape` gives another.
 *
 * @throws WhylensError `UNSUPPORTED_OPERATION` naming operation and node,
 * `UNSUPPORTED_MODEL` if a size is missing or does not fit, `MODEL_LOAD` if the file contradicts itself
 */
export function readTfjsGraph(file: TfjsGraph, options: ReadTfjsGraphOptions): ModelGraph {
  const definition = readGraphDef(file.topology);
  const first = read(file, definition, options, USUAL_SIZE);
  if (!first.inputs.some(({ shape }) => shape?.includes(null) === true)) return first;
  try {
    return openSizes(first, read(file, definition, options, OTHER_SIZE));
  } catch (error) {
    // a graph that says it takes any size may not: the one it was read with holds
    if (!isWhylensError(error)) throw error;
    return first;
  }
}

function read(
  file: TfjsGraph,
  definition: GraphDef,
  options: ReadTfjsGraphOptions,
  size: number,
): ModelGraph {
  const signature = readSignature(definition, file.signature);
  if (signature.outputs.length === 0) {
    throw new WhylensError(
      'MODEL_LOAD',
      `the graph of '${options.name}' has no output: every node is taken by another one`,
    );
  }
  const byName = new Map(definition.nodes.map((node) => [node.name, node]));
  const given = signature.inputs.filter(({ source }) => {
    const node = byName.get(source.node);
    const type = node && new Attributes(node).type('dtype');
    return node?.op !== 'Const' && type !== 'DT_RESOURCE' && type !== 'DT_STRING';
  });
  const sources = signature.outputs.map(({ source }) => source);
  const nodes = neededNodes(definition.nodes, sources, { has: () => false });
  const made = given.map((entry) => {
    const attributes = new Attributes(byName.get(entry.source.node)!);
    const known = attributes.shape('shape');
    // the signature of some exporters knows more than the placeholder
    const declared = known !== undefined && known.length > 0 ? known : (entry.shape ?? known);
    const axis = channelAxis(nodes, file.weights, entry.source, declared?.length ?? 0);
    const told = given.length === 1 ? options.inputShape : undefined;
    return madeInput(entry, declared, attributes.type('dtype') ?? entry.dtype, axis, told, size);
  });
  const batch = made.map((one) => one.batch).find((n) => n !== undefined && n > 1);
  const tracer = new Tracer(definition, file.weights, batch);
  if (batch !== undefined) {
    tracer.warnings.add(`the graph declares batches of ${batch}; samples are computed one by one`);
  }
  const operands = new Map<string, Operand>(made.map(({ node, operand }) => [node, operand]));
  let results;
  try {
    results = tracer.run(operands, sources);
  } catch (cause) {
    if (!isWhylensError(cause, 'MODEL_LOAD') || made.length === 0) throw cause;
    throw cannotRun(made, cause);
  }
  const outputs: GraphOutput[] = [];
  let reason: Error | undefined;
  results.forEach((result, i) => {
    const { name } = signature.outputs[i];
    if (result instanceof Error) {
      reason ??= result;
      tracer.warnings.add(`output '${name}' is left out: ${result.message}`);
    } else if (result.kind === 'traced' && result.value.live) {
      outputs.push(madeOutput(name, result));
    } else tracer.warnings.add(`output '${name}' depends on no input and is left out`);
  });
  if (outputs.length === 0) {
    throw (
      reason ??
      new WhylensError(
        'UNSUPPORTED_MODEL',
        `no output of the graph depends on the values of its input (${signature.outputs.map(({ name }) => name).join(', ')}), so there is nothing to explain`,
      )
    );
  }
  const used = new Set(ordered(outputs.map(({ value }) => value)));
  const inputs = made.filter(({ graph }) => used.has(graph.value));
  return {
    name: options.name,
    format: 'tfjs-graph',
    inputs: inputs.map(({ graph }) => graph),
    outputs,
    layers: layersOf(
      tracer.steps,
      inputs.map(({ node, graph }) => ({ name: graph.name, node, value: graph.value })),
      outputs,
    ),
    warnings: [...tracer.warnings],
  };
}

interface MadeInput {
  readonly node: string;
  readonly batch?: number;
  readonly operand: Traced;
  readonly graph: GraphInput;
}

const dtypeOf = (type: string | undefined): InputInfo['dtype'] =>
  type === 'DT_BOOL' ? 'bool' : type !== undefined && /INT/.test(type) ? 'int32' : 'float32';

function madeInput(
  { name, source }: SignatureEntry,
  declared: readonly (number | null)[] | undefined,
  type: string | undefined,
  axis: 'first' | 'last' | undefined,
  told: readonly number[] | undefined,
  size: number,
): MadeInput {
  const isOpen = declared === undefined || declared.length === 0;
  if (isOpen && told === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the graph does not say the shape of its input '${name}'; say it: inputShape: [height, width, channels]`,
      { facts: { input: name } },
    );
  }
  const rank = isOpen ? told!.length + 1 : declared.length;
  const order = axis === 'first' ? [...range(rank - 2, 2), 1] : range(rank - 1, 1);
  const sizes = order.map((at) => (isOpen ? null : declared[at]));
  const shape = filledIn(name, sizes, told, axis, size);
  requireSize(shape, MOST_SPREAD);
  const value = inputValue(name, shape);
  const kinds: (Axis | undefined)[] = range(rank).map(() => undefined);
  if (axis !== undefined) {
    order.forEach((at, i) => (kinds[at] = i === order.length - 1 ? 'channels' : 'space'));
  }
  const free = told === undefined && sizes.includes(null);
  return {
    node: source.node,
    ...(isOpen || declared[0] === null ? {} : { batch: declared[0] }),
    operand: traced(value, rank, order, kinds),
    graph: {
      name,
      value,
      dtype: dtypeOf(type),
      ...(free ? { shape: sizes } : {}),
      ...(axis === 'first' ? { order: [rank - 2, ...range(rank - 2)] } : {}),
    },
  };
}

/** Open sizes as the caller says, or as most models have them. */
function filledIn(
  name: string,
  sizes: readonly (number | null)[],
  told: readonly number[] | undefined,
  axis: 'first' | 'last' | undefined,
  size: number,
): number[] {
  if (told !== undefined) {
    const fits = (shape: readonly number[]): boolean =>
      shape.length === sizes.length && sizes.every((n, i) => n === null || n === shape[i]);
    const last = axis === 'first' ? [...told.slice(1), told[0]] : told;
    const found = [told, last].find(fits);
    if (found !== undefined) return [...found];
    throw new WhylensError(
      'INVALID_OPTION',
      `inputShape [${told.join(', ')}] does not fit input '${name}' of the graph, whose sizes are [${sizes.map((n) => n ?? 'any').join(', ')}] with channels last`,
      { facts: { input: name } },
    );
  }
  return sizes.map((n, i) =>
    n !== null ? n : sizes.length > 1 && i === sizes.length - 1 ? USUAL_CHANNELS : size,
  );
}

/** An output with its final activation found; a first axis of size 1 is the batch. */
function madeOutput(name: string, result: Traced): GraphOutput {
  const dims = dimsOf(result);
  const present = range(dims.length).slice(dims[0] === 1 ? 1 : 0);
  const isFirst = result.axes[1] === 'channels' && dims.length > 2 && dims[0] === 1;
  const order = isFirst ? [...range(dims.length - 2, 2), 1] : present;
  const value = arranged(result, order);
  return {
    name,
    value,
    ...finalActivation(value),
    ...(isFirst ? { order: [order.length - 1, ...range(order.length - 1)] } : {}),
  };
}

function cannotRun(inputs: readonly MadeInput[], cause: WhylensError): WhylensError {
  const shapes = inputs.map(
    ({ graph, operand }) => `${graph.name} [${dimsOf(operand).join(', ')}]`,
  );
  return new WhylensError(
    'UNSUPPORTED_MODEL',
    `the graph cannot be run on ${shapes.join(', ')}: ${cause.message}. If its input is of another size, say it: inputShape: [height, width, channels]`,
    { cause, facts: cause.facts },
  );
}
