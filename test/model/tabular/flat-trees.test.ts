import test from 'ava';
import { seededRandom } from '../../../src/maths/random.js';
import { makeTree, treeEnsemble } from '../../../src/model/tabular/ensemble.js';
import { flatMargins } from '../../../src/model/tabular/flat-trees.js';
import { MISSING, type TreeEnsemble } from '../../../src/model/tabular/interface.js';

/** Trees of any shape, thresholds that rows meet exactly, two outputs. */
function made(
  comparison: '<' | '<=',
  float32: boolean,
  about: { missing?: number; threshold?: number; categories?: boolean } = {},
): TreeEnsemble {
  const random = seededRandom(3);
  const trees = Array.from({ length: 7 }, (_, t) => {
    const left: number[] = [];
    const right: number[] = [];
    const grow = (depth: number): number => {
      const own = left.push(-1) - 1;
      right.push(-1);
      if (depth > 0 && random.uniform() < 0.8) {
        left[own] = grow(depth - 1);
        right[own] = grow(depth - 1);
      }
      return own;
    };
    grow(5);
    const nodes = left.length;
    const inner = (n: number) => left[n] >= 0;
    return makeTree({
      left: Int32Array.from(left),
      right: Int32Array.from(right),
      feature: Int32Array.from(left, (_l, n) => (inner(n) ? random.integer(4) : -1)),
      threshold: Float64Array.from(left, (_l, n) =>
        inner(n) ? (about.threshold ?? Math.fround((random.integer(5) - 2) / 10)) : NaN,
      ),
      defaultLeft: Uint8Array.from(left, () => random.integer(2)),
      missing: new Uint8Array(nodes).fill(about.missing ?? MISSING.nan),
      values: Float64Array.from(left, () => random.normal()),
      outputs: Int32Array.of(t % 2),
      scale: 0.5,
      ...(about.categories === true && {
        categories: left.map((_l, n) =>
          inner(n) ? { codes: new Set([1]), listed: 'left' as const } : undefined,
        ),
      }),
    });
  });
  return treeEnsemble(
    {
      trees,
      features: 4,
      outputs: 2,
      base: Float64Array.of(1, -2),
      comparison,
      float32,
      coverUnit: 'none',
      averaged: false,
    },
    'made',
  );
}

/** Numbers on the thresholds, beside them by one float32 and by one double, infinite and missing ones. */
function rowsFor(missing: boolean) {
  const random = seededRandom(5);
  const data = Float64Array.from({ length: 1300 * 4 }, () => {
    const on = Math.fround((random.integer(5) - 2) / 10);
    const beside = [0, 1e-9, -1e-9, 1e-17, -1e-17, 0.05, Infinity, -Infinity][random.integer(8)];
    return missing && random.uniform() < 0.2 ? NaN : on + beside;
  });
  return { count: 1300, columns: 4, data };
}

/** Row by row, as each tree says. */
function slow(ensemble: TreeEnsemble, { count, data }: ReturnType<typeof rowsFor>): number[] {
  const sums = Array.from({ length: count }, () => [0, 0]);
  for (let n = 0; n < count; n++) {
    ensemble.trees.forEach((tree, t) => {
      const leaf = ensemble.leaf(t, data.subarray(n * 4, n * 4 + 4));
      sums[n][tree.outputs[0]] += tree.scale * tree.values[leaf];
    });
    ensemble.base.forEach((start, k) => (sums[n][k] += start));
  }
  return sums.flat();
}

test('flat trees say what each tree says, to the last digit', (t) => {
  for (const comparison of ['<', '<='] as const) {
    for (const float32 of [false, true]) {
      for (const missing of [false, true]) {
        const ensemble = made(comparison, float32);
        const rows = rowsFor(missing);
        const found = flatMargins(ensemble, rows)!;
        t.deepEqual([...found.data], slow(ensemble, rows), `${comparison} ${float32} ${missing}`);
      }
    }
  }
});

test('what is not a plain comparison is left to the trees themselves', (t) => {
  t.is(flatMargins(made('<=', false, { missing: MISSING.zero }), rowsFor(false)), undefined);
  t.is(flatMargins(made('<=', false, { categories: true }), rowsFor(false)), undefined);
  t.is(flatMargins(made('<', false, { threshold: -Infinity }), rowsFor(false)), undefined);
  const none = made('<=', false, { missing: MISSING.none });
  t.is(flatMargins(none, rowsFor(true)), undefined);
  t.deepEqual([...flatMargins(none, rowsFor(false))!.data], slow(none, rowsFor(false)));
});
