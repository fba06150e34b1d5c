import * as tf from '@tensorflow/tfjs-core';
import test, { type ExecutionContext } from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import { ndSamples } from '../../../src/model/interface.js';
import { classTarget } from '../../../src/model/targets.js';
import { adaptGraphModel } from '../../../src/model/tfjs/adapt-graph.js';
import { selectBackend } from '../../../src/model/tfjs/backend.js';
import { TfjsGraphAdapter } from '../../../src/model/tfjs/graph-adapter.js';
import { GraphBuilder } from '../../helpers/graph.js';
import { checkGradients, largest, largestDifference, randomArray } from '../../helpers/arrays.js';

const values = (size: number, seed: number) => randomArray([size], seed).data.map((x) => x / 2);

/** A graph from `x` [-1, 6, 8, 3] to the node `y`. */
type Write = (g: GraphBuilder) => void;

const same = {
  strides: [1, 1, 1, 1],
  padding: 'SAME',
  dilations: [1, 1, 1, 1],
  data_format: 'NHWC',
};
const kernel = (g: GraphBuilder, shape: readonly number[], name = 'k') =>
  g.constant(
    name,
    shape,
    values(
      shape.reduce((a, b) => a * b, 1),
      shape.length,
    ),
  );

const unary =
  (op: string, attributes = {}): Write =>
  (g) => {
    g.op(op, 'y', ['x'], attributes);
  };

