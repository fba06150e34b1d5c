import test from 'ava';
import { zipSync } from 'fflate';
import { input, tensor } from '../../../../src/model/graph/build.js';
import { evaluate } from '../../../../src/model/graph/evaluate.js';
import { readKerasFile } from '../../../../src/model/readers/keras/file.js';
import { einsum } from '../../../../src/model/readers/keras/layers/attention.js';
import { readKeras, type KerasOptions } from '../../../../src/model/readers/keras/read.js';
import { byLayerName } from '../../../../src/model/readers/keras/places.js';
import { networkOf } from '../../../../src/model/readers/keras/config.js';
import { snakeCase } from '../../../../src/model/readers/keras/weights.js';
import type { H5File } from '../../../../src/model/files/h5.js';
import { storeOf } from '../../../../src/model/readers/keras/weights.js';

type Arrays = Readonly<Record<string, { shape: number[]; data: number[] }>>;

/** What a file of weights would hold, by path. */
function fileOf(arrays: Arrays): H5File {
  const paths = Object.keys(arrays);
  return {
    keys: (path) => {
      const prefix = path === '/' ? '/' : `${path}/`;
      const inside = paths.filter((one) => one.startsWith(prefix));
      return [...new Set(inside.map((one) => one.slice(prefix.length).split('/')[0]))];
    },
    isArray: (path) => path in arrays,
    text: () => undefined,
    texts: () => undefined,
    array: (path) => ({ shape: arrays[path].shape, data: Float32Array.from(arrays[path].data) }),
  };
}

const tensor3 = (layer: string) => ({
  class_name: '__keras_tensor__',
  config: { keras_history: [layer, 0, 0] },
});
const call = (...args: unknown[]) => [{ args, kwargs: {} }];

/** One layer after an input, in Keras 3's form. */
function single(
  class_name: string,
  config: object,
  shape: number[],
  arrays: Arrays = {},
  options: KerasOptions = {},
  keras: 2 | 3 = 3,
) {
  return readKeras(
    {
      keras,
      file: 'test.keras',
      store: (layers) =>
        storeOf(
          fileOf({ '/layers/none/vars/0': { shape: [], data: [] }, ...arrays }),
          layers,
          'test',
        ),
      model: {
        class_name: 'Functional',
        config: {
          name: 'net',
          layers: [
            {
              class_name: 'InputLayer',
              config: { name: 'in', batch_shape: [null, ...shape] },
              inbound_nodes: [],
            },
            {
              class_name,
              config: { name: 'layer', ...config },
              inbound_nodes: call(tensor3('in')),
            },
          ],
          input_layers: [['in', 0, 0]],
          output_layers: [['layer', 0, 0]],
        },
      },
    },
    options,
  );
}

function run(graph: ReturnType<typeof single>, numbers: number[]): number[] {
  const [found] = evaluate(
    [graph.outputs[0].value],
    new Map([[graph.inputs[0].value, Float64Array.from(numbers)]]),
  );
  return [...found].map((x) => Math.round(x * 1e6) / 1e6);
}

test('classes become names of groups as Keras makes them', (t) => {
  t.deepEqual(
    [
      'Conv2D',
      'ReLU',
      'PReLU',
      'GlobalAveragePooling1D',
      'DepthwiseConv2D',
      'BatchNormalization',
    ].map(snakeCase),
    [
      'conv2d',
      're_lu',
      'p_re_lu',
      'global_average_pooling1d',
      'depthwise_conv2d',
      'batch_normalization',
    ],
  );
});

