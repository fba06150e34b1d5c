import test from 'ava';
import {
  explainPrediction,
  isWhylensError,
  modelOfRows,
  modelOfTexts,
  type Explanation,
  type FeatureWeightsExplanation,
} from '../../src/index.js';
import { evaluateExplanation, type EvaluateOptions } from '../../src/entry/evaluate.js';

/** 3a + b, and c for nothing. */
const ROWS = modelOfRows(
  (rows: readonly (readonly number[])[]) => rows.map(([a, b]) => 3 * a + b),
  { features: ['a', 'b', 'c'] },
);
const background = [
  [0, 0, 0],
  [2, 0, 4],
];
const ROW = { a: 5, b: 2, c: 1 };
const explained = () => explainPrediction(ROWS, ROW, { method: 'kernel-shap', background });

test('rows: curves by hand, the largest weight first', async (t) => {
  const found = await evaluateExplanation(ROWS, ROW, await explained(), { background });
  // the background's mean of a is 1: 17 falls by 12, then by 2, then by nothing
  t.deepEqual(found.curves.deletion, [17, 5, 3, 3]);
  t.is(found.values.deletion, (11 + 4 + 3) / 3);
  t.deepEqual(found.curves.insertion, [3, 15, 17, 17]);
  t.is(found.values.insertion, (9 + 16 + 17) / 3);
  // weights that are exact predict every drop
  t.true(found.values.infidelity! < 1e-12);
  t.false('stability' in found.values);
  t.deepEqual(Object.keys(found.values), ['deletion', 'insertion', 'infidelity']);
});

test('the metrics tell a bad explanation from a good one', async (t) => {
  const good = (await explained()) as FeatureWeightsExplanation;
  const [target] = good.targets;
  const bad: Explanation = {
    ...good,
    targets: [
      {
        ...target,
        featureWeights: {
          ...target.featureWeights,
          pos: [{ feature: 'c', weight: 12 }],
          neg: [{ feature: 'a', weight: -2 }],
        },
      },
    ],
  };
  const [right, wrong] = await Promise.all(
    [good, bad].map((one) => evaluateExplanation(ROWS, ROW, one, { background })),
  );
  t.true(right.values.deletion! < wrong.values.deletion!);
  t.true(right.values.insertion! > wrong.values.insertion!);
  t.true(wrong.values.infidelity! > 0.3);
});

test('stability: 1 for what no seed changes, less for what was sampled with too little', async (t) => {
  const options: EvaluateOptions = { background, metrics: ['stability'], seeds: 3 };
  const exact = await evaluateExplanation(ROWS, ROW, await explained(), options);
  t.true(Math.abs(exact.values.stability! - 1) < 1e-12);
  const many = Array.from({ length: 12 }, (_, j) => `x${j}`);
  const wide = modelOfRows(
    (rows: readonly (readonly number[])[]) =>
      rows.map((row) => row.reduce((product, x, j) => product * (1 + x * (j % 3)), 1)),
    { features: many },
  );
  const others = [many.map(() => 0), many.map((_, j) => j / 9)];
  const row = many.map((_, j) => ((j * 7) % 5) / 5);
  const rough = await explainPrediction(wide, row, {
    method: 'lime-tabular',
    background: others,
    samples: 12,
    discretise: 'no',
  });
  const found = await evaluateExplanation(wide, row, rough, { ...options, background: others });
  t.true(found.values.stability! < 0.95 && found.values.stability! >= -1);
});

test('texts: words are cut out; a bigram counts for both of its words', async (t) => {
  const words = modelOfTexts(
    (texts) => texts.map((text) => [0, (/good/.test(text) ? 2 : 0) - (/bad/.test(text) ? 1 : 0)]),
    { classNames: ['no', 'yes'] },
  );
  const doc = 'a good, bad day';
  const expl = await explainPrediction(words, doc, { method: 'text-occlusion', targets: [1] });
  const found = await evaluateExplanation(words, doc, expl, { score: 'logit' });
  t.deepEqual(found.curves.deletion, [1, -1, -1, -1, 0]);
  t.deepEqual(found.curves.insertion, [0, 2, 2, 2, 1]);
  t.true(found.values.infidelity! < 1e-12);
});

test('every option changes what comes out; a missing one is an error', async (t) => {
  const model = modelOfRows(
    (rows: readonly (readonly number[])[]) =>
      rows.map(([a, b, c]) => {
        const p = 1 / (1 + Math.exp(-(a - b + a * c) / 3));
        return [1 - p, p];
      }),
    { features: ['a', 'b', 'c'], classNames: ['no', 'yes'], outputActivation: 'softmax' },
  );
  const expl = await explainPrediction(model, [2, 1, 1], {
    method: 'kernel-shap',
    background,
    targets: [1],
  });
  const run = async (options: EvaluateOptions, metric: 'deletion' | 'infidelity') =>
    (await evaluateExplanation(model, [2, 1, 1], expl, { background, ...options })).values[metric];
  t.not(await run({ score: 'logit' }, 'deletion'), await run({}, 'deletion'));
  t.not(await run({ steps: 1 }, 'deletion'), await run({}, 'deletion'));
  t.not(await run({ background: [[1, 1, 1]] }, 'deletion'), await run({}, 'deletion'));
  t.not(await run({ perturbations: 3 }, 'infidelity'), await run({}, 'infidelity'));
  t.not(await run({ normalize: false }, 'infidelity'), await run({}, 'infidelity'));
  t.not(
    await run({ seed: 4, perturbations: 3 }, 'infidelity'),
    await run({ perturbations: 3 }, 'infidelity'),
  );
  const none = await t.throwsAsync(evaluateExplanation(model, [2, 1, 1], expl));
  t.true(isWhylensError(none, 'INVALID_OPTION'));
  t.regex(none!.message, /background/);
  const road = await t.throwsAsync(
    evaluateExplanation(model, [2, 1, 1], expl, { background, metrics: ['road'] }),
  );
  t.regex(road!.message, /deletion, insertion, infidelity, stability/);
  const seeds = await t.throwsAsync(
    evaluateExplanation(model, [2, 1, 1], expl, { background, seeds: 0 }),
  );
  t.regex(seeds!.message, /seeds/);
});
