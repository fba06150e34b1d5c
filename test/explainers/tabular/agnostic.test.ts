import test from 'ava';
import {
  explainPrediction,
  explainWeights,
  isWhylensError,
  modelOfRows,
  modelOfTexts,
  type FeatureWeightsExplanation,
  type WeightedSpansExplanation,
} from '../../../src/index.js';

/** good: +2, bad: −3, good and not together: −4 more. */
const WORDS = modelOfTexts(
  (texts) =>
    texts.map((text) => {
      const words = text.toLowerCase().match(/\w+/g) ?? [];
      const has = (word: string) => (words as string[]).includes(word);
      const score =
        0.5 + (has('good') ? 2 : 0) - (has('bad') ? 3 : 0) - (has('good') && has('not') ? 4 : 0);
      return [-score, score];
    }),
  { classNames: ['negative', 'positive'] },
);
const TEXT = 'It was not good, or was it?';

const ROWS = modelOfRows(
  (rows: readonly (readonly number[])[]) => rows.map(([a, b, c]) => 2 * a + a * b + 0 * c),
  {
    features: ['a', 'b', 'c'],
  },
);

function byFeature(
  expl: WeightedSpansExplanation | FeatureWeightsExplanation,
): Record<string, number> {
  const { pos, neg } = expl.targets[0].featureWeights!;
  return Object.fromEntries([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-9;

test('a class of a text says its place and the top class', async (t) => {
  const sure = modelOfTexts((texts) => texts.map(() => [0.125, 0.5, 0.375]), {
    classNames: ['sport', 'news', 'ads'],
    outputActivation: 'softmax',
  });
  const targets = ['news', 'sport', 'ads'];
  const expl = await explainPrediction(sure, TEXT, { method: 'text-occlusion', targets });
  const top = { target: 1, label: 'news', proba: 0.5 };
  t.deepEqual(
    (expl as WeightedSpansExplanation).targets.map(({ rank, top }) => [rank, top]),
    [
      [0, undefined],
      [2, top],
      [1, top],
    ],
  );
});

test('text-occlusion by hand', async (t) => {
  const expl = (await explainPrediction(WORDS, TEXT, {
    method: 'text-occlusion',
    targets: ['positive'],
  })) as WeightedSpansExplanation;
  t.deepEqual(byFeature(expl), { not: -4, good: -2 });
  t.is(expl.targets[0].score, -1.5);
  const [{ spans }] = expl.targets[0].weightedSpans.documents;
  t.deepEqual(
    spans.map(({ spans: [[from, to]] }) => TEXT.slice(from, to)),
    ['not', 'good'],
  );
  const chars = (await explainPrediction(WORDS, TEXT, {
    method: 'text-occlusion',
    targets: [1],
    unit: 'char',
  })) as WeightedSpansExplanation;
  t.true(Object.keys(byFeature(chars)).includes('g'));
  const other = (await explainPrediction(WORDS, TEXT, {
    method: 'text-occlusion',
    targets: [1],
    replaceWith: 'bad',
  })) as WeightedSpansExplanation;
  t.is(byFeature(other)['It'], 3);
});

test('partition-shap and permutation-shap: shares of what two words do together, sums exact', async (t) => {
  for (const method of ['partition-shap', 'permutation-shap']) {
    const expl = (await explainPrediction(WORDS, TEXT, {
      method,
      targets: [1],
    })) as WeightedSpansExplanation;
    const weights = byFeature(expl);
    // good: 2 alone, −2 beside not; not: 0 alone, −4 beside good
    t.true(near(weights.good, 0) || weights.good === undefined, method);
    t.true(near(weights.not, -2), method);
    const sum = Object.values(weights).reduce((a, b) => a + b, 0);
    t.true(near(sum, expl.targets[0].score! - (expl.parameters.baseValue as number)), method);
  }
  const short = (await explainPrediction(WORDS, TEXT, {
    method: 'partition-shap',
    targets: [1],
    samples: 2,
  })) as WeightedSpansExplanation;
  t.false(short.parameters.complete as boolean);
  t.true(
    near(
      Object.values(byFeature(short)).reduce((a, b) => a + b, 0),
      -2,
    ),
  );
});

test('kernel-shap and permutation-shap of rows by hand, with groups', async (t) => {
  const background = [
    [0, 0, 5],
    [2, 0, 1],
  ];
  for (const method of ['kernel-shap', 'permutation-shap']) {
    const expl = (await explainPrediction(
      ROWS,
      { a: 3, b: 4, c: 1 },
      { method, background },
    )) as FeatureWeightsExplanation;
    const weights = byFeature(expl);
    // v(∅) = 2, v(a) = 6, v(b) = 2 + 4 = 6, v(ab) = 18
    t.true(near(weights.a, (4 + 12) / 2), method);
    t.true(near(weights.b, (4 + 12) / 2), method);
    t.false('c' in weights);
    t.is(expl.parameters.baseValue, 2);
    const grouped = (await explainPrediction(ROWS, [3, 4, 1], {
      method,
      background,
      groups: { both: ['a', 'b'] },
    })) as FeatureWeightsExplanation;
    t.true(near(byFeature(grouped).both, 16), method);
  }
  const error = await t.throwsAsync(explainPrediction(ROWS, [3, 4, 1], { method: 'kernel-shap' }));
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  const few = (await explainPrediction(ROWS, [3, 4, 1], {
    method: 'kernel-shap',
    background: [...background, [9, 9, 9]],
    backgroundSize: 2,
  })) as FeatureWeightsExplanation;
  t.regex(few.parameters.background as string, /k-means of 3/);
});

test('counterfactual: the nearest row of the other class, features held', async (t) => {
  const model = modelOfRows(
    (rows: readonly (readonly number[])[]) => rows.map(([a, b]) => [10 - a - b, a + b - 10]),
    {
      features: ['a', 'b'],
      classNames: ['low', 'high'],
    },
  );
  const background = [
    [12, 1],
    [1, 12],
    [0, 0],
    [3, 3],
  ];
  const expl = (await explainPrediction(model, [4, 2], {
    method: 'counterfactual',
    background,
    fixed: ['b'],
  })) as FeatureWeightsExplanation;
  const reached = expl.parameters.counterfactual as { a: number; b: number };
  t.is(reached.b, 2);
  t.is(reached.a, 9);
  t.is(expl.parameters.reached, 'high');
  t.true(near(byFeature(expl).a, expl.targets[0].score! - (expl.parameters.baseValue as number)));
  const text = (await explainPrediction(WORDS, 'good and not bad', {
    method: 'counterfactual',
  })) as WeightedSpansExplanation;
  t.is(text.parameters.counterfactual, 'good and  bad'.replace(' bad', ' '));
});

test('lime: the row and the text decide, a poor fit gives a warning', async (t) => {
  const background = Array.from({ length: 40 }, (_, i) => [i % 5, (i * 7) % 4, i % 3]);
  const row = (await explainPrediction(ROWS, [3, 2, 1], {
    method: 'lime-tabular',
    background,
    samples: 400,
  })) as FeatureWeightsExplanation;
  t.true(row.parameters.fit !== undefined);
  const numbers = (await explainPrediction(ROWS, [3, 2, 1], {
    method: 'lime-tabular',
    background,
    samples: 400,
    discretise: 'no',
    around: 'row',
  })) as FeatureWeightsExplanation;
  t.true(byFeature(numbers).a > 0);
  const text = (await explainPrediction(WORDS, 'bad, bad day', {
    method: 'lime-text',
    targets: [1],
    samples: 200,
    alpha: 0,
  })) as WeightedSpansExplanation;
  t.true(Math.abs(byFeature(text).bad + 3) < 1e-6);
  t.is(text.targets[0].weightedSpans.documents[0].spans[0].spans.length, 2);
});

test('what cannot serve is refused with what can', async (t) => {
  const error = await t.throwsAsync(explainPrediction(ROWS, [1, 2, 3], { method: 'tree-shap' }));
  t.true(isWhylensError(error, 'UNSUPPORTED_MODEL'));
  t.regex(error!.message, /kernel-shap.*permutation-shap.*lime-tabular/);
  const weights = await t.throwsAsync(explainWeights(ROWS));
  t.regex(weights!.message, /permutationImportance/);
  const missing = await t.throwsAsync(
    explainPrediction(ROWS, { a: 1, b: 2 }, { method: 'kernel-shap', background: [[0, 0, 0]] }),
  );
  t.regex(missing!.message, /row 0 .*no column 'c'/);
});

test('lime-text with a logistic white box: by hand, options, what it says of itself', async (t) => {
  // the logit of 'positive' is 1 with good, −1 without, whatever else stands there
  const model = modelOfTexts(
    (texts) =>
      texts.map((text) => {
        const p = 1 / (1 + Math.exp(/good/.test(text) ? -1 : 1));
        return [1 - p, p];
      }),
    { classNames: ['negative', 'positive'], outputActivation: 'softmax' },
  );
  const run = async (options: object) =>
    (await explainPrediction(model, 'A good, good day', {
      method: 'lime-text',
      whiteBox: 'logistic',
      samples: 300,
      targets: [1],
      ...options,
    })) as WeightedSpansExplanation;
  const exact = await run({ alpha: 1e-9, ngrams: 1 });
  // both come and go together: 2 · β = 2
  t.true(Math.abs(byFeature(exact).good - 2) < 1e-3);
  t.true(Math.abs((exact.parameters.localPrediction as number) - 1) < 1e-3);
  t.true((exact.parameters.meanKL as number) < 1e-6);
  t.is(exact.parameters.agreement, 1);
  t.is(exact.parameters.measured, '90 versions held out');
  const [span] = exact.targets[0].weightedSpans.documents[0].spans;
  t.deepEqual(span.spans, [
    [2, 6],
    [8, 12],
  ]);
  const other = await run({ alpha: 1e-9, ngrams: 1, targets: [0] });
  t.true(Math.abs(byFeature(other).good + 2) < 1e-3);
  const base = JSON.stringify((await run({})).targets);
  t.true('good good' in byFeature(await run({})));
  for (const change of [
    { ngrams: 3 },
    { alpha: 20 },
    { distinct: false },
    { unit: 'char' },
    { kernelWidth: 3 },
    { samples: 40 },
    { whiteBox: 'ridge' },
    { replaceWith: 'good' },
    { top: 1 },
  ]) {
    t.not(JSON.stringify((await run(change)).targets), base, JSON.stringify(change));
  }
  const rough = await run({ alpha: 1e5 });
  t.regex(rough.warnings.join(' '), /poor picture/);
  for (const [given, options] of [
    [WORDS, { whiteBox: 'logistic' }],
    [model, { ngrams: 2 }],
    [model, { samples: { texts: ['a', 'b'] } }],
    [model, { whiteBox: 'logistic', samples: { shown: [[1], [0]] } }],
  ] as const) {
    const error = await t.throwsAsync(
      explainPrediction(given, TEXT, { method: 'lime-text', ...options } as object),
    );
    t.true(isWhylensError(error, 'INVALID_OPTION'), error?.message);
  }
});

test('lime-text with a logistic white box of characters: runs with blanks, at their places', async (t) => {
  const times = (text: string) => text.toLowerCase().split('ab').length - 1;
  const model = modelOfTexts((texts) => texts.map((text) => 1 / (1 + Math.exp(1 - times(text)))), {
    classNames: ['no', 'yes'],
    outputActivation: 'sigmoid',
  });
  const run = async (more: object) =>
    (await explainPrediction(model, 'ab  CAB', {
      method: 'lime-text',
      whiteBox: 'logistic',
      unit: 'char',
      targets: ['yes'],
      samples: 200,
      ...more,
    })) as WeightedSpansExplanation;
  const found = await run({ alpha: 1e-9, ngrams: [2, 2] });
  const weights = byFeature(found);
  // two blanks are read as one; "ab" stands twice, with weight 1 each
  t.deepEqual(Object.keys(weights).sort(), [' c', 'ab', 'b ', 'ca']);
  t.true(Math.abs(weights['ab'] - 2) < 1e-3);
  t.true(Math.abs(weights[' c']) < 1e-3);
  t.true(Math.abs((found.parameters.intercept as number) + 1) < 1e-3);
  const [{ spans, preserveDensity }] = found.targets[0].weightedSpans.documents;
  t.true(preserveDensity);
  t.deepEqual(spans.find(({ feature }) => feature === 'ab')?.spans, [
    [0, 2],
    [5, 7],
  ]);
  t.deepEqual(spans.find(({ feature }) => feature === ' c')?.spans, [[2, 5]]);
  const usual = await run({});
  const lengths = [...new Set(Object.keys(byFeature(usual)).map((term) => term.length))];
  t.deepEqual(lengths.sort(), [2, 3, 4, 5]);
  const placed = await run({ distinct: false });
  t.deepEqual(Object.keys(byFeature(placed)).sort(), ['a', 'a #2', 'b', 'b #2', 'c']);
  for (const ngrams of [0, 9, [2, 1], [1.5, 2], [1, 2, 3], '2']) {
    await t.throwsAsync(run({ ngrams }), {
      message: /'ngrams' of method 'lime-text' must be|ngrams/,
    });
  }
});
