/**
 * Operators that become many values (recurrent layers, loops, sampling, choices of rows, attention):
 * what ONNX Runtime gives, and slopes against differences in float64.
 */
import test from 'ava';
import {
  ELEMENT,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from '../../../../src/model/files/onnx.js';
import { encodeOnnx } from '../../../../src/model/files/onnx-encode.js';
import { joined } from '../../../../src/model/files/protobuf.js';
import { evaluate } from '../../../../src/model/graph/evaluate.js';
import { readOnnx } from '../../../../src/model/readers/onnx/read.js';
import { floats, int64s, mixed, node, onnxModel, small } from '../../../helpers/onnx-build.js';
import { farthest, permuted } from '../../../helpers/onnx-golden.js';
import { checkSlopes } from '../../../helpers/values.js';

interface Case {
  readonly shape: readonly number[];
  readonly nodes: readonly OnnxNode[];
  readonly weights?: readonly OnnxTensor[];
  readonly opset?: number;
  /** Numbers that are whole, or stand at corners, have no slope to compare. */
  readonly flat?: boolean;
  readonly scale?: number;
  readonly within?: number;
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const w = (name: string, ...dims: number[]): OnnxTensor =>
  floats(name, dims, mixed(size(dims), name.length * 7 + dims.length));
const one = (
  op: string,
  inputs: readonly string[],
  attributes: Parameters<typeof node>[3] = {},
): OnnxNode[] => [node(op, inputs, ['y'], attributes)];
/** Whole numbers as floats, so that every result is compared alike. */
const cast = node('Cast', ['i'], ['y'], { attributes: { to: ELEMENT.float } });
const graph = (
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
): OnnxGraph => ({
  name: 'body',
  nodes,
  initializers,
  inputs: inputs.map((name) => ({
    name,
    type: name === 'n' ? 7 : name === 'go' ? 9 : 1,
    ...(name === 'n' || name === 'go' ? { shape: [] } : {}),
  })),
  outputs: outputs.map((name) => ({ name, type: name.startsWith('go') ? 9 : 1 })),
});

const lstm = (directions: number): OnnxTensor[] => [
  w('W', directions, 12, 4),
  w('R', directions, 12, 3),
  w('B', directions, 24),
];
const gru = (directions: number): OnnxTensor[] => [
  w('W', directions, 9, 4),
  w('R', directions, 9, 3),
  w('B', directions, 18),
];
/** The batch is the first axis of pictures: a sequence is turned first. */
const turned = (nodes: readonly OnnxNode[]): OnnxNode[] => [
  node('Transpose', ['x'], ['t'], { attributes: { perm: [1, 0, 2] } }),
  ...nodes,
];
const grid = floats(
  'grid',
  [1, 3, 4, 2],
  mixed(24, 5).map((v) => v * 1.3),
);
/** A grid that the network computes: each place moves with the picture. */
const movedGrid = [
  node('ReduceMean', ['x', 'axes'], ['m'], { attributes: { keepdims: 1 } }),
  node('Add', ['grid', 'm'], ['g']),
];

const cases: Readonly<Record<string, Case>> = {
  'LSTM, all steps': {
    shape: [1, 5, 4],
    nodes: turned([node('LSTM', ['t', 'W', 'R', 'B'], ['y'], { attributes: { hidden_size: 3 } })]),
    weights: lstm(1),
  },
  'LSTM, both ways, last cell': {
    shape: [1, 5, 4],
    nodes: turned([
      node('LSTM', ['t', 'W', 'R', 'B'], ['', '', 'y'], {
        attributes: { hidden_size: 3, direction: 'bidirectional' },
      }),
    ]),
    weights: lstm(2),
  },
  'LSTM with states, peepholes and a bound': {
    shape: [1, 5, 4],
    nodes: turned([
      node('LSTM', ['t', 'W', 'R', 'B', '', 'h', 'c', 'P'], ['y'], {
        attributes: { hidden_size: 3, clip: 0.8 },
      }),
    ]),
    weights: [...lstm(1), w('h', 1, 1, 3), w('c', 1, 1, 3), w('P', 1, 9)],
    flat: true,
  },
  'LSTM over rows of a map, two sequences': {
    shape: [1, 2, 5, 4],
    nodes: [
      node('Squeeze', ['x', 'zero'], ['s']),
      node('Transpose', ['s'], ['t'], { attributes: { perm: [1, 0, 2] } }),
      node('LSTM', ['t', 'W', 'R', 'B'], ['', 'y'], { attributes: { hidden_size: 3 } }),
    ],
    weights: [...lstm(1), int64s('zero', [0])],
  },
  'GRU backwards': {
    shape: [1, 5, 4],
    nodes: turned([
      node('GRU', ['t', 'W', 'R', 'B'], ['y'], {
        attributes: { hidden_size: 3, direction: 'reverse' },
      }),
    ]),
    weights: gru(1),
  },
  'GRU that resets after the product, both ways': {
    shape: [1, 5, 4],
    nodes: turned([
      node('GRU', ['t', 'W', 'R', 'B'], ['y'], {
        attributes: { hidden_size: 3, direction: 'bidirectional', linear_before_reset: 1 },
      }),
    ]),
    weights: gru(2),
  },
  'RNN of shorter sequences': {
    shape: [1, 5, 4],
    nodes: turned([
      node('RNN', ['t', 'W', 'R', '', 'L'], ['y'], { attributes: { hidden_size: 3 } }),
    ]),
    weights: [w('W', 1, 3, 4), w('R', 1, 3, 3), small('L', ELEMENT.int32, [3])],
  },
  ...Object.fromEntries(
    (['zeros', 'border', 'reflection'] as const).flatMap((padding_mode) =>
      ([0, 1] as const).flatMap((align_corners) => [
        ...(['linear', 'nearest', 'cubic'] as const).map((mode): [string, Case] => [
          `GridSample ${mode} ${padding_mode} ${align_corners}`,
          {
            shape: [1, 2, 5, 4],
            nodes: one('GridSample', ['x', 'grid'], {
              attributes: { mode, padding_mode, align_corners },
            }),
            weights: [grid],
            opset: 20,
            within: 1e-5,
          },
        ]),
        ...(['linear', 'nearest'] as const).map((mode): [string, Case] => [
          `GridSample at computed places ${mode} ${padding_mode} ${align_corners}`,
          {
            shape: [1, 2, 5, 4],
            nodes: [
              ...movedGrid,
              ...one('GridSample', ['x', 'g'], {
                attributes: { mode, padding_mode, align_corners },
              }),
            ],
            weights: [grid, int64s('axes', [1, 2, 3])],
            opset: 20,
            within: 1e-5,
          },
        ]),
      ]),
    ),
  ),
  'GridSample of a volume': {
    shape: [1, 2, 3, 4, 3],
    nodes: one('GridSample', ['x', 'g3']),
    weights: [floats('g3', [1, 2, 2, 3, 3], mixed(36, 4))],
    opset: 20,
    within: 1e-5,
  },
  'GridSample before opset 20': {
    shape: [1, 2, 5, 4],
    nodes: one('GridSample', ['x', 'grid'], { attributes: { mode: 'bilinear' } }),
    weights: [grid],
    opset: 16,
    within: 1e-5,
  },
  'AffineGrid and GridSample': {
    shape: [1, 1, 4, 5],
    nodes: [
      node('ReduceMean', ['x', 'all'], ['m'], { attributes: { keepdims: 0 } }),
      node('Mul', ['theta', 'm'], ['th']),
      node('Add', ['th', 'theta'], ['th2']),
      node('AffineGrid', ['th2', 'sizes'], ['g'], { attributes: { align_corners: 1 } }),
      ...one('GridSample', ['x', 'g'], { attributes: { align_corners: 1 } }),
    ],
    weights: [
      floats('theta', [1, 2, 3], [0.9, 0.2, 0.05, -0.3, 0.8, -0.1]),
      int64s('sizes', [1, 1, 3, 3]),
      int64s('all', [0, 1, 2, 3]),
    ],
    opset: 20,
    within: 1e-5,
  },
  Col2Im: {
    shape: [1, 8, 9],
    nodes: one('Col2Im', ['x', 'space', 'window'], {
      attributes: { strides: [2, 1], pads: [1, 0, 1, 0] },
    }),
    weights: [int64s('space', [4, 4]), int64s('window', [2, 2])],
    opset: 18,
  },
  'TopK, values': {
    shape: [1, 3, 6],
    nodes: [node('TopK', ['x', 'k'], ['y', 'i'])],
    weights: [int64s('k', [4])],
  },
  'TopK, smallest along another axis': {
    shape: [1, 5, 3, 2],
    nodes: [node('TopK', ['x', 'k'], ['y', 'i'], { attributes: { axis: 1, largest: 0 } })],
    weights: [int64s('k', [2])],
  },
  'TopK, row numbers': {
    shape: [1, 3, 6],
    nodes: [node('TopK', ['x', 'k'], ['v', 'i']), cast],
    weights: [int64s('k', [4])],
    flat: true,
  },
  'tokens kept by TopK': {
    shape: [1, 6, 4],
    nodes: [
      node('ReduceSum', ['x', 'last'], ['s'], { attributes: { keepdims: 0 } }),
      node('TopK', ['s', 'k'], ['v', 'i'], { attributes: { axis: 1 } }),
      node('Unsqueeze', ['i', 'last'], ['u']),
      node('Expand', ['u', 'wide'], ['e']),
      ...one('GatherElements', ['x', 'e'], { attributes: { axis: 1 } }),
    ],
    weights: [int64s('k', [3]), int64s('last', [-1]), int64s('wide', [1, 3, 4])],
  },
  'ArgMax and a row taken by it': {
    shape: [1, 4, 3],
    nodes: [
      node('ReduceSum', ['x', 'ends'], ['s'], { attributes: { keepdims: 0 } }),
      node('ArgMax', ['s'], ['i'], { attributes: { axis: 0, keepdims: 0 } }),
      ...one('Gather', ['x', 'i'], { attributes: { axis: 1 } }),
    ],
    weights: [int64s('ends', [0, 2])],
  },
  ...Object.fromEntries(
    ['ArgMax', 'ArgMin'].map((op): [string, Case] => [
      `${op} of equal rows`,
      {
        shape: [1, 4, 3],
        nodes: [
          node('Round', ['x'], ['r']),
          node(op, ['r'], ['i'], { attributes: { axis: 1, select_last_index: 1, keepdims: 0 } }),
          cast,
        ],
        flat: true,
      },
    ]),
  ),
  Hardmax: {
    shape: [1, 4, 3],
    nodes: one('Hardmax', ['x'], { attributes: { axis: 1 } }),
    flat: true,
  },
  'Hardmax before opset 13': {
    shape: [1, 4, 3],
    nodes: one('Hardmax', ['x']),
    flat: true,
    opset: 11,
  },
  'OneHot of what is largest': {
    shape: [1, 4, 3],
    nodes: [
      node('ArgMax', ['x'], ['i'], { attributes: { axis: 2, keepdims: 0 } }),
      ...one('OneHot', ['i', 'depth', 'values'], { attributes: { axis: 1 } }),
    ],
    weights: [int64s('depth', [3]), floats('values', [2], [-1, 2])],
    flat: true,
  },
  ...Object.fromEntries(
    ['none', 'add', 'mul', 'max'].map((reduction): [string, Case] => [
      `ScatterElements ${reduction}`,
      {
        shape: [1, 4, 3],
        nodes: one('ScatterElements', ['x', 'i', 'u'], { attributes: { axis: 1, reduction } }),
        weights: [
          int64s('i', reduction === 'none' ? [0, 2, 1, 3, -1, 0] : [0, 2, 1, 0, -2, 1], [1, 2, 3]),
          w('u', 1, 2, 3),
        ],
        opset: 18,
      },
    ]),
  ),
  Compress: {
    shape: [1, 4, 3],
    nodes: one('Compress', ['x', 'which'], { attributes: { axis: 1 } }),
    weights: [small('which', ELEMENT.bool, [1, 0, 1])],
  },
  ReverseSequence: {
    shape: [1, 5, 4],
    nodes: turned(one('ReverseSequence', ['t', 'n'])),
    weights: [int64s('n', [3])],
  },
  ...Object.fromEntries(
    'Tan Asin Acos Sinh Cosh Asinh Atanh'
      .split(' ')
      .map((op): [string, Case] => [op, { shape: [1, 7], nodes: one(op, ['x']), scale: 0.45 }]),
  ),
  Acosh: {
    shape: [1, 7],
    nodes: [node('Abs', ['x'], ['a']), node('Add', ['a', 'two'], ['b']), ...one('Acosh', ['b'])],
    weights: [floats('two', [], [2])],
  },
  'Mod of floats': {
    shape: [1, 7],
    nodes: one('Mod', ['x', 'by'], { attributes: { fmod: 1 } }),
    weights: [floats('by', [], [0.7])],
  },
  'IsNaN and IsInf': {
    shape: [1, 7],
    nodes: [
      node('Floor', ['x'], ['f']),
      node('Div', ['x', 'f'], ['d']),
      node('IsInf', ['d'], ['a'], { attributes: { detect_negative: 0 } }),
      node('IsNaN', ['d'], ['b']),
      node('Cast', ['a'], ['af'], { attributes: { to: 1 } }),
      node('Cast', ['b'], ['bf'], { attributes: { to: 1 } }),
      ...one('Add', ['af', 'bf']),
    ],
    flat: true,
  },
  'Loop of known length': {
    shape: [1, 4],
    nodes: [
      node('Loop', ['count', 'true', 'x'], ['end', 'y'], {
        attributes: {
          body: graph(
            ['n', 'go', 'v'],
            ['go2', 'v2', 'row'],
            [
              node('Identity', ['go'], ['go2']),
              node('Cast', ['n'], ['f'], { attributes: { to: 1 } }),
              node('Add', ['v', 'f'], ['s']),
              node('Tanh', ['s'], ['v2']),
              node('Mul', ['v2', 'factor'], ['row']),
            ],
          ),
        },
      }),
    ],
    weights: [int64s('count', [3], []), small('true', ELEMENT.bool, [1], []), w('factor', 1, 4)],
  },
  'Loop until its own count says': {
    shape: [1, 4],
    nodes: [
      node('Loop', ['', 'true', 'x', 'zero'], ['y', 'end'], {
        attributes: {
          body: graph(
            ['n', 'go', 'v', 'k'],
            ['go2', 'v2', 'k2'],
            [
              node('Add', ['k', 'half'], ['k2']),
              node('Less', ['k2', 'limit'], ['go2']),
              node('Mul', ['v', 'v'], ['q']),
              node('Add', ['q', 'k2'], ['v2']),
            ],
          ),
        },
      }),
    ],
    weights: [
      small('true', ELEMENT.bool, [1], []),
      floats('zero', [], [0]),
      floats('half', [], [0.5]),
      floats('limit', [], [1.4]),
    ],
  },
  'Scan, forwards and backwards': {
    shape: [1, 3, 4],
    nodes: [
      node('Squeeze', ['x', 'first'], ['s']),
      node('Scan', ['start', 's', 's'], ['end', 'y'], {
        attributes: {
          num_scan_inputs: 2,
          scan_input_axes: [1, 1],
          scan_input_directions: [0, 1],
          scan_output_axes: [1],
          scan_output_directions: [1],
          body: graph(
            ['state', 'a', 'b'],
            ['state2', 'row'],
            [
              node('Mul', ['a', 'b'], ['p']),
              node('Add', ['p', 'state'], ['t']),
              node('Sigmoid', ['t'], ['state2']),
              node('Sub', ['state2', 'a'], ['row']),
            ],
          ),
        },
      }),
    ],
    weights: [int64s('first', [0]), w('start', 3)],
  },
  'If by the values of the picture': {
    shape: [1, 4],
    nodes: [
      node('ReduceMean', ['x'], ['m'], { attributes: { keepdims: 0 } }),
      node('Less', ['m', 'limit'], ['c']),
      node('If', ['c'], ['y'], {
        attributes: {
          then_branch: graph([], ['p'], [node('Sin', ['x'], ['p'])]),
          else_branch: graph([], ['q'], [node('Exp', ['x'], ['q'])]),
        },
      }),
    ],
    weights: [floats('limit', [], [0])],
  },
  'sequences around a loop': {
    shape: [1, 6, 4],
    nodes: [
      node('SplitToSequence', ['x', 'each'], ['parts'], { attributes: { axis: 1 } }),
      node('SequenceAt', ['parts', 'two'], ['last']),
      node('SequenceConstruct', ['last', 'x'], ['pair']),
      node('SequenceInsert', ['pair', 'last'], ['three']),
      ...one('ConcatFromSequence', ['three'], { attributes: { axis: 1 } }),
    ],
    weights: [int64s('each', [2], []), int64s('two', [-1], [])],
  },
  'shapes by operators without a loop of their own': {
    shape: [1, 6],
    nodes: [
      // the largest of known numbers says how often
      node('TopK', ['list', 'k'], ['v', 'vi']),
      node('ArgMax', ['back'], ['r'], { attributes: { axis: 0, keepdims: 1 } }),
      node('Concat', ['v', 'r'], ['shape'], { attributes: { axis: 0 } }),
      ...one('Reshape', ['x', 'shape']),
    ],
    weights: [int64s('back', [1, 2, 5]), int64s('list', [3, 2, 1]), int64s('k', [1])],
    opset: 17,
  },
  'Attention with heads side by side, fewer keys than queries': {
    shape: [1, 3, 8],
    nodes: one('Attention', ['x', 'k', 'v', 'mask'], {
      attributes: { q_num_heads: 4, kv_num_heads: 2, softcap: 2 },
    }),
    weights: [w('k', 1, 5, 4), w('v', 1, 5, 4), w('mask', 3, 5)],
    opset: 23,
  },
  'Attention to what came before, scaled': {
    shape: [1, 2, 3, 4],
    nodes: one('Attention', ['x', 'x', 'x'], { attributes: { is_causal: 1, scale: 0.3 } }),
    opset: 23,
  },
  'Attention with a mask of truths': {
    shape: [1, 2, 3, 4],
    nodes: one('Attention', ['x', 'x', 'x', 'm']),
    weights: [small('m', ELEMENT.bool, [1, 0, 1, 1, 1, 0, 0, 0, 1], [3, 3])],
    opset: 23,
  },
  ...Object.fromEntries(
    ([0, 1] as const).flatMap((interleaved) => [
      [
        `RotaryEmbedding ${interleaved}`,
        {
          shape: [1, 2, 3, 6],
          nodes: one('RotaryEmbedding', ['x', 'cos', 'sin', 'p'], {
            attributes: { interleaved, rotary_embedding_dim: 4 },
          }),
          weights: [w('cos', 5, 2), w('sin', 5, 2), int64s('p', [4, 0, 2], [1, 3])],
          opset: 23,
        } satisfies Case,
      ],
      [
        `RotaryEmbedding of ONNX Runtime ${interleaved}`,
        {
          shape: [1, 3, 8],
          nodes: one('RotaryEmbedding', ['x', 'p', 'cos', 'sin'], {
            attributes: { interleaved },
            domain: 'com.microsoft',
          }),
          weights: [w('cos', 5, 2), w('sin', 5, 2), int64s('p', [1], [1])],
        } satisfies Case,
      ],
    ]),
  ),
  RMSNormalization: {
    shape: [1, 3, 4],
    nodes: one('RMSNormalization', ['x', 'g'], { attributes: { epsilon: 0.01 } }),
    weights: [w('g', 4)],
    opset: 23,
  },
  'Attention of ONNX Runtime': {
    shape: [1, 3, 4],
    nodes: one('Attention', ['x', 'w', 'b'], {
      domain: 'com.microsoft',
      attributes: { num_heads: 2, unidirectional: 1 },
    }),
    weights: [w('w', 4, 12), w('b', 12)],
  },
  'MultiHeadAttention of ONNX Runtime': {
    shape: [1, 3, 4],
    nodes: one('MultiHeadAttention', ['x', 'k', 'v', 'b'], {
      domain: 'com.microsoft',
      attributes: { num_heads: 2 },
    }),
    weights: [w('k', 1, 5, 4), w('v', 1, 5, 4), w('b', 12)],
  },
};

async function runtime(): Promise<typeof import('onnxruntime-node') | undefined> {
  try {
    return await import('onnxruntime-node');
  } catch {
    return undefined;
  }
}
const ort = await runtime();

for (const [
  name,
  { shape, nodes, weights = [], opset = 17, flat, scale = 1.2, within = 3e-6 },
] of Object.entries(cases)) {
  test(name, async (t) => {
    const model = onnxModel({
      nodes,
      inputs: { x: shape },
      outputs: ['y'],
      initializers: weights,
      opset,
    });
    const x = Float32Array.from(mixed(size(shape), 7), (v) => v * scale);
    const read = readOnnx(model, { name });
    const [input] = read.inputs;
    const inputOrder = input.order;
    const fed =
      inputOrder === undefined
        ? Float64Array.from(x)
        : permuted(
            { shape: shape.slice(1), data: Float64Array.from(x) },
            inputOrder.map((_, i) => inputOrder.indexOf(i)),
          ).data;
    const [{ value, order }] = read.outputs;
    const [got] = evaluate([value], new Map([[input.value, fed]]));
    if (flat !== true) checkSlopes(t, value, new Map([[input.value, fed]]));
    if (ort === undefined) {
      t.log('NOT CHECKED against ONNX Runtime: onnxruntime-node is not installed');
      t.pass();
      return;
    }
    const session = await ort.InferenceSession.create(joined(encodeOnnx(model)), {
      logSeverityLevel: 4,
    });
    const expected = (await session.run({ x: new ort.Tensor('float32', x, shape) })).y;
    await session.release();
    const own =
      order === undefined
        ? got
        : permuted({ shape: value.shape, data: Float64Array.from(got) }, order).data;
    t.is(own.length, expected.data.length);
    const apart = farthest(own, expected.data as Float32Array);
    t.true(apart < within, `${apart}`);
  });
}