/** Everything as a graph; nothing here may load the layers library, whose gradients would hide what is missing. */
const TRANSLATED: Record<string, Write> = {
  Conv2D: (g) =>
    g.op('Conv2D', 'y', ['x', kernel(g, [3, 2, 3, 4])], { ...same, strides: [1, 2, 1, 1] }),
  'Conv2D explicit': (g) =>
    g.op('Conv2D', 'y', ['x', kernel(g, [3, 3, 3, 2])], {
      ...same,
      padding: 'EXPLICIT',
      explicit_paddings: [0, 0, 2, 0, 0, 1, 0, 0],
    }),
  'Conv2D dilated': (g) =>
    g.op('Conv2D', 'y', ['x', kernel(g, [3, 3, 3, 2])], { ...same, dilations: [1, 2, 2, 1] }),
  'fused convolution': (g) =>
    g.op('_FusedConv2D', 'y', ['x', kernel(g, [3, 3, 3, 4]), g.constant('b', [4], values(4, 9))], {
      ...same,
      num_args: 1,
      fused_ops: ['BiasAdd', 'Elu'],
    }),
  'fused convolution, leaky': (g) =>
    g.op('_FusedConv2D', 'y', ['x', kernel(g, [1, 1, 3, 2]), g.constant('b', [2], values(2, 9))], {
      ...same,
      num_args: 1,
      fused_ops: ['BiasAdd', 'LeakyRelu'],
      leakyrelu_alpha: 0.3,
    }),
  'fused depthwise': (g) =>
    g.op(
      'FusedDepthwiseConv2dNative',
      'y',
      ['x', kernel(g, [3, 3, 3, 1]), g.constant('b', [3], values(3, 9))],
      { ...same, strides: [1, 2, 2, 1], num_args: 1, fused_ops: ['BiasAdd', 'Relu6'] },
    ),
  depthwise: (g) => g.op('DepthwiseConv2dNative', 'y', ['x', kernel(g, [2, 3, 3, 2])], same),
  'batch normalisation': (g) =>
    g.op(
      'FusedBatchNormV3',
      'y',
      [
        'x',
        ...['s', 'o', 'm'].map((name, i) => g.constant(name, [3], values(3, i))),
        g.constant('v', [3], [0.5, 1, 2]),
      ],
      { epsilon: 0.01, data_format: 'NHWC', is_training: false },
    ),
  'bias and relu': (g) => {
    g.op('BiasAdd', 'b1', ['x', g.constant('b', [3], values(3, 4))]);
    g.op('Relu', 'y', ['b1']);
  },
  'constants on either side': (g) => {
    g.op('Sub', 'y1', [g.constant('one', [], [1]), 'x']);
    g.op('Mul', 'y2', ['y1', g.constant('m', [3], values(3, 5))]);
    g.op('RealDiv', 'y3', ['y2', g.constant('d', [1, 1, 3], [2, 3, 4])]);
    g.op('Maximum', 'y4', ['y3', g.constant('z', [], [-0.2])]);
    g.op('AddV2', 'y', ['y4', g.constant('a', [1, 6, 1, 1], values(6, 6))]);
  },
  'two values': (g) => {
    g.op('Sigmoid', 's', ['x']);
    g.op('Mul', 'm', ['x', 's']);
    g.op('Minimum', 'n', ['m', 's']);
    g.op('AddN', 'y', ['m', 'x', 'n']);
  },
  'squeeze and excite': (g) => {
    g.op('Mean', 'p', ['x', g.ints('axes', [1, 2])], { keep_dims: true });
    g.op('Conv2D', 'c', ['p', kernel(g, [1, 1, 3, 3])], same);
    g.op('BiasAdd', 'cb', ['c', g.constant('b', [3], values(3, 7))]);
    g.op('Sigmoid', 's', ['cb']);
    g.op('Mul', 'y', ['x', 's']);
  },
  LeakyRelu: unary('LeakyRelu', { alpha: 0.1 }),
  Tanh: unary('Tanh'),
  Softmax: unary('Softmax'),
  Exp: unary('Exp'),
  clip: (g) =>
    g.op('ClipByValue', 'y', ['x', g.constant('l', [], [-0.5]), g.constant('h', [], [0.7])]),
  MaxPool: unary('MaxPool', {
    ksize: [1, 3, 2, 1],
    strides: [1, 2, 2, 1],
    padding: 'SAME',
    data_format: 'NHWC',
  }),
  AvgPool: unary('AvgPool', {
    ksize: [1, 2, 3, 1],
    strides: [1, 2, 1, 1],
    padding: 'SAME',
    data_format: 'NHWC',
  }),
  'AvgPool over all': unary('AvgPool', {
    ksize: [1, 6, 8, 1],
    strides: [1, 1, 1, 1],
    padding: 'VALID',
    data_format: 'NHWC',
  }),
  'Mean over channels': (g) => g.op('Mean', 'y', ['x', g.ints('axes', [-1])], { keep_dims: true }),
  Max: (g) => g.op('Max', 'y', ['x', g.ints('axes', [1, 2])], { keep_dims: false }),
  pads: (g) => {
    g.op('Pad', 'p', ['x', g.constant('by', [4, 2], [0, 0, 1, 0, 2, 3, 0, 0], true)]);
    g.op('PadV2', 'y', [
      'p',
      g.constant('by2', [4, 2], [0, 0, 0, 1, 0, 0, 0, 0], true),
      g.constant('v', [], [0.5]),
    ]);
  },
  'reshape by computed size': (g) => {
    g.op('Shape', 'shape', ['x'], { out_type: 'DT_INT32' });
    g.op('StridedSlice', 'n', ['shape', g.ints('b', [0]), g.ints('e', [1]), g.ints('s', [1])], {
      shrink_axis_mask: 1,
    });
    g.op('Pack', 'to', ['n', g.int('last', 144)], { N: 2, axis: 0 });
    g.op('Reshape', 'r', ['x', 'to']);
    g.op('ExpandDims', 'd', ['r', g.int('axis', 1)]);
    g.op('Squeeze', 'y', ['d'], { squeeze_dims: [1] });
  },
  'concatenated parts': (g) => {
    g.op('Split', 'parts', [g.int('axis', 2), 'x'], { num_split: 2 });
    g.op('Relu', 'r', ['parts:1']);
    g.op('ConcatV2', 'y', ['r', 'parts', 'r', g.int('last', -1)], { N: 3 });
  },
  'parts of different size': (g) => {
    g.op('SplitV', 'parts', ['x', g.ints('sizes', [2, 6]), g.int('axis', 2)], { num_split: 2 });
    g.op('Mean', 'm', ['parts:1', g.ints('axes', [1, 2])], { keep_dims: true });
    g.op('Mul', 'y', ['parts', 'm']);
  },
  Transpose: (g) => g.op('Transpose', 'y', ['x', g.ints('perm', [0, 2, 3, 1])]),
  'StridedSlice with steps': (g) =>
    g.op(
      'StridedSlice',
      'y',
      ['x', g.ints('b', [0, 1, -6]), g.ints('e', [0, 0, -1]), g.ints('s', [1, 2, 1])],
      { begin_mask: 1, end_mask: 3 },
    ),
  'StridedSlice that drops an axis': (g) =>
    g.op(
      'StridedSlice',
      'y',
      ['x', g.ints('b', [0, 1, -6, 1]), g.ints('e', [0, 0, -1, 2]), g.ints('s', [1, 1, 1, 1])],
      { begin_mask: 1, end_mask: 3, shrink_axis_mask: 8 },
    ),
  Slice: (g) =>
    g.op('Slice', 'y', ['x', g.ints('b', [0, 2, 0, 1]), g.ints('size', [-1, 3, -1, 2])]),
  'resized linearly': (g) =>
    g.op('ResizeBilinear', 'y', ['x', g.ints('size', [9, 5])], { half_pixel_centers: true }),
  'resized to the nearest': (g) =>
    g.op('ResizeNearestNeighbor', 'y', ['x', g.ints('size', [12, 8])], {
      half_pixel_centers: true,
    }),
  'matrix product, turned': (g) => {
    g.op('Reshape', 'r', ['x', g.ints('to', [-1, 144])]);
    g.op('MatMul', 'm', ['r', kernel(g, [5, 144])], { transpose_a: false, transpose_b: true });
    g.op('AddV2', 'y', ['m', g.constant('b', [5], values(5, 8))]);
  },
  'fused matrix product': (g) => {
    g.op('Reshape', 'r', ['x', g.ints('to', [-1, 144])]);
    g.op('_FusedMatMul', 'y', ['r', kernel(g, [144, 3]), g.constant('b', [3], values(3, 8))], {
      transpose_a: false,
      transpose_b: false,
      num_args: 1,
      fused_ops: ['BiasAdd', 'Relu6'],
    });
  },
  attention: (g) => {
    g.op('Reshape', 'r', ['x', g.ints('to', [-1, 48, 3])]);
    g.op('BatchMatMulV2', 'scores', ['r', 'r'], { adj_x: false, adj_y: true });
    g.op('Softmax', 'weights', ['scores']);
    g.op('BatchMatMulV2', 'y', ['weights', 'r'], { adj_x: false, adj_y: false });
  },
  'transposed convolution': (g) => {
    g.op('Shape', 'shape', ['x'], { out_type: 'DT_INT32' });
    g.op('StridedSlice', 'n', ['shape', g.ints('b', [0]), g.ints('e', [1]), g.ints('s', [1])], {
      shrink_axis_mask: 1,
    });
    g.op('Pack', 'size', ['n', ...[12, 16, 2].map((size) => g.int(`size${size}`, size))], {
      N: 4,
      axis: 0,
    });
    g.op('Conv2DBackpropInput', 'y', ['size', kernel(g, [3, 3, 2, 3]), 'x'], {
      ...same,
      strides: [1, 2, 2, 1],
    });
  },
  'constants from constants': (g) => {
    g.op('Rsqrt', 'r', [g.constant('v', [3], [1, 4, 9])]);
    g.op('Mul', 's', ['r', g.constant('gamma', [3], values(3, 2))]);
    g.op('Mul', 'xs', ['x', 's']);
    g.op('Sub', 'o', [g.constant('beta', [3], values(3, 3)), 's']);
    g.op('AddV2', 'y', ['xs', 'o']);
  },
};

