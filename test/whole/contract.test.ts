/**
 * What every registered method keeps to on a real tfjs network, through the
 * public calls, and every formatter with what it returns. Derived from the
 * registry: a new method or formatter is in here by being registered.
 */
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { AbortedError, isWhylensError } from '../../src/errors.js';
import { explainPrediction, explainPredictions } from '../../src/explain/explain.js';
import { type ExplainOptions } from '../../src/explain/explain-options.js';
import type { Explanation, NdArray } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { fewCalls } from '../helpers/few-calls.js';
import { largest, largestDifference, randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const registry = registryOf(createContainer());
const SHAPE = [12, 10, 3];
const DOC = randomArray([1, ...SHAPE], 5);
const MAPS = [...registry.explainers.values()].filter(({ documents }) =>
  documents.includes('image'),
);

function network(): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: SHAPE as [number, number, number],
        filters: 5,
        kernelSize: 3,
        padding: 'same',
        useBias: false,
        name: 'conv',
      }),
      layers.batchNormalization({ name: 'norm' }),
      layers.reLU({ maxValue: 6, name: 'seen' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pooled' }),
      layers.separableConv2d({
        filters: 6,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        name: 'deep',
      }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 4, activation: 'softmax', name: 'scores' }),
    ],
  });
  seedWeights(model, 3);
  return model;
}

/** All raw maps of a record, whatever its kind. */
function mapsOf(explanation: Explanation): NdArray[] {
  if (explanation.kind === 'concepts') return explanation.concepts.map(({ heatmap }) => heatmap);
  if (explanation.kind === 'image') return explanation.targets.map(({ heatmap }) => heatmap);
  throw new Error(`no maps in ${explanation.kind}`);
}

const optionsFor = (id: string, more: ExplainOptions = {}): ExplainOptions => ({
  method: id,
  targets: [2, 0],
  seed: 4,
  ...fewCalls(registry.explainer(id), 24),
  ...more,
});

test.beforeEach(async () => {
  await selectBackend('wasm');
});

for (const { id, needs, family } of MAPS) {
  test.serial(`${id}: repeatable, plain, input and tensors untouched`, async (t) => {
    const model = network();
    const own = { shape: DOC.shape, data: DOC.data.slice() };
    const before = tf.memory().numTensors;
    const first = await explainPrediction(model, own, optionsFor(id));
    const second = await explainPrediction(model, own, optionsFor(id));
    t.is(tf.memory().numTensors, before);
    t.deepEqual(own.data, DOC.data);
    t.deepEqual(first, second);
    t.deepEqual(structuredClone(first), first);
    t.deepEqual(JSON.parse(JSON.stringify(first.parameters)), first.parameters);
    t.is(first.method, id);
    for (const { data, shape } of mapsOf(first)) {
      t.true(data.every(Number.isFinite));
      t.is(
        data.length,
        shape.reduce((a, b) => a * b, 1),
      );
    }
    // a target may have no positive evidence, but not all of them
    t.true(mapsOf(first).some(({ data }) => largest(data) > 0));
    model.dispose();
  });

  test.serial(`${id}: a batch equals singles`, async (t) => {
    const model = network();
    const docs = [1, 2, 3].map((seed) => randomArray([1, ...SHAPE], seed));
    const all: Explanation[] = [];
    for await (const explanation of explainPredictions(
      model,
      docs,
      optionsFor(id, { together: 3 }),
    ))
      all.push(explanation);
    t.is(all.length, 3);
    for (const [n, doc] of docs.entries()) {
      const single = await explainPrediction(model, doc, optionsFor(id));
      mapsOf(single).forEach(({ data }, i) => {
        const other = mapsOf(all[n])[i].data;
        t.true(
          largestDifference(data, other) <= 1e-4 * Math.max(largest(data), 1e-6),
          `document ${n}, map ${i}: ${largestDifference(data, other)} of ${largest(data)}`,
        );
      });
    }
    model.dispose();
  });

  test.serial(`${id}: nothing is left behind by a throw or an abort`, async (t) => {
    const model = network();
    const before = tf.memory().numTensors;
    const wrong = await t.throwsAsync(
      explainPrediction(model, DOC, optionsFor(id, { targets: [99] })),
    );
    t.true(isWhylensError(wrong), String(wrong));
    t.is(tf.memory().numTensors, before);
    const controller = new AbortController();
    controller.abort();
    await t.throwsAsync(
      explainPrediction(model, DOC, optionsFor(id, { signal: controller.signal })),
      { instanceOf: AbortedError },
    );
    t.is(tf.memory().numTensors, before);
    model.dispose();
  });

  test.serial(`${id}: a dead network gives zero maps and a warning, never NaN`, async (t) => {
    const model = network();
    const dead = model
      .getLayer('deep')
      .getWeights()
      .map((weight, i, all) =>
        i === all.length - 1 ? tf.fill(weight.shape, -100) : tf.zeros(weight.shape),
      );
    model.getLayer('deep').setWeights(dead);
    // at a layer behind which nothing passes; some methods have no gradients to vanish
    const layer = needs.layer === true && needs.linearHead !== true ? { layer: 'seen' } : {};
    const explanation = await explainPrediction(model, DOC, optionsFor(id, layer));
    for (const { data } of mapsOf(explanation)) t.true(data.every(Number.isFinite));
    if (
      needs.gradients === true &&
      family !== 'wrapper' &&
      // what looks at several layers sees some that are alive
      (needs.layer === true || needs.activations !== true)
    ) {
      for (const { data } of mapsOf(explanation)) t.is(largest(data), 0);
      t.true(explanation.warnings.length > 0, 'no warning');
    }
    model.dispose();
  });
}

for (const formatter of registry.formatters.values()) {
  test.serial(`the formatter ${formatter.id} takes what every method returns`, async (t) => {
    const model = network();
    for (const { id } of MAPS) {
      const explanation = await explainPrediction(model, DOC, optionsFor(id, { targets: [1] }));
      if (!formatter.kinds.includes(explanation.kind)) continue;
      const before = structuredClone(explanation);
      t.truthy(formatter.format(explanation, {}), id);
      t.deepEqual(explanation, before);
    }
    model.dispose();
  });
}
