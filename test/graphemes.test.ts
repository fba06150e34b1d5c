import test from 'ava';
import { partsOf } from '../explainers/shared/tabular/words.js';
import { graphemes } from '../src/graphemes.js';

test('a long text is split as the segmenter splits it whole', (t) => {
  // pieces of 7 and 11 units never end where a stretch of 1,000 does
  const text = '👩‍👩‍👧 né'.repeat(150) + '🇨🇭🇨🇭 e\u0301x'.repeat(120);
  const whole = Array.from(
    new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text),
    ({ segment, index }) => ({ text: segment, at: index }),
  );
  t.deepEqual(graphemes(text), whole);
  t.deepEqual(
    partsOf(text, 'char').map(({ text: part, start }) => ({ text: part, at: start })),
    whole.filter(({ text: part }) => part.trim() !== ''),
  );
});