/** Nodes that tfjs once ran for us, alone. */
const OTHERS: Record<string, Write> = {
  'sum over an axis': (g) => g.op('Sum', 'y', ['x', g.ints('axes', [2])], { keep_dims: false }),
  'squared difference': (g) => g.op('SquaredDifference', 'y', ['x', g.constant('c', [], [0.3])]),
  Prelu: (g) => g.op('Prelu', 'y', ['x', g.constant('a', [1, 1, 3], [0.1, 0.2, 0.3])]),
  'several outputs': (g) => {
    g.op('Unpack', 'u', ['x'], { axis: 3, num: 3 });
    g.op('Mul', 'm', ['u', 'u:2']);
    g.op('AddV2', 'y', ['m', 'u:1']);
  },
};

async function check(t: ExecutionContext, write: Write, backend: string): Promise<void> {
  await selectBackend(backend);
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 6, 8, 3]);
  write(g);
  const model = await g.load();
  const before = tf.memory().numTensors;
  const adapted = await adaptGraphModel(model, {});
  const x = randomArray([2, 6, 8, 3], 47);
  const result = await adapted.run({ inputs: [ndSamples(x)] });
  const expected = tf.tidy(() => {
    const y = model.execute({ x: tf.tensor(x.data, [2, 6, 8, 3]) }, 'y') as tf.Tensor;
    return { shape: y.shape, data: y.dataSync().slice() };
  });
  const { shape, data } = result.outputs[0].values;
  t.deepEqual([...shape], expected.shape);
  t.deepEqual([...adapted.describe().outputs[0].shape], expected.shape.slice(1));
  const error = largestDifference(data, expected.data) / (largest(expected.data) + 1e-6);
  t.true(error < 2e-5, `forward differs by ${error}`);
  await checkGradients(t, adapted, [x], 1e-2);
  adapted.release();
  t.is(tf.memory().numTensors, before, 'tensors leaked');
  model.dispose();
}

