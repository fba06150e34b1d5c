/**
 * Every operation of graph models: forward as TensorFlow.js runs it (or as worked
 * by hand where it does not), gradients against differences in float64. Nothing
 * here loads the layers library, whose gradients would hide what is missing.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import test, { type ExecutionContext } from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import { sizeOf } from '../../../src/maths/ndarray.js';
import { evaluate } from '../../../src/model/graph/evaluate.js';
import { readTfjsGraph } from '../../../src/model/readers/tfjs-graph/read.js';
import { largest, largestDifference } from '../../helpers/arrays.js';
import { GraphBuilder } from '../../helpers/graph.js';
import { checkSlopes, numbers } from '../../helpers/values.js';

interface Case {
  /** From `x` to `y`. */
  readonly write: (g: GraphBuilder) => void;
  /** Of `x`, with the batch; default [-1, 4, 5, 3]. */
  readonly shape?: readonly number[];
  readonly feed?: (x: number) => number;
  /** Worked by hand, where TensorFlow.js does not run it or is wrong. */
  readonly expected?: (x: Float64Array) => number[];
}

const SHAPE = [-1, 4, 5, 3];
const positive = (x: number): number => 0.3 + Math.abs(x);
const within = (x: number): number => 0.8 * Math.tanh(x);
const draw = (g: GraphBuilder, name: string, shape: readonly number[], seed = 3): string =>
  g.constant(name, shape, Array.from(numbers(sizeOf(shape), seed)));

const op =
  (name: string, inputs: readonly string[] = ['x'], attributes = {}): Case['write'] =>
  (g) =>
    void g.op(name, 'y', inputs, attributes);
const unary = (name: string, feed?: (x: number) => number, attributes = {}): Case => ({
  write: op(name, ['x'], attributes),
  feed,
});
/** With a tensor of one row of channels, one of a whole map, and the other way round. */
const binary = (name: string, feed: (x: number) => number = (x) => x): Case => ({
  feed,
  write: (g) => {
    g.constant('c', [3], [0.7, 1.3, 2.1]);
    g.constant('d', [4, 1, 1], [0.5, 1.7, 0.9, 1.1]);
    g.op(name, 'a', ['x', 'c']);
    g.op(name, 'b', ['d', 'x']);
    g.op('Mul', 'y', ['a', 'b']);
  },
});
const compared = (name: string): Case => ({
  write: (g) => {
    g.constant('t', [3], [0, 0.2, -0.3]);
    g.op(name, 'where', ['x', 't']);
    g.op('Tanh', 'th', ['x']);
    g.op('SelectV2', 's', ['where', 'x', 'th']);
    g.op('Cast', 'f', ['where'], { SrcT: 'DT_BOOL', DstT: 'DT_FLOAT' });
    g.op('AddV2', 'y', ['s', 'f']);
  },
});
const reduced = (
  name: string,
  axes: readonly number[],
  keep: boolean,
  feed?: Case['feed'],
): Case => ({
  feed,
  write: (g) => {
    g.ints('axes', axes);
    g.op(name, 'y', ['x', 'axes'], { keep_dims: keep });
  },
});
const sliding = (more = {}) => ({
  strides: [1, 2, 1, 1],
  padding: 'SAME',
  dilations: [1, 1, 1, 1],
  data_format: 'NHWC',
  ...more,
});
const conv = (kernel: readonly number[], attributes: object, name = 'Conv2D'): Case => ({
  write: (g) => {
    draw(g, 'k', kernel);
    g.op(name, 'y', ['x', 'k'], { ...sliding(), ...attributes });
  },
});
const fused = (ops: readonly string[], extra: (g: GraphBuilder) => string[], more = {}): Case => ({
  write: (g) => {
    draw(g, 'k', [3, 2, 3, 4]);
    draw(g, 'b', [4], 5);
    g.op('_FusedConv2D', 'y', ['x', 'k', 'b', ...extra(g)], {
      ...sliding(),
      num_args: 1,
      fused_ops: ops,
      ...more,
    });
  },
});
/** Channels first: TensorFlow.js gives the right answer for the same with channels last. */
const first = (write: (g: GraphBuilder) => void): Case => ({ shape: [-1, 3, 4, 5], write });

