/** Graph nodes as ops. What is not understood to the last attribute gives undefined and runs as it is. */
import { WhylensError } from '../../errors.js';
import type { GraphNode } from './graph-model.js';
import { activationOp, clipOp, reluOp, softmaxOp } from './ops/activation.js';
import { convOp, convTransposeOp, depthwiseOp, type ConvGeometry } from './ops/conv.js';
import { affineOp, denseOp, foldNormalization, matMulOp } from './ops/linear.js';
import { concatOp, constantOp, mergeOp, splitOp, type MergeMode } from './ops/merge.js';
import { globalAverageOp, globalMaxOp, poolOp } from './ops/pool.js';
import {
  padOp,
  reshapeOp,
  resizeBilinearOp,
  sliceOp,
  transposeOp,
  upsampleNearestOp,
} from './ops/shape.js';
import { eluOp } from './ops/activation.js';
import type { Op } from './program.js';
import type { Weight } from './weight.js';

type Shape = readonly (number | null)[];

/** One input of a node. */
export interface Operand {
  /** Set for a constant. */
  readonly weight?: Weight;
  /** Known numbers: of a constant, or of a value that follows from fixed sizes. */
  readonly numbers?: readonly number[];
  /** With the batch axis. */
  readonly shape: Shape;
}

export interface NodeFacts {
  readonly node: GraphNode;
  readonly kind: string;
  readonly inputs: readonly Operand[];
  /** Of the first output, with the batch axis. */
  readonly output: Shape;
}

/** One op of a node; all but the last get a name of their own. */
export interface NodePart {
  readonly op: Op;
  readonly name?: string;
}

export function nodeOps(facts: NodeFacts): NodePart[] | undefined {
  const { op } = facts.node;
  if (Object.hasOwn(UNITS, op)) {
    const unit = activationOp(UNITS[op], facts.kind);
    return unit && [{ op: unit }];
  }
  const translate = Object.hasOwn(NODES, op) ? NODES[op] : undefined;
  const result = translate?.(facts);
  return Array.isArray(result) || result === undefined ? result : [{ op: result }];
}

const UNITS: Readonly<Record<string, string>> = {
  Relu: 'relu',
  Relu6: 'relu6',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Softplus: 'softplus',
  Exp: 'exp',
  Log: 'log',
  Neg: 'neg',
  Abs: 'abs',
  Square: 'square',
  Sqrt: 'sqrt',
  Rsqrt: 'rsqrt',
  Reciprocal: 'reciprocal',
  Erf: 'erf',
};

const binary =
  (mode: MergeMode) =>
  (facts: NodeFacts): Op | undefined => {
    const [a, b] = facts.inputs;
    if (a.weight === undefined && b.weight === undefined) return mergeOp(facts.kind, mode);
    const [constant, first] = a.weight === undefined ? [b.weight!, false] : [a.weight, true];
    const value = first ? b : a;
    const channels = value.shape[value.shape.length - 1];
    const perChannel = constant.shape.length === 1 && constant.shape[0] === channels;
    if (mode === 'add' && perChannel && value.shape.length > 1) return biasOp(facts.kind, constant);
    return constant.shape.length <= value.shape.length
      ? constantOp(facts.kind, mode, constant, first)
      : undefined;
  };