for (const backend of ['cpu', 'wasm']) {
  for (const [name, write] of Object.entries({ ...TRANSLATED, ...OTHERS })) {
    test.serial(`${name} on ${backend}: values of tfjs, gradients by differences`, (t) =>
      check(t, write, backend),
    );
  }
}

test.serial('only graph models are recognised', async (t) => {
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 2]);
  g.op('Relu', 'y', ['x']);
  const adapter = new TfjsGraphAdapter();
  t.true(adapter.recognize(await g.load()));
  for (const other of [null, {}, () => [], { execute: () => [] }])
    t.false(adapter.recognize(other));
});

/** A small classifier as converters write it: fused convolution, mean, product, bias, softmax, reshape. */
function classifier(softmaxThenReshape = false): GraphBuilder {
  const g = new GraphBuilder();
  g.placeholder('image', [-1, 6, 8, 3]);
  g.op(
    '_FusedConv2D',
    'conv',
    ['image', kernel(g, [3, 3, 3, 4]), g.constant('b', [4], values(4, 1))],
    {
      ...same,
      num_args: 1,
      fused_ops: ['BiasAdd', 'Relu'],
    },
  );
  g.op('Mean', 'pool', ['conv', g.ints('axes', [1, 2])], { keep_dims: false });
  g.op('MatMul', 'product', ['pool', g.constant('w', [4, 3], values(12, 2))], {});
  g.op('BiasAdd', 'logits', ['product', g.constant('wb', [3], values(3, 3))]);
  g.op('Softmax', 'probs', ['logits']);
  if (softmaxThenReshape) {
    g.op('Reshape', 'shaped', ['probs', g.ints('to', [-1, 1, 3])]);
    g.op('Identity', 'Identity', ['shaped']);
  } else g.op('Identity', 'Identity', ['probs']);
  return g;
}

test.serial(
  'description: nodes with shapes, what is inside a fused node, names by signature',
  async (t) => {
    await selectBackend('cpu');
    const model = await classifier().load({
      inputs: { photo: 'image:0' },
      outputs: { probabilities: 'Identity:0' },
    });
    const adapted = await adaptGraphModel(model, { name: 'mine' });
    const { name, adapter, inputs, outputs, layers } = adapted.describe();
    t.deepEqual([name, adapter], ['mine', 'tfjs-graph']);
    t.like(inputs[0], { name: 'photo', shape: [6, 8, 3], dtype: 'float32' });
    t.like(outputs[0], { name: 'probabilities', shape: [3], activation: 'softmax' });
    t.deepEqual(
      layers.map(({ path, kind, parameters }) => [path, kind, parameters]),
      [
        ['photo', 'Input', 0],
        ['conv:linear', 'FusedConv2D', 0],
        ['conv', 'FusedConv2D', 112],
        ['pool', 'Mean', 0],
        ['logits', 'MatMul', 15],
        ['probs', 'Softmax', 0],
      ],
    );
    t.true(layers[1].internal);
    t.deepEqual(layers[2].activation, { name: 'relu' });
    t.deepEqual(layers[2].shape, [6, 8, 4]);
    t.deepEqual(adapted.bias('conv:linear'), values(4, 1));
    const head = adapted.linearHead('conv');
    t.like(head, { kernel: { shape: [4, 3] }, bias: values(3, 3) });
  },
);

