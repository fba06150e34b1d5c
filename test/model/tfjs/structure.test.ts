/** Models that break the usual recipes: nested, shared, several inputs and outputs, custom layers, hidden softmaxes. */
import test from 'ava';
import { explainPrediction } from '../../../src/explain/explain.js';
import type { ImageExplanation } from '../../../src/explanation.js';
import { AbortedError } from '../../../src/errors.js';
import { adaptKerasModel } from '../../../src/model/tfjs/adapt-keras.js';
import { selectBackend } from '../../../src/model/tfjs/backend.js';
import { ndSamples } from '../../../src/model/interface.js';
import { classTarget } from '../../../src/model/targets.js';
import {
  backends,
  checkModel,
  largest,
  largestDifference,
  randomArray,
  seedWeights,
  tf,
  tfl,
} from '../../helpers/tfjs.js';

const { layers } = tfl;

function backbone(name = 'backbone'): tfl.LayersModel {
  const input = tfl.input({ shape: [8, 6, 3] });
  let x = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'stem' }).apply(input);
  const y = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'inner' }).apply(x);
  x = layers.add({ name: 'sum' }).apply([x, y] as tfl.SymbolicTensor[]);
  x = layers.reLU({ name: 'out_relu' }).apply(x);
  return tfl.model({ inputs: input, outputs: x as tfl.SymbolicTensor, name });
}

function nested(activation: 'softmax' | 'linear' = 'softmax'): tfl.LayersModel {
  const input = tfl.input({ shape: [8, 6, 3], name: 'picture' });
  const x = backbone().apply(input);
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  const scores = layers.dense({ units: 5, activation, name: 'scores' }).apply(pooled);
  const model = tfl.model({ inputs: input, outputs: scores as tfl.SymbolicTensor, name: 'whole' });
  seedWeights(model);
  return model;
}

class Doubling extends tfl.layers.Layer {
  static className = 'Doubling';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    return tf.tidy(() => {
      // the operations whose gradients the WASM backend lacks or has wrong
      const filter = tf.tensor4d(
        Array.from({ length: 3 * 3 * 3 }, (_, i) => Math.cos(i)),
        [3, 3, 3, 1],
      );
      const y = tf.depthwiseConv2d(x, filter, 1, 'same');
      return tf.maxPool(tf.add(tf.relu(y), tf.mul(y, 0.1)) as tf.Tensor4D, 3, 2, 'same');
    });
  }
  override computeOutputShape(shape: tfl.Shape): tfl.Shape {
    const [n, h, w, c] = shape as number[];
    return [n, Math.ceil(h / 2), Math.ceil(w / 2), c];
  }
}
tf.serialization.registerClass(Doubling as never);

test.serial('a nested model: forward, gradients and addresses', async (t) => {
  for (const backend of await backends(t)) {
    await selectBackend(backend);
    const model = nested();
    await checkModel(t, model, backend);
    const adapted = await adaptKerasModel(model, {});
    const paths = adapted
      .describe()
      .layers.filter(({ internal }) => !internal)
      .map(({ path }) => path);
    t.deepEqual(paths.slice(1), [
      'backbone/stem',
      'backbone/inner',
      'backbone/sum',
      'backbone/out_relu',
      'pool',
      'scores',
    ]);
    model.dispose();
  }
});

test.serial(
  'a nested layer is explained by its path, by its last name and by default',
  async (t) => {
    await selectBackend('cpu');
    const model = nested();
    const doc = randomArray([1, 8, 6, 3]);
    const byDefault = (await explainPrediction(model, doc)) as ImageExplanation;
    t.is(byDefault.layer?.path, 'backbone/out_relu');
    t.deepEqual(byDefault.layer?.shape, [8, 6, 4]);
    const byPath = (await explainPrediction(model, doc, {
      layer: 'backbone/out_relu',
    })) as ImageExplanation;
    t.deepEqual(byPath.targets, byDefault.targets);
    const byEnding = (await explainPrediction(model, doc, { layer: 'inner' })) as ImageExplanation;
    t.is(byEnding.layer?.path, 'backbone/inner');
    const byObject = (await explainPrediction(model, doc, {
      layer: { name: 'backbone/inner' },
    })) as ImageExplanation;
    t.deepEqual(byObject.targets, byEnding.targets);
    const whole = (await explainPrediction(model, doc, { layer: 'backbone' })) as ImageExplanation;
    t.is(whole.layer?.path, 'backbone/out_relu');
    const byIndex = (await explainPrediction(model, doc, { layer: -3 })) as ImageExplanation;
    t.is(byIndex.layer?.path, 'backbone/out_relu');
    model.dispose();
  },
);

