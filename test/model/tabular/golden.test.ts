/** Every model of the shared reference data predicts what its library predicts, and vectorizes as scikit-learn does. */
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Columns, RowModel, TextModel } from '../../../src/model/tabular/interface.js';
import { readTabular } from '../../../src/model/tabular/read.js';
import { readGolden, type GoldenArray } from '../../helpers/tabular.js';
import { sharedFile } from '../../helpers/shared.js';

const FILES = [
  'model.sklearn.json',
  'model.json',
  'trees.json',
  'model.xgb.json',
  'model.ubj',
  'model.lgb.txt',
  'dump_model.json',
];
const EXACT = 1e-9;
/** XGBoost adds in float32. */
const FLOAT32 = 1e-6;

function folders(t: ExecutionContext, part: string): string[] {
  const readme = sharedFile(t, 'golden', 'tabular', 'README.md');
  if (readme === undefined) return [];
  const folder = join(dirname(readme), part);
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'data.json')));
}

function read(path: string) {
  return readTabular(readFileSync(path), path, { name: 'golden' });
}

/** Largest difference, relative to the expected number (to the largest one where numbers cancel, as margins do). */
function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return NaN;
  return expected.reduce(
    (most, x, i) => Math.max(most, Math.abs(actual[i] - x) / Math.max(1, Math.abs(x))),
    0,
  );
}

interface Predictions {
  readonly predict?: { readonly data: readonly (number | string)[] } | readonly number[];
  readonly predict_proba?: GoldenArray;
  readonly decision_function?: GoldenArray;
  readonly margin?: GoldenArray;
  readonly raw_score?: GoldenArray;
}

/** Compares what is there: probabilities or values, and margins. Returns how many arrays were compared. */
function compare(
  t: ExecutionContext,
  what: string,
  { margins, values }: { readonly margins: Columns; readonly values: Columns },
  given: Predictions,
  averaged: boolean,
  tolerance: number,
): number {
  let compared = 0;
  const check = (name: string, actual: ArrayLike<number>, expected: readonly number[]) => {
    const off = difference(actual, expected);
    t.true(off <= tolerance, `${what}: ${name} differs by ${off}`);
    compared++;
  };
  if (given.predict_proba !== undefined) {
    check('predict_proba', values.data, given.predict_proba.data);
  } else if (given.decision_function === undefined && given.predict !== undefined) {
    const { predict } = given;
    check('predict', values.data, ('data' in predict ? predict.data : predict) as number[]);
  }
  for (const name of ['decision_function', 'margin', 'raw_score'] as const) {
    // LightGBM's raw score of a random forest is a sum, which is not what it predicts from
    if (given[name] === undefined || (averaged && name !== 'margin')) continue;
    // LightGBM's wrapper calls this a decision function, but gives probabilities
    const lightgbm = given.raw_score !== undefined && name === 'decision_function';
    if (!lightgbm) check(name, margins.data, given[name].data);
  }
  return compared;
}

for (const part of ['1-linear', '2-trees', '3-agnostic']) {
  test(`every model of ${part} predicts what its library predicts`, async (t) => {
    for (const folder of folders(t, part)) {
      const data = readGolden(join(folder, 'data.json'));
      const found = FILES.filter((file) => existsSync(join(folder, file)));
      t.true(found.length > 0, folder);
      for (const file of found) {
        const what = join(folder, file);
        // the class alone, without trees
        if (
          file === 'model.sklearn.json' &&
          /Hist/.test(readFileSync(what, 'utf8').slice(0, 200))
        ) {
          t.throws(() => read(what), { code: 'UNSUPPORTED_MODEL' });
          continue;
        }
        const model = read(what)!;
        const averaged = model.trees?.averaged === true;
        const tolerance = /xgb/.test(folder) ? FLOAT32 : EXACT;
        if (model.documents === 'texts') {
          const made = await model.predict(data.documents);
          t.true(compare(t, what, made, data.predictions, false, tolerance) > 0, what);
          continue;
        }
        for (const { X, predictions } of [data, data.edge_rows ?? []].flat()) {
          const made = await model.predict(rows(X, model));
          const given: Predictions = predictions ?? expectedOf(data);
          t.true(compare(t, what, made, given, averaged, tolerance) > 0, what);
        }
      }
    }
  });
}

/** Part 3 stores f(X): probabilities, or values. */
function expectedOf({ f_of_X }: { readonly f_of_X: GoldenArray }): Predictions {
  return f_of_X.shape.length === 2 ? { predict_proba: f_of_X } : { predict: f_of_X };
}

function rows({ shape, data }: GoldenArray, { features }: RowModel) {
  return { count: shape[0], columns: features.length, data: Float64Array.from(data) };
}

test('texts become the vectors that scikit-learn makes of them', (t) => {
  for (const folder of folders(t, '1-linear')) {
    const data = readGolden(join(folder, 'data.json'));
    if (data.vectorized === undefined) continue;
    const model = read(join(folder, 'model.sklearn.json')) as TextModel;
    const made = model.vectorizer!.transform(data.documents);
    const { shape, csr } = data.vectorized;
    t.deepEqual([made.count, made.columns], shape, folder);
    t.deepEqual(Array.from(made.offsets), csr.indptr, folder);
    t.deepEqual(Array.from(made.indices), csr.indices, folder);
    t.true(difference(made.data, csr.data) <= EXACT, folder);
    data.analyzer_output.forEach((tokens: string[], n: number) => {
      const terms = model.vectorizer!.terms(data.documents[n]);
      t.deepEqual(
        terms.map(({ term }) => term),
        tokens,
        `${folder} document ${n}`,
      );
    });
  }
});
