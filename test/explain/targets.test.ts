/** Targets beyond a class index, each on a small real model, maps worked out by hand. */
import test from 'ava';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ImageExplanation } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import {
  classTarget,
  elementTarget,
  maskTarget,
  negativeClass,
  ratherThan,
  regressionTarget,
  similarityTarget,
  weightedTarget,
} from '../../src/model/targets.js';
import { largest, largestDifference, randomArray, seedWeights, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const DOC = randomArray([1, 6, 5, 2], 3);

test.beforeEach(async () => {
  await selectBackend('cpu');
});

function classifier(units: number, activation: 'softmax' | 'sigmoid' | 'linear'): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: [6, 5, 2],
        filters: 3,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
      }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units, activation }),
    ],
  });
  seedWeights(model);
  return model;
}

const mapOf = async (model: unknown, targets: unknown, more: object = {}) =>
  (await explainPrediction(model, DOC, { targets: targets as never, ...more })) as ImageExplanation;

test.serial('a rather than b is the difference of their maps', async (t) => {
  const model = classifier(4, 'softmax');
  const { targets } = await mapOf(model, [2, 0, ratherThan(2, 0)]);
  const difference = targets[0].heatmap.data.map((x, i) => x - targets[1].heatmap.data[i]);
  t.true(largestDifference(targets[2].heatmap.data, difference) < 1e-6);
  t.is(targets[2].label, 'class 2 − class 0');
  t.true(Math.abs(targets[2].score - (targets[0].score - targets[1].score)) < 1e-5);
});

test.serial('the negative class of a sigmoid head has the negative map', async (t) => {
  const model = classifier(1, 'sigmoid');
  const { targets } = await mapOf(model, [0, negativeClass(0)]);
  t.deepEqual(
    targets[1].heatmap.data,
    targets[0].heatmap.data.map((x) => 0 - x),
  );
  t.true(Math.abs(targets[0].proba! + targets[1].proba! - 1) < 1e-6);
  // as the output: the slope of the sigmoid
  const output = await mapOf(model, [0], { score: 'output' });
  const p = targets[0].proba!;
  const scaled = targets[0].heatmap.data.map((x) => x * p * (1 - p));
  t.true(largestDifference(output.targets[0].heatmap.data, scaled) < 1e-6);
});

test.serial(
  'a regression output is explained with its sign, and the record calls it a regression',
  async (t) => {
    const model = classifier(1, 'linear');
    const up = await mapOf(model, [regressionTarget()]);
    const down = await mapOf(model, [regressionTarget(0, -1)]);
    t.true(up.isRegression && down.isRegression);
    t.deepEqual(
      down.targets[0].heatmap.data,
      up.targets[0].heatmap.data.map((x) => 0 - x),
    );
    t.true(
      (await mapOf(model, undefined)).isRegression,
      'a single linear unit is a regression by default',
    );
  },
);

test.serial(
  'several heads by name: each has the map of a model with that head alone',
  async (t) => {
    const input = tfl.input({ shape: [6, 5, 2] });
    const seen = layers
      .conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu', name: 'seen' })
      .apply(input);
    const pooled = layers.globalAveragePooling2d({}).apply(seen);
    const head = (units: number, activation: 'softmax' | 'linear', name: string) =>
      layers.dense({ units, activation, name }).apply(pooled) as tfl.SymbolicTensor;
    const kind = head(3, 'softmax', 'kind');
    const age = head(1, 'linear', 'age');
    const both = tfl.model({ inputs: input, outputs: [kind, age] });
    seedWeights(both);
    const { targets } = await mapOf(both, [classTarget(2, 'kind'), regressionTarget(0, -1, 'age')]);
    const alone = await mapOf(tfl.model({ inputs: input, outputs: kind }), [2]);
    const other = await mapOf(tfl.model({ inputs: input, outputs: age }), [
      regressionTarget(0, -1),
    ]);
    t.true(largestDifference(targets[0].heatmap.data, alone.targets[0].heatmap.data) < 1e-7);
    t.true(largestDifference(targets[1].heatmap.data, other.targets[0].heatmap.data) < 1e-7);
    t.notDeepEqual(targets[0].heatmap.data, targets[1].heatmap.data);
    // one target may weigh several heads against one another
    const mixed = weightedTarget([
      { target: classTarget(2, 'kind'), weight: 0.5 },
      { target: regressionTarget(0, -1, 'age'), weight: 2 },
    ]);
    const sum = await mapOf(both, [mixed]);
    const expected = targets[0].heatmap.data.map(
      (v, i) => 0.5 * v + 2 * targets[1].heatmap.data[i],
    );
    t.true(largestDifference(sum.targets[0].heatmap.data, expected) < 1e-6);
    await t.throwsAsync(mapOf(both, [classTarget(2, 'kine')]), { message: /kine.*kind/s });
  },
);

test.serial('segmentation: a mask confines the evidence', async (t) => {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: [6, 5, 2],
        filters: 3,
        kernelSize: 1,
        activation: 'relu',
        name: 'seen',
      }),
      layers.conv2d({ filters: 2, kernelSize: 1 }),
    ],
  });
  seedWeights(model);
  const mask = { shape: [6, 5], data: Array.from({ length: 30 }, (_, i) => (i < 10 ? 1 : 0)) };
  const { targets } = await mapOf(model, [maskTarget(1, mask)], {
    layer: 'seen',
    method: 'hires-cam',
  });
  const map = targets[0].heatmap.data;
  t.true(largest(map.slice(0, 10)) > 0);
  t.is(largest(map.slice(10)), 0);
});

test.serial("a detector's box: one element of [boxes, classes]", async (t) => {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: [6, 5, 2],
        filters: 3,
        kernelSize: 1,
        activation: 'relu',
        name: 'seen',
      }),
      layers.conv2d({ filters: 4, kernelSize: 1 }),
      layers.reshape({ targetShape: [30, 4] }),
    ],
  });
  seedWeights(model);
  const { targets } = await mapOf(model, [elementTarget([17, 2])], {
    layer: 'seen',
    method: 'hires-cam',
  });
  const map = targets[0].heatmap.data;
  t.is(map.filter((x) => x !== 0).length <= 1, true);
  t.is(
    map.findIndex((x) => x !== 0),
    17,
  );
});

test.serial("similarity to another picture's embedding", async (t) => {
  const model = classifier(4, 'linear');
  const own = await mapOf(model, 'all');
  const embedding = own.targets.map(({ score }) => score);
  const { targets } = await mapOf(model, [similarityTarget(embedding)]);
  t.true(Math.abs(targets[0].score - 1) < 1e-6);
  // at its maximum the cosine has no slope
  t.true(largest(targets[0].heatmap.data) < 1e-5);
  const other = await mapOf(model, [similarityTarget([1, 0, 0, 0])]);
  t.true(largest(other.targets[0].heatmap.data) > 1e-4);
});

test.serial('all units, and one list of targets a document', async (t) => {
  const model = classifier(4, 'softmax');
  const all = await mapOf(model, 'all');
  t.deepEqual(
    all.targets.map(({ target }) => target),
    [0, 1, 2, 3],
  );
  await t.throwsAsync(mapOf(model, [[0], [1]]), { message: /each of the 1 documents/ });
});
