import test from 'ava';
import { explainRow, scoreRows, USUAL } from '../../examples/tabular-scorer.js';
import { formatAsTable } from '../../formatters/table.js';
import { formatAsText } from '../../formatters/text.js';
import type { FeatureWeightsExplanation } from '../../src/explanation.js';
import { matchSnapshot } from '../helpers/snapshot.js';

const row = {
  'income (k€)': 58,
  'open loans': 4,
  'years at address': 2,
  'late payments': 0,
  age: 31,
};

test('a linear model gets its own contributions back', async (t) => {
  const expl = (await explainRow(row)) as FeatureWeightsExplanation;
  const [{ featureWeights, score }] = expl.targets;
  const weights = Object.fromEntries(
    [...featureWeights.pos, ...featureWeights.neg].map(({ feature, weight }) => [feature, weight]),
  );
  t.deepEqual(weights, {
    'income (k€)': 0.03125 * (58 - 42),
    'open loans': -0.5 * (4 - 1.5),
    'years at address': 0.0625 * (2 - 6),
    'late payments': -1.25 * (0 - 0.75),
    '<usual>': scoreRows([USUAL])[0],
  });
  t.is(
    Object.values(weights).reduce((a, b) => a + b, 0),
    score!,
  );
  t.is(score, scoreRows([row])[0]);
});

test('baseline and top change the record', async (t) => {
  const few = (await explainRow(row, { top: 2 })) as FeatureWeightsExplanation;
  const { posRemaining, negRemaining } = few.targets[0].featureWeights;
  t.is(posRemaining + negRemaining, 3);
  const own = (await explainRow(row, { baseline: row })) as FeatureWeightsExplanation;
  t.deepEqual(
    formatAsTable(own).map(({ feature }) => feature),
    ['<usual>'],
  );
  await t.throwsAsync(explainRow(row, { baseline: 3 as never }), { code: 'INVALID_OPTION' });
});

test('as text', async (t) => {
  matchSnapshot(t, 'examples/tabular-scorer.txt', formatAsText(await explainRow(row)));
});
