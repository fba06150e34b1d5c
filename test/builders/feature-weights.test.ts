import test from 'ava';
import { featureImportances, featureWeights } from '../../src/builders/feature-weights.js';

const entries = { a: 1, b: -4, c: 0, d: 3, e: -0.5, f: 2, g: -1 };
const names = (list: readonly { feature: string }[]) => list.map(({ feature }) => feature).join('');

test('sorts by size into for and against; zero says nothing', (t) => {
  const { pos, neg, posRemaining, negRemaining } = featureWeights(entries);
  t.is(names(pos), 'dfa');
  t.is(names(neg), 'bge');
  t.deepEqual([posRemaining, negRemaining], [0, 0]);
});

test('top keeps the largest of both signs together, or some of each', (t) => {
  const cut = (top: Parameters<typeof featureWeights>[1]) => {
    const { pos, neg, posRemaining, negRemaining } = featureWeights(entries, top);
    return [names(pos), names(neg), posRemaining, negRemaining];
  };
  t.deepEqual(cut({ top: 3 }), ['df', 'b', 1, 2]);
  t.deepEqual(cut({ top: 0 }), ['', '', 3, 3]);
  t.deepEqual(cut({ top: [1, 2] }), ['d', 'bg', 2, 1]);
  t.deepEqual(cut({ top: { pos: 1, neg: 2 } }), ['d', 'bg', 2, 1]);
  t.deepEqual(cut({ top: { neg: 0 } }), ['dfa', '', 0, 3]);
  t.deepEqual(cut({ top: 99 }), ['dfa', 'bge', 0, 0]);
});

test('of equal weights the first are kept', (t) => {
  const list = [
    ['x', 1],
    ['y', -1],
    ['z', 1],
  ] as const;
  const { pos, neg } = featureWeights(list, { top: 2 });
  t.is(names(pos) + names(neg), 'xy');
});

test('filter: names, an expression (even a global one), a function of name and value', (t) => {
  const kept = (filter: Parameters<typeof featureWeights>[1]) =>
    names(featureWeights(entries, filter).pos) + names(featureWeights(entries, filter).neg);
  t.is(kept({ filter: ['a', 'b', 'zz'] }), 'ab');
  t.is(kept({ filter: /[abd]/g }), 'dab');
  const list = [
    { feature: 'p', weight: 1, value: 7 },
    { feature: 'q', weight: 2, value: 'v' },
  ];
  t.is(names(featureWeights(list, { filter: (_, value) => value === 'v' }).pos), 'q');
  t.is(
    featureWeights(entries, { filter: ['a'], top: 0 }).posRemaining,
    1,
    'filtered ones are not remaining',
  );
});

test('spread and value stay, a map and pairs are as good as records', (t) => {
  const record = { feature: 'p', weight: 1, std: 0.5, value: 'v' };
  t.deepEqual(featureWeights([record]).pos, [record]);
  t.deepEqual(featureWeights(new Map([['p', 1]])).pos, [{ feature: 'p', weight: 1 }]);
});

test('importances sort from the largest down, negative ones last', (t) => {
  const { importances, remaining } = featureImportances(entries, { top: 6 });
  t.is(names(importances), 'dfaceg');
  t.is(remaining, 1);
  t.is(featureImportances(entries, { filter: /[ab]/ }).importances.length, 2);
});

test('refuses what would make a record nobody can read', (t) => {
  const code = 'INVALID_EXPLANATION';
  t.throws(() => featureWeights({ x: NaN }), { code, message: /weight of feature 'x'.*NaN/ });
  t.throws(() => featureWeights([{ feature: 'x', weight: 1, std: Infinity }]), { code });
  t.throws(() => featureWeights([{ feature: 3 as never, weight: 1 }]), { code });
  t.throws(() => featureWeights(entries, { top: -1 }), { code, message: /'top'.*-1/ });
  t.throws(() => featureWeights(entries, { top: [1.5, 2] }), { code });
  t.throws(() => featureImportances(entries, { top: NaN }), { code });
});
