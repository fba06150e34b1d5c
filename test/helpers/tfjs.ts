/** Small tfjs models with repeatable weights, and the checks every one of them must pass. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { ExecutionContext } from 'ava';
import { sizeOf } from '../../src/maths/ndarray.js';
import { seededRandom } from '../../src/maths/random.js';
import { adaptKerasModel } from '../../src/model/tfjs/adapt-keras.js';
import { registerChainedOps } from '../../src/model/tfjs/chained-ops.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { ndSamples } from '../../src/model/interface.js';
import { checkGradients, largest, largestDifference, randomArray } from './arrays.js';

registerChainedOps();

export { tf, tfl };
export { checkGradients, largest, largestDifference, randomArray } from './arrays.js';

/** Weights of a model drawn anew from a seed: biases and normalisation statistics too, so that none is trivially 0 or 1. */
export function seedWeights(model: tfl.LayersModel, seed = 1): void {
  const random = seededRandom(seed);
  const drawn = model.weights.map((weight) => {
    const shape = weight.shape as number[];
    const size = sizeOf(shape);
    const positive = weight.name.includes('variance');
    const fan = Math.max(1, size / (shape.at(-1) ?? 1));
    const data = Float32Array.from({ length: size }, () =>
      positive
        ? 0.5 + random.uniform()
        : random.normal() * (shape.length > 1 ? 1.5 / Math.sqrt(fan) : 0.5),
    );
    return tf.tensor(data, shape);
  });
  model.setWeights(drawn);
  tf.dispose(drawn);
}

/** The backends to test: the native one too, where its library is installed. */
export async function backends(t: ExecutionContext): Promise<readonly string[]> {
  try {
    await selectBackend('tensorflow');
    return ['cpu', 'wasm', 'tensorflow'];
  } catch {
    t.log("NOT CHECKED: the 'tensorflow' backend, since @tensorflow/tfjs-node does not load here");
    return ['cpu', 'wasm'];
  }
}

/**
 * Forward values against `predict`, gradients against differences of the score
 * in float32 along random directions, on the given backend.
 */
export async function checkModel(
  t: ExecutionContext,
  model: tfl.LayersModel,
  backend: string,
  { tolerance = 1e-2, batch = 2 } = {},
): Promise<void> {
  await selectBackend(backend);
  const before = tf.memory().numTensors;
  const adapted = await adaptKerasModel(model, {});
  const shapes = model.inputs.map(({ shape }) => [batch, ...(shape.slice(1) as number[])]);
  const inputs = shapes.map((shape, i) => randomArray(shape, 10 + i));
  const result = await adapted.run({ inputs: inputs.map(ndSamples) });
  const expected = tf.tidy(() =>
    [model.predict(inputs.map(({ shape, data }) => tf.tensor(data, [...shape])))]
      .flat()
      .map((y) => ({ shape: y.shape, data: y.dataSync().slice() })),
  );
  expected.forEach(({ shape, data }, i) => {
    t.deepEqual([...result.outputs[i].values.shape], shape);
    const scale = largest(data) + 1e-6;
    t.true(
      largestDifference(result.outputs[i].values.data, data) / scale < 2e-5,
      `forward differs from predict on ${backend}: ${largestDifference(result.outputs[i].values.data, data)} of ${scale}`,
    );
  });
  await checkGradients(t, adapted, inputs, tolerance);
  adapted.release();
  t.is(tf.memory().numTensors, before, 'tensors leaked');
}
