import test from 'ava';
import {
  explainPrediction,
  explanationFromJson,
  formatAsHtml,
  formatAsJson,
  formatAsSvg,
  formatAsText,
  modelOfRows,
  type FeatureWeightsExplanation,
} from '../../src/index.js';

/** `count` classes whose probabilities rise with their index. */
const explained = async (count: number) => {
  const total = (count * (count + 1)) / 2;
  const model = modelOfRows(
    (rows: readonly unknown[]) =>
      rows.map(() => Array.from({ length: count }, (_, k) => (k + 1) / total)),
    {
      features: ['a', 'b'],
      classNames: Array.from({ length: count }, (_, k) => `kind ${k}`),
      outputActivation: 'softmax',
    },
  );
  return (await explainPrediction(model, [1, 2], {
    method: 'kernel-shap',
    background: [[0, 0]],
  })) as FeatureWeightsExplanation;
};

test('a record tells the probability of every class, the likeliest first, and every formatter shows them', async (t) => {
  const expl = await explained(3);
  t.deepEqual(
    expl.classes?.map(({ target, label }) => [target, label]),
    [
      [2, 'kind 2'],
      [1, 'kind 1'],
      [0, 'kind 0'],
    ],
  );
  t.deepEqual(explanationFromJson(formatAsJson(expl)), expl);
  t.regex(formatAsText(expl), /kind 2 {2}0\.500 {2}#{12}\nkind 1 {2}0\.333 {2}#{8}\n/);
  t.false(formatAsText(expl, { show: 'weights' }).includes('kind 1'));
  for (const shown of [formatAsHtml(expl), formatAsSvg(expl)]) {
    t.true(shown.includes('All classes'));
    t.true(shown.includes('33.3 %'));
  }
  const { classes, ...without } = expl;
  t.is(classes?.length, 3);
  t.false(formatAsHtml(without).includes('All classes'));
});

test('of many classes the likeliest are kept, and what is not drawn is counted', async (t) => {
  const expl = await explained(30);
  t.is(expl.classes?.length, 20);
  t.is(expl.classes?.[0].target, 29);
  t.true(formatAsText(expl).includes('12 more classes'));
  t.true(formatAsSvg(expl).includes('12 more'));
  const nine = await explained(9);
  t.regex(formatAsText(nine), /1 more class$/m);
  t.regex(formatAsHtml(nine), /… 1 more …/);
  const regression = modelOfRows((rows: readonly (readonly number[])[]) => rows.map(([a]) => a), {
    features: ['a', 'b'],
  });
  const value = (await explainPrediction(regression, [1, 2], {
    method: 'kernel-shap',
    background: [[0, 0]],
  })) as FeatureWeightsExplanation;
  t.is(value.classes, undefined);
});
