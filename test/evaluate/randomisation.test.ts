import test from 'ava';
import {
  cascade,
  checkRandomisation,
  stageSizes,
  verdictOf,
} from '../../src/evaluate/randomisation.js';
import type { Heatmap } from '../../src/explanation.js';
import { classTarget } from '../../src/model/targets.js';
import { mapOf } from '../helpers/close.js';
import { fakeClassifier } from '../helpers/fake-model.js';

const stages = (...correlations: number[]) =>
  correlations.map((rankCorrelation, i) => ({
    layers: i + 1,
    reached: `layer ${i}`,
    rankCorrelation,
    similarity: 0,
  }));

test('layers with weights, from the head down', (t) => {
  t.deepEqual(cascade(fakeClassifier().describe()), ['logits', 'conv2', 'conv1']);
});

test('stages go from the head alone to all layers', (t) => {
  t.deepEqual(stageSizes(9, 5), [1, 3, 5, 7, 9]);
  t.deepEqual(stageSizes(3, 5), [1, 2, 3]);
  t.deepEqual(stageSizes(1, 2), [1]);
});

test('a map that outlives the head fails, and so does one that stays similar on average', (t) => {
  t.like(verdictOf(stages(0.95, 0, 0, 0)), { passed: false });
  t.regex(verdictOf(stages(0.95, 0, 0, 0)).reason!, /head/);
  t.like(verdictOf(stages(0.8, 0.6, 0.5, 0.3)), { passed: false });
  t.regex(verdictOf(stages(0.8, 0.6, 0.5, 0.3)).reason!, /0\.55/);
  const passing = verdictOf(stages(0.9, 0.5, 0.3, 0.1));
  t.true(passing.passed);
  t.is(passing.reason, undefined);
  // a map turned round is not the same map
  t.true(verdictOf(stages(-0.99, -0.9)).passed);
});

test('each document has weights of its own, every stage of all documents is averaged, models are released', async (t) => {
  let released = 0;
  const base = fakeClassifier();
  const drawn: [readonly string[], number][] = [];
  const model = {
    ...base,
    randomize(layers: readonly string[], seed: number) {
      drawn.push([layers, seed]);
      return { ...base.randomize(layers, seed), release: () => void released++ };
    },
  };
  const map = mapOf([[1, 2, 3, 4]]);
  const same = map;
  const turned = mapOf([[4, 3, 2, 1]]);
  const found = await checkRandomisation(
    model,
    ['a', 'b'].map((doc) => ({ doc, target: classTarget(0), map })),
    {
      stages: 3,
      seed: 10,
      explain: (_, doc): Promise<Heatmap> => Promise.resolve(doc === 'a' ? same : turned),
    },
  );
  t.deepEqual(
    drawn.map(([layers, seed]) => [layers.length, seed]),
    [
      [1, 10],
      [1, 11],
      [2, 10],
      [2, 11],
      [3, 10],
      [3, 11],
    ],
  );
  t.is(released, 6);
  t.deepEqual(
    found.stages.map(({ rankCorrelation }) => rankCorrelation),
    [0, 0, 0],
  );
});

test('if the method throws, the re-drawn model is released', async (t) => {
  let released = 0;
  const base = fakeClassifier();
  const model = {
    ...base,
    randomize: () => ({ ...base, release: () => void released++ }),
  };
  await t.throwsAsync(
    checkRandomisation(model, [{ doc: 0, target: classTarget(0), map: mapOf([[1]]) }], {
      stages: 2,
      seed: 0,
      explain: () => Promise.reject(new Error('no')),
    }),
    { message: 'no' },
  );
  t.is(released, 1);
});
