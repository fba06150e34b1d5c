import * as tf from '@tensorflow/tfjs-core';
// registers the gradients
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import test from 'ava';
import { normalise } from '../../demo/batch-norm.js';

/** As the paper writes it, statistics differentiated through. */
function plainly(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const standardised = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 0.01)));
  return tf.add(tf.mul(standardised, gamma), beta);
}

test('the fast normalisation has the values and gradients of the plain one', async (t) => {
  await tf.setBackend('cpu');
  // or the backend prints an advertisement
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  const x = tf.randomNormal([2, 3, 4, 5], 0.7, 2, 'float32', 11);
  const gamma = tf.randomUniform<tf.Rank.R1>([5], 0.5, 2, 'float32', 12);
  const beta = tf.randomNormal<tf.Rank.R1>([5], 0, 1, 'float32', 13);
  const weight = tf.randomNormal(x.shape, 0, 1, 'float32', 14);
  const fast = tf.valueAndGrads((...[a, b, c]: tf.Tensor[]) =>
    tf.sum(tf.mul(weight, normalise(a, b as tf.Tensor1D, c as tf.Tensor1D, 0.01).y)),
  )([x, gamma, beta]);
  const plain = tf.valueAndGrads((...[a, b, c]: tf.Tensor[]) =>
    tf.sum(tf.mul(weight, plainly(a, b, c))),
  )([x, gamma, beta]);
  for (const [i, got] of [fast.value, ...fast.grads].entries()) {
    const wanted = [plain.value, ...plain.grads][i];
    t.deepEqual(got.shape, wanted.shape);
    t.true(tf.max(tf.abs(tf.sub(got, wanted))).dataSync()[0] < 1e-4, `part ${i}`);
  }
});