test('a weight numbered by class and order goes to the layer in that place, nested models too', (t) => {
  const layer = (class_name: string, name: string, more: object = {}) => ({
    class_name,
    config: { name, ...more },
    inbound_nodes: [],
  });
  const [units, kernel] = [{ units: 1 }, { filters: 1, kernel_size: [1, 1] }];
  const inner = {
    layers: [layer('InputLayer', 'i'), layer('Dense', 'x', units), layer('Dense', 'a', units)],
    input_layers: ['i', 0, 0],
    output_layers: ['a', 0, 0],
  };
  const { layers } = networkOf(
    {
      class_name: 'Functional',
      config: {
        layers: [
          layer('InputLayer', 'in'),
          layer('Conv2D', 'conv2d_2', kernel),
          layer('Conv2D', 'conv2d_1', kernel),
          layer('Functional', 'body', inner),
        ],
        input_layers: ['in', 0, 0],
        output_layers: ['body', 0, 0],
      },
    },
    'file',
  );
  t.is(byLayerName('layers/conv2d_1/vars/0', layers, 'file'), 'conv2d_1/vars/0');
  t.is(byLayerName('layers/conv2d/vars/0', layers, 'file'), 'conv2d_2/vars/0');
  t.is(byLayerName('layers/functional/layers/dense_1/vars/1', layers, 'file'), 'body/a/vars/1');
});

test('padding, strides and dilation of a convolution, by hand', (t) => {
  const kernel = { '/layers/conv1d/vars/0': { shape: [2, 1, 1], data: [1, 10] } };
  const config = { filters: 1, kernel_size: [2], use_bias: false, padding: 'valid' };
  t.deepEqual(run(single('Conv1D', config, [4, 1], kernel), [1, 2, 3, 4]), [21, 32, 43]);
  t.deepEqual(
    run(single('Conv1D', { ...config, padding: 'same' }, [4, 1], kernel), [1, 2, 3, 4]),
    [21, 32, 43, 4],
  );
  t.deepEqual(
    run(single('Conv1D', { ...config, padding: 'causal' }, [4, 1], kernel), [1, 2, 3, 4]),
    [10, 21, 32, 43],
  );
  t.deepEqual(
    run(single('Conv1D', { ...config, strides: [2] }, [4, 1], kernel), [1, 2, 3, 4]),
    [21, 43],
  );
  t.deepEqual(
    run(single('Conv1D', { ...config, dilation_rate: [2] }, [4, 1], kernel), [1, 2, 3, 4]),
    [31, 42],
  );
});

test('a transposed convolution: sizes of valid, same, and with output padding', (t) => {
  const kernel = { '/layers/conv1d_transpose/vars/0': { shape: [3, 1, 1], data: [1, 2, 3] } };
  const config = { filters: 1, kernel_size: [3], use_bias: false, strides: [2] };
  t.deepEqual(run(single('Conv1DTranspose', config, [2, 1], kernel), [1, 10]), [1, 2, 13, 20, 30]);
  t.deepEqual(
    run(single('Conv1DTranspose', { ...config, padding: 'same' }, [2, 1], kernel), [1, 10]),
    [1, 2, 13, 20],
  );
  t.deepEqual(
    run(single('Conv1DTranspose', { ...config, output_padding: [1] }, [2, 1], kernel), [1, 10]),
    [1, 2, 13, 20, 30, 0],
  );
});

test('up-sampling by interpolation is followed', (t) => {
  const config = { size: [1, 2], interpolation: 'bilinear' };
  t.deepEqual(run(single('UpSampling2D', config, [1, 2, 1]), [0, 4]), [0, 1, 3, 4]);
  t.deepEqual(run(single('UpSampling2D', { size: [1, 2] }, [1, 2, 1]), [0, 4]), [0, 0, 4, 4]);
});

test('a rectifier with slope, threshold and ceiling', (t) => {
  const config = { max_value: 4, negative_slope: 0.5, threshold: 1 };
  // below the threshold: slope · (x − threshold)
  t.deepEqual(run(single('ReLU', config, [4]), [-1, 0.5, 2, 9]), [-1, -0.25, 2, 4]);
});

test('normalisation with the numbers of the configuration, and inverted', (t) => {
  const config = { axis: [-1], mean: [1, 2], variance: [4, 0] };
  const graph = single('Normalization', config, [2]);
  t.deepEqual(run(graph, [3, 2]), [1, 0]);
  t.deepEqual(run(single('Normalization', { ...config, invert: true }, [2]), [1, 0]), [3, 2]);
});

test('hard_sigmoid is that of its version', (t) => {
  const config = { activation: 'hard_sigmoid' };
  t.deepEqual(run(single('Activation', config, [1]), [1.5]), [0.75]);
  // Keras 2: 0.2 x + 0.5
  t.deepEqual(run(single('Activation', config, [1], {}, {}, 2), [1.5]), [0.8]);
});

