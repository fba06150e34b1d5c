/** Grad-CAM against a plain forward pass, and against the recipe people use today. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { explainPrediction } from '../src/index.js';
import { nativeNetwork, openNetwork, type Network } from './network.js';
import { ms, ratioLine, sideBySide } from './measure.js';

export async function run(): Promise<void> {
  for (const backend of ['wasm', 'tensorflow']) {
    const network = await openNetwork(backend).catch((error: Error) => error);
    if (network instanceof Error) {
      console.log(`${backend}: not here (${network.message.split('\n')[0]})`);
      continue;
    }
    const { model, picture, target, lastLayer, middleLayer } = network;
    const native = await nativeNetwork(network.modelFile);
    const { width, height, data } = picture;
    const x = {
      shape: [1, height, width, 3],
      data: Float32Array.from(data, (value) => value / 127.5 - 1),
    };
    const predict = () =>
      tf.tidy(() =>
        (native.predict(tf.tensor(x.data, [1, height, width, 3])) as tf.Tensor).dataSync(),
      );
    const times = await sideBySide({
      predict,
      last: () => explainPrediction(model, x, { targets: target, layer: lastLayer }),
      middle: () => explainPrediction(model, x, { targets: target, layer: middleLayer }),
      ten: () =>
        explainPrediction(model, x, {
          targets: Array.from({ length: 10 }, (_, i) => i),
          layer: lastLayer,
        }),
    });
    console.log(`${network.name} on ${backend}`);
    console.log(ratioLine(`Grad-CAM at ${lastLayer} / predict`, times.last, times.predict, 1.15));
    console.log(
      ratioLine(`Grad-CAM at ${middleLayer} / predict`, times.middle, times.predict, 1.6),
    );
    console.log(ratioLine('ten targets / one, last layer', times.ten, times.last, 1.5));
    await compareWithRecipe(network, native, x, predict);
    model.dispose();
  }
}

/**
 * The usual recipe: one model up to the layer, a second one re-chained from the
 * layers behind it, and tf.grad between the two (sequential networks only).
 */
async function compareWithRecipe(
  { model, target, lastLayer }: Network,
  native: tfl.LayersModel,
  x: { shape: number[]; data: Float32Array },
  predict: () => unknown,
): Promise<void> {
  const at = native.layers.findIndex(({ name }) => name === lastLayer);
  const layer = native.layers[at];
  const front = tfl.model({ inputs: native.inputs, outputs: layer.output });
  const input = tfl.input({ shape: layer.outputShape.slice(1) as number[] });
  const back = tfl.model({
    inputs: input,
    outputs: native.layers
      .slice(at + 1)
      .reduce<tfl.SymbolicTensor>((y, next) => next.apply(y) as tfl.SymbolicTensor, input),
  });
  const recipe = () =>
    tf.tidy(() => {
      const activations = front.predict(tf.tensor(x.data, x.shape)) as tf.Tensor;
      const gradients = tf.grad((a) => tf.gather(back.apply(a) as tf.Tensor, [target], 1))(
        activations,
      );
      const weights = tf.mean(gradients, [0, 1, 2]);
      return tf.sum(tf.mul(activations, weights), -1).dataSync();
    });
  try {
    const times = await sideBySide({
      predict,
      recipe,
      ours: () =>
        explainPrediction(model, x, { targets: target, layer: lastLayer, score: 'output' }),
    });
    console.log(ratioLine('ours / two sub-models and tf.grad', times.ours, times.recipe));
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    const { predict: time } = await sideBySide({ predict });
    console.log(`two sub-models and tf.grad fails here: ${reason} (predict ${ms(time)})`);
  }
}
