import test from 'ava';
import { dff } from '../../explainers/dff.js';
import { isWhylensError } from '../../src/errors.js';
import type { ConceptsExplanation, NdArray } from '../../src/explanation.js';
import type { ExplainableModel } from '../../src/model/interface.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo } from '../helpers/close.js';
import { contextFor, type ContextOptions } from '../helpers/context.js';
import { dense, globalAverage, relu, square } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';

const picture = { width: 2, height: 1, mode: 'L', data: new Uint8ClampedArray(2) } as const;

async function conceptsOf(model: ExplainableModel, inputs: NdArray, options: ContextOptions = {}) {
  const explainer = dff;
  const context = contextFor(explainer, model, inputs, options);
  const explained = await explainer.explain({ ...context, picture: () => picture });
  if (explained.kind !== 'records') throw new Error('dff gives records');
  const { explanations } = explained;
  return { records: explanations as ConceptsExplanation[], warnings: context.warnings };
}

/** Two parts that share no place and no channel: A = (3,4)·5 here, (0, 0, 2) there. */
const apart = (activation: 'linear' | 'softmax' = 'linear') =>
  fakeModel({
    inputShape: [1, 4, 3],
    layers: [
      relu('relu'),
      globalAverage('pool'),
      dense('logits', [3, 2], [1, 2, 3, 4, 5, 6], [0.5, -1]),
    ],
    activation,
  });
const row = {
  shape: [1, 1, 4, 3],
  data: Float32Array.of(6, 8, 0, 0, 0, 2, 3, 4, 0, 0, 0, 0),
};

test('two parts that do not overlap are found exactly, scores worked by hand', async (t) => {
  const targets = [classTarget(0), classTarget(1)];
  const { records } = await conceptsOf(apart(), row, { targets, options: { concepts: 2 } });
  const [{ concepts, kind, parameters }] = records;
  t.is(kind, 'concepts');
  t.true((parameters.relativeError as number) < 1e-5);
  // channel vectors of length 1: (0.6, 0.8, 0) and (0, 0, 1)
  closeTo(t, concepts[0].heatmap, { shape: [1, 4], data: [10, 0, 5, 0] }, 1e-4);
  closeTo(t, concepts[1].heatmap, { shape: [1, 4], data: [0, 2, 0, 0] }, 1e-4);
  // means of the part alone: (9, 12, 0) / 4 and (0, 0, 2) / 4
  const scores = concepts.map((concept) => concept.scores.map(({ score }) => score!));
  const expected = [
    [9 / 4 + 3 * 3 + 0.5, (2 * 9) / 4 + 4 * 3 - 1],
    [5 / 2 + 0.5, 3 - 1],
  ];
  scores.flat().forEach((score, i) => t.true(Math.abs(score - expected.flat()[i]) < 1e-3));
});

test('labels and probabilities go with the scores, the picture comes from the context', async (t) => {
  const { records } = await conceptsOf(apart('softmax'), row, {
    targets: [classTarget(1)],
    options: { concepts: 1 },
  });
  const [{ concepts, targets, image, layer }] = records;
  t.is(image, picture);
  t.deepEqual(layer?.shape, [1, 4, 3]);
  t.is(targets[0].target, 1);
  for (const { proba } of [...targets, ...concepts[0].scores]) t.true(proba! > 0 && proba! < 1);
});

test('concepts sets their number, the seed repeats them, a batch equals singles', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3], 2);
  const { records } = await conceptsOf(model, inputs, { options: { concepts: 3 } });
  t.is(records[0].concepts.length, 3);
  t.is((await conceptsOf(model, inputs)).records[0].concepts.length, 5);
  const again = await conceptsOf(model, inputs, { options: { concepts: 3 } });
  t.deepEqual(again.records, records);
  const size = 6 * 8 * 3;
  const second = { shape: [1, 6, 8, 3], data: inputs.data.slice(size) };
  const alone = await conceptsOf(model, second, { options: { concepts: 3 } });
  t.deepEqual(alone.records[0].concepts, records[1].concepts);
});

test('negative activations are taken as zero, and a warning says so', async (t) => {
  const model = fakeModel({
    inputShape: [1, 2, 1],
    layers: [square('bend'), globalAverage('pool'), dense('logits', [1, 2], [1, 2], [0, 0])],
  });
  const inputs = { shape: [1, 1, 2, 1], data: Float32Array.of(-1, 2) };
  const { records, warnings } = await conceptsOf(model, inputs, { options: { concepts: 1 } });
  closeTo(t, records[0].concepts[0].heatmap, { shape: [1, 2], data: [0, 4] });
  t.regex(warnings.join(), /bend.*negative/);
  t.deepEqual((await conceptsOf(apart(), row)).warnings, []);
});

test('an input that is not a picture is refused', async (t) => {
  const model = fakeModel({
    inputShape: [6, 2],
    layers: [relu('relu'), globalAverage('pool'), dense('logits', [2, 2], [1, 2, 3, 4], [0, 0])],
  });
  const error = await t.throwsAsync(conceptsOf(model, fakeInputs([6, 2])));
  t.true(isWhylensError(error, 'INVALID_DOCUMENT'));
});
