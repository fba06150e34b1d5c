import test from 'ava';
import { explainText, learn, scoreTexts } from '../../examples/text-scorer.js';
import { explanationFromJson, formatAsJson } from '../../formatters/json.js';
import { formatAsText } from '../../formatters/text.js';
import type { WeightedSpansExplanation } from '../../src/explanation.js';
import { matchSnapshot } from '../helpers/snapshot.js';

const text = 'Every patient in low orbit fears the pain of a kidney stone.';

test('words add up to the score, and stand where they stand in the text', async (t) => {
  const expl = (await explainText(text)) as WeightedSpansExplanation;
  const [target] = expl.targets;
  t.is(target.label, 'medicine');
  t.is(expl.method, 'linear-text');
  const { pos, neg } = target.featureWeights!;
  const sum = [...pos, ...neg].reduce((total, { weight }) => total + weight, 0);
  t.true(Math.abs(sum - target.score!) < 1e-12 || target.featureWeights!.posRemaining > 0);
  const [document] = target.weightedSpans.documents;
  const total = document.spans.reduce((all, { weight }) => all + weight, 0);
  t.true(Math.abs(total - scoreTexts([text])[0][0]) < 1e-12);
  for (const { feature, spans } of document.spans) {
    for (const span of spans) t.is(text.slice(...span).toLowerCase(), feature);
  }
  t.true(document.spans.some(({ feature }) => feature === 'kidney'));
  t.false(
    document.spans.some(({ feature }) => feature === 'fears'),
    'an unknown word says nothing',
  );
});

test('the weights are log odds, by hand for one word', (t) => {
  const weights = learn();
  // 'kidney' stands twice in the words of medicine and nowhere in those of space
  const medicine = Math.log((2 + 1) / (MEDICINE + weights.size));
  const space = Math.log((0 + 1) / (SPACE + weights.size));
  t.true(Math.abs(weights.get('kidney')![0] - (medicine - space) / 2) < 1e-12);
  t.true(Math.abs(weights.get('kidney')![0] + weights.get('kidney')![1]) < 1e-12);
});

const MEDICINE = 9 + 10 + 11 + 7;
const SPACE = 10 + 12 + 10 + 10;

test('another topic turns the signs, options of the method are checked', async (t) => {
  const other = (await explainText(text, 'space')) as WeightedSpansExplanation;
  t.is(other.targets[0].label, 'space');
  t.true(other.targets[0].featureWeights!.neg.some(({ feature }) => feature === 'kidney'));
});

test('every formatter takes it', async (t) => {
  const expl = await explainText(text);
  matchSnapshot(t, 'examples/text-scorer.txt', formatAsText(expl));
  t.deepEqual(explanationFromJson(formatAsJson(expl)), structuredClone(expl));
});
