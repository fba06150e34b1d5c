/** Every operator against ONNX Runtime, one small model each. */
import test from 'ava';
import { ELEMENT, type OnnxTensor } from '../../../../src/model/files/onnx.js';
import { encodeOnnx } from '../../../../src/model/files/onnx-encode.js';
import { joined } from '../../../../src/model/files/protobuf.js';
import { evaluate } from '../../../../src/model/graph/evaluate.js';
import { readOnnx } from '../../../../src/model/readers/onnx/read.js';
import {
  floats,
  int64s,
  mixed,
  node,
  onnxModel,
  small,
  type Plain,
} from '../../../helpers/onnx-build.js';
import { farthest, permuted } from '../../../helpers/onnx-golden.js';

interface Case {
  readonly op: string;
  readonly shape: readonly number[];
  readonly attributes?: Readonly<Record<string, Plain>>;
  /** Inputs after (or, with `x` in `order`, around) the first. */
  readonly more?: readonly OnnxTensor[];
  readonly order?: readonly string[];
  readonly opset?: number;
  readonly domain?: string;
  /** Only above 0. */
  readonly positive?: boolean;
  readonly outputs?: number;
  readonly within?: number;
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const w = (name: string, ...dims: number[]): OnnxTensor =>
  floats(name, dims, mixed(size(dims), name.length + dims.length));
const scalar = (name: string, x: number): OnnxTensor => floats(name, [], [x]);
const P = [1, 4, 5, 6];
const V = [1, 3, 4];

const unaries =
  'Identity Neg Abs Sign Exp Erf Sin Cos Floor Ceil Round Tanh Sigmoid Softplus Relu LeakyRelu Elu Celu Selu Softsign ThresholdedRelu Shrink HardSigmoid HardSwish Dropout Not'
    .split(' ')
    .filter((op) => op !== 'Not')
    .map((op): Case => ({ op, shape: P }));

const cases: readonly Case[] = [
  ...unaries,
  { op: 'Mish', shape: V, opset: 18 },
  { op: 'Gelu', shape: V, opset: 20 },
  { op: 'Gelu', shape: V, opset: 20, attributes: { approximate: 'tanh' } },
  ...['Log', 'Sqrt', 'Reciprocal'].map((op): Case => ({ op, shape: V, positive: true })),
  { op: 'LeakyRelu', shape: V, attributes: { alpha: 0.3 } },
  { op: 'Elu', shape: V, attributes: { alpha: 0.3 } },
  { op: 'Celu', shape: V, attributes: { alpha: 0.7 } },
  { op: 'Selu', shape: V, attributes: { alpha: 1.3, gamma: 0.8 } },
  { op: 'ThresholdedRelu', shape: V, attributes: { alpha: 0.4 } },
  { op: 'Shrink', shape: V, attributes: { lambd: 0.3, bias: 0.1 } },
  { op: 'HardSigmoid', shape: V, attributes: { alpha: 0.4, beta: 0.3 } },
  { op: 'Clip', shape: V, more: [scalar('l', -0.3), scalar('h', 0.4)] },
  { op: 'Clip', shape: V, more: [scalar('h', 0.4)], order: ['x', '', 'h'] },
  { op: 'Clip', shape: V, attributes: { min: -0.2, max: 0.5 }, opset: 10 },
  { op: 'PRelu', shape: P, more: [w('slope', 4, 1, 1)] },
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum', 'Mean'].flatMap((op): Case[] => [
    { op, shape: P, more: [w('b', 4, 1, 1)] },
    { op, shape: P, more: [w('b', 5, 6)] },
    { op, shape: V, more: [w('a', 2, 3, 1)], order: ['a', 'x'] },
  ]),
  { op: 'Pow', shape: V, more: [scalar('e', 3)] },
  { op: 'Pow', shape: V, more: [floats('e', [4], [1, 2, 0.5, 3])], positive: true },
  { op: 'Softmax', shape: V },
  { op: 'Softmax', shape: P, attributes: { axis: 1 } },
  { op: 'Softmax', shape: P, attributes: { axis: 1 }, opset: 11 },
  { op: 'Softmax', shape: P, attributes: { axis: 2 }, opset: 11 },
  { op: 'LogSoftmax', shape: P, attributes: { axis: 1 } },
  { op: 'Reshape', shape: P, more: [int64s('s', [1, 2, -1, 0])] },
  { op: 'Reshape', shape: P, more: [int64s('s', [6, 20])] },
  { op: 'Reshape', shape: P, more: [int64s('s', [1, 4, 30])] },
  { op: 'Flatten', shape: P },
  { op: 'Flatten', shape: P, attributes: { axis: 2 } },
  { op: 'Squeeze', shape: [1, 3, 1, 4], more: [int64s('a', [2])] },
  { op: 'Squeeze', shape: [1, 3, 1, 4], attributes: { axes: [2] }, opset: 11 },
  { op: 'Unsqueeze', shape: V, more: [int64s('a', [1, -1])] },
  { op: 'Unsqueeze', shape: V, attributes: { axes: [0] }, opset: 11 },
  { op: 'Transpose', shape: P, attributes: { perm: [0, 3, 1, 2] } },
  { op: 'Transpose', shape: V },
  { op: 'Concat', shape: P, more: [w('b', 1, 2, 5, 6)], attributes: { axis: 1 } },
  { op: 'Concat', shape: V, more: [w('b', 2, 3, 4)], attributes: { axis: 0 } },
  {
    op: 'Concat',
    shape: V,
    more: [w('cls', 1, 1, 4)],
    order: ['cls', 'x'],
    attributes: { axis: -2 },
  },
  { op: 'Split', shape: P, more: [int64s('s', [1, 3])], attributes: { axis: 1 }, outputs: 2 },
  { op: 'Split', shape: P, attributes: { axis: 1, split: [3, 1] }, opset: 11, outputs: 2 },
  { op: 'Split', shape: P, attributes: { axis: 2, num_outputs: 3 }, opset: 18, outputs: 3 },
  {
    op: 'Slice',
    shape: P,
    more: [
      int64s('s', [1, -1]),
      int64s('e', [2 ** 62, 0]),
      int64s('a', [1, 3]),
      int64s('t', [2, -2]),
    ],
  },
  { op: 'Slice', shape: P, attributes: { starts: [1, 0], ends: [3, -2], axes: [2, 3] }, opset: 9 },
  { op: 'Gather', shape: P, more: [int64s('i', [2, 0, -1])], attributes: { axis: 1 } },
  { op: 'Gather', shape: P, more: [int64s('i', [2], [])], attributes: { axis: 1 } },
  { op: 'Gather', shape: P, more: [int64s('i', [2, 0, 1, 1], [2, 2])], attributes: { axis: 2 } },
  { op: 'GatherND', shape: P, more: [int64s('i', [0, 1, 0, 3, 0, 0], [3, 2])] },
  {
    op: 'GatherElements',
    shape: V,
    more: [int64s('i', [0, 2, 1, 0, 1, 1, 2, 0], [1, 2, 4])],
    attributes: { axis: 1 },
  },
  { op: 'ScatterND', shape: V, more: [int64s('i', [0, 1, 0, 2], [2, 2]), w('u', 2, 4)] },
  {
    op: 'ScatterND',
    shape: V,
    more: [int64s('i', [0, 1, 0, 1], [2, 2]), w('u', 2, 4)],
    attributes: { reduction: 'add' },
  },
  { op: 'Expand', shape: [1, 3, 1, 4], more: [int64s('s', [2, 1, 5, 1])] },
  { op: 'Tile', shape: V, more: [int64s('r', [2, 1, 3])] },
  ...(['constant', 'reflect', 'edge'] as const).map((mode): Case => ({
    op: 'Pad',
    shape: P,
    attributes: { mode },
    more: [int64s('p', [0, 0, 1, 2, 0, 0, 2, 3])],
  })),
  {
    op: 'Pad',
    shape: P,
    attributes: { mode: 'wrap' },
    opset: 19,
    more: [int64s('p', [0, 0, 1, 2, 0, 0, 2, 3])],
  },
  { op: 'Pad', shape: P, more: [int64s('p', [0, 0, -1, 2, 0, 1, 2, -3]), scalar('v', 0.7)] },
  {
    op: 'Pad',
    shape: P,
    more: [int64s('p', [1, 2]), scalar('v', 0.7), int64s('a', [2])],
    opset: 18,
  },
  {
    op: 'Pad',
    shape: P,
    attributes: { pads: [0, 0, 1, 0, 0, 0, 0, 2], mode: 'reflect' },
    opset: 10,
  },
  { op: 'CumSum', shape: V, more: [int64s('a', [1], [])] },
  {
    op: 'CumSum',
    shape: V,
    more: [int64s('a', [-1], [])],
    attributes: { exclusive: 1, reverse: 1 },
  },
  { op: 'DepthToSpace', shape: [1, 8, 3, 2], attributes: { blocksize: 2 } },
  { op: 'DepthToSpace', shape: [1, 8, 3, 2], attributes: { blocksize: 2, mode: 'CRD' } },
  { op: 'SpaceToDepth', shape: [1, 2, 6, 4], attributes: { blocksize: 2 } },
  { op: 'Trilu', shape: [1, 4, 5], attributes: { upper: 0 } },
  ...'ReduceMean ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp ReduceProd'
    .split(' ')
    .flatMap((op): Case[] => [
      { op, shape: P, attributes: { axes: [2, 3], keepdims: 0 }, opset: 13 },
      { op, shape: P, attributes: { axes: [-3] }, opset: 13 },
      { op, shape: P, attributes: { keepdims: 1 }, opset: 13 },
      { op, shape: P, more: [int64s('a', [1, 3])], opset: 18 },
    ]),
  { op: 'ReduceLogSum', shape: P, attributes: { axes: [1] }, opset: 13, positive: true },
  { op: 'ReduceSum', shape: P, more: [int64s('a', [2, 3])], attributes: { keepdims: 0 } },
  {
    op: 'ReduceSum',
    shape: P,
    more: [int64s('a', [], [0])],
    attributes: { noop_with_empty_axes: 1 },
  },
  { op: 'MatMul', shape: V, more: [w('b', 4, 5)] },
  { op: 'MatMul', shape: V, more: [w('b', 4)] },
  { op: 'MatMul', shape: [1, 4], more: [w('b', 4, 5)] },
  { op: 'MatMul', shape: [1, 2, 3, 4], more: [w('b', 2, 4, 5)] },
  { op: 'MatMul', shape: V, more: [w('a', 2, 5, 3)], order: ['a', 'x'] },
  { op: 'MatMul', shape: V, more: [w('a', 3)], order: ['a', 'x'] },
  {
    op: 'Gemm',
    shape: [1, 4],
    more: [w('b', 5, 4), w('c', 5)],
    attributes: { transB: 1, alpha: 0.5, beta: 2 },
  },
  { op: 'Gemm', shape: [1, 4], more: [w('b', 1, 5)], attributes: { transA: 1 } },
  ...['bij,jk->bik', 'bij,kj->bik', 'bij,bik->bjk', 'bij,bij->bi', 'bij,j->bi', 'bij,ij->bij'].map(
    (equation): Case => ({
      op: 'Einsum',
      shape: V,
      attributes: { equation },
      more: [
        w(
          'e',
          ...[...equation.split(',')[1].split('->')[0]].map(
            (n) => ({ b: 1, i: 3, j: 4, k: 5 })[n]!,
          ),
        ),
      ],
    }),
  ),
  { op: 'Einsum', shape: V, attributes: { equation: 'bij->bji' } },
  { op: 'Conv', shape: P, more: [w('k', 6, 4, 3, 3), w('bias', 6)] },
  {
    op: 'Conv',
    shape: P,
    more: [w('k', 6, 2, 3, 2)],
    attributes: { group: 2, pads: [1, 0, 2, 1], strides: [2, 1], dilations: [1, 2] },
  },
  {
    op: 'Conv',
    shape: P,
    more: [w('k', 4, 1, 3, 3)],
    attributes: { group: 4, auto_pad: 'SAME_UPPER', strides: [2, 2] },
  },
  {
    op: 'Conv',
    shape: P,
    more: [w('k', 4, 1, 2, 2)],
    attributes: { group: 4, auto_pad: 'SAME_LOWER' },
  },
  {
    op: 'Conv',
    shape: P,
    more: [w('k', 4, 4, 2, 2)],
    attributes: { auto_pad: 'VALID', strides: [3, 3] },
  },
  { op: 'Conv', shape: [1, 2, 9], more: [w('k', 3, 2, 4)], attributes: { pads: [2, 1] } },
  { op: 'Conv', shape: [1, 2, 4, 5, 3], more: [w('k', 3, 2, 2, 3, 2)] },
  {
    op: 'ConvTranspose',
    shape: P,
    more: [w('k', 4, 3, 3, 3), w('bias', 3)],
    attributes: { strides: [2, 3], pads: [1, 0, 1, 2], output_padding: [1, 0] },
  },
  {
    op: 'ConvTranspose',
    shape: P,
    more: [w('k', 4, 3, 2, 2)],
    attributes: { group: 2, strides: [2, 2], dilations: [2, 1] },
  },
  {
    op: 'ConvTranspose',
    shape: P,
    more: [w('k', 4, 3, 3, 3)],
    attributes: { strides: [2, 2], output_shape: [10, 12] },
  },
  {
    op: 'ConvTranspose',
    shape: P,
    more: [w('k', 4, 3, 3, 3)],
    attributes: { strides: [2, 2], auto_pad: 'SAME_UPPER' },
  },
  ...([0, 1] as const).flatMap((ceil): Case[] => [
    {
      op: 'MaxPool',
      shape: P,
      attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1], ceil_mode: ceil },
    },
    {
      op: 'AveragePool',
      shape: P,
      attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1], ceil_mode: ceil },
      opset: 19,
    },
    {
      op: 'AveragePool',
      shape: P,
      attributes: {
        kernel_shape: [3, 2],
        strides: [2, 2],
        pads: [1, 0, 1, 1],
        ceil_mode: ceil,
        count_include_pad: 1,
      },
      opset: 19,
    },
  ]),
  { op: 'MaxPool', shape: P, attributes: { kernel_shape: [2, 2], dilations: [2, 3] } },
  {
    op: 'MaxPool',
    shape: P,
    attributes: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
  },
  {
    op: 'AveragePool',
    shape: P,
    attributes: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' },
  },
  { op: 'AveragePool', shape: [1, 2, 9], attributes: { kernel_shape: [4], strides: [2] } },
  { op: 'GlobalAveragePool', shape: P },
  { op: 'GlobalMaxPool', shape: P },
  { op: 'LRN', shape: [1, 7, 3, 2], attributes: { size: 3, alpha: 0.5, beta: 0.6, bias: 1.5 } },
  ...(['half_pixel', 'align_corners', 'asymmetric', 'pytorch_half_pixel'] as const).flatMap(
    (mode): Case[] =>
      (['linear', 'cubic', 'nearest'] as const).map((method) => ({
        op: 'Resize',
        shape: P,
        attributes: {
          mode: method,
          coordinate_transformation_mode: mode,
          ...(method === 'nearest' ? { nearest_mode: 'floor' } : {}),
        },
        more: [int64s('s', [1, 4, 8, 9])],
        order: ['x', '', '', 's'],
      })),
  ),
  {
    op: 'Resize',
    shape: P,
    attributes: { mode: 'linear' },
    more: [floats('s', [4], [1, 1, 1.7, 0.6])],
    order: ['x', '', 's'],
  },
  {
    op: 'Resize',
    shape: P,
    attributes: { mode: 'nearest' },
    more: [floats('s', [4], [1, 1, 2, 2])],
    opset: 10,
  },
  {
    op: 'Resize',
    shape: P,
    attributes: { mode: 'linear', antialias: 1, exclude_outside: 1 },
    more: [int64s('s', [1, 4, 3, 3])],
    order: ['x', '', '', 's'],
    opset: 18,
  },
  {
    op: 'Upsample',
    shape: P,
    attributes: { mode: 'nearest' },
    more: [floats('s', [4], [1, 1, 2, 3])],
    opset: 9,
  },
  {
    op: 'BatchNormalization',
    shape: P,
    more: [w('g', 4), w('beta', 4), w('mean', 4), floats('var', [4], [0.5, 1, 2, 0.1])],
    attributes: { epsilon: 0.01 },
  },
  {
    op: 'LayerNormalization',
    shape: V,
    more: [w('g', 4), w('beta', 4)],
    attributes: { epsilon: 0.01 },
  },
  { op: 'LayerNormalization', shape: P, more: [w('g', 5, 6)], attributes: { axis: 2 } },
  {
    op: 'InstanceNormalization',
    shape: P,
    more: [w('g', 4), w('beta', 4)],
    attributes: { epsilon: 0.01 },
  },
  {
    op: 'GroupNormalization',
    shape: P,
    more: [w('g', 4), w('beta', 4)],
    attributes: { num_groups: 2 },
    opset: 21,
  },
  { op: 'LpNormalization', shape: V, attributes: { axis: 1 } },
  { op: 'LpNormalization', shape: V, attributes: { axis: 1, p: 1 } },
  { op: 'MeanVarianceNormalization', shape: P, within: 1e-4 },
  { op: 'Cast', shape: V, attributes: { to: 1 } },
  // of ONNX Runtime's own
  {
    op: 'FusedConv',
    domain: 'com.microsoft',
    shape: P,
    more: [w('k', 6, 4, 3, 3), w('bias', 6)],
    attributes: { activation: 'Relu' },
  },
  {
    op: 'FusedConv',
    domain: 'com.microsoft',
    shape: P,
    more: [w('k', 6, 4, 3, 3), w('bias', 6)],
    attributes: { activation: 'Clip', activation_params: [-0.1, 0.3] },
  },
  {
    op: 'FusedMatMul',
    domain: 'com.microsoft',
    shape: V,
    more: [w('b', 5, 4)],
    attributes: { transB: 1, alpha: 0.25 },
  },
  {
    op: 'FusedGemm',
    domain: 'com.microsoft',
    shape: [1, 4],
    more: [w('b', 4, 5), w('c', 5)],
    attributes: { activation: 'Relu' },
  },
  { op: 'Gelu', domain: 'com.microsoft', shape: V },
  { op: 'BiasGelu', domain: 'com.microsoft', shape: V, more: [w('b', 4)] },
  { op: 'FastGelu', domain: 'com.microsoft', shape: V, more: [w('b', 4)] },
  { op: 'QuickGelu', domain: 'com.microsoft', shape: V, attributes: { alpha: 1.5 } },
  {
    op: 'SkipLayerNormalization',
    domain: 'com.microsoft',
    shape: V,
    more: [w('skip', 1, 3, 4), w('gam', 4), w('beta', 4), w('bi', 4)],
    attributes: { epsilon: 0.01 },
  },
  {
    op: 'MatMulNBits',
    domain: 'com.microsoft',
    shape: [1, 2, 48],
    attributes: { K: 48, N: 3, bits: 4, block_size: 32 },
    more: [
      small(
        'q',
        ELEMENT.uint8,
        mixed(96, 3).map((x) => Math.floor((x + 1) * 127)),
        [3, 2, 16],
      ),
      floats('s', [6], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    ],
    within: 2e-2,
  },
  {
    op: 'DequantizeLinear',
    shape: V,
    more: [small('q', ELEMENT.int8, [1, -2, 3, 4], [4]), scalar('sc', 0.5)],
    order: ['q', 'sc'],
  },
];

