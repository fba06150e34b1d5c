/** A vision transformer end to end: tokens read as a grid, gradients at the picture, every formatter. */
import { fewCalls } from '../helpers/few-calls.js';
import { pictureMethods } from '../helpers/pictures.js';
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ImageExplanation } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { largest, largestDifference, randomArray, tf } from '../helpers/tfjs.js';
import { visionTransformer } from '../helpers/vit.js';

const registry = registryOf(createContainer());
const DOC = randomArray([1, 8, 12, 3], 5);

test.before(async () => {
  await selectBackend('cpu');
});

const explain = async (method: string, options: object = {}) =>
  (await explainPrediction(visionTransformer(), DOC, {
    method,
    targets: [1],
    ...fewCalls(registry.explainer(method), 20),
    ...options,
  })) as ImageExplanation;

for (const { id, family, needs, options } of pictureMethods(registry.explainers).values()) {
  // there is no global average pooling before the head
  if (needs.linearHead === true) continue;
  test.serial(`${id}: explains a transformer, and every formatter takes it`, async (t) => {
    const layer = needs.layer === true ? { layer: 'block2_norm1' } : {};
    const several =
      options.layers === undefined ? {} : { layers: ['block2_norm1', 'block1_norm1'] };
    const explanation = await explain(id, { ...layer, ...several });
    const maps =
      (explanation.kind as string) === 'concepts'
        ? (explanation as unknown as { concepts: ImageExplanation['targets'] }).concepts
        : explanation.targets;
    t.deepEqual(
      [...maps[0].heatmap.shape],
      family === 'cam' || options.layers !== undefined ? [4, 6] : [8, 12],
    );
    for (const { heatmap } of maps) t.true(heatmap.data.every(Number.isFinite));
    for (const formatter of registry.formatters.values()) {
      if (formatter.kinds.includes(explanation.kind)) t.truthy(formatter.format(explanation, {}));
    }
  });
}

test.serial(
  'attention and normalisation are differentiated: against differences of the score',
  async (t) => {
    const model = visionTransformer();
    const before = tf.memory().numTensors;
    const { targets } = (await explainPrediction(model, DOC, {
      method: 'gradient-x-input',
      targets: [1],
    })) as ImageExplanation;
    t.is(tf.memory().numTensors, before);
    const score = async (scale: number) =>
      (
        (await explainPrediction(
          model,
          { shape: DOC.shape, data: DOC.data.map((v) => v * scale) },
          { method: 'gradient-x-input', targets: [1] },
        )) as ImageExplanation
      ).targets[0].score;
    // Σ x·∂s/∂x is the slope along x itself
    const slope = ((await score(1.01)) - (await score(0.99))) / 0.02;
    const sum = targets[0].heatmap.data.reduce((a, b) => a + b, 0);
    t.true(Math.abs(sum - slope) < 2e-3 * Math.max(1, Math.abs(slope)), `${sum}, ${slope}`);
  },
);

test.serial(
  'the patches are found behind the class token; option tokens says otherwise',
  async (t) => {
    const layer = 'block2_norm1';
    const inferred = (await explain('hires-cam', { layer })).targets[0].heatmap;
    t.true(largest(inferred.data) > 0);
    const same = (await explain('hires-cam', { layer, tokens: { skip: 1, grid: [4, 6] } }))
      .targets[0];
    t.is(largestDifference(same.heatmap.data, inferred.data), 0);
    const tall = (await explain('hires-cam', { layer, tokens: { grid: [12, 2] } })).targets[0]
      .heatmap;
    t.deepEqual([...tall.shape], [12, 2]);
    const fewer = await explain('hires-cam', { layer, tokens: { skip: 5, grid: [4, 5] } });
    t.is(largestDifference(fewer.targets[0].heatmap.data, inferred.data.slice(4)), 0);
  },
);

test.serial(
  'behind the last attention only the class token is read: the empty map says what to name',
  async (t) => {
    // what comes behind attention is no known map; the default is known to be one
    const chosen = await explain('grad-cam');
    t.is(chosen.layer?.path, 'sequence');
    t.true(largest(chosen.targets[0].heatmap.data) > 0);
    const { targets, warnings } = await explain('grad-cam', { layer: 'norm' });
    t.is(largest(targets[0].heatmap.data), 0);
    t.regex(warnings.join(), /name a layer before the last attention/);
  },
);

test.serial('full-grad says that it does not understand attention', async (t) => {
  const { warnings, parameters } = await explain('full-grad');
  t.regex(warnings.join(), /sum to .* the score is .*attention/);
  t.true(Math.abs((parameters.completenessGap as number[])[0]) > 0.1);
});