test('equations of dense layers, against plain sums', (t) => {
  const x = input('x', [2, 3]);
  const numbers = Float64Array.from([1, 2, 3, 4, 5, 6]);
  const kernel = tensor(
    [3, 2, 2],
    Array.from({ length: 12 }, (_, i) => i),
  );
  const at = (i: number, j: number): number => numbers[3 * i + j];
  const k = (j: number, a: number, b: number): number => 4 * j + 2 * a + b;
  // abc,cde->abde: batch a, rows b
  const [found] = evaluate([einsum(x, kernel, 'abc,cde->abde', 'e')], new Map([[x, numbers]]));
  const expected = [0, 1].flatMap((b) =>
    [0, 1].flatMap((d) =>
      [0, 1].map((e) => [0, 1, 2].reduce((s, c) => s + at(b, c) * k(c, d, e), 0)),
    ),
  );
  t.deepEqual([...found], expected);
  // b is shared: abc,bcd->abd
  const shared = tensor([2, 3, 1], [1, 0, 1, 0, 1, 0]);
  const [diagonal] = evaluate(
    [einsum(x, shared, '...bc,bcd->...bd', 'e')],
    new Map([[x, numbers]]),
  );
  t.deepEqual([...diagonal], [4, 5]);
  t.throws(() => einsum(x, kernel, 'abc,cde->ade', 'e'), { code: 'UNSUPPORTED_OPERATION' });
});

test('attention over two tokens by hand', (t) => {
  const weights = Object.fromEntries(
    ['query', 'key', 'value'].map((role, i) => [
      `/layers/multi_head_attention/${role}_dense/vars/0`,
      { shape: [1, 1, 1], data: [i + 1] },
    ]),
  );
  const graph = single(
    'MultiHeadAttention',
    { num_heads: 1, key_dim: 1, use_bias: false },
    [2, 1],
    {
      ...weights,
      '/layers/multi_head_attention/output_dense/vars/0': { shape: [1, 1, 1], data: [10] },
    },
  );
  // q = x, k = 2x, v = 3x; scores of the first token (x = 1): 2·1·1 and 2·1·0
  const share = Math.exp(2) / (Math.exp(2) + 1);
  t.deepEqual(
    run(graph, [1, 0]),
    [share * 30, 15].map((x) => Math.round(x * 1e6) / 1e6),
  );
});

test('what is not understood says which layer, and what to give', (t) => {
  const lambda = t.throws(() => single('Lambda', {}, [2]), { code: 'UNSUPPORTED_OPERATION' });
  t.regex(lambda.message, /layer 'layer' is a Lambda.*customLayers/s);
  t.throws(() => single('Frobnicate', {}, [2]), {
    code: 'UNSUPPORTED_OPERATION',
    message: /'Frobnicate'/,
  });
  t.throws(() => single('Dense', { units: 1 }, [2]), {
    code: 'MODEL_LOAD',
    message: /'kernel' is missing/,
  });
  const given = {
    customLayers: {
      Lambda: (_: unknown, [x]: readonly never[], g: { neg: (v: never) => never }) => g.neg(x),
    },
  };
  t.deepEqual(run(single('Lambda', {}, [2], {}, given as never), [1, -2]), [-1, 2]);
});

