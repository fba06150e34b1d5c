/** Small graphs of every primitive and every composite. */
import * as b from '../../src/model/graph/build.js';
import * as c from '../../src/model/graph/composites.js';
import { argMax, gatherElementsLive, gatherLive, topK } from '../../src/model/graph/picking.js';
import { recurrent } from '../../src/model/graph/recurrent.js';
import { affineGrid, gridSample } from '../../src/model/graph/sampling.js';
import type { Name } from '../../src/model/graph/primitives.js';
import type { Value } from '../../src/model/graph/value.js';
import { drawn, type Case } from './values.js';

const positive = (x: number): number => Math.abs(x) + 0.3;
const map = [5, 7, 4] as const;
/** What has no gradient, or none that this executor can run. */
type Tested = Exclude<
  Name,
  'input' | 'constant' | 'opaque' | 'opaqueGradient' | 'compare' | 'maxPoolGradient'
>;

export const PRIMITIVES: Readonly<Record<Tested, readonly Case[]>> = {
  conv: [
    { of: [map], build: (x) => b.conv(x, drawn([3, 2, 4, 6]), [2, 1], [1, 2]) },
    { of: [map], build: (x) => b.conv(x, drawn([2, 3, 2, 6]), [1, 2], [1, 1], 2) },
    { of: [[6, 4]], build: (x) => b.conv(x, drawn([2, 1, 4]), [3], [2], 4) },
    { of: [[3, 4, 3, 2]], build: (x) => b.conv(x, drawn([2, 2, 1, 2, 3]), [1, 2, 1], [1, 1, 1]) },
    // a stride beyond the window leaves rows that nothing reads
    { of: [[8, 9, 2]], build: (x) => b.conv(x, drawn([1, 2, 2, 3]), [3, 4], [1, 1]) },
  ],
  matMul: [
    {
      of: [
        [3, 4],
        [4, 2],
      ],
      build: (x, y) => b.matMul(x, y),
    },
    {
      of: [
        [2, 4, 3],
        [2, 5, 4],
      ],
      build: (x, y) => b.matMul(x, y, true, true),
    },
    {
      of: [
        [2, 3, 4],
        [1, 5, 4],
      ],
      build: (x, y) => b.matMul(x, y, false, true),
    },
    {
      of: [
        [4, 3],
        [4, 5],
      ],
      build: (x, y) => b.matMul(x, y, true, false),
    },
    { of: [[2, 3, 4]], build: (x) => b.matMul(x, drawn([4, 5])) },
    { of: [[3, 4]], build: (x) => b.matMul(drawn([2, 5, 3]), x) },
  ],
  along: [{ of: [map], build: (x) => b.along(x, 1, drawn([3, 7])) }],
  add: [{ of: [map, [4]], build: (x, y) => b.add(x, y) }],
  mul: [{ of: [map, [7, 1]], build: (x, y) => b.mul(x, y) }],
  div: [{ of: [map, [1, 7, 4]], build: (x, y) => b.div(x, y), feed: positive }],
  max: [{ of: [map, [4]], build: (x, y) => b.maximum(x, y) }],
  select: [
    {
      of: [map, [7, 4]],
      build: (x, y) => b.select(b.compare('less', drawn([5, 1, 4]), b.scalar(0.1)), x, y),
    },
  ],
  unary: (
    [
      'exp',
      'log',
      'neg',
      'abs',
      'sign',
      'tanh',
      'sigmoid',
      'softplus',
      'sqrt',
      'reciprocal',
      'erf',
      'sin',
      'cos',
      'atan',
      'floor',
      'ceil',
      'round',
    ] as const
  ).map((fn) => ({
    of: [[9]],
    build: (x) => b.unary(fn, x),
    ...(fn === 'log' || fn === 'sqrt' || fn === 'reciprocal' ? { feed: positive } : {}),
  })),
  power: [
    { of: [[9]], build: (x) => b.power(x, 3) },
    { of: [[9]], build: (x) => b.power(x, -0.75), feed: positive },
  ],
  relu: [
    { of: [map], build: (x) => b.relu(x) },
    { of: [map], build: (x) => b.relu(x, 0.5) },
  ],
  softmax: [
    { of: [[3, 5]], build: (x) => b.softmax(x) },
    { of: [[3, 5, 2]], build: (x) => b.softmax(x, 1) },
  ],
  sum: [{ of: [map], build: (x) => b.sum(x, [0, 2]) }],
  reduceMax: [{ of: [map], build: (x) => b.reduceMax(x, [0, 1]) }],
  expand: [
    { of: [[1, 4]], build: (x) => b.expand(x, [3, 4]) },
    { of: [[4]], build: (x) => b.expand(x, [2, 3, 4]) },
  ],
  reshape: [{ of: [map], build: (x) => b.mul(b.reshape(x, [35, 4]), drawn([35, 4])) }],
  transpose: [{ of: [map], build: (x) => b.mul(b.transpose(x, [2, 0, 1]), drawn([4, 5, 7])) }],
  reverse: [{ of: [map], build: (x) => b.reverse(x, [0, 2]) }],
  pad: [
    { of: [map], build: (x) => b.pad(x, [1, 0, 2], [0, 3, 1], [1, 2, 0]) },
    { of: [map], build: (x) => b.pad(x, [-1, 2, 0], [1, -3, 0]) },
  ],
  slice: [{ of: [map], build: (x) => b.slice(x, [1, 0, 1], [5, 6, 3], [2, 3, 1]) }],
  concat: [{ of: [map, [5, 2, 4]], build: (x, y) => b.concat([x, y, x], 1) }],
  gather: [
    { of: [map], build: (x) => b.gather(x, 1, [6, 0, 0, 3, 6, 6]) },
    { of: [map], build: (x) => b.gather(x, 2, [3, 1, 0, 2]) },
  ],
  maxPool: [
    { of: [[7, 6, 3]], build: (x) => b.maxPool(x, [3, 2], [2, 2]) },
    { of: [[9, 2]], build: (x) => b.maxPool(x, [3], [1], [2]) },
  ],
};

