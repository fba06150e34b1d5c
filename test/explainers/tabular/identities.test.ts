/** What Shapley values must be, whoever computes them. */
import test from 'ava';
import {
  explainPrediction,
  loadModel,
  type FeatureWeightsExplanation,
  type LoadedModel,
} from '../../../src/index.js';
import { seededRandom } from '../../../src/maths/random.js';

const NAMES = ['a', 'b', 'c', 'd', 'idle'];

/** Trees from a seed that never ask for the last feature; `twins`: a and b are asked alike. */
function forest(seed: number, twins = false): Promise<LoadedModel> {
  const random = seededRandom(seed);
  const tree = () => {
    const first = random.integer(4);
    const second = random.integer(4);
    return {
      left: [1, 3, 5, -1, -1, -1, -1],
      right: [2, 4, 6, -1, -1, -1, -1],
      feature: [first, second, (first + 1) % 4, -1, -1, -1, -1],
      threshold: [random.normal() / 2, random.normal() / 2, random.normal() / 2, 0, 0, 0, 0],
      default_left: [0, 0, 0, 0, 0, 0, 0],
      cover: [8, 5, 3, 2, 3, 1, 2],
      value: [0, 0, 0, ...Array.from({ length: 4 }, () => random.normal())],
    };
  };
  const own = Array.from({ length: 6 }, tree);
  const swap = (j: number) => (j === 0 ? 1 : j === 1 ? 0 : j);
  const trees = twins
    ? [...own, ...own.map((one) => ({ ...one, feature: one.feature.map(swap) }))]
    : own;
  const json = {
    class_: 'trees',
    feature_names: NAMES,
    trees,
    outputs: trees.map(() => [0]),
    scale: 1,
    base: [0.25],
    op: '<=',
    input_cast: 'float64',
    link: 'identity',
  };
  return loadModel([{ name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)) }]);
}

const numbers = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => NAMES.map(() => random.normal()));
};

async function valuesOf(model: LoadedModel, row: number[], options: object) {
  const expl = (await explainPrediction(model, row, {
    top: null,
    ...options,
  } as never)) as FeatureWeightsExplanation;
  const { pos, neg } = expl.targets[0].featureWeights;
  const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
  return {
    phi: NAMES.map((name) => found.get(name) ?? 0),
    gap: expl.targets[0].score! - (expl.parameters.baseValue as number),
  };
}

const METHODS = [
  { method: 'tree-shap' },
  { method: 'tree-shap', background: numbers(9, 7) },
  { method: 'kernel-shap', background: numbers(9, 7), samples: 'all' },
  { method: 'permutation-shap', background: numbers(9, 7), permutations: 4 },
];

test('values add up to the score minus the base value; what is never asked for gets nothing', async (t) => {
  for (const seed of [1, 2, 3]) {
    const model = await forest(seed);
    for (const row of numbers(seed + 20, 3)) {
      for (const options of METHODS) {
        const { phi, gap } = await valuesOf(model, row, options);
        const sum = phi.reduce((a, b) => a + b, 0);
        t.true(Math.abs(sum - gap) < 1e-12, options.method);
        t.true(Math.abs(phi[4]) < 1e-12, options.method);
      }
    }
  }
});

test('tree-shap is kernel-shap with every coalition over the same background', async (t) => {
  for (const seed of [4, 5, 6]) {
    const model = await forest(seed);
    for (const row of numbers(seed + 20, 3)) {
      const trees = await valuesOf(model, row, METHODS[1]);
      const kernel = await valuesOf(model, row, METHODS[2]);
      trees.phi.forEach((x, j) => t.true(Math.abs(x - kernel.phi[j]) < 1e-12));
    }
  }
});

test('features that are asked alike and have the same values get the same', async (t) => {
  const model = await forest(7, true);
  const alike = (rows: number[][]) => rows.map(([a, , ...others]) => [a, a, ...others]);
  const [row] = alike(numbers(40, 1));
  for (const options of METHODS.slice(0, 3)) {
    const { phi } = await valuesOf(model, row, {
      ...options,
      ...('background' in options && { background: alike(options.background!) }),
    });
    t.true(Math.abs(phi[0] - phi[1]) < 1e-12, options.method);
    t.not(phi[0], 0);
  }
});

test('a record says how many rows its background had, and does not hold them', async (t) => {
  const model = await forest(1);
  const linear = await loadModel([
    {
      name: 'linear.json',
      bytes: new TextEncoder().encode(
        JSON.stringify({ coef_: [[1, 2, 3, 4, 5]], intercept_: [0], feature_names: NAMES }),
      ),
    },
  ]);
  const [row] = numbers(3, 1);
  for (const [scorer, method] of [
    [linear, 'linear'],
    [model, 'tree-shap'],
    [model, 'kernel-shap'],
    [model, 'permutation-shap'],
    [model, 'lime-tabular'],
  ] as const) {
    const expl = await explainPrediction(scorer, row, {
      method,
      background: numbers(9, 30),
    } as never);
    t.false(Array.isArray(expl.parameters.background), method);
  }
});
