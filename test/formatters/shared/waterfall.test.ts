import test from 'ava';
import { waterfallOf } from '../../../formatters/shared/waterfall.js';
import {
  formatAsFigure,
  formatAsHtml,
  formatAsText,
  type FeatureWeight,
  type FeatureWeightsExplanation,
} from '../../../src/index.js';

const item = (feature: string, weight: number, value?: number): FeatureWeight => ({
  feature,
  weight,
  ...(value !== undefined && { value }),
});

function record(
  pos: FeatureWeight[],
  neg: FeatureWeight[],
  more: [number, number],
  score: number,
  baseValue?: number | number[],
): FeatureWeightsExplanation {
  return {
    kind: 'feature-weights',
    estimator: 'm',
    method: 'tree-shap',
    description: '',
    isRegression: true,
    warnings: [],
    parameters: baseValue === undefined ? {} : { baseValue },
    targets: [
      {
        target: 0,
        definition: { kind: 'regression', index: 0, sign: 1 },
        score,
        featureWeights: { pos, neg, posRemaining: more[0], negRemaining: more[1] },
      },
    ],
  };
}

const stepsOf = (expl: FeatureWeightsExplanation) => {
  const fall = waterfallOf(expl, expl.targets[0], 0);
  return fall?.steps.map(({ item: own, from, to }) => [own?.feature ?? '…', from, to]);
};

test('from the base value to the score; what is below the cut in one step', (t) => {
  // 10 + 5 + 2 − 1 (three more) − 4 = 12
  const cut = record([item('a', 5, 1), item('b', 2, 0)], [item('c', -4, 3)], [1, 2], 12, [10]);
  t.deepEqual(stepsOf(cut), [
    ['a', 10, 15],
    ['b', 15, 17],
    ['…', 17, 16],
    ['c', 16, 12],
  ]);
  const fall = waterfallOf(cut, cut.targets[0], 0)!;
  t.deepEqual([fall.low, fall.high, fall.fromBias], [10, 17, false]);
});

test('the bias is what the steps begin with', (t) => {
  const path = record([item('a', 3, 1), item('<BIAS>', 2, 1)], [], [0, 0], 5);
  t.deepEqual(stepsOf(path), [['a', 2, 5]]);
});

test('there are no steps if weights do not add up, or if there is no row', (t) => {
  t.is(stepsOf(record([item('a', 3, 1)], [], [0, 0], 5, 1)), undefined);
  t.is(stepsOf(record([item('a', 3)], [], [0, 0], 4, 1)), undefined);
  t.is(stepsOf(record([item('a', 3, 1)], [], [0, 0], 4)), undefined);
  t.is(stepsOf(record([item('a', 3, 1)], [], [0, 0], Infinity, 1)), undefined);
});

test('a regression is not a class, and a row has contributions', (t) => {
  const expl = record([item('age', 5, 41)], [item('calls', -1, 7)], [0, 0], 14, 10);
  const text = formatAsText(expl);
  t.regex(text, /^y \(score=14\.000\) top features$/m);
  t.regex(text, /^Contribution {2}Feature {3}Value$/m);
  const svg = formatAsFigure(expl);
  t.regex(svg, /predicted value/);
  t.regex(svg, /base value 10/);
  t.regex(svg, /score 14/);
  const html = formatAsHtml(expl);
  t.regex(html, /Contribution<\/abbr>/);
  t.regex(html, /class="rise" x="0\.00"/);
  t.notRegex(html, /class 0/);
});
