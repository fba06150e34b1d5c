import test from 'ava';
import { parseTarget, parseTargetList } from '../../src/cli/target-expression.js';
import { isWhylensError } from '../../src/errors.js';
import { describeTarget } from '../../src/model/targets.js';

const LABELS = [
  'tabby, tabby cat',
  'tiger cat',
  'bull mastiff',
  'black-and-tan coonhound',
  'cat',
  'salt - pepper',
  'crane',
  'Crane',
  'not a bird',
  '7 of hearts',
];

const element = (index: readonly number[], output?: string) => ({
  kind: 'element',
  index,
  ...(output === undefined ? {} : { output }),
});
const cls = (index: number, output?: string) => ({
  kind: 'class' as const,
  index,
  ...(output === undefined ? {} : { output }),
});
const weighted = (...terms: [number, number][]) => ({
  kind: 'weighted' as const,
  terms: terms.map(([index, weight]) => ({ target: cls(index), weight })),
});

test('an index, a label, a label in other letters, a label with a comma or a hyphen', (t) => {
  t.deepEqual(parseTarget('282'), cls(282));
  t.deepEqual(parseTarget(' tiger cat ', LABELS), cls(1));
  t.deepEqual(parseTarget('Bull MASTIFF', LABELS), cls(2));
  t.deepEqual(parseTarget('tabby, tabby cat', LABELS), cls(0));
  t.deepEqual(parseTarget('black-and-tan coonhound', LABELS), cls(3));
  t.deepEqual(parseTarget('7 of hearts', LABELS), cls(9));
});

test('differences and sums, with weights and signs', (t) => {
  t.deepEqual(parseTarget('tiger cat - bull mastiff', LABELS), weighted([1, 1], [2, -1]));
  t.deepEqual(
    parseTarget('tiger cat − black-and-tan coonhound + 5', LABELS),
    weighted([1, 1], [3, -1], [5, 1]),
  );
  t.deepEqual(parseTarget('0.5 * tiger cat + 2×cat', LABELS), weighted([1, 0.5], [4, 2]));
  t.deepEqual(parseTarget('-cat', LABELS), weighted([4, -1]));
  t.is(
    describeTarget(parseTarget('tiger cat - bull mastiff', LABELS), LABELS),
    'tiger cat − bull mastiff',
  );
});

test('the longest label wins, even where it holds an operator or starts like another', (t) => {
  t.deepEqual(parseTarget('salt - pepper', LABELS), cls(5));
  t.deepEqual(parseTarget('cat - salt - pepper', LABELS), weighted([4, 1], [5, -1]));
  t.deepEqual(parseTarget('not a bird', LABELS), cls(8));
  t.deepEqual(parseTarget('"tiger cat" - \'cat\'', LABELS), weighted([1, 1], [4, -1]));
});

test('negative class, rank and output', (t) => {
  t.deepEqual(parseTarget('not tiger cat', LABELS), { kind: 'negative', index: 1 });
  t.deepEqual(parseTarget('top'), { kind: 'top', rank: 0 });
  t.deepEqual(parseTarget('top 3'), { kind: 'top', rank: 2 });
  t.deepEqual(parseTarget('3@second head'), cls(3, 'second head'));
  t.deepEqual(parseTarget('cat@a - 2@b', LABELS), {
    kind: 'weighted',
    terms: [
      { target: cls(4, 'a'), weight: 1 },
      { target: cls(2, 'b'), weight: -1 },
    ],
  });
});

test('a list is cut at commas that lie in no label', (t) => {
  t.deepEqual(parseTargetList('tiger cat,bull mastiff', LABELS), [cls(1), cls(2)]);
  t.deepEqual(parseTargetList('tabby, tabby cat, 3 , cat - 2@b', LABELS), [
    cls(0),
    cls(3),
    {
      kind: 'weighted',
      terms: [
        { target: cls(4), weight: 1 },
        { target: cls(2, 'b'), weight: -1 },
      ],
    },
  ]);
});

test('an unknown label is answered with the nearest, an ambiguous one with its indices', (t) => {
  const unknown = t.throws(() => parseTarget('bul mastif - 3', LABELS));
  t.true(isWhylensError(unknown, 'UNKNOWN_LABEL'));
  t.regex(unknown.message, /'bul mastif'.*nearest of 10 labels are 'bull mastiff'/);
  t.deepEqual(parseTarget('crane', LABELS), cls(6));
  t.deepEqual(parseTarget('Crane', LABELS), cls(7));
  t.regex(t.throws(() => parseTarget('crane', ['crane', 'cat', 'crane'])).message, /2 classes/);
  t.deepEqual(parseTarget('tabby - 2', LABELS), weighted([0, 1], [2, -1]));
  t.regex(t.throws(() => parseTarget('tiger cat')).message, /--labels/);
});

test('what makes no sense is wrong usage', (t) => {
  for (const text of ['', '  ', 'not top', '1,2']) {
    const error = t.throws(() => parseTarget(text));
    t.true(isWhylensError(error), text);
  }
  t.true(
    isWhylensError(
      t.throws(() => parseTargetList('1,,2')),
      'UNKNOWN_LABEL',
    ),
  );
});

test('an output before or after the class, and one number of an output', (t) => {
  t.deepEqual(parseTarget('head:3'), cls(3, 'head'));
  t.deepEqual(parseTarget('head:tiger cat', LABELS), cls(1, 'head'));
  t.deepEqual(parseTarget('head:not 3'), { kind: 'negative', index: 3, output: 'head' });
  t.deepEqual(parseTarget('[4, 7]'), element([4, 7]));
  t.deepEqual(parseTarget('boxes:[12]'), element([12], 'boxes'));
  t.deepEqual(parseTarget('[12]@boxes'), element([12], 'boxes'));
  t.deepEqual(parseTarget('a:3 - b:4'), {
    kind: 'weighted',
    terms: [
      { target: cls(3, 'a'), weight: 1 },
      { target: cls(4, 'b'), weight: -1 },
    ],
  });
  t.throws(() => parseTarget('a:3@b'), { message: /two outputs/ });
  // a label with a colon is that label
  t.deepEqual(parseTarget('x:3', ['y', 'x:3']), cls(1));
});