const CASES: Record<string, Case> = {
  ...Object.fromEntries(
    ['Abs', 'Neg', 'Sign', 'Exp', 'Expm1', 'Square', 'Erf', 'Floor', 'Ceil', 'Round', 'Sin', 'Cos']
      .concat(['Atan', 'Sinh', 'Cosh', 'Asinh', 'Relu', 'Relu6', 'Elu', 'Selu', 'Sigmoid', 'Tanh'])
      .concat(['Softplus', 'Softmax', 'LogSoftmax', 'IsNan', 'Identity', 'StopGradient'])
      .concat(['OnesLike', 'ZerosLike'])
      .map((name) => [name, unary(name)]),
  ),
  ...Object.fromEntries(
    ['Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Reciprocal'].map((name) => [name, unary(name, positive)]),
  ),
  ...Object.fromEntries(
    ['Asin', 'Acos', 'Atanh', 'Tan'].map((name) => [name, unary(name, within)]),
  ),
  Acosh: unary('Acosh', (x) => 1.2 + Math.abs(x)),
  LeakyRelu: unary('LeakyRelu', undefined, { alpha: 0.3 }),
  LRN: unary('LRN', undefined, { depth_radius: 1, bias: 0.7, alpha: 0.4, beta: 0.6 }),
  ...Object.fromEntries(
    ['Add', 'AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum', 'SquaredDifference'].map((name) => [
      name,
      binary(name),
    ]),
  ),
  ...Object.fromEntries(
    ['RealDiv', 'Pow', 'DivNoNan', 'FloorDiv', 'FloorMod', 'Mod', 'Atan2'].map((name) => [
      name,
      binary(name, positive),
    ]),
  ),
  Prelu: {
    write: (g) => {
      g.constant('a', [1, 1, 3], [0.1, 0.4, -0.2]);
      g.op('Prelu', 'y', ['x', 'a']);
    },
  },
  'Pow of a number': {
    write: (g) => {
      g.constant('n', [], [3]);
      g.op('Pow', 'y', ['x', 'n']);
    },
  },
  'DivNoNan by zero': {
    write: (g) => {
      g.constant('n', [3], [0, 2, 0]);
      g.op('DivNoNan', 'y', ['x', 'n']);
    },
    expected: (x) => Array.from(x, (v, i) => (i % 3 === 1 ? v / 2 : 0)),
  },
  ...Object.fromEntries(
    ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'].map((name) => [
      name,
      compared(name),
    ]),
  ),
  'logical and, or, not': {
    write: (g) => {
      g.constant('zero', [], [0]);
      g.constant('half', [], [0.5]);
      g.op('Greater', 'p', ['x', 'zero']);
      g.op('Less', 'q', ['x', 'half']);
      g.op('LogicalAnd', 'pq', ['p', 'q']);
      g.op('LogicalNot', 'n', ['q']);
      g.op('LogicalOr', 'or', ['pq', 'n']);
      g.op('Select', 'y', ['or', 'x', 'x2']);
      g.op('Square', 'x2', ['x']);
    },
  },
  ClipByValue: {
    write: (g) => {
      g.constant('l', [], [-0.4]);
      g.constant('h', [], [0.6]);
      g.op('ClipByValue', 'y', ['x', 'l', 'h']);
    },
  },
  ...Object.fromEntries(
    ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'EuclideanNorm'].flatMap((name) => [
      [`${name} over space`, reduced(name, [1, 2], false)],
      [`${name} over the last axis`, reduced(name, [-1], true)],
    ]),
  ),
  ...Object.fromEntries(
    ['All', 'Any'].map((name): [string, Case] => [
      name,
      {
        write: (g) => {
          g.constant('zero', [], [0.5]);
          g.ints('axes', [2]);
          g.op('Less', 'p', ['x', 'zero']);
          g.op(name, 'q', ['p', 'axes'], { keep_dims: true });
          g.op('Cast', 'f', ['q'], { SrcT: 'DT_BOOL', DstT: 'DT_FLOAT' });
          g.op('Mul', 'y', ['x', 'f']);
        },
      },
    ]),
  ),
  ...Object.fromEntries(
    ['ArgMax', 'ArgMin'].map((name): [string, Case] => [
      name,
      {
        write: (g) => {
          g.int('axis', 2);
          g.op(name, 'i', ['x', 'axis'], { output_type: 'DT_INT32' });
          g.op('Cast', 'f', ['i'], { SrcT: 'DT_INT32', DstT: 'DT_FLOAT' });
          g.ints('one', [2]);
          g.op('ExpandDims', 'e', ['f', 'one']);
          g.op('Mul', 'y', ['x', 'e']);
        },
      },
    ]),
  ),
  TopKV2: {
    write: (g) => {
      g.int('k', 2);
      g.op('TopKV2', 't', ['x', 'k'], { sorted: true });
      g.op('Cast', 'f', ['t:1'], { SrcT: 'DT_INT32', DstT: 'DT_FLOAT' });
      g.op('Mul', 'y', ['t', 'f']);
    },
  },
  ...Object.fromEntries(
    ['Cumsum', 'Cumprod'].flatMap((name) =>
      [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ].map(([exclusive, reverse]): [string, Case] => [
        `${name}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`,
        {
          write: (g) => {
            g.int('axis', 1);
            g.op(name, 'y', ['x', 'axis'], { exclusive, reverse });
          },
        },
      ]),
    ),
  ),
  // ---- windows
  'Conv2D uneven strides': conv([3, 2, 3, 4], {}),
  'Conv2D dilated': conv([3, 2, 3, 4], { strides: [1, 1, 1, 1], dilations: [1, 2, 1, 1] }),
  'Conv2D explicit': conv([3, 3, 3, 2], {
    strides: [1, 1, 1, 1],
    padding: 'EXPLICIT',
    explicit_paddings: [0, 0, 2, 0, 0, 1, 0, 0],
  }),
  'Conv2D with a window smaller than its stride': conv([1, 2, 3, 2], { strides: [1, 3, 3, 1] }),
  DepthwiseConv2dNative: conv([2, 3, 3, 2], { strides: [1, 2, 2, 1] }, 'DepthwiseConv2dNative'),
  'DepthwiseConv2dNative dilated': conv(
    [2, 2, 3, 2],
    { strides: [1, 1, 1, 1], dilations: [1, 2, 2, 1] },
    'DepthwiseConv2dNative',
  ),
  Conv1D: {
    shape: [-1, 7, 3],
    write: (g) => {
      draw(g, 'k', [3, 3, 4]);
      g.op('Conv1D', 'y', ['x', 'k'], {
        stride: 2,
        padding: 'SAME',
        data_format: 'NWC',
        dilation: 1,
      });
    },
  },
  Conv3D: {
    shape: [-1, 3, 4, 3, 2],
    write: (g) => {
      draw(g, 'k', [2, 3, 2, 2, 3]);
      g.op('Conv3D', 'y', ['x', 'k'], {
        strides: [1, 1, 2, 1, 1],
        padding: 'SAME',
        data_format: 'NDHWC',
        dilations: [1, 1, 1, 1, 1],
      });
    },
  },
  'fused: bias': fused(['BiasAdd'], () => []),
  'fused: bias, relu6': fused(['BiasAdd', 'Relu6'], () => []),
  'fused: bias, elu': fused(['BiasAdd', 'Elu'], () => []),
  'fused: bias, sigmoid': fused(['BiasAdd', 'Sigmoid'], () => []),
  'fused: bias, leaky': fused(['BiasAdd', 'LeakyRelu'], () => [], { leakyrelu_alpha: 0.3 }),
  'fused: bias, prelu': fused(
    ['BiasAdd', 'Prelu'],
    (g) => [g.constant('slope', [1, 1, 4], [0.1, 0.2, 0.3, 0.4])],
    { num_args: 2 },
  ),
  'fused: a bias [1, 1, 1, C]': {
    write: (g) => {
      draw(g, 'k', [3, 3, 3, 2]);
      g.constant('b', [1, 1, 1, 2], [0.3, -0.4]);
      g.op('_FusedConv2D', 'y', ['x', 'k', 'b'], {
        ...sliding(),
        num_args: 1,
        fused_ops: ['BiasAdd'],
      });
    },
  },
  'fused depthwise': {
    write: (g) => {
      draw(g, 'k', [3, 3, 3, 1]);
      draw(g, 'b', [3], 5);
      g.op('FusedDepthwiseConv2dNative', 'y', ['x', 'k', 'b'], {
        ...sliding({ strides: [1, 2, 2, 1] }),
        num_args: 1,
        fused_ops: ['BiasAdd', 'Relu'],
      });
    },
  },
  'dilation by pieces': {
    write: (g) => {
      g.ints('block', [2, 2]);
      g.constant('pads', [2, 2], [2, 2, 2, 3], true);
      g.constant('crops', [2, 2], [0, 0, 0, 1], true);
      draw(g, 'k', [3, 3, 3, 2]);
      g.op('SpaceToBatchND', 's', ['x', 'block', 'pads']);
      g.op('Conv2D', 'c', ['s', 'k'], sliding({ strides: [1, 1, 1, 1], padding: 'VALID' }));
      g.op('BatchToSpaceND', 'y', ['c', 'block', 'crops']);
    },
  },
  'pieces that a pool and a sum work on': {
    write: (g) => {
      g.ints('block', [2, 1]);
      g.constant('pads', [2, 2], [1, 1, 0, 0], true);
      g.constant('crops', [2, 2], [0, 1, 0, 0], true);
      g.op('SpaceToBatchND', 's', ['x', 'block', 'pads']);
      g.op('MaxPool', 'p', ['s'], {
        ksize: [1, 2, 2, 1],
        strides: [1, 1, 1, 1],
        padding: 'SAME',
        data_format: 'NHWC',
      });
      g.op('AddV2', 'a', ['p', 's']);
      g.op('BatchToSpaceND', 'y', ['a', 'block', 'crops']);
    },
  },
  ...Object.fromEntries(
    ['SAME', 'VALID'].map((padding): [string, Case] => [
      `Conv2DBackpropInput ${padding}`,
      {
        write: (g) => {
          draw(g, 'k', [3, 2, 2, 3]);
          const [h, w] = padding === 'SAME' ? [7, 10] : [9, 10];
          g.op('Shape', 'shape', ['x'], { out_type: 'DT_INT32' });
          g.op(
            'StridedSlice',
            'n',
            ['shape', g.ints('b0', [0]), g.ints('e0', [1]), g.ints('s0', [1])],
            { shrink_axis_mask: 1 },
          );
          g.op('Pack', 'sizes', ['n', g.int('h', h), g.int('w', w), g.int('c', 2)], {
            N: 4,
            axis: 0,
          });
          g.op('Conv2DBackpropInput', 'y', ['sizes', 'k', 'x'], {
            ...sliding({ strides: [1, 2, 2, 1], padding }),
          });
        },
      },
    ]),
  ),
  ...Object.fromEntries(
    ['MaxPool', 'AvgPool'].flatMap((name) =>
      ['SAME', 'VALID'].map((padding) => [
        `${name} ${padding}`,
        unary(name, undefined, {
          ksize: [1, 3, 2, 1],
          strides: [1, 2, 1, 1],
          padding,
          data_format: 'NHWC',
        }),
      ]),
    ),
  ),
  'AvgPool over all': unary('AvgPool', undefined, {
    ksize: [1, 4, 5, 1],
    strides: [1, 1, 1, 1],
    padding: 'VALID',
    data_format: 'NHWC',
  }),
  ...Object.fromEntries(
    ['MaxPool3D', 'AvgPool3D'].map((name): [string, Case] => [
      name,
      {
        shape: [-1, 3, 4, 3, 2],
        write: op(name, ['x'], {
          ksize: [1, 2, 3, 2, 1],
          strides: [1, 1, 2, 1, 1],
          padding: 'SAME',
          data_format: 'NDHWC',
        }),
      },
    ]),
  ),
  ...Object.fromEntries(
    [
      [false, false],
      [true, false],
      [false, true],
    ].flatMap(([align, half]) =>
      ['ResizeBilinear', 'ResizeNearestNeighbor'].flatMap((name) =>
        [
          [7, 3],
          [8, 10],
        ].map((size): [string, Case] => [
          `${name} to ${size.join(' × ')}${align ? ' corners' : ''}${half ? ' centres' : ''}`,
          {
            write: (g) => {
              g.ints('size', size);
              g.op(name, 'y', ['x', 'size'], { align_corners: align, half_pixel_centers: half });
            },
          },
        ]),
      ),
    ),
  ),
  // ---- normalisation and products
  ...Object.fromEntries(
    ['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'].map((name): [string, Case] => [
      name,
      {
        write: (g) => {
          for (const [i, part] of ['s', 'o', 'm'].entries()) draw(g, part, [3], i + 1);
          g.constant('v', [3], [0.5, 1, 2]);
          g.op(name, 'y', ['x', 's', 'o', 'm', 'v'], {
            epsilon: 0.01,
            data_format: 'NHWC',
            is_training: false,
          });
        },
      },
    ]),
  ),
  MatMul: {
    shape: [-1, 6],
    write: (g) => {
      draw(g, 'k', [4, 6]);
      g.op('MatMul', 'y', ['x', 'k'], { transpose_a: false, transpose_b: true });
    },
  },
  _FusedMatMul: {
    shape: [-1, 6],
    write: (g) => {
      draw(g, 'k', [6, 4]);
      draw(g, 'b', [4]);
      g.op('_FusedMatMul', 'y', ['x', 'k', 'b'], {
        transpose_a: false,
        transpose_b: false,
        num_args: 1,
        fused_ops: ['BiasAdd', 'Relu'],
      });
    },
  },
  'BatchMatMulV2 of the picture with itself': {
    shape: [-1, 5, 3],
    write: (g) => {
      g.op('BatchMatMulV2', 's', ['x', 'x'], { adj_x: false, adj_y: true });
      g.op('Softmax', 'w', ['s']);
      g.op('BatchMatMulV2', 'y', ['w', 'x'], { adj_x: true, adj_y: false });
    },
  },
  Einsum: {
    shape: [-1, 5, 3],
    write: (g) => {
      draw(g, 'k', [3, 2, 4]);
      g.op('Einsum', 'h', ['x', 'k'], { equation: 'abc,cde->abde' });
      g.op('Einsum', 'y', ['h', 'h'], { equation: 'abde,acde->adbc' });
    },
  },
  MatrixBandPart: {
    shape: [-1, 4, 4],
    write: (g) => {
      g.int('l', 1);
      g.int('u', -1);
      g.op('MatrixBandPart', 'y', ['x', 'l', 'u']);
    },
    expected: (x) => Array.from(x, (v, i) => (Math.floor(i / 4) - (i % 4) <= 1 ? v : 0)),
  },
  // ---- moving
  'Pack, Unpack, Concat': {
    write: (g) => {
      g.op('Unpack', 'u', ['x'], { axis: 3, num: 3 });
      g.op('Pack', 'p', ['u:2', 'u', 'u:1'], { N: 3, axis: 1 });
      g.int('at', 2);
      g.op('Square', 'q', ['p']);
      g.op('ConcatV2', 'y', ['p', 'q', 'at'], { N: 2 });
    },
  },
  'Split and SplitV': {
    write: (g) => {
      g.int('axis', -1);
      g.ints('sizes', [1, -1]);
      g.int('two', 2);
      g.op('Split', 's', ['axis', 'x'], { num_split: 3 });
      g.op('SplitV', 'v', ['x', 'sizes', 'two'], { num_split: 2 });
      g.op('Mul', 'm', ['s', 's:2']);
      g.ints('axes', [2]);
      g.op('Sum', 'sum', ['v:1', 'axes'], { keep_dims: true });
      g.op('AddV2', 'y', ['m', 'sum']);
    },
  },
  Slice: {
    write: (g) => {
      g.ints('b', [0, 1, 0, 1]);
      g.ints('n', [-1, 2, 5, -1]);
      g.op('Slice', 'y', ['x', 'b', 'n']);
    },
  },
  'StridedSlice with a new axis, an ellipsis, and one that goes': {
    write: (g) => {
      g.ints('b', [0, 0, -1, 1]);
      g.ints('e', [0, 0, 0, 2]);
      g.ints('s', [1, 1, -2, 1]);
      // x[:, …, ::−2 from the last, 1] with a new axis after the batch
      g.op('StridedSlice', 'y', ['x', 'b', 'e', 's'], {
        begin_mask: 1,
        end_mask: 5,
        ellipsis_mask: 2,
        shrink_axis_mask: 8,
      });
    },
    expected: (x) =>
      [0, 1, 2, 3].flatMap((row) => [4, 2, 0].map((column) => x[(row * 5 + column) * 3 + 1])),
  },
  'Gather and GatherNd': {
    write: (g) => {
      g.ints('rows', [2, 0, 2]);
      g.int('axis', 1);
      g.op('GatherV2', 'a', ['x', 'rows', 'axis']);
      g.constant('places', [2, 3], [0, 1, 4, 0, 0, 2], true);
      g.op('GatherNd', 'b', ['x', 'places']);
      g.ints('axes', [1, 2, 3]);
      g.ints('none', [0]);
      g.op('Sum', 'sum', ['b', 'none'], { keep_dims: false });
      g.op('Mul', 'y', ['a', 'sum']);
    },
  },
  'Tile, Reverse, BroadcastTo': {
    write: (g) => {
      g.ints('times', [1, 2, 1, 3]);
      g.ints('axes', [2, -1]);
      g.op('Tile', 't', ['x', 'times']);
      g.op('ReverseV2', 'r', ['t', 'axes']);
      g.ints('one', [1]);
      g.op('Mean', 'm', ['x', 'one'], { keep_dims: true });
      g.ints('to', [1, 4, 5, 3]);
      g.op('BroadcastTo', 'b', ['m', 'to']);
      g.op('Tile', 'bt', ['b', 'times']);
      g.op('Mul', 'y', ['r', 'bt']);
    },
  },
  'Pad and PadV2': {
    write: (g) => {
      g.constant('by', [4, 2], [0, 0, 1, 0, 2, 3, 0, 1], true);
      g.constant('fill', [], [0.5]);
      g.op('Pad', 'p', ['x', 'by']);
      g.op('PadV2', 'y', ['p', 'by', 'fill']);
    },
  },
  ...Object.fromEntries(
    ['REFLECT', 'SYMMETRIC'].map((mode): [string, Case] => [
      `MirrorPad ${mode}`,
      {
        write: (g) => {
          g.constant('by', [4, 2], [0, 0, 2, 1, 1, 3, 1, 0], true);
          g.op('MirrorPad', 'y', ['x', 'by'], { mode });
        },
      },
    ]),
  ),
  Transpose: {
    write: (g) => {
      g.ints('perm', [0, 2, 3, 1]);
      g.op('Transpose', 't', ['x', 'perm']);
      g.op('Softmax', 'y', ['t']);
    },
  },
  'Reshape by computed sizes, as Keras writes a dense layer over a map': {
    write: (g) => {
      g.op('Shape', 'shape', ['x'], { out_type: 'DT_INT32' });
      g.ints('free', [0, 1, 2]);
      g.ints('inner', [3]);
      g.ints('zero', [0]);
      g.int('at', 0);
      g.op('GatherV2', 'fs', ['shape', 'free', 'at']);
      g.op('GatherV2', 'is', ['shape', 'inner', 'at']);
      g.op('Prod', 'fp', ['fs', 'zero'], { keep_dims: false });
      g.op('Prod', 'ip', ['is', 'zero'], { keep_dims: false });
      g.op('Pack', 'two', ['fp', 'ip'], { N: 2, axis: 0 });
      g.op('Reshape', 'flat', ['x', 'two']);
      draw(g, 'k', [3, 2]);
      g.op('MatMul', 'm', ['flat', 'k'], { transpose_a: false, transpose_b: false });
      g.ints('width', [2]);
      g.op('ConcatV2', 'back', ['fs', 'width', 'at'], { N: 2 });
      g.op('Reshape', 'y', ['m', 'back']);
    },
  },
  ...Object.fromEntries(
    ['DepthToSpace'].map((name): [string, Case] => [
      name,
      { shape: [-1, 2, 3, 8], write: op(name, ['x'], { block_size: 2, data_format: 'NHWC' }) },
    ]),
  ),
  SpaceToDepth: {
    shape: [-1, 2, 4, 1],
    write: op('SpaceToDepth', ['x'], { block_size: 2, data_format: 'NHWC' }),
    expected: (x) => [0, 1, 4, 5, 2, 3, 6, 7].map((i) => x[i]),
  },
  'OneHot, Range, Fill, LinSpace': {
    write: (g) => {
      g.ints('rows', [2, 0, 1]);
      g.int('depth', 3);
      g.constant('on', [], [2]);
      g.constant('off', [], [-1]);
      g.op('OneHot', 'hot', ['rows', 'depth', 'on', 'off'], { axis: -1 });
      g.ints('to', [-1, 3]);
      g.op('Reshape', 'r', ['x', 'to']);
      g.op('MatMul', 'm', ['r', 'hot'], {});
      g.constant('a', [], [1]);
      g.constant('b', [], [3]);
      g.int('three', 3);
      g.op('LinSpace', 'l', ['a', 'b', 'three']);
      g.op('Mul', 'ml', ['m', 'l']);
      g.ints('dims', [1, 3]);
      g.op('Fill', 'f', ['dims', 'b']);
      g.op('AddV2', 'y', ['ml', 'f']);
    },
  },
  // ---- channels first, against the same with channels last
  'NCHW convolution, bias, normalisation, pool': first((g) => {
    draw(g, 'k', [3, 2, 3, 4]);
    draw(g, 'b', [4], 6);
    g.op('Conv2D', 'c', ['x', 'k'], {
      strides: [1, 1, 2, 1],
      dilations: [1, 1, 1, 1],
      padding: 'SAME',
      data_format: 'NCHW',
    });
    g.op('BiasAdd', 'cb', ['c', 'b'], { data_format: 'NCHW' });
    for (const [i, part] of ['s', 'o', 'm'].entries()) draw(g, part, [4], i + 1);
    g.constant('v', [4], [0.5, 1, 2, 1.5]);
    g.op('FusedBatchNormV3', 'n', ['cb', 's', 'o', 'm', 'v'], {
      epsilon: 0.01,
      data_format: 'NCHW',
      is_training: false,
    });
    g.op('MaxPool', 'y', ['n'], {
      ksize: [1, 1, 2, 2],
      strides: [1, 1, 1, 2],
      padding: 'VALID',
      data_format: 'NCHW',
    });
  }),
};

