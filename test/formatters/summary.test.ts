import test from 'ava';
import {
  formatAsDependence,
  formatAsSummary,
  modelOfRows,
  partialDependence,
  type FeatureWeightsExplanation,
} from '../../src/index.js';

/** Two targets; `b` weighs more than `a` over both rows, `c` is in one only. */
function record(a: number, b: number, c?: number): FeatureWeightsExplanation {
  const all = [
    { feature: 'a', weight: a, value: a },
    { feature: 'b', weight: b, value: 'x' },
    ...(c === undefined ? [] : [{ feature: 'c', weight: c, value: NaN }]),
  ];
  const featureWeights = {
    pos: all.filter(({ weight }) => weight > 0),
    neg: all.filter(({ weight }) => weight < 0),
    posRemaining: 0,
    negRemaining: 0,
  };
  const none = { pos: [], neg: [], posRemaining: 0, negRemaining: 0 };
  return {
    kind: 'feature-weights',
    estimator: 'm',
    method: 'tree-shap',
    description: '',
    isRegression: false,
    parameters: {},
    warnings: [],
    targets: [
      { target: 1, label: 'yes', featureWeights },
      { target: 0, label: 'no', featureWeights: none },
    ],
  };
}
const RECORDS = [record(1, -3), record(-1, 4, 0.5), record(0.5, 2)];
const dots = (svg: string) => [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="5"/g)];

test('a summary: features by their mean weight, a dot a row at its weight', (t) => {
  const svg = formatAsSummary(RECORDS);
  t.regex(svg, /yes: 3 rows/);
  t.true(svg.indexOf('>b<') < svg.indexOf('>a<') && svg.indexOf('>a<') < svg.indexOf('>c<'));
  t.regex(svg, />mean 3</);
  t.is(dots(svg).length, 7);
  // the middle of the line is 0: −3 and 4 of the largest 4
  const [x, y, z] = dots(svg)
    .slice(0, 3)
    .map(([, at]) => Number(at));
  t.true(Math.abs(y - x - (7 / 8) * 420) < 0.02 && Math.abs(z - x - (5 / 8) * 420) < 0.02);
});

test('every option of a summary changes it', (t) => {
  const plain = formatAsSummary(RECORDS);
  t.is(dots(formatAsSummary(RECORDS, { top: 1 })).length, 3);
  t.regex(formatAsSummary(RECORDS, { top: 1 }), /… 2 more/);
  t.regex(formatAsSummary(RECORDS, { target: 1 }), /no: 3 rows/);
  t.regex(formatAsSummary(RECORDS, { title: 'My rows' }), />My rows</);
  t.not(formatAsSummary(RECORDS, { theme: 'dark' }), plain);
  const [one, two] = [1, 2].map((scale) => formatAsSummary(RECORDS, { format: 'png', scale }));
  t.is(two.width, 2 * one.width);
  t.throws(() => formatAsSummary([]), { code: 'INVALID_EXPLANATION' });
  t.throws(() => formatAsSummary(RECORDS, { target: 2 }), { code: 'INVALID_OPTION' });
});

test('a dependence figure: mean curves, rows behind them', async (t) => {
  const model = modelOfRows((rows: readonly (readonly number[])[]) => rows.map(([a, b]) => a * b), {
    features: ['age', 'b'],
  });
  const table = [
    [0, 1],
    [2, 3],
    [4, 5],
  ];
  const both = await partialDependence(model, table, 'age', { kind: 'both' });
  const svg = formatAsDependence(both);
  t.regex(svg, /age: 3 rows/);
  // axes, three rows, the mean, three ticks
  t.is([...svg.matchAll(/<(polyline|path|line)/g)].length, 2 + 3 + 1 + 3);
  const average = await partialDependence(model, table, 'age');
  t.is([...formatAsDependence(average).matchAll(/<(polyline|path|line)/g)].length, 2 + 1 + 3);
  t.not(formatAsDependence(both, { theme: 'dark' }), svg);
  t.regex(formatAsDependence(both, { title: 'Age' }), />Age</);
  t.true(formatAsDependence(both, { format: 'png', scale: 1 }).width > 400);
  const pair = await partialDependence(model, table, ['age', 'b']);
  t.throws(() => formatAsDependence(pair), { code: 'INVALID_EXPLANATION' });
});
