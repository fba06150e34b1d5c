import { readFile } from 'node:fs/promises';
import test from 'ava';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { selectBackend } from '../../../src/model/tfjs/backend.js';
import { registerKerasClasses } from '../../../src/model/tfjs/keras-classes.js';
import { normalizeTopology } from '../../../src/model/tfjs/keras-topology.js';
import { loadModel } from '../../../src/node/load-model.js';
import { valuesOf } from '../../helpers/loaded.js';
import { modelFiles } from '../../helpers/model-files.js';

test.before(() => selectBackend('cpu'));

type Json = Record<string, unknown>;

async function fixture<T = Json>(name: string): Promise<T> {
  return JSON.parse(await readFile(`test/fixtures/keras3/${name}.json`, 'utf8')) as T;
}

interface Run {
  names: string[];
  shapes: number[][];
  weights: number[][];
  input: number[];
  output: number[];
}

const specsOf = (names: readonly string[], shapes: readonly number[][]) =>
  names.map((name, i) => ({ name, shape: shapes[i], dtype: 'float32' as const }));

test.serial('a model written by Keras 3 gives what Keras 3 computed', async (t) => {
  const run = await fixture<Run>('functional-run');
  const data = new Uint8Array(Float32Array.from(run.weights.flat()).buffer);
  const numbered = run.names.map((name) => {
    const [layer] = name.split('/');
    const own = run.names.filter((other) => other.startsWith(`${layer}/`));
    return `_layer_checkpoint_dependencies/${layer}/vars/${own.indexOf(name)}`;
  });
  for (const names of [run.names, run.names.map((name) => `functional_k3/${name}:0`), numbered]) {
    const topology = await fixture('functional');
    const loaded = await loadModel(modelFiles(topology, specsOf(names, run.shapes), data));
    t.is(loaded.name, 'functional_k3');
    t.is(loaded.preprocess, 'none');
    const y = await valuesOf(loaded, [1, 8, 6, 3], Float32Array.from(run.input));
    const worst = Math.max(...y.map((v, i) => Math.abs(v - run.output[i])));
    t.true(worst < 1e-5, `${names[0]}: ${worst}`);
    loaded.dispose();
  }
});

test.serial('sequential, nested and shared models of Keras 3 are built', async (t) => {
  registerKerasClasses();
  const build = async (name: string) =>
    layers.models.modelFromJSON({
      modelTopology: normalizeTopology(await fixture(name), name) as never,
    });
  const sequential = await build('seq');
  t.deepEqual(sequential.inputs[0].shape, [null, 8, 6, 3]);
  t.deepEqual(sequential.outputs[0].shape, [null, 3]);
  const siamese = await build('nested');
  t.deepEqual(siamese.inputNames, ['a1', 'a2']);
  t.deepEqual(siamese.outputNames, ['out1', 'out2']);
  // one backbone for both inputs: equal inputs leave nothing
  const x = tf.randomUniform([1, 4, 4, 1], 0, 1, 'float32', 3);
  siamese.setWeights(siamese.getWeights().map((w) => tf.onesLike(w)));
  const [out] = siamese.predict([x, x]) as tf.Tensor[];
  t.true(out.dataSync().every((value) => value === 0));
  const [other] = siamese.predict([x, tf.zerosLike(x)]) as tf.Tensor[];
  t.true(other.dataSync().every((value) => value > 0));
});

/** A functional model of Keras 3 with one layer, or operation, between input and output. */
function around(layer: Json, inputs = 1): Json {
  const tensor = (name: string) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 2, 3, 2], dtype: 'float32', keras_history: [name, 0, 0] },
  });
  const named = Array.from({ length: inputs }, (_, i) => `in${i}`);
  const fill = (value: unknown): unknown =>
    typeof value === 'string' && named.includes(value)
      ? tensor(value)
      : Array.isArray(value)
        ? value.map(fill)
        : value;
  const { args = [named[0]], ...rest } = layer;
  return {
    class_name: 'Functional',
    config: {
      name: 'm',
      layers: [
        ...named.map((name) => ({
          module: 'keras.layers',
          class_name: 'InputLayer',
          name,
          config: { batch_shape: [null, 2, 3, 2], dtype: 'float32', name },
          inbound_nodes: [],
        })),
        {
          name: 'own',
          ...rest,
          config: { name: 'own', ...(rest.config as Json | undefined) },
          inbound_nodes: [{ args: fill(args), kwargs: { training: false } }],
        },
      ],
      input_layers: named.map((name) => [name, 0, 0]),
      output_layers: [['own', 0, 0]],
    },
  };
}

const X = Array.from({ length: 12 }, (_, i) => i - 5);

async function apply(json: Json, inputs = 1): Promise<number[]> {
  registerKerasClasses();
  const model = await layers.models.modelFromJSON({
    modelTopology: normalizeTopology(json, 'model.json') as never,
  });
  const x = Array.from({ length: inputs }, (_, i) =>
    tf.tensor(
      X.map((v) => v * (i + 1)),
      [1, 2, 3, 2],
    ),
  );
  const y = model.predict(inputs === 1 ? x[0] : x) as tf.Tensor;
  const values = [...y.dataSync()];
  model.dispose();
  return values;
}

const ops = 'keras.src.ops.numpy';

