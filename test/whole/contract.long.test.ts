/**
 * What every method keeps to while it runs, through the public calls: progress
 * rises to its total, an abort half way leaves nothing behind and says how far
 * it came, and the memory budget sets the size of the chunks and nothing else.
 */
import { fewCalls } from '../helpers/few-calls.js';
import { pictureMethods } from '../helpers/pictures.js';
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { Explainer } from '../../src/container/plugin.js';
import { AbortedError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { type ExplainOptions } from '../../src/explain/explain-options.js';
import type { Explanation } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { largest, largestDifference, randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const registry = registryOf(createContainer());
const DOC = randomArray([1, 12, 10, 3], 5);
/** True if the declared cost names what the model is run for again and again; of layers, this one has two. */
const runsOften = ({ cost, options }: Pick<Explainer, 'cost' | 'options'>): boolean =>
  options.layers === undefined && /\(|per (channel|concept)/.test(cost);

function network(): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: [12, 10, 3],
        filters: 5,
        kernelSize: 3,
        activation: 'relu',
        name: 'seen',
      }),
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', name: 'deep' }),
      layers.flatten({}),
      layers.dense({ units: 4, activation: 'softmax', name: 'scores' }),
    ],
  });
  seedWeights(model, 3);
  return model;
}

const optionsFor = (id: string, more: ExplainOptions): ExplainOptions => ({
  method: id,
  targets: [2, 0],
  seed: 4,
  ...fewCalls(registry.explainer(id), 24),
  ...more,
});

const mapsOf = (explanation: Explanation) =>
  explanation.kind === 'concepts'
    ? explanation.concepts.map(({ heatmap }) => heatmap)
    : explanation.kind === 'image'
      ? explanation.targets.map(({ heatmap }) => heatmap)
      : [];

test.before(async () => {
  await selectBackend('wasm');
});

for (const [id, method] of pictureMethods(registry.explainers)) {
  // there is no global average pooling before the head
  if (method.needs.linearHead === true) continue;

  test.serial(
    `${id}: progress rises to its total, and an abort on the way leaves nothing`,
    async (t) => {
      const model = network();
      const before = tf.memory().numTensors;
      const seen: [number, number][] = [];
      const onProgress = (done: number, total: number) => seen.push([done, total]);
      await explainPrediction(model, DOC, optionsFor(id, { batchSize: 2, onProgress }));
      const total = seen[0][1];
      t.deepEqual(seen.at(-1), [total, total]);
      seen.forEach(([done, of], i) => {
        t.is(of, total);
        t.true(done > (seen[i - 1]?.[0] ?? 0), `${done} after ${seen[i - 1]?.[0]}`);
      });
      if (runsOften(method)) t.true(seen.length >= 3, `${seen.length} steps`);
      t.is(tf.memory().numTensors, before);

      const stopAt = seen[Math.floor((seen.length - 1) / 2)][0];
      const controller = new AbortController();
      const error = await t.throwsAsync(
        explainPrediction(
          model,
          DOC,
          optionsFor(id, {
            batchSize: 2,
            signal: controller.signal,
            onProgress: (done) => done >= stopAt && controller.abort(),
          }),
        ),
        { instanceOf: AbortedError },
      );
      t.regex(error.message, new RegExp(`after ${stopAt} of ${total}\\b`));
      t.is(tf.memory().numTensors, before, 'tensors left behind');
      model.dispose();
    },
  );

  test.serial(
    `${id}: the memory budget makes chunks smaller and changes nothing else`,
    async (t) => {
      const model = network();
      const run = async (memoryBudget: number) => {
        let steps = 0;
        const explanation = await explainPrediction(
          model,
          DOC,
          optionsFor(id, { memoryBudget, onProgress: () => steps++ }),
        );
        return { steps, maps: mapsOf(explanation) };
      };
      const small = await run(1);
      const large = await run(2 ** 30);
      if (runsOften(method) && id !== 'tta')
        t.true(small.steps > large.steps, `${small.steps} steps, ${large.steps}`);
      large.maps.forEach(({ data }, i) => {
        const difference = largestDifference(small.maps[i].data, data);
        t.true(difference <= 1e-4 * Math.max(largest(data), 1e-6), `map ${i}: ${difference}`);
      });
      model.dispose();
    },
  );
}

test.serial('a budget between holds as many samples as fit, for a function too', async (t) => {
  const sizes: number[] = [];
  const model = ({ shape, data }: { shape: readonly number[]; data: Float32Array }) => {
    sizes.push(shape[0]);
    const size = data.length / shape[0];
    return Array.from({ length: shape[0] }, (_, n) => [data[n * size], data[n * size + 1]]);
  };
  const run = async (more: object) => {
    sizes.length = 0;
    await explainPrediction(model, randomArray([1, 4, 5, 1], 2), {
      method: 'rise',
      masks: 40,
      targets: 0,
      ...more,
    });
    return Math.max(...sizes);
  };
  t.is(await run({ batchSize: 7 }), 7);
  const [one, few, many] = [
    await run({ memoryBudget: 1 }),
    await run({ memoryBudget: 20_000 }),
    await run({}),
  ];
  t.is(one, 1);
  t.true(few > 1 && few < many, `${few} of ${many}`);
});