test.serial(
  'the logit skips a softmax that is fused, apart, or hidden behind a reshape',
  async (t) => {
    await selectBackend('cpu');
    const input = tfl.input({ shape: [6] });
    const linear = layers.dense({ units: 4, name: 'linear' });
    const logits = linear.apply(input) as tfl.SymbolicTensor;
    const apart = layers.activation({ activation: 'softmax' }).apply(logits) as tfl.SymbolicTensor;
    const hidden = layers
      .flatten()
      .apply(layers.reshape({ targetShape: [1, 4] }).apply(apart)) as tfl.SymbolicTensor;
    const plain = tfl.model({ inputs: input, outputs: logits });
    seedWeights(plain);
    const fusedLayer = layers.dense({ units: 4, activation: 'softmax' });
    const fused = tfl.model({
      inputs: input,
      outputs: fusedLayer.apply(input) as tfl.SymbolicTensor,
    });
    fusedLayer.setWeights(linear.getWeights());
    const doc = randomArray([2, 6]);
    const wanted = (plain.predict(tf.tensor(doc.data, [2, 6])) as tf.Tensor).dataSync();
    for (const model of [
      fused,
      tfl.model({ inputs: input, outputs: apart }),
      tfl.model({ inputs: input, outputs: hidden }),
    ]) {
      const adapted = await adaptKerasModel(model, {});
      t.is(adapted.describe().outputs[0].activation, 'softmax');
      const { outputs } = await adapted.run({ inputs: [ndSamples(doc)] });
      t.true(largestDifference(outputs[0].logits.data, wanted) < 1e-6);
      t.deepEqual([...outputs[0].logits.shape], [2, 4]);
      const sum = outputs[0].values.data.reduce((a, b) => a + b, 0);
      t.true(Math.abs(sum - 2) < 1e-5);
    }
  },
);

test.serial('shared layers, two inputs, two outputs', async (t) => {
  await selectBackend('cpu');
  const left = tfl.input({ shape: [6, 5, 2], name: 'left' });
  const right = tfl.input({ shape: [6, 5, 2], name: 'right' });
  const shared = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'shared' });
  const a = layers
    .activation({ activation: 'tanh', name: 'a' })
    .apply(shared.apply(left)) as tfl.SymbolicTensor;
  const b = layers
    .activation({ activation: 'tanh', name: 'b' })
    .apply(shared.apply(right)) as tfl.SymbolicTensor;
  const both = layers
    .globalAveragePooling2d({})
    .apply(layers.multiply().apply([a, b])) as tfl.SymbolicTensor;
  const kind = layers
    .dense({ units: 3, activation: 'softmax', name: 'kind' })
    .apply(both) as tfl.SymbolicTensor;
  const size = layers
    .dense({ units: 1, name: 'size' })
    .apply(layers.globalAveragePooling2d({}).apply(a)) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: [left, right], outputs: [kind, size] });
  seedWeights(model);
  await checkModel(t, model, 'cpu');
  const adapted = await adaptKerasModel(model, {});
  const paths = adapted.describe().layers.map(({ path }) => path);
  t.true(paths.includes('shared') && paths.includes('shared#1'), paths.join());
  const doc = { left: randomArray([1, 6, 5, 2], 1), right: randomArray([1, 6, 5, 2], 2) };
  const expl = await explainPrediction(model, doc, { layer: 'b', targets: [1, 0], input: 'right' });
  t.is(expl.kind, 'image');
  t.is((expl as ImageExplanation).input, 'right');
  // the second output does not see the right input's layer
  const error = await t.throwsAsync(
    explainPrediction(model, doc, {
      layer: 'b',
      targets: {
        kind: 'regression',
        index: 0,
        sign: 1,
        output: adapted.describe().outputs[1].name,
      },
    }),
  );
  t.is((error as { code?: string }).code, 'UNSUITABLE_LAYER');
  t.regex(error.message, /does not depend on layer 'b'/);
  await t.throwsAsync(explainPrediction(model, doc.left), { message: /2 inputs.*left, right/ });
});

