/** Graph nodes as ops. What is not understood to the last attribute gives undefined and runs as it is. */
import { attribute, type NodeFacts, type NodePart } from './graph-facts.js';
import {
  biasOp,
  convolution,
  matrices,
  maximum,
  mean,
  normalization,
  pooling,
  transposedConvolution,
} from './graph-linear.js';
import { SHAPE_NODES } from './graph-shape.js';
import { activationOp, clipOp, eluOp, reluOp, softmaxOp } from './ops/activation.js';
import { constantOp, mergeOp, type MergeMode } from './ops/merge.js';
import type { Op } from './program.js';

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
  Conv2DBackpropInput: transposedConvolution,
  MatMul: matrices,
  _FusedMatMul: matrices,
  BatchMatMul: matrices,
  BatchMatMulV2: matrices,
  FusedBatchNorm: normalization,
  FusedBatchNormV2: normalization,
  FusedBatchNormV3: normalization,
  MaxPool: (facts) => pooling(facts, 'max'),
  AvgPool: (facts) => pooling(facts, 'avg'),
  Mean: mean,
  Max: maximum,
  ...SHAPE_NODES,
};
