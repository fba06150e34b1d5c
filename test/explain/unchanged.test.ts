/** A model is a guest: explaining leaves it as it was, also where something throws on the way. */
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ImageExplanation } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const doc = randomArray([1, 8, 6, 3]);

/** Runs as a ReLU until a test makes it fail. */
class Fragile extends layers.Layer {
  static broken = false;
  static readonly className = 'Fragile';

  override computeOutputShape(shape: tfl.Shape): tfl.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    if (Fragile.broken) throw new Error('out of order');
    return tf.relu(Array.isArray(inputs) ? inputs[0] : inputs);
  }
}

/** Everything of a model that could be touched. */
function stateOf(model: tfl.LayersModel): unknown {
  return {
    weights: model.getWeights().map((weight) => Array.from(weight.dataSync())),
    config: JSON.stringify(model.getConfig()),
    layers: model.layers.map((layer) => [
      layer.name,
      layer.trainable,
      Object.keys(layer).sort(),
      Object.entries(layer).filter(([, value]) => typeof value === 'function'),
    ]),
  };
}

test.serial('weights, configuration, layers and predictions stay, after a throw too', async (t) => {
  await selectBackend('cpu');
  const input = tfl.input({ shape: [8, 6, 3] });
  let x = layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv' }).apply(input);
  x = layers.batchNormalization({ name: 'bn' }).apply(x);
  x = new Fragile({ name: 'fragile' }).apply(x as tfl.SymbolicTensor);
  x = layers.dropout({ rate: 0.5 }).apply(x);
  x = layers.flatten().apply(x);
  x = layers.dense({ units: 3, activation: 'softmax', name: 'scores' }).apply(x);
  const model = tfl.model({ inputs: input, outputs: x as tfl.SymbolicTensor });
  seedWeights(model);
  const predict = () =>
    tf.tidy(() => (model.predict(tf.tensor(doc.data, [1, 8, 6, 3])) as tf.Tensor).dataSync());
  const state = stateOf(model);
  const scores = predict();

  const first = (await explainPrediction(model, doc, { layer: 'conv' })) as ImageExplanation;
  const tensors = tf.memory().numTensors;
  Fragile.broken = true;
  const error = await t.throwsAsync(explainPrediction(model, doc, { layer: 'conv' }));
  t.true(isWhylensError(error, 'UNSUPPORTED_OPERATION'), error.message);
  t.regex(error.message, /layer 'fragile' \(Fragile\).*out of order/);
  t.is(tf.memory().numTensors, tensors);
  Fragile.broken = false;

  t.deepEqual(stateOf(model), state);
  t.deepEqual(predict(), scores);
  t.deepEqual(await explainPrediction(model, doc, { layer: 'conv' }), first);
  t.is(tf.memory().numTensors, tensors);
  model.dispose();
});

test.serial('a disposed model is refused, and the message says so', async (t) => {
  await selectBackend('cpu');
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 6, 3], filters: 2, kernelSize: 3 }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
  });
  model.dispose();
  const error = await t.throwsAsync(explainPrediction(model, doc));
  t.true(isWhylensError(error, 'UNSUPPORTED_MODEL'), error.message);
  t.regex(error.message, /cannot be read as a TensorFlow.js layers model.*disposed/);
});

test('the methods that would work for a function do work for it', async (t) => {
  const model = ({ shape }: { shape: readonly number[] }) =>
    Array.from({ length: shape[0] }, () => [1, 2]);
  const error = await t.throwsAsync(explainPrediction(model, doc, { inputShape: [8, 6, 3] }));
  t.true(isWhylensError(error, 'NEEDS_GRADIENTS'));
  const { methods } = (error as unknown as { facts: { methods: string[] } }).facts;
  t.deepEqual(methods, ['occlusion', 'rise', 'lime', 'kernel-shap']);
  for (const method of methods) {
    const options = { method, inputShape: [8, 6, 3], ...(method === 'rise' ? { masks: 8 } : {}) };
    await t.notThrowsAsync(explainPrediction(model, doc, options), method);
  }
});
