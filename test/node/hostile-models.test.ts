/** Model files that would never end, take all memory, or leave something behind: typed, at once, nothing kept. */
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { explanationFromJson } from '../../formatters/json.js';
import { isWhylensError } from '../../src/errors.js';
import { loadLabels, loadModel } from '../../src/node/load-model.js';
import { modelFiles, textBytes } from '../helpers/model-files.js';

type Json = Record<string, unknown>;
const input = {
  class_name: 'InputLayer',
  name: 'in',
  config: { name: 'in', batch_input_shape: [null, 3] },
  inbound_nodes: [],
};
const dense = (name: string, nodes: unknown, units: unknown = 2): Json => ({
  class_name: 'Dense',
  name,
  config: { name, units, use_bias: false },
  inbound_nodes: nodes,
});
const model = (
  layers: unknown,
  inputs: unknown = [['in', 0, 0]],
  outputs: unknown = [['b', 0, 0]],
) => ({
  class_name: 'Model',
  config: { name: 'm', layers, input_layers: inputs, output_layers: outputs },
});
const weights = [
  { name: 'a/kernel', shape: [3, 2], dtype: 'float32' as const },
  { name: 'b/kernel', shape: [2, 2], dtype: 'float32' as const },
];
const data = new Uint8Array(40);
const a = dense('a', [[['in', 0, 0, {}]]]);
const b = dense('b', [[['a', 0, 0, {}]]]);
const load = (topology: unknown, own = weights, bytes = data) =>
  loadModel(modelFiles(topology, own, bytes));

test.serial('the whole model loads', async (t) => {
  (await load(model([input, a, b]))).dispose();
  const before = tf.memory().numTensors;
  const loaded = await load(model([input, a, b]));
  loaded.dispose();
  loaded.dispose();
  t.is(tf.memory().numTensors, before);
});

test.serial(
  'layers that wait for each other, or for a call that never comes, are refused',
  async (t) => {
    const wrong: Record<string, unknown> = {
      'never called': model([input, dense('a', []), b]),
      circle: model([input, dense('a', [[['b', 0, 0, {}]]]), b]),
      itself: model([input, a, dense('b', [[['b', 0, 0, {}]]])]),
      'no such call': model([input, a, dense('b', [[['a', 1, 0, {}]]])]),
      'a negative call': model([input, a, dense('b', [[['a', -1, 0, {}]]])]),
      'an end that is not a call': model([input, a, b], [['in', 0, 0]], [['b', 3, 0]]),
      'an end that is not a layer': model([input, a, b], [['in', 0, 0]], [['z', 0, 0]]),
      'a call that is not a number': model([input, a, dense('b', [[['a', 'x', 0, {}]]])]),
    };
    for (const [name, topology] of Object.entries(wrong)) {
      const error = await t.throwsAsync(load(topology), { code: 'MODEL_LOAD' }, name);
      t.truthy(error?.message, name);
    }
  },
);

test.serial(
  'whatever stands where something else belongs is a typed error and leaves nothing behind',
  async (t) => {
    await load(model([input, a, b])).then((loaded) => loaded.dispose());
    const before = tf.memory().numTensors;
    const deep = `{"a":`.repeat(100_000) + '1' + '}'.repeat(100_000);
    const values = [null, [], {}, 'x', 7, true, [null], [[null]], { a: null }, -1, 1e300];
    const good = model([input, a, b]);
    const topologies: unknown[] = [];
    const mutate = (node: unknown, rebuild: (value: unknown) => unknown): void => {
      for (const value of values) topologies.push(rebuild(value));
      if (typeof node !== 'object' || node === null) return;
      for (const [key, inner] of Object.entries(node)) {
        mutate(inner, (value) =>
          rebuild(
            Array.isArray(node)
              ? node.map((item: unknown, i) => (String(i) === key ? value : item))
              : { ...node, [key]: value },
          ),
        );
      }
    };
    mutate(good, (value) => value);
    let failed = 0;
    for (const topology of topologies) {
      try {
        (await load(topology)).dispose();
      } catch (error) {
        failed++;
        const { code, message } = error as { code?: string; message: string };
        if (code === undefined || !['MODEL_LOAD', 'UNSUPPORTED_MODEL'].includes(code)) {
          t.fail(`${JSON.stringify(topology)}: ${message}`);
        }
      }
    }
    t.true(failed > 300, String(failed));
    t.is(tf.memory().numTensors, before);
    const [json] = modelFiles(good, weights, data);
    const text = new TextDecoder().decode(json.bytes).replace('"name":"m"', `"name":${deep}`);
    await t.throwsAsync(loadModel([{ name: 'model.json', bytes: textBytes(text) }]), {
      code: 'MODEL_LOAD',
    });
  },
);

