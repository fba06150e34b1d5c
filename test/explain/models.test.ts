import test from 'ava';
import { explainPrediction } from '../../src/explain/explain.js';
import { isWhylensError } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { loadModel } from '../../src/node/load-model.js';
import { modelFiles } from '../helpers/model-files.js';
import { randomArray, tf } from '../helpers/tfjs.js';

test.before(() => selectBackend('cpu'));

/** Class 0 sees the left half, class 1 the right half: a softmax over their sums. */
function halves({ shape: [n, h, w], data }: NdArray): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const sums = [0, 0];
    for (let p = 0; p < h * w; p++) sums[p % w < w / 2 ? 0 : 1] += data[i * h * w + p] / 4;
    const e = sums.map(Math.exp);
    return e.map((x) => x / (e[0] + e[1]));
  });
}

const picture = { shape: [1, 4, 6, 1], data: Float32Array.from({ length: 24 }, (_, i) => i / 24) };

test.serial(
  'a function is explained by predictions; outputActivation gives it a probability',
  async (t) => {
    const explain = (options: Record<string, unknown>) =>
      explainPrediction(halves, picture, {
        method: 'occlusion',
        targets: [1],
        patch: 2,
        ...options,
      });
    const plain = await explain({});
    const told = await explain({ outputActivation: 'softmax' });
    if (plain.kind !== 'image' || told.kind !== 'image') return t.fail();
    t.is(plain.estimator, 'halves');
    const [p] = [halves(picture)[0][1]];
    t.true(Math.abs(plain.targets[0].score - p) < 1e-6);
    t.is(plain.targets[0].proba, undefined);
    t.true(Math.abs(told.targets[0].score - Math.log(p)) < 1e-6);
    t.true(Math.abs(told.targets[0].proba! - p) < 1e-6);
    const error = await t.throwsAsync(explainPrediction(halves, picture, { method: 'grad-cam' }));
    t.true(isWhylensError(error, 'NEEDS_GRADIENTS') || isWhylensError(error, 'NEEDS_ACTIVATIONS'));
  },
);

test.serial('a loaded graph is explained; inputShape fills in a free size', async (t) => {
  const data = randomArray([3 * 3 * 2 + 2 * 3], 4).data;
  const type = { type: 'DT_FLOAT' };
  const bytes = (text: string) => ({ s: Buffer.from(text).toString('base64') });
  const constant = (name: string) => ({
    name,
    op: 'Const',
    attr: { dtype: type, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: {} } } },
  });
  const topology = {
    node: [
      {
        name: 'x',
        op: 'Placeholder',
        attr: {
          dtype: type,
          shape: { shape: { dim: ['-1', '-1', '-1', '1'].map((size) => ({ size })) } },
        },
      },
      constant('k'),
      constant('w'),
      {
        name: 'axes',
        op: 'Const',
        attr: {
          dtype: { type: 'DT_INT32' },
          value: { tensor: { dtype: 'DT_INT32', tensorShape: {} } },
        },
      },
      {
        name: 'conv',
        op: 'Conv2D',
        input: ['x', 'k'],
        attr: {
          T: type,
          strides: { list: { i: ['1', '1', '1', '1'] } },
          dilations: { list: { i: ['1', '1', '1', '1'] } },
          padding: bytes('SAME'),
          data_format: bytes('NHWC'),
        },
      },
      { name: 'relu', op: 'Relu', input: ['conv'], attr: { T: type } },
      {
        name: 'pool',
        op: 'Mean',
        input: ['relu', 'axes'],
        attr: { T: type, keep_dims: { b: false } },
      },
      { name: 'logits', op: 'MatMul', input: ['pool', 'w'], attr: { T: type } },
      { name: 'probs', op: 'Softmax', input: ['logits'], attr: { T: type } },
    ],
  };
  const files = modelFiles(
    topology,
    [
      { name: 'k', shape: [3, 3, 1, 2], dtype: 'float32' },
      { name: 'w', shape: [2, 3], dtype: 'float32' },
      { name: 'axes', shape: [2], dtype: 'int32' },
    ],
    new Uint8Array([...new Uint8Array(data.buffer), ...new Uint8Array(Int32Array.of(1, 2).buffer)]),
  );
  const model = await loadModel(files, {
    name: 'free',
    labels: ['a', 'b', 'c'],
    inputShape: [4, 6, 1],
  });
  const before = tf.memory().numTensors;
  const found = await explainPrediction(model, picture, { targets: ['c'] });
  t.is(tf.memory().numTensors, before);
  if (found.kind !== 'image') return t.fail();
  t.is(found.estimator, 'free');
  t.like(found.layer, { path: 'relu', shape: [4, 6, 2] });
  t.is(found.targets[0].label, 'c');
  t.deepEqual([...found.targets[0].heatmap.shape], [4, 6]);
  // Grad-CAM over a mean: the class' weights, over the positions
  const grey = await explainPrediction(model, {
    width: 9,
    height: 5,
    mode: 'L',
    data: new Uint8ClampedArray(45),
  });
  if (grey.kind !== 'image') return t.fail();
  t.deepEqual([...grey.targets[0].heatmap.shape], [4, 6]);
  model.dispose();
});