const NODES: Readonly<Record<string, (facts: NodeFacts) => Op | NodePart[] | undefined>> = {
  Add: binary('add'),
  AddV2: binary('add'),
  BiasAdd: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  RealDiv: binary('div'),
  Div: binary('div'),
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  AddN: ({ kind, inputs }) =>
    inputs.every(({ weight }) => weight === undefined) ? mergeOp(kind, 'add') : undefined,
  Elu: ({ kind }) => eluOp(kind, 1),
  LeakyRelu: ({ kind, node }) => reluOp(kind, { slope: Number(attribute(node, 'alpha') ?? 0.2) }),
  Softmax: ({ kind }) => softmaxOp(kind),
  ClipByValue: ({ kind, inputs }) => {
    const [, low, high] = inputs.map(({ numbers }) => numbers);
    return low?.length === 1 && high?.length === 1 ? clipOp(kind, low[0], high[0]) : undefined;
  },
  Conv2D: convolution,
  _FusedConv2D: convolution,
  DepthwiseConv2d: convolution,
  DepthwiseConv2dNative: convolution,
  FusedDepthwiseConv2dNative: convolution,
  Conv2DBackpropInput: (facts) => {
    const kernel = facts.inputs[1].weight;
    const geometry = geometryOf(facts.node);
    const { padding, strides } = geometry;
    if (kernel === undefined || typeof padding !== 'string') return undefined;
    if (geometry.dilations.some((d) => d !== 1)) return undefined;
    const fits = [0, 1].every((axis) => {
      const size = facts.inputs[2].shape[axis + 1];
      const whole =
        size !== null &&
        (padding === 'same'
          ? size * strides[axis]
          : (size - 1) * strides[axis] + Math.max(kernel.shape[axis], strides[axis]));
      return whole === facts.output[axis + 1];
    });
    if (!fits) return undefined;
    return convTransposeOp(facts.kind, kernel, undefined, [strides[0], strides[1]], padding);
  },
  MatMul: matrices,
  _FusedMatMul: matrices,
  BatchMatMul: matrices,
  BatchMatMulV2: matrices,
  FusedBatchNorm: normalization,
  FusedBatchNormV2: normalization,
  FusedBatchNormV3: normalization,
  MaxPool: (facts) => pooling(facts, 'max'),
  AvgPool: (facts) => pooling(facts, 'avg'),
  Mean: (facts) => {
    const axes = axesOf(facts);
    if (axes === undefined || axes.includes(0)) return undefined;
    const keep = attribute(facts.node, 'keepDims') === true;
    const op = globalAverageOp(facts.kind, axes, keep);
    return isSpace(axes, facts.inputs[0].shape.length) ? op : { ...op, globalAverage: undefined };
  },
  Max: (facts) => {
    const axes = axesOf(facts);
    if (axes === undefined || !isSpace(axes, facts.inputs[0].shape.length)) return undefined;
    return globalMaxOp(facts.kind, axes, attribute(facts.node, 'keepDims') === true);
  },
  Pad: padding,
  PadV2: padding,
  Reshape: reshape,
  Squeeze: reshape,
  ExpandDims: reshape,
  Flatten: reshape,
  ConcatV2: ({ kind, inputs }) => concatenate(kind, inputs.slice(0, -1), inputs[inputs.length - 1]),
  Concat: ({ kind, inputs }) => concatenate(kind, inputs.slice(1), inputs[0]),
  Split: ({ kind, inputs, node }) => {
    const axis = inputs[0].numbers?.[0];
    const parts = attribute(node, 'numOrSizeSplits');
    if (axis === undefined || axis === 0 || typeof parts !== 'number') return undefined;
    return splitOp(kind, parts, axis);
  },
  SplitV: ({ kind, inputs }) => {
    const [, sizes, axis] = inputs.map(({ numbers }) => numbers);
    if (sizes === undefined || axis === undefined || axis[0] === 0) return undefined;
    return sizes.includes(-1) ? undefined : splitOp(kind, sizes, axis[0]);
  },
  Transpose: ({ kind, inputs }) => {
    const order = inputs[1].numbers;
    return order?.[0] === 0 ? transposeOp(kind, order) : undefined;
  },
  Slice: (facts) => {
    const [, begin, size] = facts.inputs.map(({ numbers }) => numbers);
    if (begin === undefined || size === undefined) return undefined;
    const { shape } = facts.inputs[0];
    return slice(
      facts,
      begin.map((first, axis) => {
        if (first === 0 && (size[axis] === -1 || size[axis] === shape[axis])) return undefined;
        const length = shape[axis];
        if (length === null && size[axis] === -1) return null;
        return [first, size[axis] === -1 ? length! : first + size[axis], 1];
      }),
    );
  },
  StridedSlice: stridedSlice,
  ResizeBilinear: ({ kind, inputs, node }) => {
    const size = inputs[1].numbers;
    if (size === undefined) return undefined;
    return resizeBilinearOp(kind, () => [size[0], size[1]], {
      alignCorners: attribute(node, 'alignCorners') === true,
      halfPixelCenters: attribute(node, 'halfPixelCenters') === true,
    });
  },
  ResizeNearestNeighbor: ({ kind, inputs, node, output }) => {
    const factors = [1, 2].map((axis) => Number(output[axis]) / Number(inputs[0].shape[axis]));
    const whole = factors.every((factor) => Number.isInteger(factor) && factor >= 1);
    const known = [1, 2].every((axis) => inputs[0].shape[axis] !== null && output[axis] !== null);
    if (!whole || !known || attribute(node, 'alignCorners') === true) return undefined;
    return upsampleNearestOp(kind, factors);
  },
};

