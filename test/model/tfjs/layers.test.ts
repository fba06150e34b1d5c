/** Every translated layer: forward equal to predict, backward equal to differences, on wasm and on cpu. */
import test from 'ava';
import { selectBackend } from '../../../src/model/tfjs/backend.js';
import { backends, checkModel, seedWeights, tfl } from '../../helpers/tfjs.js';

const { layers } = tfl;

type Apply = (x: tfl.SymbolicTensor) => tfl.SymbolicTensor;

/** A model of one input with smooth weights around the layer in question. */
function around(shape: number[], ...parts: (tfl.layers.Layer | Apply)[]): tfl.LayersModel {
  const input = tfl.input({ shape });
  const output = parts.reduce<tfl.SymbolicTensor>(
    (x, part) => (typeof part === 'function' ? part(x) : (part.apply(x) as tfl.SymbolicTensor)),
    input,
  );
  const model = tfl.model({ inputs: input, outputs: output });
  seedWeights(model);
  return model;
}

const squeezeExcite: Apply = (x) => {
  const pooled = layers.globalAveragePooling2d({}).apply(x);
  const squeezed = layers.reshape({ targetShape: [1, 1, 4] }).apply(pooled);
  const less = layers.conv2d({ filters: 2, kernelSize: 1, activation: 'relu' }).apply(squeezed);
  const gate = layers.conv2d({ filters: 4, kernelSize: 1, activation: 'hardSigmoid' }).apply(less);
  return layers.multiply().apply([x, gate as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
};

const residual: Apply = (x) => {
  const a = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', useBias: false }).apply(x);
  const b = layers.batchNormalization().apply(a);
  const c = layers.activation({ activation: 'swish' }).apply(b);
  return layers.add().apply([x, c as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
};

const dense: Apply = (x) => {
  const a = layers.batchNormalization().apply(x);
  const b = layers.activation({ activation: 'relu' }).apply(a);
  const c = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' }).apply(b);
  return layers.concatenate().apply([x, c as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
};

const inception: Apply = (x) => {
  const branches = [
    layers.conv2d({ filters: 2, kernelSize: 1, activation: 'relu' }).apply(x),
    layers.conv2d({ filters: 2, kernelSize: [1, 7], padding: 'same' }).apply(x),
    layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(x),
    layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(x),
  ];
  return layers.concatenate().apply(branches as tfl.SymbolicTensor[]) as tfl.SymbolicTensor;
};

/** The building block of each family of networks, small. */
const invertedResidual: Apply = (x) => {
  const chain = [
    layers.conv2d({ filters: 9, kernelSize: 1, useBias: false }),
    layers.batchNormalization(),
    layers.reLU({ maxValue: 6 }),
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.reLU({ maxValue: 6 }),
    layers.conv2d({ filters: 3, kernelSize: 1, useBias: false }),
    layers.batchNormalization(),
  ];
  const y = chain.reduce((at, layer) => layer.apply(at) as tfl.SymbolicTensor, x);
  return layers.add().apply([x, y]) as tfl.SymbolicTensor;
};

const efficient: Apply = (x) => {
  const chain = [
    layers.depthwiseConv2d({ kernelSize: 5, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.activation({ activation: 'swish' }),
  ];
  const y = chain.reduce((at, layer) => layer.apply(at) as tfl.SymbolicTensor, x);
  const pooled = layers.globalAveragePooling2d({}).apply(y);
  const squeezed = layers.reshape({ targetShape: [1, 1, 3] }).apply(pooled);
  const less = layers.conv2d({ filters: 1, kernelSize: 1, activation: 'swish' }).apply(squeezed);
  const gate = layers.conv2d({ filters: 3, kernelSize: 1, activation: 'sigmoid' }).apply(less);
  const scaled = layers.multiply().apply([y, gate as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
  return layers
    .add()
    .apply([
      x,
      layers.dropout({ rate: 0.2 }).apply(scaled) as tfl.SymbolicTensor,
    ]) as tfl.SymbolicTensor;
};

const xception: Apply = (x) => {
  const short = layers
    .conv2d({ filters: 4, kernelSize: 1, strides: 2, padding: 'same', useBias: false })
    .apply(x);
  const chain = [
    layers.activation({ activation: 'relu' }),
    layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
  ];
  const y = chain.reduce((at, layer) => layer.apply(at) as tfl.SymbolicTensor, x);
  return layers
    .add()
    .apply([
      layers.batchNormalization().apply(short) as tfl.SymbolicTensor,
      y,
    ]) as tfl.SymbolicTensor;
};

/** A NASNet reduction: two paths of different stride and offset put together. */
const nasnet: Apply = (x) => {
  const relu = layers.activation({ activation: 'relu' }).apply(x) as tfl.SymbolicTensor;
  const first = layers.averagePooling2d({ poolSize: 1, strides: 2, padding: 'valid' }).apply(relu);
  const shifted = layers
    .cropping2D({
      cropping: [
        [1, 0],
        [1, 0],
      ],
    })
    .apply(
      layers
        .zeroPadding2d({
          padding: [
            [0, 1],
            [0, 1],
          ],
        })
        .apply(relu),
    );
  const second = layers
    .averagePooling2d({ poolSize: 1, strides: 2, padding: 'valid' })
    .apply(shifted);
  return layers.concatenate().apply([first, second] as tfl.SymbolicTensor[]) as tfl.SymbolicTensor;
};

const bottleneck: Apply = (x) => {
  const chain = [
    layers.conv2d({ filters: 2, kernelSize: 1, strides: 2 }),
    layers.batchNormalization({ epsilon: 1.001e-5 }),
    layers.activation({ activation: 'relu' }),
    layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' }),
    layers.batchNormalization({ epsilon: 1.001e-5 }),
    layers.activation({ activation: 'relu' }),
    layers.conv2d({ filters: 5, kernelSize: 1 }),
    layers.batchNormalization({ epsilon: 1.001e-5 }),
  ];
  const y = chain.reduce((at, layer) => layer.apply(at) as tfl.SymbolicTensor, x);
  const short = layers
    .conv2d({ filters: 5, kernelSize: 1, strides: 2 })
    .apply(x) as tfl.SymbolicTensor;
  return layers
    .activation({ activation: 'relu' })
    .apply(layers.add().apply([short, y])) as tfl.SymbolicTensor;
};

const vgg: Apply = (x) => {
  const chain = [
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 6, activation: 'relu' }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ];
  return chain.reduce((at, layer) => layer.apply(at) as tfl.SymbolicTensor, x);
};

const IMAGE = [7, 9, 3];
const pointwise = (activation: string) => () =>
  around(IMAGE, layers.activation({ activation: activation as 'relu' }));

const CASES: Readonly<Record<string, () => tfl.LayersModel>> = {
  'conv same': () =>
    around(IMAGE, layers.conv2d({ filters: 4, kernelSize: [3, 2], padding: 'same' })),
  'conv strided same': () =>
    around(IMAGE, layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })),
  'conv strided valid': () =>
    around([8, 9, 3], layers.conv2d({ filters: 2, kernelSize: [3, 4], strides: [2, 3] })),
  'conv larger stride than kernel': () =>
    around([9, 8, 2], layers.conv2d({ filters: 3, kernelSize: 1, strides: 2 })),
  'conv dilated': () =>
    around(
      [9, 10, 2],
      layers.conv2d({ filters: 3, kernelSize: 3, dilationRate: [2, 3], padding: 'same' }),
    ),
  'conv with activation': () =>
    around(IMAGE, layers.conv2d({ filters: 4, kernelSize: 3, activation: 'softplus' })),
  'conv bn relu6': () =>
    around(
      [8, 7, 3],
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [0, 1],
        ],
      }),
      layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, useBias: false }),
      layers.batchNormalization(),
      layers.reLU({ maxValue: 6 }),
      layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization(),
      layers.reLU({ maxValue: 6 }),
    ),
  'conv bias bn': () =>
    around(
      IMAGE,
      layers.conv2d({ filters: 4, kernelSize: 3, biasInitializer: 'ones' }),
      layers.batchNormalization(),
    ),
  depthwise: () =>
    around(
      IMAGE,
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2, padding: 'same' }),
    ),
  'depthwise dilated': () =>
    around(
      IMAGE,
      layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2, padding: 'same' } as never),
    ),
  separable: () =>
    around(
      IMAGE,
      layers.separableConv2d({
        filters: 5,
        kernelSize: 3,
        depthMultiplier: 2,
        padding: 'same',
        activation: 'tanh',
      }),
    ),
  'transposed same': () =>
    around(
      [4, 5, 3],
      layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
    ),
  'transposed valid': () =>
    around([4, 3, 2], layers.conv2dTranspose({ filters: 3, kernelSize: [3, 2], strides: [2, 1] })),
  conv1d: () =>
    around([11, 2], layers.conv1d({ filters: 3, kernelSize: 4, strides: 2, padding: 'same' })),
  conv3d: () =>
    around([4, 5, 6, 2], layers.conv3d({ filters: 2, kernelSize: [2, 3, 3], padding: 'same' })),
  'max pool overlapping': () =>
    around(IMAGE, layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  'max pool after relu': () =>
    around(
      IMAGE,
      layers.conv2d({ filters: 3, kernelSize: 1 }),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
    ),
  'average pool same': () =>
    around(IMAGE, layers.averagePooling2d({ poolSize: [3, 2], strides: 2, padding: 'same' })),
  'pool 1d': () =>
    around(
      [9, 3],
      layers.maxPooling1d({ poolSize: 3, strides: 2 }),
      layers.averagePooling1d({ poolSize: 2 }),
    ),
  'pool 3d': () =>
    around(
      [4, 6, 5, 2],
      layers.maxPooling3d({ poolSize: [2, 2, 2] }),
      layers.averagePooling3d({ poolSize: [2, 1, 2], padding: 'same' }),
    ),
  'global average': () => around(IMAGE, layers.globalAveragePooling2d({})),
  'global max': () => around(IMAGE, layers.globalMaxPooling2d({})),
  'global 1d': () => around([6, 3], layers.globalMaxPooling1d()),
  'batch normalisation': () => around(IMAGE, layers.batchNormalization({ epsilon: 1e-2 })),
  'batch normalisation bare': () =>
    around(IMAGE, layers.batchNormalization({ scale: false, center: false })),
  'layer normalisation': () => around([5, 6], layers.layerNormalization({})),
  dense: () => around([6], layers.dense({ units: 4 }), layers.dense({ units: 3, useBias: false })),
  'dense of rank 3': () => around([5, 4], layers.dense({ units: 3, activation: 'tanh' })),
  softmax: () => around([5], layers.dense({ units: 4, activation: 'softmax' })),
  'softmax layer of rank 3': () => around([3, 5], layers.softmax({ axis: -1 })),
  'flatten, reshape, permute': () =>
    around(
      [2, 3, 4],
      layers.permute({ dims: [3, 1, 2] }),
      layers.reshape({ targetShape: [6, 4] }),
      layers.flatten(),
    ),
  'padding and cropping': () =>
    around(
      IMAGE,
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
      layers.cropping2D({
        cropping: [
          [2, 0],
          [1, 1],
        ],
      }),
    ),
  'upsampling nearest': () => around([3, 4, 2], layers.upSampling2d({ size: [2, 3] })),
  'upsampling bilinear': () =>
    around([3, 4, 2], layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })),
  'dropout and noise': () =>
    around([5], layers.dropout({ rate: 0.5 }), layers.gaussianNoise({ stddev: 1 })),
  'leaky relu': () => around(IMAGE, layers.leakyReLU({ alpha: 0.2 })),
  elu: () => around(IMAGE, layers.elu({})),
  prelu: () => around(IMAGE, layers.prelu({})),
  'thresholded relu': () => around(IMAGE, layers.thresholdedReLU({ theta: 0.01 })),
  'relu with a ceiling of 2': () => around(IMAGE, layers.reLU({ maxValue: 2 })),
  merges: () =>
    around(IMAGE, (x) => {
      const y = layers.activation({ activation: 'tanh' }).apply(x) as tfl.SymbolicTensor;
      const all = [layers.average(), layers.maximum(), layers.minimum(), layers.multiply()].map(
        (layer) => layer.apply([x, y]) as tfl.SymbolicTensor,
      );
      return layers.concatenate({ axis: 1 }).apply(all) as tfl.SymbolicTensor;
    }),
  'squeeze and excite': () => around([6, 5, 4], squeezeExcite),
  residual: () => around([6, 5, 3], residual, residual),
  'densely connected': () => around([6, 5, 3], dense, dense),
  'MobileNet V2': () => around([6, 5, 3], invertedResidual, invertedResidual),
  EfficientNet: () => around([6, 5, 3], efficient),
  Xception: () => around([7, 6, 3], xception),
  NASNet: () => around([6, 8, 3], nasnet),
  ResNet: () => around([7, 6, 3], bottleneck),
  VGG: () => around([6, 6, 3], vgg),
  inception: () => around([6, 8, 3], inception),
  'recurrent (not translated)': () => around([5, 3], layers.lstm({ units: 4 })),
  'time distributed (not translated)': () =>
    around([4, 3], layers.timeDistributed({ layer: layers.dense({ units: 2 }) })),
};

for (const name of [
  'relu',
  'relu6',
  'sigmoid',
  'tanh',
  'hardSigmoid',
  'swish',
  'softplus',
  'softsign',
  'selu',
  'elu',
  'mish',
  'gelu',
  'gelu_new',
]) {
  (CASES as Record<string, () => tfl.LayersModel>)[`activation ${name}`] = pointwise(name);
}

test.serial(
  'batch normalisation of another axis, which tfjs computes wrongly, is refused',
  async (t) => {
    await selectBackend('cpu');
    const model = around(IMAGE, layers.batchNormalization({ axis: 1 }));
    const error = await t.throwsAsync(checkModel(t, model, 'cpu'));
    t.regex(error.message, /normalises over axis 1 of 4/);
  },
);

for (const [name, build] of Object.entries(CASES)) {
  test.serial(name, async (t) => {
    for (const backend of await backends(t)) {
      await selectBackend(backend);
      const model = build();
      await checkModel(t, model, backend);
      model.dispose();
    }
  });
}
