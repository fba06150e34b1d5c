/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
import test from 'ava';
import {
  explainPrediction,
  modelOfRows,
  modelOfTexts,
  type FeatureWeightsExplanation,
  type WeightedSpansExplanation,
} from '../../../src/index.js';
import { golden, goldenCases, rowsOf } from '../../helpers/tabular.js';

test('lime-tabular repeats LIME from its samples', async (t) => {
  for (const { name, read } of goldenCases(t, '3-agnostic', 'lime-tabular.json')) {
    const data = read('data.json');
    for (const kind of [
      'continuous',
      'quartile',
      'continuous_highest_weights',
      'continuous_around_instance',
    ]) {
      const part = read('lime-tabular.json')[kind];
      if (part?.f === undefined) continue;
      const inputs = rowsOf(part.perturbed_inputs);
      const width = part.f.shape[1] ?? 1;
      const said = new Map(
        inputs.map((row, n) => [row.join(), part.f.data.slice(n * width, (n + 1) * width)]),
      );
      const model = modelOfRows(
        (rows: readonly (readonly number[])[]) => rows.map((row) => said.get(row.join())!),
        {
          features: data.feature_names,
          ...(width > 1 && { classNames: Array.from({ length: width }, (_, k) => `c${k}`) }),
        },
      );
      for (const [label, expected] of Object.entries(part.labels ?? { 0: part }) as [
        string,
        any,
      ][]) {
        const order = expected.coefficients_by_decreasing_magnitude;
        const record = (await explainPrediction(model, inputs[0], {
          method: 'lime-tabular',
          score: 'output',
          targets: width > 1 ? [Number(label)] : [0],
          features: order.length,
          ...(kind === 'continuous_highest_weights' && { selection: 'highest-weights' }),
          samples: {
            inputs,
            interpretable: rowsOf(part.perturbed_interpretable),
            weights: part.weights.data,
          },
        })) as FeatureWeightsExplanation;
        const { pos, neg } = record.targets[0].featureWeights;
        const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
        for (const [j, weight] of order as [number, number][]) {
          t.true(
            Math.abs((found.get(data.feature_names[j]) ?? 0) - weight) <
              1e-9 * Math.max(1, Math.abs(weight)),
            `${name} ${kind} ${label}`,
          );
        }
        t.true(Math.abs((record.parameters.fit as number) - expected.score) < 1e-9);
      }
    }
  }
});

test('lime-text repeats LIME from its samples, by words and by places', async (t) => {
  for (const kind of ['bow', 'no-bow']) {
    const part = golden(t, '3-agnostic', 'text', `lime-text-${kind}.json`);
    if (part === undefined) return;
    const shown = rowsOf(part.perturbed_interpretable);
    const said = new Map(
      (part.texts as string[]).map((text, n) => [text, part.f.data.slice(2 * n, 2 * n + 2)]),
    );
    const model = modelOfTexts((texts) => texts.map((text) => said.get(text)!), {
      classNames: ['other', 'space'],
    });
    const record = (await explainPrediction(model, part.document, {
      method: 'lime-text',
      score: 'output',
      targets: [1],
      features: 6,
      distinct: kind === 'bow',
      replaceWith: kind === 'bow' ? '' : 'UNKWORDZ',
      samples: { shown, weights: part.weights.data },
    })) as WeightedSpansExplanation;
    const { pos, neg } = record.targets[0].featureWeights!;
    t.deepEqual(
      [...pos, ...neg]
        .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
        .map(({ feature }) => feature.replace(/ #\d+$/, '')),
      part.as_list.map(([word]: [string]) => word),
      kind,
    );
    part.as_list.forEach(([word, weight]: [string, number]) => {
      t.true(
        [...pos, ...neg].some(
          (entry) =>
            entry.feature.replace(/ #\d+$/, '') === word && Math.abs(entry.weight - weight) < 1e-9,
        ),
        word,
      );
    });
    t.true(Math.abs((record.parameters.fit as number) - part.score) < 1e-9);
  }
});