async function runtime(): Promise<typeof import('onnxruntime-node') | undefined> {
  try {
    return await import('onnxruntime-node');
  } catch {
    return undefined;
  }
}

test('every operator gives what ONNX Runtime gives', async (t) => {
  const ort = await runtime();
  if (ort === undefined) {
    t.log('NOT CHECKED: onnxruntime-node is not installed');
    t.pass();
    return;
  }
  const wrong: string[] = [];
  for (const one of cases) {
    const { op, shape, attributes = {}, more = [], opset = 17, domain, outputs = 1 } = one;
    const names = one.order ?? ['x', ...more.map(({ name }) => name)];
    const made = Array.from({ length: outputs }, (_, i) => `y${i}`);
    // what does not hang on the input is added to it
    const isLive = names.includes('x');
    const nodes = [
      node(op, names, made, { attributes, domain }),
      ...(isLive ? [] : [node('Add', [made[0], 'x'], ['sum'])]),
    ];
    const output = isLive ? made[outputs - 1] : 'sum';
    const model = onnxModel({
      nodes,
      inputs: { x: shape },
      outputs: [output],
      initializers: more,
      opset,
    });
    const what = `${op} ${JSON.stringify(attributes)} ${names.join()} opset ${opset}`;
    const x = Float32Array.from(mixed(size(shape), 7), (v) =>
      one.positive ? Math.abs(v) + 0.1 : v * 2,
    );
    let expected;
    try {
      const session = await ort.InferenceSession.create(joined(encodeOnnx(model)), {
        logSeverityLevel: 4,
      });
      expected = (await session.run({ x: new ort.Tensor('float32', x, shape) }))[output];
      await session.release();
    } catch (error) {
      wrong.push(`${what}: ${String(error).slice(0, 200)}`);
      continue;
    }
    try {
      const graph = readOnnx(model, { name: op });
      const [input] = graph.inputs;
      const fed = likeGraphInput({ shape: [...shape], data: Float64Array.from(x) }, input.order);
      const [{ value, order }] = graph.outputs;
      const [got] = evaluate([value], new Map([[input.value, fed]]));
      const own =
        order === undefined
          ? got
          : permuted({ shape: value.shape, data: Float64Array.from(got) }, order).data;
      const apart = farthest(own, expected.data as Float32Array);
      if (!(apart < (one.within ?? 3e-6))) wrong.push(`${what}: ${apart}`);
    } catch (error) {
      wrong.push(`${what}: ${String(error)}`);
    }
  }
  t.deepEqual(wrong, []);
});

function likeGraphInput(
  x: { shape: number[]; data: Float64Array },
  order: readonly number[] | undefined,
): Float64Array {
  if (order === undefined) return x.data;
  return permuted(
    { shape: x.shape.slice(1), data: x.data },
    order.map((_, i) => order.indexOf(i)),
  ).data;
}