/** The same graph with channels last, for what TensorFlow.js does not run with channels first. */
const LAST: Record<string, Case['write']> = {
  'NCHW convolution, bias, normalisation, pool': (g) => {
    draw(g, 'k', [3, 2, 3, 4]);
    draw(g, 'b', [4], 6);
    g.op('Conv2D', 'c', ['x', 'k'], sliding());
    g.op('BiasAdd', 'cb', ['c', 'b']);
    for (const [i, part] of ['s', 'o', 'm'].entries()) draw(g, part, [4], i + 1);
    g.constant('v', [4], [0.5, 1, 2, 1.5]);
    g.op('FusedBatchNormV3', 'n', ['cb', 's', 'o', 'm', 'v'], {
      epsilon: 0.01,
      data_format: 'NHWC',
      is_training: false,
    });
    g.op('MaxPool', 'y', ['n'], {
      ksize: [1, 2, 2, 1],
      strides: [1, 1, 2, 1],
      padding: 'VALID',
      data_format: 'NHWC',
    });
  },
};

async function byTfjs(name: string, one: Case, x: Float64Array): Promise<number[]> {
  await tf.setBackend('cpu');
  const g = new GraphBuilder();
  const last = LAST[name] as Case['write'] | undefined;
  const shape = last === undefined ? (one.shape ?? SHAPE) : SHAPE;
  g.placeholder('x', shape);
  (last ?? one.write)(g);
  const model = await g.load();
  return tf.tidy(() => {
    const fed = tf.tensor(Float32Array.from(x), [1, ...shape.slice(1)]);
    const [y] = [model.execute({ x: fed }, 'y')].flat();
    return [...y.dataSync()];
  });
}

