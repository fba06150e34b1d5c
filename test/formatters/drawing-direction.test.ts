import test from 'ava';
import { directionOf, drawnOrder, visualOrder } from '../../formatters/drawing/direction.js';
import { runsOf } from '../../formatters/drawing/spans.js';
import { formatAsFigure, formatAsHtml, type WeightedSpansExplanation } from '../../src/index.js';

test('which way a word runs, and words of both ways on one line', (t) => {
  t.is(directionOf('הסרט'), 'rtl');
  t.is(directionOf('(very'), 'ltr');
  t.is(directionOf('12.5 –'), undefined);
  const line = (text: string, base: 'ltr' | 'rtl'): string => {
    const words = text.split(' ');
    return visualOrder(words.map(directionOf), base)
      .map(({ word }) => words[word])
      .join(' ');
  };
  t.is(line('one two three', 'ltr'), 'one two three');
  t.is(line('אחת שתיים very good שלוש', 'rtl'), 'שלוש very good שתיים אחת');
  t.is(line('say אחת 5 שתיים now', 'ltr'), 'say שתיים 5 אחת now');
  t.is(line('say אחת 5 now', 'ltr'), 'say אחת 5 now');
  t.is(line('אחת good 123.', 'rtl'), '123. good אחת');
  t.is(drawnOrder('אבג'), 'גבא');
  t.is(drawnOrder('abc'), 'abc');
});

function record(document: string, places: readonly [number, number][]): WeightedSpansExplanation {
  return {
    kind: 'weighted-spans',
    estimator: 'm',
    method: 'x',
    description: '',
    isRegression: false,
    parameters: {},
    warnings: [],
    targets: [
      {
        target: 0,
        definition: { kind: 'class', index: 0 },
        score: 1,
        weightedSpans: {
          documents: [
            {
              document,
              spans: places.map((spans, i) => ({
                feature: `f${i}`,
                weight: 2 - 3 * i,
                spans: [spans],
              })),
            },
          ],
          other: {
            pos: [],
            neg: [{ feature: '<BIAS>', weight: -0.25 }],
            posRemaining: 0,
            negRemaining: 0,
          },
        },
      },
    ],
  };
}

test('a drawing of a text from right to left begins at the right', (t) => {
  const text = 'הסרט היה good, לא רע.';
  const svg = formatAsFigure(record(text, [[0, 4]]), { format: 'svg' }) as string;
  const at = (word: string): number =>
    Number(new RegExp(`<text x="([\\d.]+)"[^>]*>${word}`).exec(svg)![1]);
  t.true(at('הסרט') > at('היה') && at('היה') > at('good') && at('good') > at('לא'));
  t.true(at('לא') > at('רע'));
  // letters of a script whose widths are not known are not stretched
  t.notRegex(/<text[^>]*>הסרט/.exec(svg)![0], /textLength/);
  t.regex(/<text[^>]*>good/.exec(svg)![0], /textLength/);
});

test('a span that cuts a letter from its marks is widened', (t) => {
  const { runs } = runsOf(record('cafe\u0301 x', [[3, 4]]).targets[0].weightedSpans.documents[0]);
  t.deepEqual(runs, [{ text: 'caf' }, { text: 'e\u0301', weight: 2 }, { text: ' x' }]);
  const family = '👨‍👩‍👧';
  const { runs: whole } = runsOf(
    record(`a${family}b`, [[3, 5]]).targets[0].weightedSpans.documents[0],
  );
  t.deepEqual(whole[1], { text: family, weight: 2 });
});

test('the table of what lies outside the text has the sum of what lies in it', (t) => {
  const html = formatAsHtml(
    record('good bad', [
      [0, 4],
      [5, 8],
    ]),
  );
  t.regex(html, /Highlighted in text \(sum\)/);
  const after = html.slice(html.indexOf('Not in the text'));
  t.true(after.indexOf('Highlighted') < after.indexOf('BIAS'));
  t.regex(after, /\+1\.0{2,}/);
});
