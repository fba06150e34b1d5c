import * as d3 from 'd3-scale-chromatic';
import { rgb } from 'd3-color';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import {
  COLORMAPS,
  colormapNames,
  colormapTable,
  colourIndex,
} from '../../src/images/colormaps.js';
import { matplotlibColormap } from '../helpers/fixtures.js';

test('every sequential, diverging and cyclical scheme of d3 is there by name', (t) => {
  const schemes = Object.entries(d3).filter(([name]) => name.startsWith('interpolate'));
  t.is(schemes.length, 38);
  for (const [name, scheme] of schemes) {
    const id = name.slice('interpolate'.length).replace(/Default$/, '');
    const table = colormapTable(id);
    const exact = !['Viridis', 'Plasma', 'Inferno', 'Magma'].includes(id);
    for (let i = 0; i < 256; i++) {
      const { r, g, b } = rgb((scheme as (t: number) => string)(i / 255));
      const got = [...table.subarray(i * 4, i * 4 + 4)];
      [r, g, b].forEach((value, c) => {
        // the four of matplotlib are cut to 8 bits and not rounded
        if (exact) t.is(got[c], Math.round(value), `${id} ${i}`);
        else t.true(value - got[c] === 0 || value - got[c] === 1, `${id} ${i}`);
      });
      t.is(got[3], 255);
    }
  }
});

test("viridis, magma and jet equal matplotlib's 256 colours, gray is the sample itself", (t) => {
  for (const name of ['viridis', 'magma', 'jet'] as const) {
    t.deepEqual(colormapTable(name), colormapTable(matplotlibColormap(name)), name);
  }
  const gray = colormapTable('gray');
  for (let i = 0; i < 256; i++) t.deepEqual([...gray.subarray(i * 4, i * 4 + 4)], [i, i, i, 255]);
});

test('reversed variants run backwards, names have no case, and all are listed', (t) => {
  const names = colormapNames();
  t.deepEqual([...Object.values(COLORMAPS).flat()], names);
  t.is(names.length, 40);
  for (const name of names) {
    const table = colormapTable(name);
    const back = colormapTable(`${name}_r`);
    t.deepEqual([...back.subarray(0, 4)], [...table.subarray(1020)], name);
    t.deepEqual([...back.subarray(400, 404)], [...table.subarray(620, 624)], name);
    t.is(colormapTable(name.toUpperCase()), table);
  }
});

test('a value falls into one of 256 equal steps', (t) => {
  const cases = [
    [0, 0],
    [0.5, 128],
    [1, 255],
    [0.0039, 0],
    [0.00391, 1],
    [-3, 0],
    [9, 255],
    [255 / 256, 255],
  ];
  for (const [value, index] of cases) t.is(colourIndex(value), index, String(value));
});

test('functions give CSS colours or numbers', (t) => {
  const first = (colormap: Parameters<typeof colormapTable>[0]) => [
    ...colormapTable(colormap).subarray(0, 4),
  ];
  t.deepEqual(
    first(() => '#0a141e'),
    [10, 20, 30, 255],
  );
  t.deepEqual(
    first(() => 'rebeccapurple'),
    [102, 51, 153, 255],
  );
  t.deepEqual(
    first(() => 'rgba(1, 2, 3, 0.5)'),
    [1, 2, 3, 128],
  );
  t.deepEqual(
    first(() => 'hsl(120 100% 50%)'.replaceAll(' ', ', ')),
    [0, 255, 0, 255],
  );
  t.deepEqual(
    first(() => [7, 8, 9]),
    [7, 8, 9, 255],
  );
  t.deepEqual(
    first((v) => [7, 8, 9, v]),
    [7, 8, 9, 0],
  );
});

test('numbers of 0 to 1 are taken as such if no colour has more', (t) => {
  const one = colormapTable((v) => [v, 0.5, 1 - v, 0.5]);
  t.deepEqual([...one.subarray(0, 4)], [0, 128, 255, 128]);
  t.deepEqual([...one.subarray(1020)], [255, 128, 0, 128]);
  t.deepEqual([...colormapTable(() => [1, 0, 0]).subarray(0, 4)], [255, 0, 0, 255]);
  // one colour above 1 says that all are of 0 to 255
  const bytes = colormapTable((v) => [v === 1 ? 2 : v, 1, 0]);
  t.deepEqual([...bytes.subarray(0, 4)], [0, 1, 0, 255]);
  t.deepEqual([...bytes.subarray(1020)], [2, 1, 0, 255]);
});

test('unknown names list the allowed ones; functions that give no colour say what they gave', (t) => {
  const error = t.throws(() => colormapTable('virdis'));
  t.true(isWhylensError(error, 'UNKNOWN_COLORMAP'));
  t.regex(error.message, /did you mean 'viridis'/);
  for (const name of colormapNames()) t.true(error.message.includes(name), name);
  for (const name of ['', '_r', 'toString', '__proto__', 'viridis_r_r']) {
    t.true(
      isWhylensError(
        t.throws(() => colormapTable(name)),
        'UNKNOWN_COLORMAP',
      ),
      name,
    );
  }
  for (const colour of ['nonsense', [1, 2], [1, 2, 256], [NaN, 0, 0], [0, 0, 0, 2], null, 7]) {
    const bad = t.throws(() => colormapTable(() => colour as string));
    t.true(isWhylensError(bad, 'UNKNOWN_COLORMAP'), JSON.stringify(colour));
  }
});