async function check(t: ExecutionContext, name: string, one: Case): Promise<void> {
  const g = new GraphBuilder();
  g.placeholder('x', one.shape ?? SHAPE);
  one.write(g);
  const { inputs, outputs } = readTfjsGraph(g.graph(), { name });
  const [{ value: input }] = inputs.length > 0 ? inputs : [{ value: undefined }];
  const { value } = outputs[0];
  if (input === undefined) return t.fail('no input');
  const x = numbers(sizeOf(input.shape), 10).map(one.feed ?? ((v) => v));
  const [found] = evaluate([value], new Map([[input, x]]));
  const expected = one.expected?.(x) ?? (await byTfjs(name, one, x));
  const error = largestDifference(found, expected) / (largest(expected) + 1e-6);
  t.true(error < 1e-5, `forward differs by ${error}`);
  checkSlopes(t, value, new Map([[input, x]]));
}

for (const [name, one] of Object.entries(CASES)) {
  const isConstant = ['OnesLike', 'ZerosLike'].includes(name);
  test.serial(`${name}`, async (t) => {
    if (!isConstant) return check(t, name, one);
    const g = new GraphBuilder();
    g.placeholder('x', SHAPE);
    g.op(name, 'c', ['x']);
    g.op('AddV2', 'y', ['x', 'c']);
    const { inputs, outputs } = readTfjsGraph(g.graph(), { name });
    const x = numbers(60, 10);
    const [found] = evaluate([outputs[0].value], new Map([[inputs[0].value, x]]));
    t.deepEqual(
      [...found],
      Array.from(x, (v) => v + (name === 'OnesLike' ? 1 : 0)),
    );
  });
}

