import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import type { Heatmap } from '../../src/explanation.js';
import { applyFilter, MAP_FILTERS, whyEmpty, type MapFilter } from '../../src/maths/filters.js';

const map = (...values: number[]): Heatmap => ({
  shape: [1, values.length],
  data: Float32Array.from(values),
});

test('every filter by hand', (t) => {
  const expected: Record<MapFilter, number[]> = {
    none: [-4, -1, 0, 2],
    normalize: [0, 0.5, 4 / 6, 1],
    positive: [0, 0, 0, 2],
    negative: [4, 1, 0, 0],
    absolute: [4, 1, 0, 2],
    positiveNormalize: [0, 0, 0, 1],
    negativeNormalize: [1, 0.25, 0, 0],
    absoluteNormalize: [1, 0.25, 0, 0.5],
    maxScale: [-2, -0.5, 0, 1],
  };
  const input = map(-4, -1, 0, 2);
  for (const filter of MAP_FILTERS) {
    const got = applyFilter(input, filter);
    t.deepEqual(got, map(...expected[filter]), filter);
    t.not(got.data, input.data);
  }
  t.deepEqual(input, map(-4, -1, 0, 2));
});

test('exact zeros are guarded, tiny spans are not swamped by an epsilon', (t) => {
  for (const filter of MAP_FILTERS) {
    t.deepEqual(applyFilter(map(0, 0), filter), map(0, 0), filter);
  }
  t.deepEqual(applyFilter(map(-3, -3), 'normalize'), map(0, 0));
  t.deepEqual(applyFilter(map(-3, -1), 'maxScale'), map(0, 0));
  t.deepEqual(applyFilter(map(0, 2 ** -120), 'maxScale'), map(0, 1));
  t.deepEqual(applyFilter(map(0, 2 ** -120), 'normalize'), map(0, 1));
});

test('why a map is empty', (t) => {
  t.is(whyEmpty(map(0, -0)), 'zero');
  t.is(whyEmpty(map(0, -1)), 'negative');
  t.is(whyEmpty(map(-1, 1e-30)), undefined);
});

test('unknown filters and values that are not finite are typed errors', (t) => {
  const unknown = t.throws(() => applyFilter(map(1), 'positiv' as 'positive'));
  t.true(isWhylensError(unknown, 'UNKNOWN_FILTER'));
  t.regex(unknown.message, /did you mean 'positive'/);
  for (const filter of ['normalize', 'maxScale'] as const) {
    t.true(
      isWhylensError(
        t.throws(() => applyFilter(map(1, NaN), filter)),
        'INVALID_EXPLANATION',
      ),
    );
    t.true(
      isWhylensError(
        t.throws(() => applyFilter(map(-Infinity), filter)),
        'INVALID_EXPLANATION',
      ),
    );
  }
  t.true(
    isWhylensError(
      t.throws(() => whyEmpty(map())),
      'INVALID_EXPLANATION',
    ),
  );
});
