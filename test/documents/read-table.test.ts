import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtempSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { readTable, tableColumn, type TableOptions } from '../../src/index.js';

const table = (text: string, options?: TableOptions) =>
  readTable(new TextEncoder().encode(text), options);

test('a CSV file with quotes, missing values and types that are told', async (t) => {
  const made = await table(
    'age,plan,"calls, all",vip,zip\n41,basic,7.5,true,01234\n,"pro, ""max""",NA,FALSE,98765\n1e2,é🚀,-3,true,\n',
  );
  t.deepEqual(made.columns, ['age', 'plan', 'calls, all', 'vip', 'zip']);
  t.deepEqual(made.types, ['number', 'text', 'number', 'boolean', 'text']);
  t.deepEqual(made.rows, [
    [41, 'basic', 7.5, true, '01234'],
    [null, 'pro, "max"', null, false, '98765'],
    [100, 'é🚀', -3, true, null],
  ]);
  t.deepEqual(made.notes, [
    "CSV, separated by ','",
    'types inferred: age number, plan text, calls, all number, vip boolean, zip text',
    'read as missing values in columns of numbers: NA',
  ]);
  t.deepEqual(tableColumn(made, 'zip'), ['01234', '98765', null]);
});

test('other separators, a byte order mark, Windows line ends, and files without names', async (t) => {
  t.deepEqual((await table('\uFEFFa;b\r\n1;x,y\r\n')).rows, [[1, 'x,y']]);
  t.deepEqual((await table('a\tb\n1\t2\n')).rows, [[1, 2]]);
  t.deepEqual((await table('a|b\n1|2\n', { delimiter: ',' })).columns, ['a|b']);
  const bare = await table('1,2\n3,4\n', { header: false });
  t.deepEqual(
    [bare.columns, bare.rows],
    [
      ['x0', 'x1'],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  );
  t.deepEqual((await table('zip\n123\n', { types: { zip: 'text' } })).rows, [['123']]);
  // digits that a double would lose
  t.deepEqual((await table('id\n12345678901234567\n')).rows, [['12345678901234567']]);
  t.deepEqual((await table('x\ninf\n-Infinity\n')).rows, [[Infinity], [-Infinity]]);
});

test('JSON lines, a list of rows, columns with rows', async (t) => {
  const lines = await table('{"a":1,"b":"x"}\n\n{"b":null,"c":true}\n');
  t.deepEqual(lines.columns, ['a', 'b', 'c']);
  t.deepEqual(lines.rows, [
    [1, 'x', null],
    [null, null, true],
  ]);
  t.deepEqual(lines.types, ['number', 'text', 'boolean']);
  t.deepEqual((await table('{"a":1}')).rows, [[1]]);
  t.deepEqual((await table('[{"a":1},{"a":2}]')).rows, [[1], [2]]);
  t.deepEqual((await table('[["a","b"],[1,"2"]]')).rows, [[1, '2']]);
  const split = await table('{"columns":["a"],"index":[5],"data":[[1.5]]}');
  t.deepEqual([split.columns, split.rows], [['a'], [[1.5]]]);
  const mixed = await table('{"a":1}\n{"a":"one"}');
  t.deepEqual(mixed.notes, ['JSON lines', 'columns of values of several types: a']);
});

test('Arrow files and streams', async (t) => {
  const arrow = tableFromArrays({
    age: Float64Array.of(41, NaN),
    calls: Int32Array.of(7, -2),
    plan: ['basic', null],
  });
  for (const kind of ['file', 'stream'] as const) {
    const made = await readTable(tableToIPC(arrow, kind));
    t.deepEqual(made.columns, ['age', 'calls', 'plan'], kind);
    t.deepEqual(made.rows, [
      [41, 7, 'basic'],
      [null, -2, null],
    ]);
    t.deepEqual(made.types, ['number', 'number', 'text']);
  }
});

test('a file that is not a table: the message names the place', async (t) => {
  const cases: [string | Uint8Array, RegExp, TableOptions?][] = [
    ['', /empty/],
    ['a,b\n1\n', /line 2|columns/i],
    ['a,b\n"1,2\n', /quote/i],
    ['a,a\n1,2\n', /two columns are named 'a'/],
    ['a,\n1,2\n', /column 2 has no name/],
    ['1,2\n3,4\n', /header: false/],
    ['a\nx\n', /row 0, column 'a' must be of type number/, { types: { a: 'number' } }],
    ['a\nx\n', /names the column 'b'/, { types: { b: 'number' } }],
    ['{"a":1}\n{"a":', /line 2 is not JSON/],
    ['{"a":1}\n[2]', /row 1 must be an object/],
    ['{"a":1}\n{"a":{"b":2}}', /row 1, column 'a'/],
    ['{"columns":["a","b"],"rows":[[1]]}', /row 0 must be a list of 2/],
    ['[]', /no row/],
    ['PAR1....', /Parquet/],
    ['ARROW1\0\0junk', /Arrow/],
    [Uint8Array.of(0x61, 0xff, 0x62), /UTF-8/],
  ];
  for (const [given, message, options] of cases) {
    const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given;
    await t.throwsAsync(readTable(bytes, options), { code: 'INVALID_DOCUMENT', message });
  }
  await t.throwsAsync(readTable('no/such/file.csv'), { code: 'FILE' });
  await t.throwsAsync(readTable(3 as unknown as string), { code: 'INVALID_DOCUMENT' });
  const made = await table('a\n1\n');
  t.throws(() => tableColumn(made, 'b'), {
    code: 'INVALID_DOCUMENT',
    message: /has no column 'b'\. Its columns are a/,
  });
});

test('reading has an end: bytes, kinds of addresses, an interruption', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'whylens-table-'));
  const path = join(folder, 'a.csv');
  writeFileSync(path, 'a,b\n1,2\n');
  t.is((await readTable(path, { maxBytes: 8 })).rows.length, 1);
  await t.throwsAsync(readTable(path, { maxBytes: 7 }), { code: 'FILE', message: /maxBytes/ });
  await t.throwsAsync(readTable(new Blob(['a,b\n1,2\n']), { maxBytes: 7 }), {
    code: 'FILE',
    message: /maxBytes/,
  });
  await t.throwsAsync(readTable(path, { schemes: ['https'] }), {
    code: 'FILE',
    message: /schemes/,
  });
  await t.throwsAsync(readTable(path, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  await t.throwsAsync(readTable(path, { maxBytes: NaN }), { code: 'INVALID_OPTION' });
  const { rows } = await readTable('data:text/csv,a%0A7');
  t.deepEqual(rows, [[7]]);
  await t.throwsAsync(readTable('data:text/csv,a%0A7', { schemes: ['file'] }), { code: 'FILE' });
});