function convolution(facts: NodeFacts): NodePart[] | undefined {
  const { node, kind, inputs } = facts;
  const kernel = inputs[1].weight;
  if (kernel === undefined || kernel.shape.length !== 4) return undefined;
  const geometry = geometryOf(node);
  const depthwise = /depthwise/i.test(node.op);
  const channels = inputs[0].shape[3];
  // grouped convolution: the kernel sees a part of the channels only
  if (!depthwise && channels !== null && kernel.shape[2] !== channels) return undefined;
  const make = depthwise ? depthwiseOp : convOp;
  return fused(facts, (bias) => make(kind, kernel, bias, geometry));
}

function matrices(facts: NodeFacts): NodePart[] | undefined {
  const { node, kind, inputs } = facts;
  const [turnA, turnB] = ['transposeA', 'transposeB'].map((name) => attribute(node, name) === true);
  const kernel = inputs[1].weight;
  if (kernel === undefined) {
    const plain = inputs[0].weight === undefined && node.op !== '_FusedMatMul';
    return plain ? [{ op: matMulOp(kind, turnA, turnB) }] : undefined;
  }
  if (kernel.shape.length !== 2 || turnA) return undefined;
  const [rows, columns] = kernel.shape;
  const upright = turnB
    ? kernel.derive('transposed', [columns, rows], (data) =>
        Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
      )
    : kernel;
  return fused(facts, (bias) => denseOp(kind, upright, bias));
}

/** A convolution or product with what the converter has fused into it. */
function fused(
  { node, kind, inputs }: NodeFacts,
  make: (bias: Weight | undefined) => Op,
): NodePart[] | undefined {
  const names = (attribute(node, 'fusedOps') ?? []) as readonly string[];
  const [first, ...rest] = names.map((name) => name.toLowerCase());
  if (first === undefined) return [{ op: make(undefined) }];
  const bias = inputs[2] as Operand | undefined;
  if (first !== 'biasadd' || bias?.weight === undefined || rest.length > 1) return undefined;
  const op = make(bias.weight);
  if (rest.length === 0) return [{ op }];
  const activation =
    rest[0] === 'leakyrelu'
      ? reluOp(kind, { slope: Number(attribute(node, 'leakyreluAlpha') ?? 0.2) })
      : rest[0] === 'prelu'
        ? undefined
        : activationOp(rest[0], kind);
  return activation && [{ op, name: 'linear' }, { op: activation }];
}

function normalization({ kind, node, inputs }: NodeFacts): Op | undefined {
  const [, gamma, beta, mean, variance] = inputs.map(({ weight }) => weight);
  if (mean === undefined || variance === undefined || mean.shape[0] === 0) return undefined;
  requireChannelsLast(node);
  const epsilon = Number(attribute(node, 'epsilon') ?? 1e-3);
  const { scale, shift } = foldNormalization({ gamma, beta, mean, variance }, epsilon);
  return affineOp(kind, scale, shift);
}

function biasOp(kind: string, bias: Weight): Op {
  const ones = bias.derive('ones', bias.shape, (data) => new Float32Array(data.length).fill(1));
  return affineOp(kind, ones, bias);
}

function pooling({ kind, node, inputs }: NodeFacts, mode: 'max' | 'avg'): Op | undefined {
  const { strides, padding } = geometryOf(node);
  const window = numbersOf(node, 'kernelSize').slice(1, 3);
  if (typeof padding !== 'string') return undefined;
  const [height, width] = inputs[0].shape.slice(1, 3);
  const whole = padding === 'valid' && window[0] === height && window[1] === width;
  if (whole && mode === 'avg') return globalAverageOp(kind, [1, 2], true);
  return poolOp(kind, mode, { window, strides, padding });
}

function padding({ kind, node, inputs }: NodeFacts): Op | undefined {
  const flat = inputs[1].numbers;
  if (flat === undefined || inputs[0].shape.length < 3) return undefined;
  const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const outer = [pairs[0], pairs[pairs.length - 1]].flat();
  if (outer.some((by) => by !== 0)) return undefined;
  const value = inputs.length > 2 ? inputs[2].numbers?.[0] : attribute(node, 'constantValue');
  if (inputs.length > 2 && value === undefined) return undefined;
  const spatial = pairs.slice(1, -1).map(([a, b]) => [a, b] as const);
  return padOp(kind, spatial, Number(value ?? 0));
}

