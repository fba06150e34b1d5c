/** One row and one text beside the pictures: two small models, fitted here from a seed, and what they say. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  explainPrediction,
  formatAsFigure,
  formatAsHtml,
  formatAsText,
  loadModel,
  saveImage,
} from '../src/index.js';
import { seededRandom } from '../src/maths/random.js';

const FEATURES = ['age', 'calls', 'months'];
const GOOD = ['lovely', 'friendly', 'fast', 'great'];
const BAD = ['slow', 'cold', 'rude', 'dull'];
const PLACES = ['service', 'food', 'place', 'waiter'];

/** Writes pictures and pages into `out`, and gives the lines that tell of them. */
export async function explainRowAndText(out: string): Promise<string[]> {
  const random = seededRandom(11);
  const rows = Array.from({ length: 400 }, () => [
    18 + random.integer(60),
    random.integer(12),
    1 + random.integer(60),
  ]);
  // who calls often leaves, who has been here for long stays
  const leaves = rows.map(([, calls, months]) =>
    0.6 * calls - 0.08 * months + random.normal() > 1 ? 1 : 0,
  );
  const churn = await fitted('churn', ['stays', 'leaves'], rows, leaves, {
    feature_names: FEATURES,
  });
  const row = { age: 41, calls: 9, months: 5 };
  const why = await explainPrediction(churn, row, { method: 'linear', background: rows });
  await saveImage(formatAsFigure(why, { format: 'png' }), join(out, 'row.png'));
  await writeFile(join(out, 'row.html'), formatAsHtml(why));

  const words = [...GOOD, ...BAD, ...PLACES, 'the', 'was', 'not', 'and', 'but'];
  const pick = (list: readonly string[]) => list[random.integer(list.length)];
  const texts = Array.from({ length: 300 }, (_, n) => {
    const list = n % 2 === 0 ? GOOD : BAD;
    return `The ${pick(PLACES)} was ${pick(list)} and the ${pick(PLACES)} was ${pick(list)}`;
  });
  const counts = texts.map((text) => {
    const found = text.toLowerCase().split(' ');
    return words.map((word) => found.filter((one) => one === word).length);
  });
  const review = await fitted(
    'review',
    ['bad', 'good'],
    counts,
    texts.map((_, n) => (n % 2 === 0 ? 1 : 0)),
    {
      vectorizer: {
        kind: 'CountVectorizer',
        params: {},
        vocabulary_: Object.fromEntries(words.map((word, j) => [word, j])),
      },
    },
  );
  const text = 'The waiter was friendly, but the food was cold and the service slow.';
  const spans = await explainPrediction(review, text, { method: 'linear' });
  await writeFile(join(out, 'text.html'), formatAsHtml(spans));
  await saveImage(formatAsFigure(spans, { format: 'png' }), join(out, 'text.png'));
  await writeFile(join(out, 'row-and-text.txt'), `${formatAsText(why)}\n${formatAsText(spans)}`);
  return [
    `a row (${JSON.stringify(row)}): ${join(out, 'row.html')}, with a picture of it beside`,
    `a text: ${join(out, 'text.html')}, with a picture of it beside`,
  ];
}

/** Logistic regression by gradient descent on standardised columns, as a model file. */
function fitted(
  name: string,
  classes: readonly string[],
  rows: readonly (readonly number[])[],
  truth: readonly number[],
  about: Readonly<Record<string, unknown>>,
) {
  const width = rows[0].length;
  const columns = Array.from({ length: width }, (_, j) => rows.map((row) => row[j]));
  const mean = columns.map((column) => column.reduce((a, b) => a + b, 0) / rows.length);
  const scale = columns.map((column, j) => {
    const variance = column.reduce((sum, x) => sum + (x - mean[j]) ** 2, 0) / rows.length;
    return Math.sqrt(variance) || 1;
  });
  const standard = rows.map((row) => row.map((x, j) => (x - mean[j]) / scale[j]));
  const weights = new Float64Array(width);
  let bias = 0;
  for (let step = 0; step < 400; step++) {
    const gradient = new Float64Array(width);
    let all = 0;
    standard.forEach((row, n) => {
      const margin = row.reduce((sum, x, j) => sum + x * weights[j], bias);
      const missed = 1 / (1 + Math.exp(-margin)) - truth[n];
      all += missed / rows.length;
      row.forEach((x, j) => (gradient[j] += (missed * x) / rows.length));
    });
    bias -= all;
    gradient.forEach((g, j) => (weights[j] -= g + 0.001 * weights[j]));
  }
  const coefficients = Array.from(weights, (w, j) => w / scale[j]);
  const json = {
    class_: 'LogisticRegression',
    classes,
    coef_: [coefficients],
    intercept_: [coefficients.reduce((sum, c, j) => sum - c * mean[j], bias)],
    ...about,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return loadModel([{ name: `${name}.json`, bytes }]);
}
