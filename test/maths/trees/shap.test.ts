import test from 'ava';
import { pathContributions } from '../../../src/maths/trees/path.js';
import { treeShap } from '../../../src/maths/trees/shap.js';
import type { Decide, FlatTree } from '../../../src/maths/trees/tree.js';
import { seededRandom } from '../../../src/maths/random.js';
import { worst } from '../../helpers/tabular.js';

type Made = FlatTree & { readonly threshold: Float64Array; readonly cover: Float64Array };

/** A chain of splits (each goes on at the right), or a full tree; the features of `pick`. */
function made(depth: number, chain: boolean, pick: (node: number) => number, seed: number): Made {
  const random = seededRandom(seed);
  const nodes = chain ? 2 * depth + 1 : 2 ** (depth + 1) - 1;
  const left = new Int32Array(nodes).fill(-1);
  const right = new Int32Array(nodes).fill(-1);
  const cover = new Float64Array(nodes);
  cover[0] = 100;
  for (let node = 0; node < nodes; node++) {
    const inner = chain ? node % 2 === 0 && node < nodes - 1 : 2 * node + 2 < nodes;
    if (!inner) continue;
    left[node] = chain ? node + 1 : 2 * node + 1;
    right[node] = left[node] + 1;
    const share = 0.2 + 0.6 * random.uniform();
    cover[left[node]] = cover[node] * share;
    cover[right[node]] = cover[node] * (1 - share);
  }
  return {
    left,
    right,
    cover,
    feature: Int32Array.from(left, (_, node) => pick(node)),
    threshold: Float64Array.from(left, () => random.uniform()),
    values: Float64Array.from(left, () => random.normal()),
    outputs: [0],
  };
}

const decideOf =
  (trees: readonly Made[]): Decide =>
  (t, row, goesLeft) =>
    trees[t].left.length &&
    trees[t].threshold.forEach((threshold, node) => {
      goesLeft[node] = row[trees[t].feature[node]] <= threshold ? 1 : 0;
    });

/** v(S) as the papers write it: unknown splits are averaged, by cover or over background rows. */
function valueOf(tree: Made, row: number[], known: boolean[], background?: number[][]): number {
  const { left, right, feature, threshold, cover, values } = tree;
  const walk = (node: number, from: number[] | undefined): number => {
    if (left[node] < 0) return values[node];
    const x = known[feature[node]] ? row : from;
    if (x !== undefined)
      return walk(x[feature[node]] <= threshold[node] ? left[node] : right[node], from);
    const share = cover[left[node]] / cover[node];
    return share * walk(left[node], from) + (1 - share) * walk(right[node], from);
  };
  if (background === undefined) return walk(0, undefined);
  return background.reduce((sum, other) => sum + walk(0, other), 0) / background.length;
}

/** The Shapley value's definition, coalition by coalition; and the interaction's. */
function enumerated(
  players: number,
  v: (known: boolean[]) => number,
): { phi: number[]; pairs: number[] } {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const values = Array.from({ length: 2 ** players }, (_, bits) =>
    v(Array.from({ length: players }, (__, i) => ((bits >> i) & 1) === 1)),
  );
  const phi = new Array<number>(players).fill(0);
  const pairs = new Array<number>(players * players).fill(0);
  values.forEach((value, bits) => {
    const size = bits.toString(2).replaceAll('0', '').length;
    for (let i = 0; i < players; i++) {
      if ((bits >> i) & 1) continue;
      const weight = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      phi[i] += weight * (values[bits | (1 << i)] - value);
      for (let j = 0; j < players; j++) {
        if (j === i || (bits >> j) & 1) continue;
        const share =
          (factorial(size) * factorial(players - size - 2)) / (2 * factorial(players - 1));
        const [a, b] = [1 << i, 1 << j];
        pairs[i * players + j] +=
          share * (values[bits | a | b] - values[bits | a] - values[bits | b] + value);
      }
    }
  });
  for (let i = 0; i < players; i++) {
    let own = phi[i];
    for (let j = 0; j < players; j++) if (j !== i) own -= pairs[i * players + j];
    pairs[i * players + i] = own;
  }
  return { phi, pairs };
}

