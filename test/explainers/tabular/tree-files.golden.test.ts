/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
/** Contributions and Shapley values of every row, through every file a model has. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  explainPrediction,
  explainWeights,
  loadModel,
  type FeatureImportancesExplanation,
  type FeatureWeightsExplanation,
} from '../../../src/index.js';
import { goldenCases, rowsOf, worst } from '../../helpers/tabular.js';

const FILES = [
  'trees.json',
  'model.sklearn.json',
  'model.xgb.json',
  'model.ubj',
  'model.lgb.txt',
  'dump_model.json',
];
/** Conversions that do not predict what their library predicts: see the README of the data. */
const WRONG_ONNX = [
  'lgb-breast-rf',
  'xgb-iris-parallel',
  'lgb-breast-zeromissing',
  // no categories by number: its own splits
  'lgb-wine-categorical',
];

function weightsBy(expl: FeatureWeightsExplanation, names: readonly string[], t: number) {
  const { pos, neg } = expl.targets[t].featureWeights;
  const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
  return names.map((name) => found.get(name) ?? 0);
}

/** Entries [row, feature, output] of one row and output. */
function column({ shape, data }: any, row: number, k: number): number[] {
  const [, features, outputs = 1] = shape;
  return Array.from({ length: features }, (_, j) => data[(row * features + j) * outputs + k]);
}

async function open(path: string, names: readonly string[]) {
  const model = await loadModel(path);
  const native = model.model as any;
  // a file without names of its own calls its features f0, x0
  return names.every((name) => native.features.some((one: any) => one.name === name))
    ? model
    : await loadModel(path, { featureNames: names });
}

function targetsOf(native: any, outputs: number): number[] {
  return outputs === 1
    ? [native.task === 'classification' ? 1 : 0]
    : Array.from({ length: outputs }, (_, k) => k);
}

test('every file: tree-path and tree-shap of every row', async (t) => {
  for (const { name, folder, read } of goldenCases(t, '2-trees', 'exact.json')) {
    const data = read('data.json');
    const exact = read('exact.json');
    const path = read('decision-path.json');
    const names: string[] = data.feature_names;
    const rows = rowsOf(data.X, 5);
    const background = rowsOf(data.background);
    for (const file of FILES.filter((one) => existsSync(join(folder, one)))) {
      // the class alone, without trees
      if (name.startsWith('hgb') && file === 'model.sklearn.json') continue;
      const what = `${name} ${file}`;
      const model = await open(join(folder, file), names);
      const outputs = path.bias.shape[1];
      const targets = targetsOf(model.model, outputs);
      const limit = name.startsWith('xgb') ? 1e-6 : 1e-9;
      for (const [n, row] of rows.entries()) {
        const along = (await explainPrediction(model, row, {
          method: 'tree-path',
          targets,
          top: null,
        } as any)) as FeatureWeightsExplanation;
        for (let k = 0; k < outputs; k++) {
          const own = [...names, '<BIAS>'];
          const wanted = [...column(path.contributions, n, k), path.bias.data[n * outputs + k]];
          const off = worst(weightsBy(along, own, k), wanted);
          t.true(off < limit, `${what} path of row ${n}, output ${k}: ${off}`);
        }
        for (const kind of ['tree_path_dependent', 'interventional'] as const) {
          const shap = (await explainPrediction(model, row, {
            method: 'tree-shap',
            targets,
            top: null,
            interactions: n < 2,
            ...(kind === 'interventional' && { background }),
          } as any)) as FeatureWeightsExplanation;
          const bases = [shap.parameters.baseValue].flat() as number[];
          for (let k = 0; k < outputs; k++) {
            const off = worst(weightsBy(shap, names, k), column(exact[kind].phi, n, k));
            t.true(off < limit, `${what} ${kind} of row ${n}, output ${k}: ${off}`);
            const base = exact[kind].expected_value.data[k];
            t.true(Math.abs(bases[k] - base) < limit * Math.max(1, Math.abs(base)), what);
          }
          const pairs = exact[kind].interaction;
          const at = exact[kind].interaction_rows?.indexOf(n) ?? -1;
          if (pairs !== undefined && at !== -1) {
            const size = names.length ** 2;
            const found = [shap.parameters.interactions].flat() as any[];
            for (let k = 0; k < outputs; k++) {
              const wanted = Array.from(
                { length: size },
                (_, i) => pairs.data[(at * size + i) * outputs + k],
              );
              const off = worst(found[k].values.flat(), wanted);
              t.true(off < limit, `${what} ${kind} interactions, output ${k}: ${off}`);
            }
          }
        }
      }
    }
  }
});

test('ONNX: tree-shap with a background', async (t) => {
  for (const { name, folder, read } of goldenCases(t, '2-trees', 'onnx-structure.json')) {
    if (WRONG_ONNX.includes(name)) continue;
    const data = read('data.json');
    const exact = read('exact.json');
    const names: string[] = data.feature_names;
    const background = rowsOf(data.background);
    for (const file of ['model.onnx', 'model.nozipmap.onnx']) {
      if (!existsSync(join(folder, file))) continue;
      const model = await loadModel(join(folder, file), { featureNames: names });
      const outputs = exact.interventional.phi.shape[2];
      for (const [n, row] of rowsOf(data.X, 5).entries()) {
        const shap = (await explainPrediction(model, row, {
          method: 'tree-shap',
          background,
          targets: targetsOf(model.model, outputs),
          top: null,
        } as any)) as FeatureWeightsExplanation;
        for (let k = 0; k < outputs; k++) {
          const off = worst(weightsBy(shap, names, k), column(exact.interventional.phi, n, k));
          t.true(off < 1e-5, `${name} ${file} row ${n}, output ${k}: ${off}`);
        }
      }
    }
  }
});

test('importances as ELI5 shows them', async (t) => {
  let compared = 0;
  for (const { name, folder, read } of goldenCases(t, '2-trees', 'eli5.json')) {
    const names: string[] = read('data.json').feature_names;
    for (const file of FILES.slice(1).filter((one) => existsSync(join(folder, one)))) {
      const model = await open(join(folder, file), names);
      const all = read('eli5.json').explain_weights;
      for (const [key, expected] of Object.entries<any>('dict' in all ? { default: all } : all)) {
        const importances = expected?.dict?.feature_importances?.importances;
        const kind = /^importance_type=(\w+)$/.exec(key)?.[1];
        if (importances === undefined || (kind === undefined && key !== 'default')) continue;
        const made = (await explainWeights(model, {
          top: null,
          ...(kind !== undefined && { importance: kind === 'split' ? 'weight' : kind }),
        } as any)) as FeatureImportancesExplanation;
        const what = `${name} ${file} ${key}`;
        const found = new Map(made.importances.map((one) => [one.feature, one]));
        for (const { feature, weight, std } of importances) {
          const own = found.get(feature);
          // XGBoost's are float32, LightGBM's text has few digits of them
          t.true(
            Math.abs((own?.weight ?? NaN) - weight) < (/^(xgb|lgb)/.test(name) ? 1e-6 : 1e-9),
            `${what} ${feature}: ${own?.weight} for ${weight}`,
          );
          if (std !== null)
            t.true(
              Math.abs((own?.std ?? NaN) - std) < 1e-9,
              `${what} ${feature} std ${own?.std} for ${std}`,
            );
          compared++;
        }
      }
    }
  }
  t.log(`${compared} importances`);
});