test.serial(
  'softmax is bypassed, also behind a reshape; logits are those of the graph',
  async (t) => {
    await selectBackend('cpu');
    const x = randomArray([2, 6, 8, 3], 5);
    for (const reshaped of [false, true]) {
      const model = await classifier(reshaped).load();
      const adapted = await adaptGraphModel(model, {});
      const { outputs } = await adapted.run({ inputs: [ndSamples(x)] });
      t.is(outputs[0].activation, 'softmax');
      t.deepEqual([...outputs[0].logits.shape], reshaped ? [2, 1, 3] : [2, 3]);
      const logits = tf.tidy(() =>
        (model.execute({ image: tf.tensor(x.data, [2, 6, 8, 3]) }, 'logits') as tf.Tensor)
          .dataSync()
          .slice(),
      );
      t.true(largestDifference(outputs[0].logits.data, logits) < 1e-5);
      t.deepEqual(adapted.describe().outputs[0].shape, reshaped ? [1, 3] : [3]);
    }
  },
);

test.serial('runs on from a node, and a randomised copy differs', async (t) => {
  await selectBackend('cpu');
  const adapted = await adaptGraphModel(await classifier().load(), {});
  const x = randomArray([1, 6, 8, 3], 6);
  const inputs = [ndSamples(x)];
  const whole = await adapted.run({ inputs, record: ['conv'] });
  const conv = whole.activations.conv;
  const again = await adapted.run({
    inputs,
    from: { layer: 'conv', activations: ndSamples(conv) },
  });
  t.true(largestDifference(again.outputs[0].logits.data, whole.outputs[0].logits.data) < 1e-6);
  const other = adapted.randomize(['logits'], 3);
  const drawn = await other.run({ inputs });
  t.true(largestDifference(drawn.outputs[0].logits.data, whole.outputs[0].logits.data) > 1e-2);
  const { gradients } = await adapted.differentiate({
    inputs,
    targets: [classTarget(1)],
    layers: ['conv'],
  });
  const { kernel: weights } = adapted.linearHead('conv') as { kernel: { data: Float32Array } };
  // of a mean and a product: the weight over the number of positions
  gradients.conv[0].data.forEach((value, i) => {
    t.true(Math.abs(value - weights.data[(i % 4) * 3 + 1] / 48) < 1e-6);
  });
});

test.serial('a strided slice that drops an axis, where tfjs itself is wrong', async (t) => {
  await selectBackend('cpu');
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 6, 8, 3]);
  g.op(
    'StridedSlice',
    'y',
    ['x', g.ints('b', [0, 1, -6, 1]), g.ints('e', [0, 0, -4, 2]), g.ints('s', [1, 2, 1, 1])],
    { begin_mask: 1, end_mask: 3, shrink_axis_mask: 8 },
  );
  const adapted = await adaptGraphModel(await g.load(), {});
  const x = { shape: [1, 6, 8, 3], data: Float32Array.from({ length: 144 }, (_, i) => i) };
  const { outputs } = await adapted.run({ inputs: [ndSamples(x)] });
  t.deepEqual([...outputs[0].values.shape], [1, 3, 2]);
  // x[:, 1::2, 2:4, 1]: 24 a row, 3 a column
  t.deepEqual([...outputs[0].values.data], [31, 34, 79, 82, 127, 130]);
});

