/** One network as `.h5`, `.keras`, `model.json` (layers and graph) and `.onnx`: one map of one picture. */
import test from 'ava';
import { explainPrediction, loadModel, predict, type Explanation } from '../../src/index.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { asH5, asKeras } from '../helpers/keras-files.js';
import { graphOf } from '../helpers/layers-to-graph.js';
import { savedFiles, type NamedBytes } from '../helpers/model-files.js';
import { floats, mixed, node, onnxModel } from '../helpers/onnx-build.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { tf, tfl } from '../helpers/tfjs.js';

const [HEIGHT, WIDTH] = [15, 18];
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A small MobileNet with weights that are drawn anew. */
function network(): tfl.LayersModel {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        name: 'stem',
        inputShape: [HEIGHT, WIDTH, 3],
        filters: 6,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        useBias: false,
      }),
      layers.batchNormalization({ name: 'norm', epsilon: 1e-3 }),
      layers.reLU({ name: 'first_relu', maxValue: 6 }),
      layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 3, padding: 'same', useBias: true }),
      layers.activation({ name: 'second_relu', activation: 'relu' }),
      layers.conv2d({ name: 'last', filters: 8, kernelSize: [2, 3], padding: 'valid' }),
      layers.activation({ name: 'last_relu', activation: 'relu' }),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.reshape({ name: 'wide', targetShape: [1, 1, 8] }),
      layers.conv2d({ name: 'head', filters: 5, kernelSize: 1 }),
      layers.reshape({ name: 'flat', targetShape: [5] }),
      layers.activation({ name: 'probabilities', activation: 'softmax' }),
    ],
  });
  model.weights.forEach((weight, i) => {
    const shape = weight.shape as number[];
    const isVariance = weight.originalName.endsWith('moving_variance');
    const isScale = /gamma|moving_variance/.test(weight.originalName);
    const data = mixed(size(shape), i + 2).map((x) => (isScale ? 1 + x / 3 : x * 0.7));
    weight.write(tf.tensor(isVariance ? data.map(Math.abs) : data, shape));
  });
  return model;
}

/** As an exporter of PyTorch would: channels first, kernels `[out, in, h, w]`. */
function asOnnx(model: tfl.LayersModel): NamedBytes {
  const of = (layer: string): { data: number[]; shape: number[] }[] =>
    model.getLayer(layer).weights.map((weight) => ({
      data: [...weight.read().dataSync()],
      shape: weight.shape as number[],
    }));
  const kernel = (name: string, layer: string, isDepthwise = false) => {
    const [{ data, shape }] = of(layer);
    const [h, w, first, second] = shape;
    // a depthwise kernel is [h, w, channels, 1], of which each channel is a group
    const [into, out] = isDepthwise ? [1, first * second] : [first, second];
    const turned: number[] = [];
    for (let o = 0; o < out; o++)
      for (let i = 0; i < into; i++)
        for (let at = 0; at < h * w; at++) turned.push(data[(at * into + i) * out + o]);
    return floats(name, [out, into, h, w], turned);
  };
  const list = (name: string, layer: string, at: number) =>
    floats(name, of(layer)[at].shape, of(layer)[at].data);
  const same = { auto_pad: 'SAME_UPPER' };
  const nodes = [
    node('Conv', ['x', 'k0'], ['c0'], { attributes: { ...same, strides: [2, 2] } }),
    node('BatchNormalization', ['c0', 'g', 'b', 'm', 'v'], ['n0'], {
      attributes: { epsilon: 1e-3 },
    }),
    node('Clip', ['n0', 'zero', 'six'], ['first_relu']),
    node('Conv', ['first_relu', 'k1', 'b1'], ['c1'], { attributes: { ...same, group: 6 } }),
    node('Relu', ['c1'], ['second_relu']),
    node('Conv', ['second_relu', 'k2', 'b2'], ['c2']),
    node('Relu', ['c2'], ['last_relu']),
    node('GlobalAveragePool', ['last_relu'], ['pool']),
    node('Conv', ['pool', 'k3', 'b3'], ['c3']),
    node('Flatten', ['c3'], ['flat']),
    node('Softmax', ['flat'], ['probabilities']),
  ];
  const initializers = [
    kernel('k0', 'stem'),
    ...['g', 'b', 'm', 'v'].map((name, i) => list(name, 'norm', i)),
    floats('zero', [], [0]),
    floats('six', [], [6]),
    kernel('k1', 'depthwise', true),
    list('b1', 'depthwise', 1),
    kernel('k2', 'last'),
    list('b2', 'last', 1),
    kernel('k3', 'head'),
    list('b3', 'head', 1),
  ];
  const inputs = { x: ['batch', 3, HEIGHT, WIDTH] };
  const made = onnxModel({ nodes, inputs, outputs: ['probabilities'], initializers });
  return { name: 'model.onnx', bytes: joined(encodeOnnx(made)) };
}

const picture = {
  width: WIDTH,
  height: HEIGHT,
  mode: 'RGB' as const,
  data: Uint8ClampedArray.from(mixed(HEIGHT * WIDTH * 3, 99), (x) => 127 + 120 * x),
};

test('the same picture through every format of one network gives the same map', async (t) => {
  await selectBackend('cpu');
  const model = network();
  const signature = { inputs: { input: 'input:0' }, outputs: { Identity: 'Identity:0' } };
  const formats: Readonly<Record<string, readonly NamedBytes[]>> = {
    layers: await savedFiles(model),
    graph: graphOf(model).files(signature),
    h5: [await asH5(model)],
    keras: [await asKeras(model)],
    onnx: [asOnnx(model)],
  };
  const found = new Map<string, { scores: ArrayLike<number>; maps: Map<string, Float32Array> }>();
  for (const [format, files] of Object.entries(formats)) {
    const loaded = await loadModel(files, { preprocess: 'unit' });
    const { outputs } = await predict(loaded, picture);
    const maps = new Map<string, Float32Array>();
    for (const method of [
      'grad-cam',
      'layer-cam',
      'saliency',
      'gradient-x-input',
      'occlusion',
      'full-grad',
    ]) {
      const explanation: Explanation = await explainPrediction(loaded, picture, {
        method,
        targets: 3,
        ...(method === 'occlusion' ? { patch: 5, stride: 5 } : {}),
      } as never);
      const [{ heatmap }] = (
        explanation as unknown as { targets: { heatmap: { data: Float32Array } }[] }
      ).targets;
      maps.set(method, heatmap.data);
      if (method === 'grad-cam') {
        const { layer } = explanation as unknown as { layer: { path: string } };
        t.regex(layer.path, /last_relu/, `${format}: the default layer`);
      }
    }
    found.set(format, { scores: outputs[0].values.data, maps });
    loaded.dispose();
  }
  model.dispose();
  const first = found.get('layers')!;
  for (const [format, { scores, maps }] of found) {
    t.true(apart(scores, first.scores) < 1e-5, `${format}: scores`);
    for (const [method, map] of maps) {
      const own = first.maps.get(method)!;
      t.is(map.length, own.length);
      t.true(apart(map, own) < 1e-4, `${format}, ${method}: ${apart(map, own)}`);
    }
  }
});

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, top] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    top = Math.max(top, Math.abs(b[i]));
  }
  return worst / top;
}
