/** Rows and texts: what the Python libraries take for the same work, on one core, stands beside it. */
import {
  explainPrediction,
  explainPredictions,
  loadModel,
  permutationImportance,
  type LoadedModel,
} from '../src/index.js';
import { seededRandom } from '../src/maths/random.js';
import { ms, sideBySide } from './measure.js';

const TREES = 100;
const DEPTH = 6;

/**
 * Seconds of processor time on the machine on which this was written, models
 * trained to the same size: 100 trees of depth 6, a linear model of 2,000 words.
 */
const BESIDE = {
  'tree-shap': 'shap 0.51 (C): 1.04 s; XGBoost 3.2 itself: 1.16 s',
  'kernel-shap': 'shap 0.51: 0.15 s (trees in XGBoost, one thread)',
  permutation: 'scikit-learn 1.9 and eli5 0.16: 0.38 s each (trees in XGBoost, one thread)',
  'lime-text': 'lime 0.2.0.1: 0.71 s',
};

export async function run(): Promise<void> {
  const random = seededRandom(7);
  const rowsOf = (count: number, features: number) =>
    Array.from({ length: count }, () => Array.from({ length: features }, () => random.normal()));
  const print = async (name: keyof typeof BESIDE, what: string, work: () => unknown) => {
    const { it } = await sideBySide({ it: work }, 3);
    console.log(`${what.padEnd(62)} ${ms(it)}\n${' '.repeat(4)}beside it: ${BESIDE[name]}`);
  };

  const twenty = await forest(20, random);
  const thousand = rowsOf(1000, 20);
  await print('tree-shap', 'tree-shap, 1,000 rows through 100 trees of depth 6', async () => {
    let count = 0;
    for await (const { kind } of explainPredictions(twenty, thousand, { method: 'tree-shap' })) {
      if (kind === 'feature-weights') count++;
    }
    return count;
  });

  const ten = await forest(10, random);
  const background = rowsOf(100, 10);
  const [row] = rowsOf(1, 10);
  await print('kernel-shap', 'kernel-shap, all coalitions of 10 features, 100 rows', () =>
    explainPrediction(ten, row, { method: 'kernel-shap', background, samples: 'all' }),
  );

  const thirty = await forest(30, random);
  const table = rowsOf(1000, 30);
  const truth = table.map(() => random.normal());
  await print('permutation', 'permutation importance, 30 columns × 5 × 1,000 rows', () =>
    permutationImportance(thirty, table, truth, { metric: 'r2', repeats: 5 }),
  );

  const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
  const sentiment = await loadModel(fileOf(textModel(words, random)));
  const text = Array.from({ length: 200 }, () => words[random.integer(words.length)]).join(' ');
  await print('lime-text', 'lime-text, 200 words, 5,000 samples', () =>
    explainPrediction(sentiment, text, { method: 'lime-text', samples: 5000 }),
  );
}

type Random = ReturnType<typeof seededRandom>;

const fileOf = (json: unknown) => [
  { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)) },
];

/** Complete trees with random splits, in the form of no library. */
function forest(features: number, random: Random): Promise<LoadedModel> {
  const inner = 2 ** DEPTH - 1;
  const nodes = 2 * inner + 1;
  const numbers = (f: (node: number) => number) => Array.from({ length: nodes }, (_, n) => f(n));
  const tree = () => ({
    left: numbers((n) => (n < inner ? 2 * n + 1 : -1)),
    right: numbers((n) => (n < inner ? 2 * n + 2 : -1)),
    feature: numbers((n) => (n < inner ? random.integer(features) : -1)),
    threshold: numbers((n) => (n < inner ? random.normal() : 0)),
    default_left: numbers(() => 0),
    cover: numbers((n) => 2 ** (DEPTH - Math.floor(Math.log2(n + 1)))),
    value: numbers((n) => (n < inner ? 0 : random.normal())),
  });
  return loadModel(
    fileOf({
      class_: 'trees from a seed',
      feature_names: Array.from({ length: features }, (_, j) => `x${j}`),
      trees: Array.from({ length: TREES }, tree),
      outputs: Array.from({ length: TREES }, () => [0]),
      scale: 1,
      base: [0],
      op: '<=',
      input_cast: 'float64',
      link: 'identity',
    }),
  );
}

function textModel(words: readonly string[], random: Random) {
  return {
    class_: 'LogisticRegression',
    classes: ['no', 'yes'],
    coef_: [words.map(() => random.normal())],
    intercept_: [0],
    vectorizer: {
      kind: 'TfidfVectorizer',
      params: {},
      vocabulary_: Object.fromEntries(words.map((word, i) => [word, i])),
      idf_: words.map(() => 2),
    },
  };
}
