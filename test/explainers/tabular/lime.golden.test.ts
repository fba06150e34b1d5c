/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
import test from 'ava';
import {
  explainPrediction,
  modelOfRows,
  modelOfTexts,
  type FeatureWeightsExplanation,
  type WeightedSpansExplanation,
} from '../../../src/index.js';
import { golden, goldenCases, rowsOf, worst } from '../../helpers/tabular.js';

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

test("lime-text with a logistic white box finds the optimum for ELI5's samples", async (t) => {
  for (const kind of ['binary', 'rbf', 'multiclass', 'position-dependent']) {
    const part = golden(t, '3-agnostic', 'text', `eli5-textexplainer-${kind}.json`);
    if (part === undefined) return;
    const { y_proba_: proba, soft_label_optimum: optimum, clf_: box, similarity_ } = part;
    const [count, classes] = proba.shape;
    const said = new Map<string, number[]>();
    (part.samples_ as string[]).forEach((text, n) =>
      said.set(text, proba.data.slice(n * classes, (n + 1) * classes)),
    );
    const rows = part.X_ === undefined ? undefined : rowsOf(part.X_);
    let asked = 0;
    const uniform = new Array<number>(classes).fill(1 / classes);
    const model = modelOfTexts(
      (texts) =>
        texts.map((text) => {
          // versions by place come in the order in which they are given
          if (rows !== undefined && text !== part.document) {
            return proba.data.slice(asked * classes, ++asked * classes);
          }
          return said.get(text) ?? uniform;
        }),
      {
        classNames: Array.from({ length: classes }, (_, k) => `c${k}`),
        outputActivation: 'softmax',
      },
    );
    for (let k = 0; k < (rows === undefined ? classes : 1); k++) {
      const record = (await explainPrediction(model, part.document, {
        method: 'lime-text',
        whiteBox: 'logistic',
        ...(rows === undefined ? {} : { distinct: false }),
        targets: [rows === undefined ? k : 1],
        samples: {
          ...(rows === undefined ? { texts: part.samples_ } : { shown: rows }),
          weights: similarity_.data,
        },
      })) as WeightedSpansExplanation;
      t.is(record.parameters.samples, count);
      const { pos, neg } = record.targets[0].featureWeights!;
      const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
      // a blank each side of every word, so that neighbours share none
      const words = (part.document as string).toLowerCase().match(/\w+/g)!;
      const written = `  ${words.join('  ')}  `;
      const width = optimum.coef_.shape[1];
      const row = classes === 2 ? 0 : k;
      const sign = classes === 2 && rows === undefined && k === 0 ? -1 : 1;
      if (rows !== undefined) {
        const expected = [...optimum.coef_.data].sort((a, b) => a - b);
        const actual = [...found.values()].sort((a, b) => a - b);
        t.true(worst(actual, expected) < 1e-4, kind);
        continue;
      }
      for (const [term, j] of Object.entries(part.vocabulary as Record<string, number>)) {
        const times = written.split(` ${term.replaceAll(' ', '  ')} `).length - 1;
        const expected = sign * optimum.coef_.data[row * width + j] * times;
        t.true(Math.abs((found.get(term) ?? 0) - expected) < 1e-4, `${kind} ${term}`);
      }
      t.is(box.classes_.data.length, classes);
    }
  }
});

test("lime-text by characters finds the optimum for ELI5's samples", async (t) => {
  const part = golden(t, '3-agnostic', 'text', 'eli5-textexplainer-char.json');
  if (part === undefined) return;
  const { y_proba_: proba, soft_label_optimum: optimum, similarity_: similarity } = part;
  const said = new Map((part.samples_ as string[]).map((text, n) => [text, proba.data[2 * n + 1]]));
  const model = modelOfTexts((texts) => texts.map((text) => said.get(text) ?? 0.5), {
    classNames: ['other', 'space'],
    outputActivation: 'sigmoid',
  });
  const record = (await explainPrediction(model, part.document, {
    method: 'lime-text',
    whiteBox: 'logistic',
    unit: 'char',
    targets: ['space'],
    samples: { texts: part.samples_, weights: similarity.data },
  })) as WeightedSpansExplanation;
  const { pos, neg } = record.targets[0].featureWeights!;
  const found = new Map([...pos, ...neg].map(({ feature, weight }) => [feature, weight]));
  const vocabulary = Object.entries(part.vocabulary as Record<string, number>);
  t.deepEqual([...found.keys()].sort(), vocabulary.map(([term]) => term).sort());
  const text = (part.document as string).toLowerCase();
  for (const [term, j] of vocabulary) {
    const times = [...text].filter((_, at) => text.startsWith(term, at)).length;
    t.true(Math.abs(found.get(term)! - optimum.coef_.data[j] * times) < 1e-4, term);
  }
  t.true(Math.abs((record.parameters.intercept as number) - optimum.intercept_.data[0]) < 1e-4);
});