test.serial('operations that Keras 3 records become layers', async (t) => {
  const one: [string, unknown[], (x: number) => number][] = [
    ['Add', ['in0', 3], (x) => x + 3],
    ['Multiply', ['in0', 0.5], (x) => x * 0.5],
    ['Subtract', ['in0', 1], (x) => x - 1],
    ['Subtract', [1, 'in0'], (x) => 1 - x],
    ['TrueDivide', ['in0', 4], (x) => x / 4],
  ];
  for (const [kind, args, expected] of one) {
    t.deepEqual(
      await apply(around({ module: ops, class_name: kind, args })),
      X.map(expected),
      kind,
    );
  }
  const two: [string, (x: number) => number][] = [
    ['Add', (x) => 3 * x],
    ['Multiply', (x) => 2 * x * x],
    ['Subtract', (x) => -x],
  ];
  for (const [kind, expected] of two) {
    const json = around({ module: ops, class_name: kind, args: ['in0', 'in1'] }, 2);
    t.deepEqual(
      (await apply(json, 2)).map((v) => v + 0),
      X.map((x) => expected(x) + 0),
      kind,
    );
  }
  t.throws(() => normalizeTopology(around({ module: ops, class_name: 'Einsum' }), 'f.json'), {
    message: /layer 'own' \(Einsum\) in f\.json.*loadModel reads it/,
  });
});

test.serial('layers that tfjs lacks or understands otherwise', async (t) => {
  const layer = (kind: string, config: Json = {}) =>
    apply(around({ module: 'keras.layers', class_name: kind, config }));
  const near = (actual: number[], expected: number[], what: string) => {
    const worst = Math.max(...expected.map((v, i) => Math.abs(v - actual[i])));
    t.true(actual.length === expected.length && worst < 1e-5, `${what}: ${actual.join()}`);
  };
  const six = (x: number) => Math.min(6, Math.max(0, x + 3)) / 6;
  near(await layer('Activation', { activation: 'hard_sigmoid' }), X.map(six), 'hard_sigmoid');
  near(
    await layer('Activation', { activation: 'hard_silu' }),
    X.map((x) => x * six(x)),
    'hard_silu',
  );
  near(
    await layer('Activation', { activation: 'silu' }),
    X.map((x) => x / (1 + Math.exp(-x))),
    'silu',
  );
  near(
    await layer('ReLU', { negative_slope: 0.1 }),
    X.map((x) => (x < 0 ? 0.1 * x : x)),
    'slope',
  );
  near(
    await layer('LeakyReLU', { negative_slope: 0.2 }),
    X.map((x) => (x < 0 ? 0.2 * x : x)),
    'leaky',
  );
  const wrapped = { module: 'keras.activations', class_name: 'function', config: 'relu' };
  near(
    await layer('Activation', { activation: wrapped }),
    X.map((x) => Math.max(0, x)),
    'wrapped',
  );
  near(await layer('GlobalAveragePooling2D', { keepdims: true }), [0, 1], 'average');
  near(await layer('GlobalMaxPooling2D', { keepdims: true }), [5, 6], 'maximum');
  const statistics = { axis: [3], mean: [[[[1, -1]]]], variance: [[[[4, 0.25]]]] };
  const scaled = X.map((x, i) => (i % 2 === 0 ? (x - 1) / 2 : (x + 1) / 0.5));
  near(await layer('Normalization', statistics), scaled, 'normalization');
  t.throws(
    () => normalizeTopology(around({ class_name: 'Conv2D', config: { groups: 2 } }), 'f.json'),
    { message: /'own' \(Conv2D\).*2 groups/ },
  );
});

test.serial('the weights of a Normalization layer find their place', async (t) => {
  const json = around({
    module: 'keras.layers',
    class_name: 'Normalization',
    config: { axis: -1 },
  });
  const data = new Uint8Array(Float32Array.of(1, -1, 4, 0.25, 7).buffer);
  const specs = specsOf(['own/mean', 'own/variance', 'own/count'], [[2], [2], [1]]);
  const loaded = await loadModel(modelFiles(json, specs, data));
  const y = await valuesOf(loaded, [1, 2, 3, 2], Float32Array.from(X));
  const expected = X.map((x, i) => (i % 2 === 0 ? (x - 1) / 2 : (x + 1) / 0.5));
  t.true(y.every((v, i) => Math.abs(v - expected[i]) < 1e-5));
  loaded.dispose();
});

test.serial("Keras 2's recorded operations are understood too", async (t) => {
  const input = {
    class_name: 'InputLayer',
    name: 'in0',
    config: { batch_input_shape: [null, 2, 3, 2], name: 'in0' },
    inbound_nodes: [],
  };
  const operation = (name: string, from: string, kind: string, y: unknown) => ({
    class_name: 'TFOpLambda',
    name,
    config: { name, function: kind },
    inbound_nodes: [[from, 0, 0, { y, name: null }]],
  });
  const json = {
    class_name: 'Functional',
    keras_version: '2.15.0',
    config: {
      name: 'm',
      layers: [
        input,
        operation('plus', 'in0', '__operators__.add', 3),
        operation('times', 'plus', 'math.multiply', 0.5),
        operation('both', 'times', 'math.multiply', ['in0', 0, 0]),
      ],
      input_layers: [['in0', 0, 0]],
      output_layers: [['both', 0, 0]],
    },
  };
  t.deepEqual(
    await apply(json),
    X.map((x) => (x + 3) * 0.5 * x),
  );
});
