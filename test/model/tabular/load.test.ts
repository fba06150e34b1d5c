/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, changed by tests only */
/** Models of rows and texts through `loadModel` and `predict`: small ones made up here, and the shared ones. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadModel, predict, type RowModel } from '../../../src/index.js';
import { analyzeText, termsOf } from '../../../src/model/tabular/text/analyze.js';
import { readGolden } from '../../helpers/tabular.js';
import { sharedFile } from '../../helpers/shared.js';

const file = (name: string, content: unknown) => [
  {
    name,
    bytes: new TextEncoder().encode(
      typeof content === 'string' ? content : JSON.stringify(content),
    ),
  },
];

/** x0 counts twice and x1 minus once; classes 'no' and 'yes'. */
const LOGISTIC = {
  class_: 'LogisticRegression',
  feature_names: ['a', 'b'],
  classes: ['no', 'yes'],
  coef_: [[2, -1]],
  intercept_: [0.5],
};

/** One split on f0 < 1.5 (missing goes right), then categories {1, 2} of f1 go right. */
const XGBOOST = {
  learner: {
    feature_names: ['calls', 'plan'],
    feature_types: ['float', 'c'],
    objective: { name: 'binary:logistic' },
    learner_model_param: { base_score: '[5E-1]', num_class: '0', num_feature: '2' },
    gradient_booster: {
      name: 'gbtree',
      model: {
        cats: {
          enc: [
            { values: [] },
            { offsets: [0, 5, 8, 12], values: [...Buffer.from('basicproteam')] },
          ],
        },
        tree_info: [0],
        trees: [
          {
            tree_param: { size_leaf_vector: '1' },
            left_children: [1, -1, 3, -1, -1],
            right_children: [2, -1, 4, -1, -1],
            split_indices: [0, 0, 1, 0, 0],
            split_conditions: [1.5, -1, 0, 0.25, 2],
            split_type: [0, 0, 1, 0, 0],
            default_left: [0, 0, 1, 0, 0],
            sum_hessian: [10, 4, 6, 3, 3],
            loss_changes: [5, 0, 1, 0, 0],
            categories_nodes: [2],
            categories_segments: [0],
            categories_sizes: [2],
            categories: [1, 2],
          },
        ],
      },
    },
  },
};

const LIGHTGBM = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=Column_0 Column_1
feature_infos=[0:9] 0:1:2:33
tree_sizes=1

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=4 1
threshold=2.5 0
decision_type=4 1
left_child=-1 -2
right_child=1 -3
leaf_value=10 20 30
leaf_weight=1 1 1
leaf_count=5 3 2
internal_value=0 0
internal_weight=0 0
internal_count=10 5
cat_boundaries=0 2
cat_threshold=1 2
is_linear=0
shrinkage=1


end of trees

