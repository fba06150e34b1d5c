/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
/** Kernel SHAP, permutation importance and partial dependence, from the files of the models. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  explainPrediction,
  loadModel,
  partialDependence,
  permutationImportance,
  type FeatureWeightsExplanation,
} from '../../../src/index.js';
import { goldenCases, rowsOf, worst } from '../../helpers/tabular.js';

function byName(expl: FeatureWeightsExplanation, names: readonly string[], k: number): number[] {
  const { pos, neg } = expl.targets[k].featureWeights;
  const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
  return names.map((name) => found.get(name) ?? 0);
}

test('kernel-shap with all coalitions, on the output and through the logit', async (t) => {
  for (const { name, folder, read } of goldenCases(t, '3-agnostic', 'shap.json')) {
    const data = read('data.json');
    const names: string[] = data.feature_names;
    for (const file of ['model.json', 'model.onnx', 'model.nozipmap.onnx']) {
      if (!existsSync(join(folder, file))) continue;
      const limit = file === 'model.json' ? 1e-9 : 1e-4;
      const model = await loadModel(join(folder, file), { featureNames: names });
      for (const [part, background] of [
        ['background20', data.background20],
        ['background_median', data.background_median],
      ]) {
        const stored = read('shap.json')[part];
        const outputs = stored.exact.phi.shape[2] ?? 1;
        const explained: number[] = stored.rows;
        for (const [link, phi] of [
          ['identity', stored.exact.phi],
          ['logit', stored.KernelExplainer_link_logit?.exact_phi],
        ]) {
          if (phi === undefined) continue;
          for (const [n, row] of explained.entries()) {
            // 2^10 coalitions of 20 rows each: once through the graph is enough
            if (names.length > 8 && file !== 'model.json' && (n > 0 || part === 'background20'))
              continue;
            const shap = (await explainPrediction(model, rowsOf(data.X)[row], {
              method: 'kernel-shap',
              background: rowsOf(background),
              samples: 'all',
              score: 'output',
              link,
              top: null,
              targets: Array.from({ length: outputs }, (_, k) => k),
            } as any)) as FeatureWeightsExplanation;
            for (let k = 0; k < outputs; k++) {
              const wanted = names.map((_, j) => phi.data[(n * names.length + j) * outputs + k]);
              const off = worst(byName(shap, names, k), wanted);
              t.true(off < limit, `${name} ${file} ${part} ${link} row ${row} output ${k}: ${off}`);
            }
          }
        }
      }
    }
  }
});

test('permutation importance with the given permutations', async (t) => {
  for (const { name, folder, read } of goldenCases(t, '3-agnostic', 'permutation.json')) {
    const data = read('data.json');
    const names: string[] = data.feature_names;
    const model = await loadModel(join(folder, 'model.json'), { featureNames: names });
    const table = rowsOf(data.X);
    const truth = data.y.data as number[];
    const { eli5, sklearn } = read('permutation.json');
    const rows = truth.length;
    const [repeats] = eli5.permutations.shape;
    // stored by repeat first
    const own = names.map((_, j) =>
      Array.from({ length: repeats }, (__, r) =>
        eli5.permutations.data.slice(
          (r * names.length + j) * rows,
          (r * names.length + j + 1) * rows,
        ),
      ),
    );
    const shared = names.map(() => rowsOf(sklearn.permutations));
    const cases: [string, number[][][], number[], number[], number][] = [
      ...Object.entries<any>(eli5.by_scoring).map(
        ([metric, given]): [string, number[][][], number[], number[], number] => [
          metric,
          own,
          given.feature_importances_.data,
          given.feature_importances_std_.data,
          given.base_score,
        ],
      ),
      [sklearn.scoring, shared, sklearn.importances_mean.data, sklearn.importances_std.data, NaN],
    ];
    for (const [metric, permutations, means, spreads, base] of cases) {
      const made = await permutationImportance(model, table, truth, {
        metric,
        permutations,
        repeats,
        top: null,
      } as any);
      const found = new Map(made.importances.map((one) => [one.feature, one]));
      const what = `${name} ${metric}`;
      const weights = names.map((one) => found.get(one)!.weight);
      const stds = names.map((one) => found.get(one)!.std!);
      t.true(worst(weights, means) < 1e-9, `${what}: ${worst(weights, means)}`);
      t.true(worst(stds, spreads) < 1e-9, `${what} std: ${worst(stds, spreads)}`);
      if (!Number.isNaN(base)) {
        t.true(Math.abs((made.parameters.baseScore as number) - base) < 1e-9, what);
      }
    }
  }
});

test('partial dependence and individual curves on the grid of scikit-learn', async (t) => {
  for (const { name, folder, read } of goldenCases(t, '3-agnostic', 'pdp-ice.json')) {
    const data = read('data.json');
    const names: string[] = data.feature_names;
    const model = await loadModel(join(folder, 'model.json'), { featureNames: names });
    const table = rowsOf(data.X, 40);
    for (const [key, stored] of Object.entries<any>(read('pdp-ice.json'))) {
      const feature = /^feature(\d+)$/.exec(key);
      const pair = /^two_way_(\d+)_(\d+)$/.exec(key);
      if (feature === null && pair === null) continue;
      const grids = pair === null ? [stored.grid_values] : stored.grid_values;
      const wanted = pair === null ? Number(feature![1]) : [Number(pair[1]), Number(pair[2])];
      const size = grids[0].shape[0];
      const made = await partialDependence(model, table, wanted, {
        grid: pair === null ? size : [size, grids[1].shape[0]],
        kind: pair === null ? 'both' : 'average',
      } as any);
      const what = `${name} ${key}`;
      made.grid.forEach((grid, i) =>
        t.true(worst(grid, grids[i].data) < 1e-9, `${what} grid ${i}`),
      );
      const points = made.curves[0].average!.length;
      made.curves.forEach(({ average, individual }, u) => {
        const own = stored.average.data.slice(u * points, (u + 1) * points);
        t.true(worst(average!, own) < 1e-9, `${what} average ${u}: ${worst(average!, own)}`);
        individual?.forEach((curve, n) => {
          const at = (u * 40 + n) * points;
          t.true(worst(curve, stored.individual.data.slice(at, at + points)) < 1e-9, what);
        });
      });
    }
  }
});
