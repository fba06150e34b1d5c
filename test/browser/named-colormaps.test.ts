import test from 'ava';
import * as page from '../../src/browser/named-colormaps.js';
import { colormapTable } from '../../src/images/colormaps.js';
import * as node from '../../src/images/named-colormaps.js';

for (const group of ['SEQUENTIAL', 'DIVERGING', 'CYCLICAL'] as const) {
  test(`${group}: a page has the colours that Node has, to the bit`, (t) => {
    t.deepEqual(Object.keys(page[group]), Object.keys(node[group]));
    for (const [name, colormap] of Object.entries(page[group])) {
      t.deepEqual(colormapTable(colormap), colormapTable(name), name);
    }
  });
}