pandas_categorical:null
`;

test('a linear model: rows by name, as lists, as tables; classes by name', async (t) => {
  const model = await loadModel(file('churn.json', LOGISTIC));
  t.is(model.name, 'churn');
  t.deepEqual(model.labels, ['no', 'yes']);
  const p = 1 / (1 + Math.exp(-3.5));
  const close = (actual: ArrayLike<number>, expected: number[]) => {
    t.deepEqual(actual.length, expected.length);
    expected.forEach((x, i) => t.true(Math.abs(actual[i] - x) < 1e-14, `${actual[i]} for ${x}`));
  };
  for (const row of [
    { b: 1, a: 2, other: 'x' },
    [2, 1],
    [[2, 1]],
    { columns: ['b', 'a'], rows: [[1, 2]] },
  ]) {
    const { values, logits, outputs, top } = await predict(model, row);
    t.deepEqual(
      [values.shape, logits.shape],
      [
        [1, 2],
        [1, 1],
      ],
    );
    close(values.data, [1 - p, p]);
    close(logits.data, [3.5]);
    t.true(outputs[0].probabilities);
    t.deepEqual(
      top[0].map(({ label }) => label),
      ['yes', 'no'],
    );
  }
  const many = await predict(model, [
    { a: 0, b: 0 },
    { a: '1', b: true },
  ]);
  close(many.logits.data, [0.5, 1.5]);
  const renamed = await loadModel(file('m.json', LOGISTIC), {
    featureNames: ['x', 'y'],
    classNames: ['stays', 'leaves'],
  });
  t.is((await predict(renamed, { x: 2, y: 1 })).top[0][0].label, 'leaves');
});

test('XGBoost: strict, float32, missing values, categories by name', async (t) => {
  const model = await loadModel(file('m.json', XGBOOST));
  const margin = async (calls: unknown, plan: unknown) =>
    (await predict(model, { calls, plan })).logits.data[0];
  t.is(await margin(1.4999, 'basic'), -1);
  // rounds to 1.5 in float32, which is not less
  t.is(await margin(1.5 - 1e-9, 'basic'), 0.25);
  t.is(await margin(null, 'pro'), 2);
  t.is(await margin(undefined, 'team'), 2);
  t.is(await margin(NaN, NaN), 0.25);
  await t.throwsAsync(predict(model, { calls: 1, plan: 'gold' }), {
    code: 'INVALID_DOCUMENT',
    message: /row 0, column 'plan'.*basic, pro, team.*'gold'/,
  });
});

test('categories that are numbers are meant themselves, codes of words are codes', async (t) => {
  const numbers = LIGHTGBM.replace('0:1:2:33', '0:1:2').replace(
    'pandas_categorical:null',
    'pandas_categorical:[[10, 20, 30]]',
  );
  const model = await loadModel(file('m.txt', numbers));
  t.is((await predict(model, [3, 10])).values.data[0], 20);
  t.is((await predict(model, [3, 30])).values.data[0], 30);
  await t.throwsAsync(predict(model, [3, 0]), { code: 'INVALID_DOCUMENT', message: /10, 20, 30/ });
  const words = await loadModel(file('m.json', XGBOOST));
  t.is((await predict(words, [2, 0])).logits.data[0], 0.25);
  await t.throwsAsync(predict(words, [2, 3]), { code: 'INVALID_DOCUMENT', message: /team.*got 3/ });
});

test('LightGBM: <=, NaN as 0 where nothing is missing, sets of categories of several words', async (t) => {
  const model = await loadModel(file('m.txt', LIGHTGBM));
  const value = async (...row: unknown[]) => (await predict(model, row)).values.data[0];
  t.is(await value(2.5, 0), 10);
  t.is(await value(3, 0), 20);
  t.is(await value(3, 33), 20);
  t.is(await value(3, 2), 30);
  t.is(await value(3, null), 30);
  // missing type zero of the first split: zeros go the default way, right
  t.is(await value(0, 1), 30);
  t.is((model.model as RowModel).trees?.trees[0].cover?.[0], 10);
  await t.throwsAsync(predict(model, [3, 7]), {
    code: 'INVALID_DOCUMENT',
    message: /column 'Column_1'.*0, 1, 2, 33.*7/,
  });
});

test('wrong rows are told with row and column', async (t) => {
  const model = await loadModel(file('m.json', LOGISTIC));
  const cases: [unknown, RegExp][] = [
    [{ a: 1 }, /row 0 .*no column 'b'/],
    [[[1, 2], [3]], /row 1 .*2 values/],
    [[1, 2, 3], /2 values/],
    [{ a: 1, b: null }, /row 0, column 'b' .*missing/],
    [
      [
        { a: 1, b: 1 },
        { a: 'x', b: 1 },
      ],
      /row 1, column 'a' .*'x'/,
    ],
    [{ columns: ['a'], rows: [[1]] }, /no column 'b'/],
    ['text', /rows/],
    [[], /at least one row/],
  ];
  for (const [given, message] of cases) {
    await t.throwsAsync(predict(model, given), { code: 'INVALID_DOCUMENT', message });
  }
});

test('examples hold a model to its library', async (t) => {
  const right = { rows: [[2, 1]], logits: [3.5] };
  await t.notThrowsAsync(loadModel(file('m.json', LOGISTIC), { examples: right }));
  await t.notThrowsAsync(
    loadModel(file('m.json', LOGISTIC), {
      examples: { rows: [{ a: 2, b: 1 }], values: [0.9706877692] },
    }),
  );
  await t.throwsAsync(
    loadModel(file('m.json', LOGISTIC), { examples: { ...right, logits: [3.6] } }),
    { code: 'MODEL_LOAD', message: /3\.5 for example 0.*3\.6/ },
  );
  const loose = { ...right, logits: [3.6], tolerance: 0.1 };
  await t.notThrowsAsync(loadModel(file('m.json', LOGISTIC), { examples: loose }));
  await t.throwsAsync(loadModel(file('m.json', LOGISTIC), { examples: { rows: [[2, 1]] } }), {
    code: 'INVALID_OPTION',
  });
});

test('names and options that do not fit are refused', async (t) => {
  const load = (options: object) => loadModel(file('m.json', LOGISTIC), options);
  await t.throwsAsync(load({ featureNames: ['a'] }), {
    code: 'INVALID_OPTION',
    message: /2 different/,
  });
  await t.throwsAsync(load({ featureNames: ['a', 'a'] }), { code: 'INVALID_OPTION' });
  await t.throwsAsync(load({ classNames: ['a', 'b', 'c'] }), {
    code: 'INVALID_OPTION',
    message: /2 names/,
  });
  await t.throwsAsync(load({ preprocess: 'tf' }), {
    code: 'INVALID_OPTION',
    message: /preprocess/,
  });
  await t.throwsAsync(load({ featureNames: 'a,b' }), { code: 'INVALID_OPTION' });
});

test('a folder stands for the model in it, whatever its kind', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tabular-'));
  writeFileSync(join(folder, 'model.txt'), LIGHTGBM);
  const model = await loadModel(folder);
  t.is((await predict(model, [1, 0])).values.data[0], 10);
});

/** The same file with one thing changed. */
function changed(content: unknown, change: (copy: any) => void): unknown {
  const copy = structuredClone(content);
  change(copy);
  return copy;
}

test('broken and hostile files are typed errors', async (t) => {
  const tree = (change: (tree: any) => void) =>
    changed(XGBOOST, (copy) => change(copy.learner.gradient_booster.model.trees[0]));
  const cases: [unknown, RegExp][] = [
    [tree((x) => (x.left_children[2] = 0)), /met twice/],
    [tree((x) => (x.left_children[2] = 99)), /do not exist/],
    [tree((x) => (x.split_indices[0] = 7)), /feature 7 of 2/],
    [tree((x) => x.right_children.pop()), /right_children/],
    [tree((x) => (x.split_conditions[1] = 'NaN')), /leaf 1/],
    [tree((x) => (x.categories_sizes[0] = 5)), /categories_nodes/],
    [tree((x) => (x.sum_hessian[0] = -1)), /cover/],
    [changed(XGBOOST, (x) => (x.learner.learner_model_param.base_score = '[1,2]')), /base_score/],
    [changed(XGBOOST, (x) => (x.learner.learner_model_param.base_score = '2')), /probability/],
    [changed(XGBOOST, (x) => (x.learner.learner_model_param.num_feature = '1e99')), /num_feature/],
    [changed(XGBOOST, (x) => (x.learner.objective.name = 'my:own')), /my:own/],
    [changed(XGBOOST, (x) => (x.learner.gradient_booster.model.tree_info = [3])), /output 3 of 1/],
    [changed(LOGISTIC, (x) => (x.coef_ = [[1]])), /1 features, but 2/],
    [changed(LOGISTIC, (x) => (x.coef_ = [[1, 'NaN']])), /finite/],
    [changed(LOGISTIC, (x) => (x.coef_ = [[1, 2], [3]])), /rectangular/],
    [changed(LOGISTIC, (x) => (x.class_ = 'MyClassifier')), /MyClassifier/],
    [changed(LOGISTIC, (x) => delete x.coef_), /without coef_/],
    [changed(LOGISTIC, (x) => (x.scaler = { scale_: [1] })), /scaler/],
    [LIGHTGBM.replace('end of trees', ''), /cut off/],
    [LIGHTGBM.replace('leaf_value=10 20 30', 'leaf_value=10 20'), /leaf_value/],
    [LIGHTGBM.replace('left_child=-1 -2', 'left_child=0 -2'), /met twice/],
    [LIGHTGBM.replace('cat_boundaries=0 2', 'cat_boundaries=0 9'), /cat_boundaries/],
    [LIGHTGBM.replace('is_linear=0', 'is_linear=1'), /leaf_const/],
    [LIGHTGBM.replace('objective=regression', 'objective=magic'), /magic/],
    [LIGHTGBM.replace('tree_sizes=1', 'tree_sizes=1 2'), /tree_sizes/],
    [{ tree_info: [{}], num_tree_per_iteration: 1, max_feature_idx: 1, feature_names: [] }, /./],
    ['{"learner": {"gradient_booster": {', /./],
    ['{L' + '\xff'.repeat(8), /./],
  ];
  for (const [content, message] of cases) {
    const error = await t.throwsAsync(loadModel(file('m.json', content)), { message });
    const { code } = error as unknown as { code: string };
    t.true(['MODEL_LOAD', 'UNSUPPORTED_MODEL'].includes(code), `${code}: ${error?.message}`);
  }
});

test('every cut of a UBJSON file is a typed error', async (t) => {
  const path = sharedFile(t, 'golden', 'tabular', '2-trees', 'xgb-iris', 'model.ubj');
  if (path === undefined) return;
  const bytes = readFileSync(path);
  for (let length = 3; length < bytes.length; length += 97) {
    const cut = [{ name: 'm.ubj', bytes: bytes.subarray(0, length) }];
    await t.throwsAsync(loadModel(cut), { code: 'MODEL_LOAD' });
  }
});

test('a text model gives probabilities of texts', async (t) => {
  const path = sharedFile(
    t,
    'golden',
    'tabular',
    '1-linear',
    'text-tfidf-word-logreg',
    'data.json',
  );
  if (path === undefined) return;
  const { documents, predictions } = readGolden(path);
  const model = await loadModel(path.replace('data.json', 'model.sklearn.json'));
  const { values, logits, top } = await predict(model, documents);
  predictions.predict_proba.data.forEach((p: number, i: number) => {
    t.true(Math.abs(values.data[i] - p) < 1e-12);
    t.true(Math.abs(logits.data[i] - predictions.decision_function.data[i]) < 1e-9);
  });
  t.deepEqual(
    top.map(([first]) => first.label),
    predictions.predict,
  );
  const one = await predict(model, documents[0]);
  t.deepEqual([...one.values.data], [...values.data.slice(0, 4)]);
  await t.throwsAsync(predict(model, [1, 2]), { code: 'INVALID_DOCUMENT', message: /strings/ });
  await t.throwsAsync(
    loadModel(path.replace('data.json', 'model.sklearn.json'), { featureNames: ['a'] }),
    {
      code: 'INVALID_OPTION',
      message: /texts/,
    },
  );
});

test('plain functions of texts, and of rows by feature name', async (t) => {
  const lengths = (texts: string[]) => texts.map((text) => text.length);
  t.deepEqual([...(await predict(lengths, ['a', 'abc'])).values.data], [1, 3]);
  const plans = (rows: { plan: string; calls: number }[]) =>
    rows.map(({ plan, calls }) => (plan === 'pro' ? 1 : 0) + calls / 8);
  const { values } = await predict(plans, [
    { plan: 'pro', calls: 2 },
    { plan: 'basic', calls: 4 },
  ]);
  t.deepEqual([...values.data], [1.25, 0.5]);
});

test('terms are the same with and without their places', (t) => {
  const texts = ['The cat, the CAT_2 and a b-c.', 'Ünï cöde İ', '', 'x'];
  for (const ngrams of [
    [1, 1],
    [1, 2],
    [2, 3],
  ] as const) {
    for (const lowercase of [true, false]) {
      const options = {
        analyzer: 'word',
        ngrams,
        lowercase,
        stripAccents: null,
        pattern: /[\p{L}\p{N}_]{2,}/gu,
        stopWords: new Set(['and']),
      } as const;
      for (const text of texts) {
        t.deepEqual(
          termsOf(text, options),
          analyzeText(text, options).map(({ term }) => term),
        );
      }
    }
  }
});

test('LightGBM: leaves that are linear models', async (t) => {
  const linear = LIGHTGBM.replace(
    'is_linear=0',
    'is_linear=1\nleaf_const=1 2 3\nnum_features=2 0 1\nleaf_features=0 1  1\nleaf_coeff=10 100  -1',
  );
  const model = await loadModel(file('linear.txt', linear));
  // 1 + 10·2 + 100·1, the plain value without x1, 2 alone, 3 − 4
  const { values } = await predict(
    model,
    [
      [2, 1],
      [2, null],
      [9, 0],
      [9, 4],
    ].map(([a, b]) => ({ Column_0: a, Column_1: b === 4 ? 2 : b })),
  );
  t.deepEqual([...values.data].slice(0, 3), [121, 10, 2]);
  t.is((model.model as RowModel).form, 'network');
  t.is((model.model as RowModel).trees, undefined);
});

test('XGBoost: where a raw logit starts, a hinge, and where early stopping ends', async (t) => {
  const changed = (change: (learner: any) => void, version?: number[]) => {
    const copy = structuredClone(XGBOOST) as any;
    if (version !== undefined) copy.version = version;
    change(copy.learner);
    return loadModel(file('m.json', copy));
  };
  const row = { calls: 1, plan: 'basic' };
  const marginOf = async (model: Awaited<ReturnType<typeof loadModel>>) =>
    (await predict(model, row)).logits.data[0];
  const raw = (learner: any) => {
    learner.objective.name = 'binary:logitraw';
    learner.learner_model_param.base_score = '[7.5E-1]';
  };
  t.is(await marginOf(await changed(raw, [3, 2, 0])), -0.25);
  t.true(Math.abs((await marginOf(await changed(raw, [2, 1, 0]))) - (Math.log(3) - 1)) < 1e-7);
  const hinge = await changed((learner) => {
    learner.objective.name = 'binary:hinge';
  });
  t.deepEqual([...(await predict(hinge, row)).values.data], [0]);
  const rounds = (attributes?: unknown) => (learner: any) => {
    const { model } = learner.gradient_booster;
    model.trees.push(model.trees[0]);
    model.tree_info.push(0);
    model.iteration_indptr = [0, 1, 2];
    if (attributes !== undefined) learner.attributes = attributes;
  };
  t.is(await marginOf(await changed(rounds())), -2);
  t.is(await marginOf(await changed(rounds({ best_iteration: '0' }))), -2);
  const stopped = { best_iteration: '0', scikit_learn: '{}' };
  t.is(await marginOf(await changed(rounds(stopped))), -1);
});
