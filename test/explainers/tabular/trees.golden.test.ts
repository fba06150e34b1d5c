/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
import test from 'ava';
import { explainPrediction, type FeatureWeightsExplanation } from '../../../src/index.js';
import { goldenCases, rowsOf, worst } from '../../helpers/tabular.js';
import { treeModel } from '../../helpers/tabular-models.js';

function weightsBy(expl: FeatureWeightsExplanation, names: readonly string[], t = 0): number[] {
  const { pos, neg } = expl.targets[t].featureWeights;
  const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
  return names.map((name) => found.get(name) ?? 0);
}

const sumOf = (expl: FeatureWeightsExplanation, t = 0) =>
  [...expl.targets[t].featureWeights.pos, ...expl.targets[t].featureWeights.neg].reduce(
    (sum, { weight }) => sum + weight,
    0,
  );

test('tree-path and tree-shap, record by record', async (t) => {
  for (const { name, read } of goldenCases(t, '2-trees', 'exact.json')) {
    const json = read('trees.json');
    const data = read('data.json');
    const exact = read('exact.json');
    const path = read('decision-path.json');
    const classes =
      json.link === 'identity' && json.n_outputs === 1 ? undefined : data.target_names?.map(String);
    const model = treeModel(json, json.link === 'log' ? undefined : classes);
    const background = rowsOf(data.background);
    const names: string[] = json.feature_names;
    const outputs = json.n_outputs;
    const [row] = rowsOf(data.X, 1);
    // with one margin the class it stands for, else each class or output
    const wanted =
      outputs === 1 && model.task === 'classification'
        ? [1]
        : Array.from({ length: outputs }, (_, k) => k);
    const options = { targets: wanted };
    const explained = (await explainPrediction(model, row, {
      ...options,
      method: 'tree-path',
    })) as FeatureWeightsExplanation;
    for (let k = 0; k < outputs; k++) {
      const column = (all: any) => names.map((_, j) => all.data[j * outputs + k]);
      t.true(
        worst(weightsBy(explained, names, k), column(path.contributions)) < 1e-9,
        `${name} path ${k}`,
      );
      t.true(
        Math.abs(sumOf(explained, k) - explained.targets[k].score!) <
          1e-9 * Math.max(1, Math.abs(explained.targets[k].score!)),
      );
    }
    for (const [kind, given] of [
      ['tree_path_dependent', {}],
      ['interventional', { background }],
    ] as const) {
      const shap = (await explainPrediction(model, row, {
        ...options,
        ...given,
        method: 'tree-shap',
        interactions: true,
      })) as FeatureWeightsExplanation;
      t.is(shap.parameters.mode, kind === 'interventional' ? 'interventional' : 'path-dependent');
      const bases = [shap.parameters.baseValue].flat() as number[];
      for (let k = 0; k < outputs; k++) {
        const column = names.map((_, j) => exact[kind].phi.data[j * outputs + k]);
        t.true(worst(weightsBy(shap, names, k), column) < 1e-9, `${name} ${kind} ${k}`);
        t.true(
          Math.abs(bases[k] - exact[kind].expected_value.data[k]) <
            1e-9 * Math.max(1, Math.abs(bases[k])),
        );
        const { score } = shap.targets[k];
        t.true(
          Math.abs(sumOf(shap, k) + bases[k] - score!) < 1e-8 * Math.max(1, Math.abs(score!)),
          name,
        );
      }
      if (exact[kind].interaction !== undefined && outputs === 1) {
        const { values } = shap.parameters.interactions as unknown as { values: number[][] };
        const size = names.length ** 2;
        t.true(worst(values.flat(), exact[kind].interaction.data.slice(0, size)) < 1e-9);
      }
    }
    if (exact.interventional_probability !== undefined) {
      const shap = (await explainPrediction(model, row, {
        method: 'tree-shap',
        background,
        score: 'output',
        targets: [1],
      })) as FeatureWeightsExplanation;
      t.is(shap.parameters.outputValues, 'exact');
      const { phi } = exact.interventional_probability;
      const width = phi.shape[2];
      const column = names.map((_, j) => phi.data[j * width + (width === 1 ? 0 : 1)]);
      t.true(worst(weightsBy(shap, names), column) < 1e-9, `${name} probability`);
    }
  }
});

test('kernel-shap over rows: the exact values', async (t) => {
  for (const { name, read } of goldenCases(t, '2-trees', 'exact.json')) {
    const json = read('trees.json');
    if (!['xgb-breast', 'lgb-diabetes', 'dt-diabetes'].includes(name)) continue;
    const data = read('data.json');
    const model = treeModel(json);
    const names: string[] = json.feature_names;
    const [row] = rowsOf(data.X, 1);
    const background = rowsOf(data.background);
    const shap = (await explainPrediction(model, row, {
      method: 'kernel-shap',
      background,
      samples: 'all',
    })) as FeatureWeightsExplanation;
    t.is(shap.parameters.coalitions, 'all');
    t.true(
      worst(
        weightsBy(shap, names),
        names.map((_, j) => read('exact.json').interventional.phi.data[j]),
      ) < 1e-9,
      name,
    );
  }
});