const each = (build: (x: Value) => Value, feed?: (x: number) => number): Case => ({
  of: [map],
  build,
  ...(feed === undefined ? {} : { feed }),
});
export const COMPOSITES: Readonly<Record<string, Case>> = {
  clip: each((x) => c.clip(x, -0.4, 0.7)),
  clipFromZero: each((x) => c.clip(x, 0, 0.7)),
  minimum: { of: [map, [4]], build: (x, y) => b.minimum(x, y) },
  pow: { of: [[9], [9]], build: c.pow, feed: positive },
  reduceMean: each((x) => c.reduceMean(x, [1], false)),
  reduceMinimum: each((x) => c.reduceMinimum(x, [-1])),
  reduceL1: each((x) => c.reduceL1(x, [0])),
  reduceL2: each((x) => c.reduceL2(x, [0, 1])),
  reduceLogSumExp: each((x) => c.reduceLogSumExp(x, [-1])),
  reduceLogSum: each((x) => c.reduceLogSum(x, [0]), positive),
  reduceProduct: each((x) => c.reduceProduct(x, [0], false)),
  logSoftmax: each((x) => c.logSoftmax(x)),
  cumulativeSum: each((x) => c.cumulativeSum(x, 1, true, true)),
  asin: each((x) => c.asin(b.mul(x, b.scalar(0.2)))),
  sinh: each(c.sinh),
  cosh: each(c.cosh),
  asinh: each(c.asinh),
  acosh: each((x) => c.acosh(b.add(x, b.scalar(1))), positive),
  atanh: each((x) => c.atanh(b.mul(x, b.scalar(0.2)))),
  topK: each((x) => topK(x, 1, 3, false).values),
  gatherLive: each((x) => gatherLive(x, 1, argMax(b.sum(x, [0, 2]), 1))),
  gatherElementsLive: each((x) => gatherElementsLive(x, 1, argMax(x, 1, { lastOfEqual: true }))),
  gridSample: each((x) =>
    gridSample(x, b.mul(drawn([3, 2, 2]), b.scalar(0.6)), {
      method: 'cubic',
      outside: 'reflection',
      alignCorners: true,
    }),
  ),
  gridSampleAtComputedPlaces: {
    of: [map, [3, 2, 2]],
    build: (x, at) =>
      gridSample(x, c.tanh(at), { method: 'linear', outside: 'border', alignCorners: false }),
  },
  affineGrid: { of: [[2, 3]], build: (theta) => affineGrid(theta, [3, 4], false) },
  lstm: {
    of: [
      [3, 2, 4],
      [2, 3],
      [2, 3],
    ],
    build: (x, hidden, cell) =>
      recurrent(
        x,
        {
          input: drawn([12, 4]),
          hidden: drawn([12, 3], 2),
          hiddenBias: drawn([12], 3),
          peepholes: drawn([9], 4),
        },
        { hidden, cell },
        { kind: 'LSTM', activations: [c.sigmoid, c.tanh, c.softsign], coupled: true },
      ).all,
  },
  swish: each((x) => c.swish(x, 1.3)),
  gelu: each(c.gelu),
  geluTanh: each(c.geluTanh),
  mish: each(c.mish),
  hardSigmoid: each((x) => c.hardSigmoid(b.mul(x, b.scalar(4)), 0.2)),
  hardSwish: each((x) => c.hardSwish(b.mul(x, b.scalar(4)))),
  leakyRelu: each((x) => c.leakyRelu(x, 0.2)),
  prelu: { of: [map, [1, 1, 4]], build: c.prelu },
  thresholdedRelu: each((x) => c.thresholdedRelu(x, 0.3)),
  shrink: each((x) => c.shrink(x, 0.3, 0.1)),
  elu: each((x) => c.elu(x, 0.7)),
  celu: each((x) => c.celu(x, 0.7)),
  selu: each((x) => c.selu(x)),
  softsign: each(c.softsign),
  logSigmoid: each(c.logSigmoid),
  hardTanh: each((x) => c.hardTanh(x, -0.5, 0.6)),
  tanhShrink: each(c.tanhShrink),
  glu: each((x) => c.glu(x)),
  batchNorm: each((x) =>
    c.batchNorm(x, drawn([4]), drawn([4], 2), drawn([4], 3), drawn([4], 4, 5), 1e-3),
  ),
  layerNorm: each((x) => c.layerNorm(x, drawn([4]), drawn([4], 2))),
  rmsNorm: each((x) => c.rmsNorm(x, drawn([4]))),
  instanceNorm: each((x) => c.instanceNorm(x, drawn([4]), drawn([4], 2))),
  groupNorm: each((x) => c.groupNorm(x, 2, drawn([4]), drawn([4], 2))),
  unitNorm: each((x) => c.unitNorm(x)),
  localResponseNorm: each((x) => c.localResponseNorm(x, 3, 0.5, 0.75, 2)),
  dense: { of: [[4]], build: (x) => c.dense(x, drawn([4, 3]), drawn([3])) },
  denseOfRows: { of: [[2, 4]], build: (x) => c.dense(x, drawn([4, 3]), drawn([3])) },
  gemm: { of: [[4]], build: (x) => c.gemm(x, drawn([3, 4]), drawn([3]), 0.5, 2, true) },
  attention: {
    of: [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 6],
    ],
    build: (q, k, v) => c.attention(q, k, v, 0.4, drawn([3, 5])),
  },
  heads: { of: [[3, 8]], build: (x) => c.joinHeads(b.softmax(c.splitHeads(x, 2))) },
  convolution: each((x) =>
    c.convolution(x, drawn([3, 3, 4, 2]), drawn([2]), {
      low: [1, 0],
      high: [2, 1],
      strides: [2, 3],
    }),
  ),
  depthwise: each((x) => c.depthwise(x, drawn([3, 3, 4, 2]), drawn([8]), { strides: [2, 2] })),
  separable: each((x) => c.separable(x, drawn([3, 3, 4, 1]), drawn([1, 1, 4, 5]))),
  convTranspose: each((x) =>
    c.convTranspose(x, drawn([3, 2, 3, 4]), drawn([3]), {
      strides: [2, 3],
      low: [1, 0],
      high: [0, 1],
      outputPadding: [1, 0],
    }),
  ),
  convTransposeGroups: each((x) =>
    c.convTranspose(x, drawn([2, 2, 3, 4]), undefined, { strides: [2, 2], groups: 2 }),
  ),
  maxPooling: each((x) => c.maxPooling(x, [3, 3], { strides: [2, 2], low: [1, 1], high: [1, 1] })),
  averagePooling: each((x) =>
    c.averagePooling(x, [3, 3], { strides: [2, 2], low: [1, 1], high: [1, 2] }),
  ),
  averagePoolingCounting: each((x) =>
    c.averagePooling(x, [3, 2], { low: [1, 0], high: [1, 1], countPadding: true }),
  ),
  globalAveragePool: each((x) => c.globalAveragePool(x)),
  globalMaxPool: each((x) => c.globalMaxPool(x, true)),
  resizeNearest: each((x) => c.resize(x, [9, 4], { method: 'nearest' })),
  resizeLinear: each((x) => c.resize(x, [8, 5], { method: 'linear', coordinates: 'alignCorners' })),
  resizeCubic: each((x) => c.resize(x, [11, 3], { method: 'cubic', antialias: true })),
  repeat: each((x) => c.repeat(x, 1, 3)),
  tile: each((x) => c.tile(x, [2, 1, 3])),
  padRepeating: each((x) => c.padRepeating(x, [2, 1, 0], [1, 3, 0], 'reflect')),
  depthToSpace: each((x) => c.depthToSpace(x, 2, 'CRD')),
  spaceToDepth: { of: [[4, 6, 3]], build: (x) => c.spaceToDepth(x, 2) },
  shuffleChannels: each((x) => c.shuffleChannels(x, 2)),
  roll: each((x) => c.roll(x, 1, 3)),
  channelsFirst: each((x) => c.channelsLast(c.tanh(c.channelsFirst(x)))),
};
