/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, changed by tests only */
/** Models of scikit-learn with all their attributes predict what scikit-learn predicts, and are explained as what they are. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  explainPrediction,
  loadModel,
  predict,
  type FeatureWeightsExplanation,
  type RowModel,
} from '../../../src/index.js';
import { coupled } from '../../../src/model/tabular/sklearn/pairwise.js';

const MODELS: Record<string, any> = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/sklearn-models.json', import.meta.url), 'utf8'),
);

const load = (model: unknown, options = {}) =>
  loadModel(
    [{ name: 'model.sklearn.json', bytes: new TextEncoder().encode(JSON.stringify(model)) }],
    options,
  );

for (const [name, { model, rows, values, logits }] of Object.entries(MODELS)) {
  test(`${name} predicts what scikit-learn predicts`, async (t) => {
    const found: any = await predict(await load(model), rows);
    const compare = (what: string, actual: any, expected: any) => {
      t.is(actual.data.length, expected.data.length, what);
      (expected.data as number[]).forEach((x, i) =>
        t.true(
          Math.abs(actual.data[i] - x) <= 1e-9 * Math.max(1, Math.abs(x)),
          `${what} ${i}: ${actual.data[i]} ${x}`,
        ),
      );
    };
    if (values !== undefined) compare('values', found.values, values);
    if (logits !== undefined) compare('logits', found.logits, logits);
    t.true(values !== undefined || logits !== undefined);
  });
}

const explained = async (name: string, options = {}) => {
  const { model, rows } = MODELS[name];
  const expl = (await explainPrediction(
    await load(model),
    rows[0],
    options,
  )) as FeatureWeightsExplanation;
  const [target] = expl.targets;
  const { pos, neg } = target.featureWeights;
  const sum = [...pos, ...neg].reduce((total, { weight }) => total + weight, 0);
  return { expl, target, sum, names: [...pos, ...neg].map(({ feature }) => feature) };
};

test('what is linear or made of trees is explained exactly', async (t) => {
  for (const [name, method] of [
    ['MultinomialNB', 'linear'],
    ['ComplementNB', 'linear'],
    ['BernoulliNB', 'linear'],
    ['linear SVC', 'linear'],
    ['linear SVR', 'linear'],
    ['OneVsRestClassifier', 'linear'],
    ['MultinomialNB of texts', 'linear'],
    ['BernoulliNB of texts', 'linear'],
    ['ColumnTransformer', 'linear'],
    ['AdaBoostClassifier of two', 'tree-shap'],
    ['AdaBoostClassifier of three', 'tree-path'],
    ['BaggingClassifier', 'tree-shap'],
    ['HistGradientBoostingClassifier', 'tree-shap'],
    ['ColumnTransformer and trees', 'tree-path'],
  ] as const) {
    const { expl, target, sum } = await explained(name, { method });
    const base = (expl.parameters.baseValue as number | undefined) ?? 0;
    t.true(Math.abs(sum + base - target.score!) < 1e-9, name);
    t.is((await explained(name)).expl.method, method === 'tree-path' ? 'tree-shap' : method, name);
  }
});

test('everything else is explained by asking it, and says so', async (t) => {
  for (const name of [
    'GaussianNB',
    'KNeighborsClassifier',
    'SVC of three classes',
    'AdaBoostRegressor',
    'MLPRegressor',
  ]) {
    const { rows } = MODELS[name];
    const { expl, target, sum } = await explained(name, {
      method: 'kernel-shap',
      background: rows,
    });
    t.true(Math.abs(sum + (expl.parameters.baseValue as number) - target.score!) < 1e-9, name);
    for (const method of ['linear', 'tree-shap']) {
      const error = await t.throwsAsync(explained(name, { method }));
      t.regex(error!.message, /kernel-shap/, `${name} ${method}`);
    }
  }
});

test('columns of a pipeline: categories by name, unknown ones, missing values, columns nobody reads', async (t) => {
  const loaded = await load(MODELS['ColumnTransformer'].model);
  const { features, stage } = loaded.model as RowModel;
  t.deepEqual(features[1].categories, ['basic', 'pro', 'team']);
  t.true(features[0].missing);
  t.false(features[3].missing);
  t.true(stage!.names.includes('plan=pro'));
  t.true(stage!.names.includes('age missing'));
  const row = { age: null, plan: 'basic', region: 'n', kids: 1, note: 'whatever' };
  const known: any = await predict(loaded, row);
  // an unknown plan has no column of its own; a missing one is the most frequent
  const other: any = await predict(loaded, { ...row, plan: 'never seen' });
  t.notDeepEqual([...other.values.data], [...known.values.data]);
  t.deepEqual(
    [...((await predict(loaded, { ...row, note: 3 })) as any).values.data],
    [...known.values.data],
  );
  await t.throwsAsync(predict(loaded, { ...row, kids: null }), {
    message: /column 'kids'.*missing/,
  });
  await t.throwsAsync(predict(loaded, { ...row, kids: 'two' }), { message: /column 'kids'/ });
});

test('what a file cannot say is refused with what to do', async (t) => {
  const pipeline = (step: object) => ({
    class_: 'Pipeline',
    steps: [
      ['first', { n_features_in_: 1, ...step }],
      ['last', { class_: 'Ridge', coef_: [1], intercept_: 0 }],
    ],
  });
  for (const [model, pattern] of [
    [{ class_: 'GaussianProcessRegressor', n_features_in_: 1 }, /GaussianProcessRegressor.*ONNX/s],
    [{ class_: 'AdaBoostClassifier', classes_: [0, 1], n_features_in_: 1 }, /no trees/],
    [pipeline({ class_: 'QuantileTransformer' }), /QuantileTransformer.*StandardScaler/s],
    [pipeline({ class_: 'FunctionTransformer', func: 'log' }), /program/],
    [pipeline({ class_: 'OneHotEncoder', max_categories: 3 }), /rare categories/],
    [pipeline({ class_: 'SimpleImputer', statistics_: [null] }), /held no value/],
    [
      pipeline({ class_: 'ColumnTransformer', transformers_: [['a', 'passthrough', ['x9']]] }),
      /must be columns among x0/,
    ],
    [
      {
        class_: 'Pipeline',
        steps: [
          ['v', { class_: 'CountVectorizer', vocabulary_: { a: 0 } }],
          ['s', { class_: 'StandardScaler' }],
          ['r', { class_: 'Ridge', coef_: [1], intercept_: 0 }],
        ],
      },
      /StandardScaler.*TfidfTransformer/s,
    ],
    [
      { ...MODELS['SVC of three classes'].model, _n_support: [1, 1, 1], n_support_: [1, 1, 1] },
      /n_support_/,
    ],
    [
      {
        ...MODELS['KNeighborsClassifier'].model,
        metric: 'cosine',
        effective_metric_: 'cosine',
        params: { metric: 'cosine', n_neighbors: 3 },
      },
      /cosine/,
    ],
  ] as const) {
    const error = await t.throwsAsync(load(model));
    t.regex(error!.message, pattern);
    t.true(['UNSUPPORTED_MODEL', 'MODEL_LOAD'].includes((error as any).code), error!.message);
  }
});

test('probabilities of pairs that agree are those of the classes', (t) => {
  // classes of 0.5, 0.3, 0.2: P(0 | 0 or 1) = 5/8, and so on
  const p = coupled([5 / 8, 5 / 7, 3 / 5], 3);
  [0.5, 0.3, 0.2].forEach((x, k) => t.true(Math.abs(p[k] - x) < 2e-3, String(p)));
  t.true(Math.abs(p[0] + p[1] + p[2] - 1) < 1e-12);
  const two = coupled([0.9], 2);
  t.true(Math.abs(two[0] - 0.9) < 1e-2);
});
