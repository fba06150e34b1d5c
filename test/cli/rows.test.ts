/** The command over rows: where they come from, and what is said. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EXIT } from '../../src/cli/io.js';
import { emptyFolder, whylensHere } from '../helpers/command.js';

const MODEL = ['-m', fileURLToPath(new URL('../helpers/rows-model.js', import.meta.url))];

test('explain a row of a file, of a table, with a background', async (t) => {
  const folder = await emptyFolder(t);
  const [row, table, background, out] = ['r.json', 't.csv', 'b.csv', 'o.json'].map((name) =>
    join(folder, name),
  );
  await writeFile(row, '{"a":1,"b":3}');
  await writeFile(table, 'a,b,y\n0,0,0\n1,3,5\n');
  await writeFile(background, 'a,b\n0,0\n1,1\n');
  const plain = await whylensHere(['explain', ...MODEL, '--row', row, '--background', background]);
  t.is(plain.code, 0, plain.stderr);
  // v(∅) = 1.5, v(a) = 2.5, v(b) = 2.5, v(ab) = 5
  t.regex(plain.stdout, /\+1\.750 {2}a/);
  const same = await whylensHere([
    'explain',
    ...MODEL,
    '--table',
    table,
    '--at',
    '1',
    '--background',
    background,
  ]);
  t.is(same.stdout, plain.stdout);
  const file = await whylensHere([
    'explain',
    ...MODEL,
    '--table',
    table,
    '--background',
    background,
    '-o',
    out,
  ]);
  t.is(file.code, 0, file.stderr);
  t.is((JSON.parse(await readFile(out, 'utf8')) as { kind: string }).kind, 'feature-weights');
  const beyond = await whylensHere(['explain', ...MODEL, '--table', table, '--at', '7']);
  t.is(beyond.code, EXIT.usage);
  t.regex(beyond.stderr, /from 0 to 1, got 7/);
  const both = await whylensHere(['explain', ...MODEL, '--table', table, '--text', 'x']);
  t.is(both.code, EXIT.usage);
});

test('importance of a table; weights of a model that shows none', async (t) => {
  const folder = await emptyFolder(t);
  const table = join(folder, 't.csv');
  await writeFile(table, 'a,b,y\n1,2,4\n2,0,4\n3,1,9\n0,5,0\n');
  const found = await whylensHere([
    'importance',
    ...MODEL,
    '--table',
    table,
    '--label',
    'y',
    '--top',
    '1',
  ]);
  t.is(found.code, 0, found.stderr);
  t.regex(found.stdout, /permutation-importance[^]*baseScore=1/);
  t.regex(found.stderr, /only 4 rows/);
  const other = await whylensHere(['importance', ...MODEL, '--table', table, '--label', 'z']);
  t.not(other.code, 0);
  t.regex(other.stderr, /no column 'z'/);
  const none = await whylensHere(['weights', ...MODEL]);
  t.regex(none.stderr, /permutationImportance/);
});