test('a setting that Keras has no default for is not made up: layer and setting are named', (t) => {
  const lost: Record<string, readonly [config: object, shape: number[], named: RegExp]> = {
    Conv2D: [{ strides: [1, 1] }, [4, 4, 1], /'filters' and 'kernel_size'.*settings are strides/],
    DepthwiseConv2D: [{ filters: 1 }, [4, 4, 1], /'kernel_size'/],
    SeparableConv1D: [{ kernel_size: 2 }, [4, 1], /lacks 'filters',/],
    Conv2DTranspose: [{ kernel_size: null, filters: 1 }, [4, 4, 1], /lacks 'kernel_size',/],
    Dense: [{}, [2], /lacks 'units'.*settings are empty/],
    Activation: [{}, [2], /'activation'/],
    Reshape: [{}, [2], /'target_shape'/],
    Permute: [{}, [2, 1], /'dims'/],
    RepeatVector: [{}, [2], /'n'/],
    Rescaling: [{ offset: 1 }, [2], /'scale'/],
    Dropout: [{ seed: 1 }, [2], /'rate'/],
    GaussianNoise: [{}, [2], /'stddev'/],
    TimeDistributed: [{}, [2, 2], /'layer'/],
  };
  for (const [kind, [config, shape, named]] of Object.entries(lost)) {
    const error = t.throws(() => single(kind, config, shape), { code: 'MODEL_LOAD' }, kind);
    t.regex(error.message, /layer 'layer'/, kind);
    t.regex(error.message, named, kind);
  }
  // inside a wrapper too, and a class of a user's own that has a name of Keras is let be
  t.throws(
    () => single('TimeDistributed', { layer: { class_name: 'Dense', config: {} } }, [2, 2]),
    { code: 'MODEL_LOAD', message: /'units'/ },
  );
  const custom = {
    customLayers: { Dense: (_: unknown, [x]: readonly never[]) => x },
  };
  t.deepEqual(run(single('my>Dense', {}, [2], {}, custom as never), [1, 2]), [1, 2]);
  // Keras' presets hold for the others
  t.deepEqual(run(single('MaxPooling1D', {}, [4, 1]), [1, 2, 3, 4]), [2, 4]);
  t.deepEqual(run(single('Cropping2D', {}, [1, 2, 1]), [1, 2]), [1, 2]);
  t.deepEqual(run(single('Cropping1D', {}, [3, 1]), [1, 2, 3]), [2]);
});

test('cycles, layers that feed themselves and missing calls are errors, at once', (t) => {
  const read = (layers: object[], output = 'b') =>
    readKeras({
      keras: 3,
      file: 'f',
      store: () => ({ of: () => undefined as never, within: () => undefined as never }),
      model: {
        class_name: 'Functional',
        config: {
          layers: [
            {
              class_name: 'InputLayer',
              config: { name: 'in', batch_shape: [null, 2] },
              inbound_nodes: [],
            },
            ...layers,
          ],
          input_layers: [['in', 0, 0]],
          output_layers: [[output, 0, 0]],
        },
      },
    });
  const layer = (name: string, from: string) => ({
    class_name: 'ReLU',
    config: { name },
    inbound_nodes: call(tensor3(from)),
  });
  const code = 'MODEL_LOAD';
  t.throws(() => read([layer('a', 'b'), layer('b', 'a')]), { code, message: /cycle/ });
  t.throws(() => read([layer('b', 'b')]), { code, message: /cycle/ });
  t.throws(() => read([layer('b', 'gone')]), { code, message: /'gone', which is not there/ });
  t.throws(() => read([{ ...layer('b', 'in'), inbound_nodes: [] }]), {
    code,
    message: /call 0 of layer 'b', which has 0/,
  });
  t.throws(() => read([layer('b', 'in'), layer('b', 'in')]), { code, message: /two layers/ });
  t.throws(() => read([null as never]), { code });
});

test('files that are not Keras files, cut short, or of weights alone are typed errors', async (t) => {
  const code = 'MODEL_LOAD';
  const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
  await t.throwsAsync(readKerasFile(bytes(1, 2, 3), 'x'), { code });
  await t.throwsAsync(readKerasFile(bytes(0x50, 0x4b, 3, 4, 0, 0), 'x.keras'), { code });
  await t.throwsAsync(
    readKerasFile(
      bytes(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, ...new Array<number>(90).fill(3)),
      'x.h5',
    ),
    { code, message: /'x\.h5'/ },
  );
  const zip = zipSync({ 'config.json': new TextEncoder().encode('{') });
  await t.throwsAsync(readKerasFile(zip, 'x.keras'), { code, message: /lacks model\.weights\.h5/ });
  const bomb = zipSync({
    'config.json': new Uint8Array(70 * 2 ** 20),
    'model.weights.h5': bytes(1),
  });
  await t.throwsAsync(readKerasFile(bomb, 'x.keras'), { code, message: /claims to hold/ });
});