test('no gradient of TensorFlow.js was there to help', (t) => {
  t.true((tf.getGradient('Prelu') as unknown) === undefined);
});

// ---- control flow and functions

function scoreOf(write: (g: GraphBuilder) => void, x: readonly number[]): number[] {
  const g = new GraphBuilder();
  g.placeholder('x', [-1, x.length]);
  write(g);
  const { inputs, outputs } = readTfjsGraph(g.graph(), { name: 'g' });
  return [...evaluate([outputs[0].value], new Map([[inputs[0].value, Float64Array.from(x)]]))[0]];
}
const refusal = (t: ExecutionContext, write: (g: GraphBuilder) => void, message: RegExp): void => {
  const error = t.throws(() => scoreOf(write, [1, 2]), { message });
  t.true(isWhylensError(error, 'UNSUPPORTED_OPERATION'), String(error));
};

test('Switch and Merge take the side that a constant says', (t) => {
  for (const taken of [0, 1]) {
    const y = scoreOf(
      (g) => {
        g.constant('p', [], [taken]);
        g.op('Switch', 's', ['x', 'p']);
        g.op('Neg', 'off', ['s']);
        g.op('Square', 'on', ['s:1']);
        g.op('Merge', 'y', ['off', 'on'], { N: 2 });
      },
      [3, 5],
    );
    t.deepEqual(y, taken === 1 ? [9, 25] : [-3, -5]);
  }
  refusal(
    t,
    (g) => {
      g.constant('zero', [], [0]);
      g.ints('all', [0, 1]);
      g.op('Sum', 'sum', ['x', 'all'], { keep_dims: false });
      g.op('Greater', 'p', ['sum', 'zero']);
      g.op('Switch', 's', ['x', 'p']);
      g.op('Neg', 'y', ['s']);
    },
    /node 's' \(Switch\) is control flow that depends on the values of the picture/,
  );
});