test.serial('an emptied layer and endless nesting are errors that say so', async (t) => {
  await t.throwsAsync(load(model([input, a, { ...b, config: {} }])), {
    code: 'MODEL_LOAD',
    message: /layer 'b' \(Dense\).*'units'.*empty/,
  });
  // a layer that only TensorFlow.js runs does not hide another one's loss
  const lstm = { ...a, class_name: 'LSTM', name: 'r', config: { name: 'r', units: 2 } };
  const lost = { ...b, config: { name: 'b' }, inbound_nodes: [[['r', 0, 0, {}]]] };
  await t.throwsAsync(load(model([input, lstm, lost])), {
    code: 'MODEL_LOAD',
    message: /layer 'b' \(Dense\).*'units'/,
  });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const file = (text: string, name = 'model.json') => ({ name, bytes: textBytes(text) });
  const reads: Record<string, () => Promise<unknown>> = {
    'the whole': () => loadModel([file(deep)]),
    topology: () => loadModel([file(`{"modelTopology":${deep}}`)]),
    manifest: () => loadModel([file(`{"modelTopology":{},"weightsManifest":${deep}}`)]),
    labels: () => loadLabels(file(`["a","\\"[",${deep}]`, 'labels.json')),
    trees: () => loadModel([file(`{"learner":${deep}}`, 'xgb.json')]),
    record: () => Promise.resolve().then(() => explanationFromJson(`{"a":${deep}}`)),
  };
  for (const [name, read] of Object.entries(reads)) {
    const error = await t.throwsAsync(read(), { message: /nested \d+ levels deep/ }, name);
    t.true(isWhylensError(error), name);
  }
  // brackets inside texts are no nesting
  t.deepEqual(await loadLabels(file(`["${'['.repeat(2000)}","b\\\\"]`)), ['['.repeat(2000), 'b\\']);
});

test.serial('graphs that cannot be built leave no weights behind', async (t) => {
  const node = (name: string, op: string, inputs: string[] = []) => ({
    name,
    op,
    input: inputs,
    attr: {},
  });
  const own = [{ name: 'w', shape: [1000], dtype: 'float32' as const }];
  const before = tf.memory().numTensors;
  for (const nodes of [
    [node('x', 'Placeholder'), node('w', 'Const'), node('y', 'Add', ['x', 'nowhere'])],
    [null],
    [node('x', 'NoSuchOp', ['x'])],
    [node('a', 'Add', ['b', 'b']), node('b', 'Add', ['a', 'a']), node('w', 'Const')],
    [{ name: 'w', op: 'Const', input: 7, attr: null }],
  ]) {
    await loadModel(modelFiles({ node: nodes }, own, new Uint8Array(4000))).then(
      (loaded) => loaded.dispose(),
      (error: { code?: string }) => t.is(error.code, 'MODEL_LOAD'),
    );
    t.is(tf.memory().numTensors, before, JSON.stringify(nodes));
  }
});

test.serial('a layer that is larger than the file is refused before memory is taken', async (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const giant = model([input, dense('a', [[['in', 0, 0, {}]]], 500_000_000), b]);
  await t.throwsAsync(load(giant), {
    code: 'MODEL_LOAD',
    message: /layer 'a' .*largest weight of the file has 6 values/,
  });
  const claim = [{ name: 'a/kernel', shape: [1 << 30, 1 << 20], dtype: 'float32' as const }];
  await t.throwsAsync(load(model([input, a, b]), claim), {
    code: 'MODEL_LOAD',
    message: /wrong size/,
  });
  t.true(process.memoryUsage().arrayBuffers - before < 100 * 2 ** 20);
});

test.serial('NaN and infinity in weights are errors when the model is loaded', async (t) => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const bytes = new Float32Array(10);
    bytes[7] = value;
    await t.throwsAsync(load(model([input, a, b]), weights, new Uint8Array(bytes.buffer)), {
      code: 'MODEL_LOAD',
      message: new RegExp(`weight 'b/kernel' in model.json holds ${value}`),
    });
  }
  const half = weights.map((entry) => ({ ...entry, quantization: { dtype: 'float16' as const } }));
  const bits = new Uint16Array(10);
  bits[2] = 0x7e00;
  await t.throwsAsync(load(model([input, a, b]), half as never, new Uint8Array(bits.buffer)), {
    message: /weight 'a\/kernel' .* holds NaN/,
  });
});
