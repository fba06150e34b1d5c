/** Targets as data: their values, their gradients and their names, worked by hand. */
import test from 'ava';
import type { Target } from '../../src/explanation.js';
import type { OutputValues } from '../../src/model/interface.js';
import {
  classTarget,
  concreteTarget,
  describeTarget,
  elementTarget,
  maskTarget,
  negativeClass,
  probaOf,
  ratherThan,
  regressionTarget,
  scoreOf,
  seedOf,
  similarityTarget,
  targetId,
  topClass,
  weightedTarget,
} from '../../src/model/targets.js';

const array = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) });

/** Two samples: three classes with a softmax, and a sigmoid unit. */
const OUTPUTS: readonly OutputValues[] = [
  {
    name: 'kind',
    activation: 'softmax',
    logits: array([2, 3], [1, 3, -2, 0, 5, 7]),
    values: array([2, 3], [0.1, 0.8, 0.1, 0.0, 0.25, 0.75]),
  },
  {
    name: 'sick',
    activation: 'sigmoid',
    logits: array([2, 1], [-1, 2]),
    values: array([2, 1], [0.25, 0.875]),
  },
  {
    name: 'age',
    activation: 'linear',
    logits: array([2, 1], [30, 40]),
    values: array([2, 1], [30, 40]),
  },
];
const MAP: readonly OutputValues[] = [
  {
    name: 'mask',
    activation: 'linear',
    logits: array([1, 2, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    values: array([1, 2, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
  },
];

const seeds = (target: Target, outputs = OUTPUTS, n = 0, score: 'logit' | 'output' = 'logit') =>
  seedOf(target, outputs, n, score).map((seed) => seed && [...seed]);

test('a class is its logit, or its probability', (t) => {
  t.is(scoreOf(classTarget(1), OUTPUTS, 0, 'logit'), 3);
  t.is(scoreOf(classTarget(1), OUTPUTS, 1, 'output'), 0.25);
  t.deepEqual(seeds(classTarget(2), OUTPUTS, 1), [[0, 0, 1], undefined, undefined]);
  t.is(probaOf(classTarget(2), OUTPUTS, 1), 0.75);
  t.is(probaOf(classTarget(0, 'age'), OUTPUTS, 0), undefined);
});

test('the top class is that of the sample; ranks follow', (t) => {
  t.deepEqual(concreteTarget(topClass(), OUTPUTS, 0), classTarget(1));
  t.deepEqual(concreteTarget(topClass(), OUTPUTS, 1), classTarget(2));
  t.deepEqual(concreteTarget(topClass(2), OUTPUTS, 1), classTarget(0));
  t.throws(() => concreteTarget(topClass(3), OUTPUTS, 1), { message: /more than 3 classes/ });
  // one unit: the class it speaks for, or the other one
  t.deepEqual(concreteTarget(topClass(0, 'sick'), OUTPUTS, 0), negativeClass(0, 'sick'));
  t.deepEqual(concreteTarget(topClass(0, 'sick'), OUTPUTS, 1), classTarget(0, 'sick'));
  t.deepEqual(concreteTarget(topClass(0, 'age'), OUTPUTS, 1), regressionTarget(0, 1, 'age'));
});

test('the negative class of a sigmoid unit', (t) => {
  const target = negativeClass(0, 'sick');
  t.is(scoreOf(target, OUTPUTS, 1, 'logit'), -2);
  t.is(scoreOf(target, OUTPUTS, 1, 'output'), 1 - 0.875);
  t.deepEqual(seeds(target), [undefined, [-1], undefined]);
  t.is(probaOf(target, OUTPUTS, 0), 0.75);
});

test('a regression output with its sign', (t) => {
  t.is(scoreOf(regressionTarget(0, -1, 'age'), OUTPUTS, 1, 'logit'), -40);
  t.deepEqual(seeds(regressionTarget(0, -1, 'age')), [undefined, undefined, [-1]]);
});

test('weighted sums, differences, and sums over several outputs', (t) => {
  const target = ratherThan(
    1,
    weightedTarget([
      { target: 0, weight: 0.5 },
      { target: classTarget(0, 'age'), weight: 2 },
    ]),
  );
  t.is(scoreOf(target, OUTPUTS, 0, 'logit'), 3 - (0.5 * 1 + 2 * 30));
  t.deepEqual(seeds(target), [[-0.5, 1, 0], undefined, [-2]]);
  t.is(
    describeTarget(target, ['cat', 'dog', 'cow']),
    'dog − 0.5 × cat + 2 × cat of age'.replace(
      '0.5 × cat + 2 × cat of age',
      '0.5 × cat + 2 × cat of age',
    ),
  );
});

test('a mean over a mask', (t) => {
  const target = maskTarget(1, { shape: [2, 3], data: [1, 0, 0, 0, 0, 3] });
  // channel 1 holds 1 at the first position and 11 at the last
  t.is(scoreOf(target, MAP, 0, 'logit'), (1 * 1 + 3 * 11) / 4);
  t.deepEqual(seeds(target, MAP), [[0, 0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.75]]);
  t.throws(
    () => scoreOf(maskTarget(1, { shape: [3, 2], data: [1, 0, 0, 0, 0, 3] }), MAP, 0, 'logit'),
    { message: /must have shape \[2, 3\]/ },
  );
  t.throws(
    () => scoreOf(maskTarget(1, { shape: [2, 3], data: [0, 0, 0, 0, 0, 0] }), MAP, 0, 'logit'),
    { message: /at least one position/ },
  );
  t.throws(
    () => scoreOf(maskTarget(2, { shape: [2, 3], data: [1, 0, 0, 0, 0, 3] }), MAP, 0, 'logit'),
    { message: /from 0 to 1/ },
  );
});

test('one element: a box of a detector', (t) => {
  t.is(scoreOf(elementTarget([1, 0, 1]), MAP, 0, 'logit'), 7);
  t.is(seeds(elementTarget([1, 0, 1]), MAP)[0]!.indexOf(1), 7);
  t.throws(() => scoreOf(elementTarget([2, 0, 1]), MAP, 0, 'logit'), {
    message: /below \[2, 3, 2\]/,
  });
});

test('cosine similarity and its gradient', (t) => {
  const vector = [2, -1, 0.5];
  const cosine = (v: number[]) => {
    const dot = v.reduce((sum, x, i) => sum + x * vector[i], 0);
    return dot / Math.hypot(...v) / Math.hypot(...vector);
  };
  const target = similarityTarget(vector);
  t.true(Math.abs(scoreOf(target, OUTPUTS, 0, 'logit') - cosine([1, 3, -2])) < 1e-7);
  const gradient = seeds(target)[0]!;
  for (let i = 0; i < 3; i++) {
    const at = (by: number) => cosine([1, 3, -2].map((x, j) => (j === i ? x + by : x)));
    t.true(Math.abs((at(1e-5) - at(-1e-5)) / 2e-5 - gradient[i]) < 1e-6);
  }
  t.throws(() => scoreOf(similarityTarget([1, 2]), OUTPUTS, 0, 'logit'), {
    message: /needs 3 finite numbers/,
  });
});

test('targets outside the output are refused with its size', (t) => {
  t.throws(() => scoreOf(classTarget(3), OUTPUTS, 0, 'logit'), { message: /from 0 to 2.*got 3/ });
  t.throws(() => scoreOf(classTarget(-1), OUTPUTS, 0, 'logit'), { message: /from 0 to 2/ });
  t.throws(() => scoreOf(classTarget(0, 'kindd'), OUTPUTS, 0, 'logit'), {
    message: /kind, sick, age/,
  });
  t.throws(() => scoreOf(classTarget(0), MAP, 0, 'logit'), { message: /maskTarget/ });
});

test('targets name themselves', (t) => {
  t.is(describeTarget(classTarget(1), ['cat', 'dog']), 'dog');
  t.is(describeTarget(classTarget(1)), 'class 1');
  t.is(describeTarget(negativeClass(0, 'sick')), 'not class 0 of sick');
  t.is(describeTarget(ratherThan(0, 1), ['cat', 'dog']), 'cat − dog');
  t.is(targetId(classTarget(4)), 4);
  t.is(targetId(ratherThan(0, 1)), 'class 0 − class 1');
});