test('one split by hand: 70 % of the training rows go left', (t) => {
  const tree = {
    left: [1, -1, -1],
    right: [2, -1, -1],
    feature: [1, -1, -1],
    cover: [10, 7, 3],
    values: [0, 10, 20],
    outputs: [0],
    scale: 0.5,
  };
  const decide: Decide = (_, row, goesLeft) => (goesLeft[0] = row[1] < 1 ? 1 : 0);
  const options = { features: 3, outputs: 1 };
  const { values, expected } = treeShap([tree], decide, [[0, 0, 0]], options);
  // mean 13 · ½, the row's leaf 10 · ½
  t.true(Math.abs(expected[0] - 6.5) < 1e-15);
  t.true(worst(values, [0, -1.5, 0]) < 1e-15);
  const background = [
    [9, 0, 9],
    [9, 5, 9],
    [9, 5, 9],
    [9, 5, 9],
  ];
  const other = treeShap([tree], decide, [[0, 0, 0]], { ...options, background });
  t.true(Math.abs(other.expected[0] - 0.5 * (0.25 * 10 + 0.75 * 20)) < 1e-15);
  t.true(worst(other.values, [0, 5 - 8.75, 0]) < 1e-15);
  const path = pathContributions([tree], decide, [[0, 0, 0]], options);
  t.is(path.bias[0], 6.5);
  t.deepEqual([...path.contributions], [0, -1.5, 0]);
});

for (const [what, depth, chain, features] of [
  ['full trees that ask for a feature twice on a path', 4, false, 3],
  ['a path of twelve features, above the table', 12, true, 12],
] as const) {
  test(`the definition, for ${what}`, (t) => {
    const trees = [3, 4].map((seed) =>
      made(depth, chain, (node) => (chain ? node >> 1 : node) % features, seed),
    );
    const random = seededRandom(9);
    const draw = () => Array.from({ length: features }, () => random.uniform());
    const [row, ...background] = [draw(), draw(), draw(), draw()];
    for (const others of [undefined, background]) {
      const options = { features, outputs: 1, background: others, interactions: true };
      const { values, expected, interactions } = treeShap(trees, decideOf(trees), [row], options);
      const v = (known: boolean[]) =>
        trees.reduce((sum, tree) => sum + valueOf(tree, row, known, others), 0);
      const { phi, pairs } = enumerated(features, v);
      t.true(worst(values, phi) < 1e-12);
      t.true(worst(interactions!, pairs) < 1e-12);
      t.true(Math.abs(expected[0] - v(new Array<boolean>(features).fill(false))) < 1e-12);
    }
  });
}

test('paths with more features than an integer has bits: efficiency and dummy', (t) => {
  const features = 41;
  const trees = [made(40, true, (node) => node >> 1, 5)];
  const random = seededRandom(2);
  // most rows go right for long
  const rows = [0, 1].map(() =>
    Array.from({ length: features }, () => 0.5 + 0.5 * random.uniform()),
  );
  const background = [rows[1].map((x) => x / 2), rows[0].map((x, i) => (i % 3 === 0 ? x : 0.9))];
  for (const others of [undefined, background]) {
    const options = { features, outputs: 1, background: others };
    const { values, expected } = treeShap(trees, decideOf(trees), rows, options);
    rows.forEach((row, n) => {
      const own = values.slice(n * features, (n + 1) * features);
      const score = valueOf(trees[0], row, new Array<boolean>(features).fill(true));
      t.true(Math.abs(own.reduce((a, b) => a + b, expected[0]) - score) < 1e-12);
      t.is(own[40], 0);
    });
  }
});
