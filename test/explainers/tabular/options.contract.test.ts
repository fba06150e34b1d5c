/**
 * Every option of every method of rows and texts changes what comes out, for
 * each kind of document that the method takes. An option without a case here
 * fails: give it one in CASES.
 */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { createContainer, registryOf } from '../../../src/container/container.js';
import {
  explainPrediction,
  isWhylensError,
  loadModel,
  modelOfRows,
  modelOfTexts,
  type Explanation,
} from '../../../src/index.js';
import { sentimentFiles } from '../../helpers/tiny-transformer.js';

const { explainers } = registryOf(createContainer());
type Kind = 'features' | 'text';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const ROWS = modelOfRows(
  (rows: readonly (readonly number[])[]) =>
    rows.map(([a, b, c, d]) => {
      const p = sigmoid(2 * a * b - c + 0.5 * d * d - 1);
      return [1 - p, p];
    }),
  { features: ['a', 'b', 'c', 'd'], classNames: ['no', 'yes'], outputActivation: 'softmax' },
);
const ROW = [1.5, 1, 0.5, 2];
/** Three columns for the models out of the fixture, four for the function. */
const table = (columns: number, seed: number) =>
  Array.from({ length: 12 }, (_, n) =>
    Array.from({ length: columns }, (_, j) => ((7 * n + 5 * j + seed * (n + j * j)) % 11) / 4),
  );
const TEXTS = modelOfTexts(
  (texts) =>
    texts.map((text) => {
      const has = (part: string) => text.toLowerCase().split(part).length - 1;
      const p = sigmoid(1.5 * has('good') - 2 * has('not good') + 0.4 * has('o') - 1 - has('bad'));
      return [1 - p, p];
    }),
  { classNames: ['negative', 'positive'], outputActivation: 'softmax' },
);
const TEXT = 'Not good, good or was it so good?';

const FIXTURES = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/sklearn-models.json', import.meta.url), 'utf8'),
) as Record<string, { model: unknown }>;
const stored = (name: string) =>
  loadModel([
    { name: 'm.json', bytes: new TextEncoder().encode(JSON.stringify(FIXTURES[name].model)) },
  ]);
const transformer = () => loadModel(sentimentFiles('bert').files);

/** A model that the method serves, a document, and what every call of it is given. */
async function taskOf(
  id: string,
  kind: Kind,
): Promise<{ model: unknown; doc: unknown; base: object }> {
  const small = {
    samples: 60,
    permutations: 2,
    features: 3,
    ...(kind === 'features' && { candidates: 3 }),
  };
  const { options } = optionsOf(id, kind);
  const base = Object.fromEntries(Object.entries(small).filter(([name]) => name in options));
  if (id === 'linear') {
    return kind === 'text'
      ? { model: await stored('MultinomialNB of texts'), doc: 'a good plot, bad film', base: {} }
      : { model: await stored('MultinomialNB'), doc: [1, 2, 3], base: {} };
  }
  if (id === 'tree-path' || id === 'tree-shap') {
    return kind === 'text'
      ? { model: await textTrees(), doc: 'a good plot, bad film', base: {} }
      : { model: await stored('GradientBoostingClassifier'), doc: [1.6, 2, 3], base: {} };
  }
  if (id === 'text-gradients')
    return { model: await transformer(), doc: 'Not bad, but slow: goods!', base };
  if (kind === 'text') return { model: TEXTS, doc: TEXT, base };
  return { model: ROWS, doc: ROW, base: { ...base, background: table(4, 1) } };
}

/** One split, on how often "good" stands in the text. */
const textTrees = () =>
  loadModel([
    {
      name: 'm.json',
      bytes: new TextEncoder().encode(
        JSON.stringify({
          class_: 'DecisionTreeClassifier',
          classes: ['no', 'yes'],
          vectorizer: {
            kind: 'CountVectorizer',
            params: {},
            vocabulary_: { bad: 0, good: 1 },
          },
          trees: [
            {
              children_left: [1, -1, 3, -1, -1],
              children_right: [2, -1, 4, -1, -1],
              feature: [1, -2, 0, -2, -2],
              threshold: [0.5, -2, 0.5, -2, -2],
              value: [
                [0.5, 0.5],
                [0.9, 0.1],
                [0.3, 0.7],
                [0.1, 0.9],
                [0.6, 0.4],
              ],
              n_node_samples: [10, 4, 6, 4, 2],
              missing_go_to_left: [0, 0, 0, 0, 0],
            },
          ],
        }),
      ),
    },
  ]);

interface Case {
  readonly value: unknown;
  /** What else the option needs to matter, in both calls. */
  readonly with?: object;
  /** The option says nothing of this kind of document, and is refused. */
  readonly refused?: true;
}

const REFUSED: Pick<Case, 'refused'> = { refused: true };

