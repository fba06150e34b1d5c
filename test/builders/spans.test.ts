import test from 'ava';
import {
  charAnalyzer,
  mergeSpans,
  weightedSpans,
  wordAnalyzer,
  type Analyzer,
} from '../../src/builders/spans.js';

const found = (analyzer: Analyzer, text: string) =>
  Array.from(analyzer(text), ({ feature, span }) => [feature, text.slice(...span)]);

test('words and runs of words, with places in the document as it was', (t) => {
  t.deepEqual(found(wordAnalyzer(), 'Fine, naïve 薬!'), [
    ['fine', 'Fine'],
    ['naïve', 'naïve'],
    ['薬', '薬'],
  ]);
  t.deepEqual(found(wordAnalyzer({ ngrams: [1, 2], lowercase: false }), 'A b, C'), [
    ['A', 'A'],
    ['A b', 'A b'],
    ['b', 'b'],
    ['b C', 'b, C'],
    ['C', 'C'],
  ]);
  t.deepEqual(found(wordAnalyzer({ pattern: /\w{3,}/ }), 'an ant'), [['ant', 'ant']]);
  // lowering the first word makes it longer; the second must not slip
  t.deepEqual(found(wordAnalyzer(), 'İİ ok').at(-1), ['ok', 'ok']);
});

test('characters count as code points, across words', (t) => {
  t.deepEqual(found(charAnalyzer({ ngrams: [2, 2] }), 'A 😀b'), [
    ['a ', 'A '],
    [' 😀', ' 😀'],
    ['😀b', '😀b'],
  ]);
  t.is(found(charAnalyzer(), 'abcd').length, 2);
});

test('features found become spans, strongest first, the others are counted apart', (t) => {
  const result = weightedSpans(
    'Stone by stone.',
    { by: -0.5, stone: 2, '<BIAS>': -0.25, length: 1, absent: 0.125 },
    { top: 2, vectorizer: 'words' },
  );
  t.deepEqual(result, {
    documents: [
      {
        document: 'Stone by stone.',
        vectorizer: 'words',
        spans: [
          {
            feature: 'stone',
            spans: [
              [0, 5],
              [9, 14],
            ],
            weight: 2,
          },
          { feature: 'by', spans: [[6, 8]], weight: -0.5 },
        ],
      },
    ],
    other: {
      pos: [{ feature: 'length', weight: 1 }],
      neg: [{ feature: '<BIAS>', weight: -0.25 }],
      posRemaining: 1,
      negRemaining: 0,
    },
  });
  t.is(weightedSpans('a b', { a: 1 }).other, undefined);
  t.is(weightedSpans('a b', { a: 1, b: 2 }, { filter: ['b'] }).documents[0].spans.length, 1);
  t.true(weightedSpans('a', { a: 1 }, { preserveDensity: true }).documents[0].preserveDensity);
});

test('overlapping places of one feature become one', (t) => {
  // 'ana' stands twice in banana, sharing an a
  const { documents } = weightedSpans('banana an', { ana: 1 }, { analyzer: charAnalyzer() });
  t.deepEqual(documents[0].spans, [{ feature: 'ana', spans: [[1, 6]], weight: 1 }]);
});

test('entries of one feature are put together in order; touching places stay two', (t) => {
  t.deepEqual(
    mergeSpans([
      { feature: 'x', spans: [[4, 6]], weight: 1 },
      { feature: 'y', spans: [[0, 9]], weight: 2 },
      {
        feature: 'x',
        spans: [
          [0, 2],
          [2, 3],
          [5, 8],
          [0, 2],
        ],
        weight: 1,
      },
    ]),
    [
      {
        feature: 'x',
        spans: [
          [0, 2],
          [2, 3],
          [4, 8],
        ],
        weight: 1,
      },
      { feature: 'y', spans: [[0, 9]], weight: 2 },
    ],
  );
});

test('refuses places outside the text and a feature of two weights', (t) => {
  const code = 'INVALID_EXPLANATION';
  const merge = (span: [number, number]) => () =>
    mergeSpans([{ feature: 'x', spans: [span], weight: 1 }], 5);
  t.throws(merge([3, 6]), { code, message: /'x'.*5 characters.*\[3, 6\]/ });
  t.throws(merge([2, 1]), { code });
  t.throws(merge([-1, 1]), { code });
  t.throws(merge([0.5, 1]), { code });
  t.notThrows(merge([0, 5]));
  const twice = [1, 2].map((weight) => ({ feature: 'x', spans: [], weight }));
  t.throws(() => mergeSpans(twice), { code, message: /one weight, 'x' has 1 and 2/ });
  t.throws(() => mergeSpans([{ feature: 'x', spans: [], weight: NaN }]), { code });
  t.throws(() => wordAnalyzer({ ngrams: [2, 1] }), { code });
  t.throws(() => charAnalyzer({ ngrams: [0, 1] }), { code });
});
