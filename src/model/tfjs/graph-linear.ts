/** Graph nodes that convolve, multiply, normalise and pool. */
import { attribute, geometryOf, numbersOf, requireChannelsLast } from './graph-facts.js';
import type { NodeFacts, NodePart, Operand } from './graph-facts.js';
import { activationOp, reluOp } from './ops/activation.js';
import { convOp, convTransposeOp, depthwiseOp } from './ops/conv.js';
import { affineOp, denseOp, foldNormalization, matMulOp } from './ops/linear.js';
import { globalAverageOp, globalMaxOp, poolOp } from './ops/pool.js';
import type { Op } from './program.js';
import type { Weight } from './weight.js';

export function convolution(facts: NodeFacts): NodePart[] | undefined {
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

export function transposedConvolution(facts: NodeFacts): Op | undefined {
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
}

export function matrices(facts: NodeFacts): NodePart[] | undefined {
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

export function normalization({ kind, node, inputs }: NodeFacts): Op | undefined {
  const [, gamma, beta, mean, variance] = inputs.map(({ weight }) => weight);
  if (mean === undefined || variance === undefined || mean.shape[0] === 0) return undefined;
  requireChannelsLast(node);
  const epsilon = Number(attribute(node, 'epsilon') ?? 1e-3);
  const { scale, shift } = foldNormalization({ gamma, beta, mean, variance }, epsilon);
  return affineOp(kind, scale, shift);
}

export function biasOp(kind: string, bias: Weight): Op {
  const ones = bias.derive('ones', bias.shape, (data) => new Float32Array(data.length).fill(1));
  return affineOp(kind, ones, bias);
}

export function pooling({ kind, node, inputs }: NodeFacts, mode: 'max' | 'avg'): Op | undefined {
  const { strides, padding } = geometryOf(node);
  const window = numbersOf(node, 'kernelSize').slice(1, 3);
  if (typeof padding !== 'string') return undefined;
  const [height, width] = inputs[0].shape.slice(1, 3);
  const whole = padding === 'valid' && window[0] === height && window[1] === width;
  if (whole && mode === 'avg') return globalAverageOp(kind, [1, 2], true);
  return poolOp(kind, mode, { window, strides, padding });
}

export function mean(facts: NodeFacts): Op | undefined {
  const axes = axesOf(facts);
  if (axes === undefined || axes.includes(0)) return undefined;
  const keep = attribute(facts.node, 'keepDims') === true;
  const op = globalAverageOp(facts.kind, axes, keep);
  return isSpace(axes, facts.inputs[0].shape.length) ? op : { ...op, globalAverage: undefined };
}

export function maximum(facts: NodeFacts): Op | undefined {
  const axes = axesOf(facts);
  if (axes === undefined || !isSpace(axes, facts.inputs[0].shape.length)) return undefined;
  return globalMaxOp(facts.kind, axes, attribute(facts.node, 'keepDims') === true);
}

function axesOf({ inputs }: NodeFacts): number[] | undefined {
  const rank = inputs[0].shape.length;
  return inputs[1].numbers?.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
}

/** Everything between batch and channels. */
function isSpace(axes: readonly number[], rank: number): boolean {
  return rank > 2 && axes.join() === Array.from({ length: rank - 2 }, (_, i) => i + 1).join();
}
