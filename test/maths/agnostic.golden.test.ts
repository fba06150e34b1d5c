/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
import test from 'ava';
import { forwardSelection, highestWeights, pick } from '../../src/maths/forward-selection.js';
import { ridge } from '../../src/maths/least-squares.js';
import { weightedFit } from '../../src/maths/lime.js';
import { shapleyOf, shapleyPlan } from '../../src/maths/shapley.js';
import {
  softLogistic,
  softProbabilities,
  softQuality,
  type CountedRows,
} from '../../src/maths/soft-logistic.js';
import { golden, goldenCases, rowsOf, worst } from '../helpers/tabular.js';

test('Shapley values from the stored value of every coalition', (t) => {
  for (const { name, read } of goldenCases(t, '3-agnostic', 'shap.json')) {
    for (const part of Object.values(read('shap.json')) as any[]) {
      const stored = part.exact?.coalition_values_row0?.v;
      if (stored === undefined) continue;
      const [count, outputs] = stored.shape;
      const players = Math.log2(count);
      for (let k = 0; k < outputs; k++) {
        const values = Float64Array.from({ length: count }, (_, i) => stored.data[i * outputs + k]);
        const expected = Array.from(
          { length: players },
          (_, i) => part.exact.phi.data[i * outputs + k],
        );
        t.true(worst(shapleyOf(players, values), expected) < 1e-12, name);
        // a budget of all but two coalitions takes the least squares way, to the same numbers
        const plan = shapleyPlan(players, count - 1, 0);
        t.false(plan.exact);
        const asked = Array.from({ length: plan.count }, (_, c) => {
          let bits = 0;
          for (let i = 0; i < players; i++) bits |= plan.shown[c * players + i] << i;
          return values[bits];
        });
        if (plan.count === count) t.true(worst(plan.solve(asked), expected) < 1e-9, `${name}: fit`);
      }
    }
  }
});

test('LIME for tables: selection, ridge and score from the stored samples', (t) => {
  for (const { name, read } of goldenCases(t, '3-agnostic', 'lime-tabular.json')) {
    for (const [kind, part] of Object.entries(read('lime-tabular.json')) as [string, any][]) {
      if (part.perturbed_interpretable === undefined) continue;
      const rows = rowsOf(part.perturbed_interpretable);
      const weights = part.weights.data;
      const outputs = part.f.shape.length === 1 ? 1 : part.f.shape[1];
      const labels = part.labels ?? { 0: part };
      for (const [label, expected] of Object.entries(labels) as [string, any][]) {
        const column = outputs === 1 ? 0 : Number(label);
        const values = rows.map((_, n) => part.f.data[n * outputs + column]);
        const order = expected.coefficients_by_decreasing_magnitude.map(([j]: number[]) => j);
        const select =
          kind.includes('highest') || order.length > 6 ? highestWeights : forwardSelection;
        const taken = select(rows, weights, values, order.length);
        t.deepEqual([...taken].sort(), [...order].sort(), `${name} ${kind} ${label}: features`);
        const observed = pick(rows, weights, values, order);
        const fits = ridge(observed, 1);
        const coefficients = expected.coefficients_by_decreasing_magnitude.map(
          ([, w]: number[]) => w,
        );
        t.true(worst(fits[0].coefficients, coefficients) < 1e-10, `${name} ${kind} ${label}`);
        t.true(
          Math.abs(fits[0].intercept - expected.intercept) <
            1e-10 * Math.max(1, Math.abs(expected.intercept)),
        );
        t.true(Math.abs(weightedFit(observed, fits)[0]! - expected.score) < 1e-9);
      }
    }
  }
});

test("ELI5's white box with soft labels: the optimum, and the metrics", (t) => {
  for (const kind of ['binary', 'rbf', 'multiclass', 'char', 'position-dependent']) {
    const part = golden(t, '3-agnostic', 'text', `eli5-textexplainer-${kind}.json`);
    if (part?.soft_label_optimum === undefined) continue;
    const rows = countsOf(part);
    if (rows === undefined) continue;
    const classes = part.y_proba_.shape[1];
    const weights = part.similarity_.data;
    const fit = softLogistic(rows, part.y_proba_.data, classes, weights);
    t.true(fit.converged, kind);
    const { coef_, predict_proba_first_20: proba } = part.soft_label_optimum;
    t.true(
      worst(fit.coefficients, coef_.data) < 1e-6,
      `${kind}: ${worst(fit.coefficients, coef_.data)}`,
    );
    t.true(
      worst(softProbabilities(fit, rows).slice(0, proba.data.length), proba.data) < 1e-6,
      kind,
    );
    // ELI5's own coefficients and its test part give its metrics
    const test = part.test_indices.data as number[];
    const own = {
      outputs: part.clf_.coef_.shape[0],
      coefficients: Float64Array.from(part.clf_.coef_.data),
      intercept: Float64Array.from(part.clf_.intercept_.data),
      converged: true,
    };
    const fitted = softProbabilities(own, rows);
    const takeRows = (data: ArrayLike<number>) =>
      test.flatMap((n) => Array.from({ length: classes }, (_, k) => data[n * classes + k]));
    if (classes > 2) continue;
    const quality = softQuality(
      takeRows(part.y_proba_.data),
      takeRows(fitted),
      classes,
      test.map((n) => weights[n]),
    );
    t.true(Math.abs(quality.meanKL - part.metrics_.mean_KL_divergence) < 1e-9, kind);
    t.true(Math.abs(quality.score - part.metrics_.score) < 1e-12, kind);
  }
});

/** Words and pairs of words counted, as scikit-learn's CountVectorizer does with what ELI5 hands it. */
function countsOf(part: any): CountedRows | undefined {
  if (part.X_ !== undefined) {
    const [count, columns] = part.X_.shape as number[];
    const offsets = Array.from({ length: count + 1 }, (_, n) => n * columns);
    const indices = Array.from({ length: count * columns }, (_, i) => i % columns);
    return { count, columns, offsets, indices, data: part.X_.data };
  }
  if (part.vocabulary === undefined || part.samples_ === undefined) return undefined;
  const entries: [number, number, number][] = [];
  const offsets = [0];
  const longest = Math.max(
    ...Object.keys(part.vocabulary as object).map((term) => term.split(' ').length),
  );
  const isChar = JSON.stringify(part.call).includes('char');
  for (const text of part.samples_ as string[]) {
    const words = [...text.toLowerCase().matchAll(/[\p{L}\p{N}_]+/gu)].map(([word]) => word);
    const counts = new Map<number, number>();
    const add = (term: string) => {
      const column = part.vocabulary[term];
      if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
    };
    if (isChar) return undefined;
    for (let n = 1; n <= longest; n++) {
      for (let i = 0; i + n <= words.length; i++) add(words.slice(i, i + n).join(' '));
    }
    for (const [column, value] of [...counts].sort(([a], [b]) => a - b))
      entries.push([0, column, value]);
    offsets.push(entries.length);
  }
  return {
    count: offsets.length - 1,
    columns: Object.keys(part.vocabulary as object).length,
    offsets,
    indices: entries.map(([, column]) => column),
    data: entries.map(([, , value]) => value),
  };
}