test('functions are written out: calls, branches, loops of a known length', (t) => {
  const twice = (g: GraphBuilder): void => {
    g.function('double', ['a'], { out: 'sum:z:0' }, (f) => f.op('AddV2', 'sum', ['a', 'a']));
    g.function('negate', ['a'], { out: 'n:y:0' }, (f) => f.op('Neg', 'n', ['a']));
  };
  t.deepEqual(
    scoreOf(
      (g) => {
        twice(g);
        g.op('StatefulPartitionedCall', 'y', ['x'], { f: ['double'] });
      },
      [3, 5],
    ),
    [6, 10],
  );
  for (const condition of [0, 1]) {
    const y = scoreOf(
      (g) => {
        twice(g);
        g.constant('p', [], [condition]);
        g.op('StatelessIf', 'y', ['p', 'x'], {
          then_branch: ['double'],
          else_branch: ['negate'],
        });
      },
      [3, 5],
    );
    t.deepEqual(y, condition === 1 ? [6, 10] : [-3, -5]);
  }
  const looped = scoreOf(
    (g) => {
      g.function('below', ['i', 'v'], { out: 'l:z:0' }, (f) => {
        f.constant('limit', [], [3], true);
        f.op('Less', 'l', ['i', 'limit']);
      });
      g.function('body', ['i', 'v'], { i2: 'next:z:0', v2: 'sum:z:0' }, (f) => {
        f.constant('one', [], [1], true);
        f.op('AddV2', 'next', ['i', 'one']);
        f.op('AddV2', 'sum', ['v', 'v']);
      });
      g.int('start', 0);
      g.op('StatelessWhile', 'w', ['start', 'x'], { cond: ['below'], body: ['body'] });
      g.op('Identity', 'y', ['w:1']);
    },
    [3, 5],
  );
  t.deepEqual(looped, [24, 40]);
});