/** All reshapes by their result: the sizes of one sample, at most one of them free. */
function reshape({ kind, inputs, output }: NodeFacts): Op | undefined {
  const rest = output.slice(1);
  if (output.length === 0 || rest.filter((size) => size === null).length > 1) return undefined;
  // the batch must stay the first axis: the samples' sizes must agree
  const size = (shape: Shape) => shape.slice(1).reduce<number>((a, b) => a * (b ?? 1), 1);
  const free = [inputs[0].shape, output].some((shape) => shape.slice(1).includes(null));
  if (!free && size(inputs[0].shape) !== size(output)) return undefined;
  return reshapeOp(
    kind,
    rest.map((length) => length ?? -1),
  );
}

function concatenate(kind: string, inputs: readonly Operand[], axis: Operand): Op | undefined {
  const at = axis.numbers?.[0];
  if (at === undefined || at === 0 || inputs.some(({ weight }) => weight !== undefined)) {
    return undefined;
  }
  return concatOp(kind, at);
}

function stridedSlice(facts: NodeFacts): Op | undefined {
  const { node, inputs } = facts;
  const [, begin, end, steps] = inputs.map(({ numbers }) => numbers);
  const mask = (name: string) => Number(attribute(node, name) ?? 0);
  if (begin === undefined || end === undefined || steps === undefined) return undefined;
  if (mask('ellipsisMask') !== 0 || mask('newAxisMask') !== 0) return undefined;
  const { shape } = inputs[0];
  const squeeze: number[] = [];
  const ranges = begin.map((first, axis): Range => {
    const bit = 1 << axis;
    const length = shape[axis];
    const step = steps[axis];
    const shrinks = (mask('shrinkAxisMask') & bit) !== 0;
    if (shrinks) squeeze.push(axis);
    const [fromStart, toEnd] = ['beginMask', 'endMask'].map((name) => (mask(name) & bit) !== 0);
    if (fromStart && toEnd && step === 1 && !shrinks) return undefined;
    if (axis === 0 || length === null || step < 1) return null;
    const within = (at: number) => Math.min(length, Math.max(0, at < 0 ? at + length : at));
    if (shrinks) return [within(first), within(first) + 1, 1];
    return [fromStart ? 0 : within(first), toEnd ? length : within(end[axis]), step];
  });
  return slice(facts, ranges, squeeze);
}

/** Undefined: the whole axis; null: not known. */
type Range = [number, number, number] | undefined | null;

function slice(
  { kind }: NodeFacts,
  ranges: readonly Range[],
  squeeze: readonly number[] = [],
): Op | undefined {
  if (ranges[0] !== undefined || ranges.includes(null)) return undefined;
  return sliceOp(kind, ranges as readonly Exclude<Range, null>[], squeeze);
}

function geometryOf(node: GraphNode): ConvGeometry {
  requireChannelsLast(node);
  const spatial = (list: readonly number[]) => (list.length === 4 ? list.slice(1, 3) : [1, 1]);
  const pad = String(attribute(node, 'pad') ?? 'valid').toLowerCase();
  const flat = numbersOf(node, 'explicitPaddings');
  return {
    strides: spatial(numbersOf(node, 'strides')),
    dilations: spatial(numbersOf(node, 'dilations')),
    padding:
      pad === 'explicit'
        ? [
            [flat[2], flat[3]],
            [flat[4], flat[5]],
          ]
        : (pad as 'same' | 'valid'),
  };
}

function requireChannelsLast(node: GraphNode): void {
  const format = String(attribute(node, 'dataFormat') ?? 'nhwc').toLowerCase();
  if (format === 'nhwc') return;
  throw new WhylensError(
    'UNSUPPORTED_OPERATION',
    `node '${node.name}' (${node.op}) has data format ${format.toUpperCase()}; only channels last (NHWC) is computed. Export the model with channels last`,
    { facts: { layer: node.name, operation: node.op } },
  );
}

function axesOf({ inputs }: NodeFacts): number[] | undefined {
  const rank = inputs[0].shape.length;
  return inputs[1].numbers?.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
}

/** Everything between batch and channels. */
function isSpace(axes: readonly number[], rank: number): boolean {
  return rank > 2 && axes.join() === Array.from({ length: rank - 2 }, (_, i) => i + 1).join();
}

export function attribute(node: GraphNode, name: string): unknown {
  return node.attrParams[name]?.value;
}

function numbersOf(node: GraphNode, name: string): number[] {
  const value = attribute(node, name);
  return Array.isArray(value) ? (value as number[]) : [];
}