test.serial(
  'running on from a layer equals running the whole model, skip connections included',
  async (t) => {
    await selectBackend('wasm');
    const before = tf.memory().numTensors;
    const model = nested();
    const owned = tf.memory().numTensors - before;
    const adapted = await adaptKerasModel(model, {});
    const doc = randomArray([1, 8, 6, 3]);
    const whole = await adapted.differentiate({
      inputs: [ndSamples(doc)],
      targets: [classTarget(2)],
      layers: ['backbone/inner', 'backbone/out_relu'],
    });
    const inner = whole.activations['backbone/inner'];
    const again = await adapted.differentiate({
      inputs: [ndSamples(doc)],
      targets: [classTarget(2)],
      layers: ['backbone/inner', 'backbone/out_relu'],
      from: {
        layer: 'backbone/inner',
        activations: {
          count: 3,
          shape: inner.shape.slice(1),
          write: (n, into) => into.set(inner.data.map((x) => x * (n === 1 ? 0.5 : 1))),
        },
      },
      batchSize: 2,
    });
    t.deepEqual([...again.outputs[0].logits.shape], [3, 5]);
    const row = (n: number) => again.outputs[0].logits.data.slice(n * 5, n * 5 + 5);
    t.true(largestDifference(row(0), whole.outputs[0].logits.data) < 1e-5);
    t.true(largestDifference(row(2), whole.outputs[0].logits.data) < 1e-5);
    t.true(largestDifference(row(1), whole.outputs[0].logits.data) > 1e-3);
    const gradient = again.gradients['backbone/inner'][0].data.slice(0, inner.data.length);
    t.true(largestDifference(gradient, whole.gradients['backbone/inner'][0].data) < 1e-6);
    model.dispose();
    t.is(tf.memory().numTensors, before);
    t.true(owned > 0);
  },
);

test.serial(
  'a custom layer runs as it is; its gradient is right on wasm too, and no kernel stays behind',
  async (t) => {
    const kernels = () =>
      ['DepthwiseConv2dNativeBackpropInput', 'MaxPoolGrad'].map((name) =>
        tf.getKernel(name, 'wasm'),
      );
    await selectBackend('wasm');
    const before = kernels();
    const input = tfl.input({ shape: [6, 7, 3] });
    const x = new Doubling({ name: 'custom' }).apply(input) as tfl.SymbolicTensor;
    const model = tfl.model({
      inputs: input,
      outputs: layers.globalAveragePooling2d({}).apply(x) as tfl.SymbolicTensor,
    });
    for (const backend of await backends(t)) await checkModel(t, model, backend);
    t.deepEqual(kernels(), before);
  },
);

test.serial(
  'an operation without a gradient is an error that names it and the layer',
  async (t) => {
    await selectBackend('cpu');
    class Sorting extends tfl.layers.Layer {
      static className = 'Sorting';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.topk((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor, 3).values;
      }
      override computeOutputShape(shape: tfl.Shape): tfl.Shape {
        return [...(shape as number[]).slice(0, -1), 3];
      }
    }
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [5, 5, 1], filters: 4, kernelSize: 2, name: 'conv' }),
        new Sorting({ name: 'sorting' }),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
    });
    const before = tf.memory().numTensors;
    const error = await t.throwsAsync(
      explainPrediction(model, randomArray([1, 5, 5, 1]), { layer: 'conv' }),
    );
    t.is((error as { code?: string }).code, 'UNSUPPORTED_OPERATION');
    t.regex(error.message, /layer 'sorting' \(Sorting\).*TopK/);
    t.is(tf.memory().numTensors, before);
  },
);

test.serial('chunks change nothing, an abort leaves nothing behind', async (t) => {
  await selectBackend('cpu');
  const model = nested();
  const adapted = await adaptKerasModel(model, {});
  const inputs = [ndSamples(randomArray([5, 8, 6, 3]))];
  const request = { inputs, targets: [classTarget(0), classTarget(3)], layers: ['backbone/sum'] };
  const whole = await adapted.differentiate({ ...request, batchSize: 5 });
  const parts = await adapted.differentiate({ ...request, batchSize: 2 });
  t.true(
    largestDifference(
      whole.gradients['backbone/sum'][1].data,
      parts.gradients['backbone/sum'][1].data,
    ) < 1e-7,
  );
  t.deepEqual(parts.scores.length, 5);
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const error = await t.throwsAsync(
    adapted.differentiate({
      ...request,
      batchSize: 1,
      signal: controller.signal,
      onProgress: (done) => done === 2 && controller.abort(),
    }),
    { instanceOf: AbortedError },
  );
  t.regex(error!.message, /2 of 5/);
  t.is(tf.memory().numTensors, before);
});

