import test from 'ava';
import { decisionTree } from '../../src/builders/tree.js';
import { transitions } from '../../src/builders/transitions.js';

const code = 'INVALID_EXPLANATION';

const expected = {
  id: 0,
  isLeaf: false,
  value: [3, 1],
  valueRatio: [0.75, 0.25],
  samples: 4,
  sampleRatio: 1,
  featureName: 'b',
  featureId: 1,
  threshold: 2.5,
  left: { id: 1, isLeaf: true, value: [3, 0], valueRatio: [1, 0], samples: 3, sampleRatio: 0.75 },
  right: { id: 2, isLeaf: true, value: [0, 1], valueRatio: [0, 1], samples: 1, sampleRatio: 0.25 },
};

test('nodes are numbered, named and get their shares', (t) => {
  const tree = {
    value: [3, 1],
    samples: 4,
    featureId: 1,
    threshold: 2.5,
    left: { value: [3, 0], samples: 3 },
    right: { value: [0, 1], samples: 1 },
  };
  t.deepEqual(decisionTree(tree, { featureNames: ['a', 'b'] }), expected);
  const regression = decisionTree(tree, { isClassification: false });
  t.is(regression.valueRatio, undefined);
  t.is(regression.featureName, undefined);
});

test('parallel arrays give the same tree, whatever their order', (t) => {
  const arrays = {
    childrenLeft: [2, -1, -1],
    childrenRight: [1, -1, -1],
    feature: [1, -2, -2],
    threshold: [2.5, -2, -2],
    value: [
      [3, 1],
      [0, 1],
      [3, 0],
    ],
    samples: [4, 1, 3],
  };
  t.deepEqual(decisionTree(arrays, { featureNames: ['a', 'b'] }), expected);
  t.throws(() => decisionTree({ ...arrays, childrenLeft: [0, -1, -1] }), { code });
  t.throws(() => decisionTree({ ...arrays, childrenLeft: [1, -1, -1] }), { code });
  t.throws(() => decisionTree({ ...arrays, childrenLeft: [9, -1, -1] }), {
    code,
    message: /nodes 1 to 2.*got 9/,
  });
  t.throws(() => decisionTree({ ...arrays, samples: [4] }), {
    code,
    message: /'childrenLeft' has 3 entries, 'samples' has 1/,
  });
});

test('refuses half rules and numbers that are none', (t) => {
  const leaf = { value: [1] };
  t.throws(() => decisionTree({ featureId: 0, threshold: 1, left: leaf }), {
    code,
    message: /two children or none, node 0 has one/,
  });
  t.throws(() => decisionTree({ featureId: 0, left: leaf, right: leaf }), {
    code,
    message: /no threshold/,
  });
  t.throws(() => decisionTree({ threshold: 0, left: leaf, right: leaf }), {
    code,
    message: /names no feature/,
  });
  t.throws(() => decisionTree({ value: [NaN] }), { code });
  const cycle: { featureId: number; threshold: number; left?: object; right: object } = {
    featureId: 0,
    threshold: 1,
    right: leaf,
  };
  cycle.left = cycle;
  t.throws(() => decisionTree(cycle), { code, message: /its own descendant/ });
});

test('transitions as a matrix or by name', (t) => {
  t.deepEqual(transitions(['O', 'B'], { O: { O: 2.5, B: 1 }, B: { O: 0.5 } }), {
    classNames: ['O', 'B'],
    coefficients: [
      [2.5, 1],
      [0.5, 0],
    ],
  });
  t.deepEqual(transitions(['O', 'toString'], { O: { O: 1 } }).coefficients, [
    [1, 0],
    [0, 0],
  ]);
  t.throws(() => transitions(['O', 'B'], [[1, 2], [3]]), { code, message: /rows of 2, 1/ });
  t.throws(() => transitions(['O'], { X: { O: 1 } }), { code, message: /names a class 'X'/ });
  t.throws(() => transitions(['O'], [[NaN]]), { code, message: /from 'O' to 'O'.*NaN/ });
  t.throws(
    () =>
      transitions(
        ['O', 'O'],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    { code, message: /must differ/ },
  );
});
