/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
import test from 'ava';
import { partialDependence, permutationImportance, modelOfRows } from '../../src/index.js';
import { goldenCases, rowsOf, worst } from '../helpers/tabular.js';

/** The small models of part 3 that are a formula: rewritten by hand from their numbers. */
function modelOf(json: any) {
  const scale = (row: readonly number[]) =>
    json.scaler === undefined || json.scaler === null
      ? row
      : row.map((x, j) => (x - json.scaler.mean_.data[j]) / json.scaler.scale_.data[j]);
  const softmax = (z: number[]) => {
    const parts = z.map((v) => Math.exp(v - Math.max(...z)));
    const sum = parts.reduce((a, b) => a + b, 0);
    return parts.map((p) => p / sum);
  };
  const predict = (row: readonly number[]): number[] | undefined => {
    if (json.class_ === 'LogisticRegression') {
      const [k, m] = json.coef_.shape;
      return softmax(
        Array.from({ length: k }, (_, i) =>
          scale(row).reduce(
            (sum, x, j) => sum + x * json.coef_.data[i * m + j],
            json.intercept_.data[i],
          ),
        ),
      );
    }
    if (json.class_ === 'MLPClassifier') {
      const [w1, w2] = json.coefs_;
      const hidden = Array.from({ length: w1.shape[1] }, (_, h) =>
        Math.tanh(
          scale(row).reduce(
            (sum, x, j) => sum + x * w1.data[j * w1.shape[1] + h],
            json.intercepts_[0].data[h],
          ),
        ),
      );
      const z = hidden.reduce((sum, x, h) => sum + x * w2.data[h], json.intercepts_[1].data[0]);
      const p = 1 / (1 + Math.exp(-z));
      return [1 - p, p];
    }
    return undefined;
  };
  if (predict(new Array<number>(json.feature_names.length).fill(0)) === undefined) return undefined;
  return modelOfRows((rows: readonly (readonly number[])[]) => rows.map((row) => predict(row)!), {
    features: json.feature_names,
    classNames: json.classes.map(String),
    outputActivation: 'softmax',
  });
}

test('permutation importance with the stored permutations', async (t) => {
  for (const { name, read } of goldenCases(t, '3-agnostic', 'permutation.json')) {
    const model = modelOf(read('model.json'));
    if (model === undefined) continue;
    const data = read('data.json');
    const { eli5, sklearn } = read('permutation.json');
    const rows = rowsOf(data.X);
    const truth = data.y.data;
    const features = rows[0].length;
    const [repeats, , count] = eli5.permutations.shape;
    const permutations = Array.from({ length: features }, (_, j) =>
      Array.from({ length: repeats }, (__, r) =>
        eli5.permutations.data.slice((r * features + j) * count, (r * features + j + 1) * count),
      ),
    );
    for (const [metric, expected] of Object.entries(eli5.by_scoring) as [string, any][]) {
      const record = await permutationImportance(model, rows, truth, { metric, permutations });
      t.true(
        Math.abs((record.parameters.baseScore as number) - expected.base_score) < 1e-9,
        `${name} ${metric}`,
      );
      const by = new Map(record.importances.map((entry) => [entry.feature, entry]));
      const ordered = model.features.map((feature) => by.get(feature.name)!);
      t.true(
        worst(
          ordered.map(({ weight }) => weight),
          expected.feature_importances_.data,
        ) < 1e-9,
        `${name} ${metric}`,
      );
      t.true(
        worst(
          ordered.map(({ std }) => std!),
          expected.feature_importances_std_.data,
        ) < 1e-9,
      );
    }
    const same = Array.from({ length: features }, () =>
      Array.from({ length: repeats }, (_, r) =>
        sklearn.permutations.data.slice(r * count, (r + 1) * count),
      ),
    );
    const record = await permutationImportance(model, rows, truth, {
      metric: sklearn.scoring,
      permutations: same,
    });
    const falls = (record.parameters.falls as number[][]).flat();
    t.true(worst(falls, sklearn.importances.data) < 1e-9, `${name} scikit-learn`);
  }
});

test("partial dependence: scikit-learn's grids, means and curves", async (t) => {
  for (const { name, read } of goldenCases(t, '3-agnostic', 'pdp-ice.json')) {
    const model = modelOf(read('model.json'));
    if (model === undefined) continue;
    const rows = rowsOf(read('data.json').X, 40);
    const json = read('pdp-ice.json');
    for (const [key, expected] of Object.entries(json) as [string, any][]) {
      if (!/^feature\d+$/.test(key)) continue;
      const found = await partialDependence(model, rows, Number(key.slice(7)), {
        grid: 12,
        kind: 'both',
      });
      const values = expected.grid_values.data;
      t.true(worst(found.grid[0], values) < 1e-12, `${name} ${key} grid`);
      t.true(
        worst(
          found.curves.flatMap(({ average }) => [...average!]),
          expected.average.data,
        ) < 1e-9,
        `${name} ${key}`,
      );
      t.true(
        worst(
          found.curves.flatMap(({ individual }) => individual!.flat()),
          expected.individual.data,
        ) < 1e-9,
      );
    }
    if (json.two_way_0_1 === undefined) continue;
    const both = await partialDependence(model, rows, [0, 1], {
      grid: json.two_way_0_1.grid_values[0].shape[0],
    });
    t.true(
      worst(
        both.curves.flatMap(({ average }) => [...average!]),
        json.two_way_0_1.average.data,
      ) < 1e-9,
    );
  }
});
