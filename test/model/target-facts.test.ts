/** What a record says of a target beside its score: its place among the classes, and the top class. */
import test from 'ava';
import type { OutputValues } from '../../src/model/interface.js';
import { targetFacts } from '../../src/model/target-facts.js';
import {
  classTarget,
  negativeClass,
  ratherThan,
  regressionTarget,
} from '../../src/model/targets.js';

const array = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) });

/** Two samples: four classes with a softmax, a sigmoid unit, a value. */
const OUTPUTS: readonly OutputValues[] = [
  {
    name: 'kind',
    activation: 'softmax',
    logits: array([2, 4], [1, 3, -2, 1, 5, 7, 6, 0]),
    values: array([2, 4], [0.1, 0.75, 0.05, 0.1, 0.125, 0.625, 0.25, 0]),
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
const NAMES = ['cat', 'dog', 'bird'];

test('the top class has rank 0 and no other beside it', (t) => {
  t.deepEqual(targetFacts(classTarget(1), OUTPUTS, 0, 'logit', NAMES), {
    target: 1,
    definition: classTarget(1),
    label: 'dog',
    score: 3,
    proba: 0.75,
    rank: 0,
  });
});

test('another class says its place and which class the model puts first', (t) => {
  const dog = { target: 1, label: 'dog', proba: 0.625 };
  const facts = (index: number, n: number) =>
    targetFacts(classTarget(index), OUTPUTS, n, 'output', NAMES);
  t.like(facts(2, 1), { rank: 1, top: dog });
  t.like(facts(0, 1), { rank: 2, top: dog });
  t.like(facts(3, 1), { rank: 3, top: dog });
  t.false('label' in facts(3, 1), 'a class without a label has none');
  // equal scores: the lower index comes first, as in topClass
  t.is(facts(0, 0).rank, 1);
  t.is(facts(3, 0).rank, 2);
});

test('of a sigmoid unit the side that it is on is the top one', (t) => {
  const facts = (target: ReturnType<typeof classTarget>, n: number) =>
    targetFacts(target, OUTPUTS, n, 'logit');
  t.like(facts(classTarget(0, 'sick'), 0), {
    rank: 1,
    top: { target: 'not class 0 of sick', proba: 0.75 },
  });
  t.is(facts(negativeClass(0, 'sick'), 0).rank, 0);
  t.is(facts(classTarget(0, 'sick'), 1).rank, 0);
  t.like(facts(negativeClass(0, 'sick'), 1), { rank: 1, top: { target: 0, proba: 0.875 } });
});

test('a target that is not a single class has no rank', (t) => {
  for (const target of [
    ratherThan(1, 0),
    negativeClass(2),
    regressionTarget(0, 1, 'age'),
    classTarget(0, 'age'),
  ]) {
    const facts = targetFacts(target, OUTPUTS, 0, 'logit', NAMES);
    t.false('rank' in facts, JSON.stringify(target));
    t.false('top' in facts);
  }
});
