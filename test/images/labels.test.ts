import { readFileSync } from 'node:fs';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { decodePredictions, labelIndex, synonymsOf } from '../../src/images/labels.js';
import { sharedFile } from '../helpers/shared.js';

const labels = [
  'tench, Tinca tinca',
  'crane',
  'tiger cat',
  'Egyptian cat',
  'tiger, Panthera tigris',
  'crane',
  'Cat',
];

test('a class is found by its label, a synonym, whatever the case', (t) => {
  const cases: [string, number][] = [
    ['tench, Tinca tinca', 0],
    ['tench', 0],
    ['TINCA TINCA', 0],
    ['tiger cat', 2],
    [' Tiger Cat ', 2],
    ['egyptian cat', 3],
    ['tiger', 4],
    ['cat', 6],
  ];
  for (const [name, index] of cases) t.is(labelIndex(name, labels), index, name);
});

test('an unknown label suggests the nearest, an ambiguous one lists its classes', (t) => {
  const unknown = t.throws(() => labelIndex('tigr cat', labels));
  t.true(isWhylensError(unknown, 'UNKNOWN_LABEL'));
  t.regex(unknown.message, /'tiger cat'/);
  const twice = t.throws(() => labelIndex('crane', labels));
  t.true(isWhylensError(twice, 'UNKNOWN_LABEL'));
  t.regex(twice.message, /1 \(crane\), 5 \(crane\)/);
  t.deepEqual(isWhylensError(twice) && twice.facts.candidates, [1, 5]);
  t.regex(t.throws(() => labelIndex('x', [])).message, /no labels/);
  t.true(
    isWhylensError(
      t.throws(() => labelIndex('', labels)),
      'UNKNOWN_LABEL',
    ),
  );
});

test('names of ImageNet', (t) => {
  const file = sharedFile(t, 'models/imagenet_labels.json');
  if (file === undefined) return;
  const imagenet = JSON.parse(readFileSync(file, 'utf8')) as string[];
  t.is(labelIndex('tiger cat', imagenet), 282);
  t.is(labelIndex('Egyptian cat', imagenet), 285);
  t.is(labelIndex('bull mastiff', imagenet), 243);
  t.is(labelIndex('man-eating shark', imagenet), 2);
  t.deepEqual(synonymsOf(imagenet[2]), [
    'great white shark',
    'white shark',
    'man-eater',
    'man-eating shark',
  ]);
});

test('decodePredictions: highest first, equal ones by index, missing labels numbered', (t) => {
  t.deepEqual(decodePredictions([0.1, 0.4, 0.1, 0.4], ['a', 'b', 'c'], 3), [
    { index: 1, label: 'b', score: 0.4 },
    { index: 3, label: 'class 3', score: 0.4 },
    { index: 0, label: 'a', score: 0.1 },
  ]);
  t.is(decodePredictions(new Float32Array(9)).length, 5);
  t.is(decodePredictions([1, 2], undefined, 5).length, 2);
  for (const top of [0, -1, 1.5, NaN]) {
    t.true(
      isWhylensError(
        t.throws(() => decodePredictions([1], [], top)),
        'INVALID_OPTION',
      ),
    );
  }
});

test('scores that are not numbers are not ranked', (t) => {
  for (const scores of [[0.1, Number.NaN], [Number.POSITIVE_INFINITY], [], null]) {
    const error = t.throws(() => decodePredictions(scores as number[]));
    t.true(isWhylensError(error, 'MODEL_OUTPUT'), error.message);
  }
});