test.serial(
  'gradients vanish for a dead rectifier: a zero map and a warning, no NaN',
  async (t) => {
    await selectBackend('cpu');
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 1, name: 'conv' }),
        layers.reLU({ name: 'dead' }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 2 }),
      ],
    });
    model.getLayer('conv').setWeights([tf.zeros([1, 1, 1, 2]), tf.tensor1d([-1, -2])]);
    const expl = (await explainPrediction(model, randomArray([1, 4, 4, 1]), {
      layer: 'conv',
    })) as ImageExplanation;
    t.is(largest(expl.targets[0].heatmap.data), 0);
    t.regex(expl.warnings.join(), /zero everywhere/);
  },
);

test.serial('re-drawn weights change the scores, the model itself stays as it was', async (t) => {
  await selectBackend('cpu');
  const model = nested();
  const adapted = await adaptKerasModel(model, {});
  const inputs = [ndSamples(randomArray([1, 8, 6, 3]))];
  const before = (await adapted.run({ inputs })).outputs[0].logits.data;
  const other = adapted.randomize(['scores', 'backbone/inner'], 7);
  const drawn = (await other.run({ inputs })).outputs[0].logits.data;
  const same = (await adapted.randomize(['scores', 'backbone/inner'], 7).run({ inputs })).outputs[0]
    .logits.data;
  t.true(largestDifference(before, drawn) > 1e-2);
  t.deepEqual(drawn, same);
  t.deepEqual((await adapted.run({ inputs })).outputs[0].logits.data, before);
  other.release();
});

test.serial('a model trained between two explanations is explained as it is now', async (t) => {
  await selectBackend('cpu');
  const model = nested();
  const doc = randomArray([1, 8, 6, 3]);
  const first = (await explainPrediction(model, doc, { targets: 1 })) as ImageExplanation;
  model.getLayer('scores').setWeights(
    model
      .getLayer('scores')
      .getWeights()
      .map((w) => tf.mul(w, 3)),
  );
  const second = (await explainPrediction(model, doc, { targets: 1 })) as ImageExplanation;
  t.true(Math.abs(second.targets[0].score - 3 * first.targets[0].score) < 1e-4);
});

test.serial('weights that were folded are folded anew after training', async (t) => {
  await selectBackend('cpu');
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [6, 5, 2], filters: 3, kernelSize: 3, name: 'conv' }),
      layers.batchNormalization(),
      layers.reLU({ name: 'seen' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 2, name: 'scores' }),
    ],
  });
  seedWeights(model);
  const doc = randomArray([1, 6, 5, 2]);
  const predicted = () =>
    tf.tidy(() => (model.predict(tf.tensor(doc.data, [1, 6, 5, 2])) as tf.Tensor).dataSync()[1]);
  const explained = async () => {
    const expl = (await explainPrediction(model, doc, { targets: 1 })) as ImageExplanation;
    return expl.targets[0].score;
  };
  const before = predicted();
  t.true(Math.abs((await explained()) - before) < 1e-5);
  const conv = model.getLayer('conv');
  conv.setWeights(conv.getWeights().map((weight) => tf.mul(weight, -2)));
  t.true(Math.abs(predicted() - before) > 1e-2);
  t.true(Math.abs((await explained()) - predicted()) < 1e-5);
});

test.serial('of equal values under a max pool the first takes the whole gradient', async (t) => {
  await selectBackend('cpu');
  const model = tfl.sequential({
    layers: [
      layers.maxPooling2d({ inputShape: [2, 4, 1], poolSize: 2, name: 'pool' }),
      layers.flatten(),
      layers.dense({ units: 1, useBias: false, name: 'scores' }),
    ],
  });
  const kernel = tf.tensor2d([3, -5], [2, 1]);
  model.getLayer('scores').setWeights([kernel]);
  for (const backend of await backends(t)) {
    await selectBackend(backend);
    const adapted = await adaptKerasModel(model, {});
    const input = adapted.describe().inputs[0].name;
    const { gradients } = await adapted.differentiate({
      inputs: [ndSamples({ shape: [1, 2, 4, 1], data: new Float32Array(8) })],
      targets: [classTarget(0)],
      wrt: [input],
    });
    t.deepEqual([...gradients[input][0].data], [3, 0, -5, 0, 0, 0, 0, 0]);
  }
});
