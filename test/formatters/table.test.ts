import test from 'ava';
import { formatAsCsv, formatAsTable, TableFormatter } from '../../formatters/table.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { featureImportancesRecord, hostile, imageRecord, records } from '../helpers/records.js';
import { matchSnapshot } from '../helpers/snapshot.js';

for (const [kind, record] of Object.entries(records)) {
  test(`${kind} as CSV`, (t) => {
    matchSnapshot(t, `table/${kind}.csv`, formatAsCsv(record));
  });

  test(`${kind}: all rows have the same columns and no NaN`, (t) => {
    for (const expl of [record, hostile(record)]) {
      const rows = formatAsTable(expl);
      t.true(rows.length > 0);
      for (const row of rows) {
        t.deepEqual(Object.keys(row), Object.keys(rows[0]));
        t.false(Object.values(row).some((cell) => Number.isNaN(cell)));
      }
    }
  });

  test(`${kind}: CSV reads back as the rows, hostile strings too`, (t) => {
    const expl = hostile(record);
    const rows = formatAsTable(expl);
    const names = Object.keys(rows[0]);
    const [head, ...lines] = parse(formatAsCsv(expl, { guard: false }));
    t.deepEqual(head, names);
    t.deepEqual(
      lines,
      rows.map((row) => names.map((name) => String(row[name] ?? ''))),
    );
  });

  test(`${kind}: no cell begins like a formula`, (t) => {
    const cells = parse(formatAsCsv(hostile(record))).flat();
    const bad = cells.filter((cell) => /^[=+\-@\t\r\n]/.test(cell) && Number.isNaN(Number(cell)));
    t.deepEqual(bad, []);
  });
}

test('rows of a map count from 0, row by row', (t) => {
  const rows = formatAsTable(imageRecord);
  t.is(rows.length, 2 * 6 * 8);
  t.deepEqual(rows[9], {
    target: 243,
    label: 'bull mastiff',
    row: 1,
    column: 1,
    value: imageRecord.targets[0].heatmap.data[9],
  });
});

test('an empty column is left out', (t) => {
  t.deepEqual(Object.keys(formatAsTable(featureImportancesRecord)[0]), [
    'feature',
    'weight',
    'std',
  ]);
});

test('guard decides about the apostrophe, numbers never get one', (t) => {
  const record = {
    ...featureImportancesRecord,
    importances: [{ feature: '=1+1', weight: -0.5 }],
  };
  t.is(formatAsCsv(record), "feature,weight\r\n'=1+1,-0.5\r\n");
  t.is(formatAsCsv(record, { guard: false }), 'feature,weight\r\n=1+1,-0.5\r\n');
  t.throws(() => formatAsCsv(record, { guard: 1 as never }), { code: 'INVALID_OPTION' });
});

test('an explanation without targets has a head line and nothing else', (t) => {
  t.is(formatAsCsv({ ...imageRecord, targets: [] }), 'target\r\n');
  t.deepEqual(formatAsTable({ ...imageRecord, targets: [] }), []);
});

test('is registered for every kind and .csv', (t) => {
  const formatter = registryOf(createContainer()).formatter('table');
  t.true(formatter instanceof TableFormatter);
  t.deepEqual(formatter.extensions, ['csv']);
  t.is(formatter.format(imageRecord, {}), formatAsCsv(imageRecord));
});

/** A reader by the letter of RFC 4180. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < csv.length; i++) {
    const char = csv[i];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (csv[i + 1] === '"') cell += csv[i++];
      else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      rows[rows.length - 1].push(cell);
      cell = '';
    } else if (char === '\r' && csv[i + 1] === '\n') {
      rows[rows.length - 1].push(cell);
      cell = '';
      rows.push([]);
      i++;
    } else cell += char;
  }
  return rows.slice(0, -1);
}

test('several explanations stand below each other, counted from 0', (t) => {
  const one = records['feature-weights'];
  const other = records['feature-importances'];
  const rows = formatAsTable([one, other]);
  const [first, second] = [formatAsTable(one), formatAsTable(other)];
  t.deepEqual(
    rows.map(({ explanation, feature, weight }) => [explanation, feature, weight]),
    [
      ...first.map(({ feature, weight }) => [0, feature, weight]),
      ...second.map(({ feature, weight }) => [1, feature, weight]),
    ],
  );
  const csv = formatAsCsv([one, other]).trimEnd().split('\r\n');
  t.true(csv[0].startsWith('explanation,target,'));
  t.is(csv.length, 1 + first.length + second.length);
  t.throws(() => formatAsTable([]), { code: 'INVALID_EXPLANATION', message: /got none/ });
});