test.serial('free picture sizes stay free', async (t) => {
  await selectBackend('cpu');
  const g = new GraphBuilder();
  g.placeholder('image', [-1, -1, -1, 3]);
  g.op('Conv2D', 'conv', ['image', kernel(g, [3, 3, 3, 2])], { ...same, strides: [1, 2, 2, 1] });
  g.op('Mean', 'y', ['conv', g.ints('axes', [1, 2])], { keep_dims: false });
  const model = await g.load();
  const adapted = await adaptGraphModel(model, {});
  const { inputs, layers, outputs } = adapted.describe();
  t.deepEqual(inputs[0].shape, [null, null, 3]);
  t.deepEqual(layers[1].shape, [null, null, 2]);
  t.deepEqual(outputs[0].shape, [2]);
  const x = randomArray([1, 10, 14, 3], 7);
  const { activations } = await adapted.run({ inputs: [ndSamples(x)], record: ['conv'] });
  t.deepEqual([...activations.conv.shape], [1, 5, 7, 2]);
  const sized = await adaptGraphModel(model, { inputShape: [20, 30, 3] });
  t.deepEqual(sized.describe().layers[1].shape, [10, 15, 2]);
});

test.serial('what cannot be explained is named with its node', async (t) => {
  await selectBackend('cpu');
  const fails = async (
    write: Write,
    code: 'UNSUPPORTED_OPERATION' | 'UNSUPPORTED_MODEL',
    message: RegExp,
  ) => {
    const g = new GraphBuilder();
    write(g);
    const model = await g.load();
    const before = tf.memory().numTensors;
    const error = await t.throwsAsync(adaptGraphModel(model, {}), { message });
    t.true(isWhylensError(error, code), String(error));
    t.is(tf.memory().numTensors, before);
  };
  await fails(
    (g) => {
      g.placeholder('x', [-1, 4, 4, 3]);
      g.op('Switch', 'sw', ['x', g.constant('p', [], [1])]);
      g.op('Relu', 'y', ['sw']);
    },
    'UNSUPPORTED_OPERATION',
    /node 'sw' \(Switch\) is control flow/,
  );
  await fails(
    (g) => {
      g.placeholder('x');
      g.op('Relu', 'y', ['x']);
    },
    'UNSUPPORTED_MODEL',
    /shape of its input 'x'.*inputShape/,
  );
  await fails(
    (g) => {
      g.placeholder('x', [-1, 4]);
      g.op('MatMul', 'y', ['x', kernel(g, [5, 2])], {});
    },
    'UNSUPPORTED_MODEL',
    /cannot be run on x \[1, 4\]/,
  );
});

test.serial(
  'a graph with an operation that only tfjs has is explained by its predictions',
  async (t) => {
    await selectBackend('cpu');
    const g = new GraphBuilder();
    g.placeholder('x', [1, 4, 4, 3]);
    g.constant('boxes', [1, 4], [0, 0, 1, 1]);
    g.op('CropAndResize', 'crop', ['x', 'boxes', g.ints('i', [0]), g.ints('size', [2, 2])], {
      method: 'bilinear',
      extrapolation_value: 0,
    });
    g.op('Mean', 'm', ['crop', g.ints('axes', [1, 2])], { keep_dims: false });
    g.op('Softmax', 'y', ['m']);
    const model = await g.load();
    const before = tf.memory().numTensors;
    const adapted = await adaptGraphModel(model, {});
    const { can, outputs, warnings } = adapted.describe();
    t.false(can.gradients);
    t.like(outputs[0], { name: 'y', shape: [3], activation: 'softmax' });
    t.regex(warnings!.join(), /node 'crop' \(CropAndResize\) is not understood/);
    const x = randomArray([2, 4, 4, 3], 3);
    // the batch of the graph is fixed at 1: samples run one by one
    const { outputs: found } = await adapted.run({ inputs: [ndSamples(x)] });
    t.deepEqual([...found[0].values.shape], [2, 3]);
    const [first] = tf.tidy(() => [
      (
        model.execute({ x: tf.tensor(x.data.slice(0, 48), [1, 4, 4, 3]) }, 'y') as tf.Tensor
      ).dataSync(),
    ]);
    t.true(largestDifference(found[0].values.data.slice(0, 3), first) < 1e-6);
    const asked = adapted.differentiate({ inputs: [ndSamples(x)], targets: [classTarget(0)] });
    const error = await t.throwsAsync(asked, { message: /CropAndResize/ });
    t.true(isWhylensError(error, 'NEEDS_GRADIENTS'));
    t.is(tf.memory().numTensors, before);
  },
);

test.serial('no gradient of TensorFlow.js was there to help', (t) => {
  t.true((tf.getGradient('Prelu') as unknown) === undefined);
});