/** By `method.kind.option`, `method.option` or `option`. */
const CASES: Readonly<Record<string, Case>> = {
  top: { value: 1 },
  featureRe: { value: /\b(a|x0|g)/ },
  featureFilter: { value: (name: string) => !/\b(a|b|d|x0|g)/.test(name) },
  background: { value: table(4, 3) },
  'linear.background': { value: table(3, 3) },
  'linear.text.background': { value: table(2, 3), ...REFUSED },
  'tree-shap.text.background': { value: table(2, 3), ...REFUSED },
  'permutation-shap.text.background': { value: table(2, 3), ...REFUSED },
  'permutation-shap.text.backgroundSize': { value: 2, ...REFUSED },
  'permutation-shap.text.groups': { value: { both: [0, 1] }, ...REFUSED },
  'permutation-shap.features.unit': { value: 'char', ...REFUSED },
  'permutation-shap.features.replaceWith': { value: 'x', ...REFUSED },
  'counterfactual.features.unit': { value: 'char', ...REFUSED },
  'counterfactual.features.replaceWith': { value: 'x', ...REFUSED },
  'counterfactual.text.background': { value: table(2, 3), ...REFUSED },
  'counterfactual.text.fixed': { value: ['good'], ...REFUSED },
  'counterfactual.text.candidates': { value: 3, ...REFUSED },
  // without a background there is one mode, with one the other
  'tree-shap.background': { value: table(3, 3) },
  'tree-shap.features.mode': { value: 'interventional', ...REFUSED },
  'tree-shap.text.mode': { value: 'interventional', ...REFUSED },
  'tree-shap.interactions': { value: true },
  backgroundSize: { value: 2 },
  samples: { value: 5 },
  'lime-text.samples': { value: 30 },
  'lime-tabular.samples': { value: 30 },
  'kernel-shap.samples': { value: 'all', with: { samples: 6 } },
  link: { value: 'logit', with: { score: 'output' } },
  groups: { value: { both: ['a', 'b'] } },
  permutations: { value: 1 },
  unit: { value: 'char' },
  'text-gradients.unit': { value: 'token' },
  replaceWith: { value: 'bad' },
  distinct: { value: false },
  whiteBox: { value: 'logistic' },
  ngrams: { value: 3, with: { whiteBox: 'logistic' } },
  kernelWidth: { value: 0.8 },
  features: { value: 1 },
  selection: { value: 'none', with: { features: 1 } },
  alpha: { value: 30 },
  discretise: { value: 'no' },
  around: { value: 'row', with: { discretise: 'no' } },
  'counterfactual.features.to': { value: 'yes' },
  'counterfactual.text.to': { value: 'positive' },
  fixed: { value: ['a', 'b', 'c'] },
  candidates: { value: 12, with: { candidates: 1 } },
  mode: { value: 'gradient-x-input' },
  steps: { value: 3 },
  baseline: { value: 'zero' },
  at: { value: 'embeddings' },
};

function optionsOf(id: string, kind: Kind) {
  const own = explainers.get(id)!;
  return kind === 'features' ? (own.rows ?? own) : own;
}

function outcome(explanation: Explanation): unknown {
  const { parameters, ...record } = explanation as Explanation & { targets: unknown };
  // a setting that is only written down is no effect
  const { baseValue, interactions, counterfactual, fit } = parameters as Record<string, unknown>;
  return { targets: record.targets, baseValue, interactions, counterfactual, fit };
}

for (const [id, explainer] of explainers) {
  for (const kind of ['features', 'text'] as const) {
    const takes = explainer.documents.includes(kind) || (kind === 'features' && explainer.rows);
    if (takes === undefined || takes === false) continue;
    for (const name of Object.keys(optionsOf(id, kind).options)) {
      test(`${id} of ${kind}: option ${name} changes the explanation`, async (t) => {
        const found = CASES[`${id}.${kind}.${name}`] ?? CASES[`${id}.${name}`] ?? CASES[name];
        if (found === undefined) {
          t.fail(`give '${id}.${name}' a case in CASES of this test`);
          return;
        }
        const { model, doc, base } = await taskOf(id, kind);
        const explain = async (more: object) =>
          outcome(
            await explainPrediction(model as never, doc, {
              method: id,
              targets: [1],
              seed: 3,
              ...base,
              ...found.with,
              ...more,
            } as object),
          );
        const plain = await explain({});
        t.deepEqual(await explain({}), plain, 'the same call gives the same');
        if (found.refused === true) {
          const error = await t.throwsAsync(explain({ [name]: found.value }));
          t.true(isWhylensError(error, 'INVALID_OPTION'), error?.message);
          return;
        }
        t.notDeepEqual(await explain({ [name]: found.value }), plain, `'${name}' changes nothing`);
      });
    }
  }
}