test('what is not understood is named, and only matters to the outputs that need it', (t) => {
  refusal(
    t,
    (g) => {
      g.op('FFT', 'f', ['x']);
      g.op('Relu', 'y', ['f']);
    },
    /node 'f' \(FFT\) is not understood/,
  );
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 2]);
  g.op('Relu', 'seen', ['x']);
  g.op('FFT', 'lost', ['x']);
  const graph = readTfjsGraph(g.graph(), { name: 'g' });
  t.deepEqual(
    graph.outputs.map(({ name }) => name),
    ['seen'],
  );
  t.regex(graph.warnings!.join(), /output 'lost' is left out: node 'lost' \(FFT\)/);
});

test('channels first: the input keeps its own order, layers are channels last', (t) => {
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 3, 4, 6]);
  draw(g, 'k', [1, 1, 3, 2]);
  g.op('Conv2D', 'c', ['x', 'k'], {
    strides: [1, 1, 1, 1],
    padding: 'VALID',
    data_format: 'NCHW',
  });
  g.op('Mean', 'm', ['c', g.ints('axes', [2, 3])], { keep_dims: false });
  g.op('Softmax', 'y', ['m']);
  const { inputs, layers, outputs } = readTfjsGraph(g.graph(), { name: 'g' });
  t.deepEqual(inputs[0].value.shape, [4, 6, 3]);
  t.deepEqual(inputs[0].order, [2, 0, 1]);
  t.deepEqual(layers.get('c')?.value.shape, [4, 6, 2]);
  t.is(layers.get('c')?.space, 'space');
  t.is(outputs[0].activation, 'softmax');
});

test('a graph for batches of four is read for one sample, and says so', (t) => {
  const g = new GraphBuilder();
  g.placeholder('x', [4, 2, 3]);
  g.op('Reshape', 'r', ['x', g.ints('to', [4, 6])]);
  g.op('Slice', 's', ['r', g.ints('from', [0, 1]), g.ints('size', [4, 5])]);
  draw(g, 'k', [5, 2]);
  g.op('MatMul', 'm', ['s', 'k'], {});
  g.op('Softmax', 'y', ['m']);
  const { inputs, outputs, warnings } = readTfjsGraph(g.graph(), { name: 'g' });
  t.deepEqual(inputs[0].value.shape, [2, 3]);
  t.deepEqual(outputs[0].value.shape, [2]);
  t.regex(warnings!.join(), /batches of 4; samples are computed one by one/);
});
