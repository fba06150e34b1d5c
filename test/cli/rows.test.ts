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

test('what is wrong with a row is told by the row of the table, as --at counts, and by the column', async (t) => {
  const folder = await emptyFolder(t);
  const [table, other, row, model] = ['t.csv', 'o.csv', 'r.json', 'm.json'].map((name) =>
    join(folder, name),
  );
  await writeFile(table, 'a,b\n0,0\n1,many\n2,\n');
  const at = (n: string, file = table, ...more: string[]) =>
    whylensHere(['explain', ...MODEL, '--table', file, '--at', n, '--background', table, ...more]);
  const word = await at('1');
  t.is(word.code, EXIT.document);
  t.true(word.stderr.includes(`row 1, column 'b' of ${table} must be a number, got 'many'`));
  await writeFile(other, 'a,c\n0,0\n1,3\n');
  const column = await at('1', other);
  t.is(column.code, EXIT.document);
  t.true(column.stderr.includes(`row 1 of ${other} has no column 'b'`), column.stderr);
  // a model made without missing values
  await writeFile(
    model,
    '{"class_":"LinearRegression","coef_":[2,3],"intercept_":1,"feature_names":["a","b"],"link":"identity"}',
  );
  const missing = await whylensHere(['explain', '-m', model, '--table', table, '--at', '2']);
  t.is(missing.code, EXIT.document);
  t.true(missing.stderr.includes(`row 2, column 'b' of ${table} is missing`), missing.stderr);
  await writeFile(row, '{"a":1}');
  const alone = await whylensHere(['explain', '-m', model, '--row', row]);
  t.true(alone.stderr.includes(`${row} has no column 'b'`), alone.stderr);
  const nowhere = await whylensHere(['explain', '-m', model, '--row', row, '--at', '1']);
  t.is(nowhere.code, EXIT.usage);
  t.regex(nowhere.stderr, /no --table/);
  const layer = await whylensHere(['explain', '-m', model, '--row', row, '--layer', 'conv']);
  t.is(layer.code, EXIT.usage);
  t.regex(layer.stderr, /--layer is for pictures/);
});

test('a row is not overwritten by what is said of it', async (t) => {
  const row = join(await emptyFolder(t), 'r.json');
  await writeFile(row, '{"a":1,"b":3}');
  const { code } = await whylensHere(['explain', ...MODEL, '--row', row, '-o', row]);
  t.not(code, 0);
  t.is(await readFile(row, 'utf8'), '{"a":1,"b":3}');
});

test('evaluate the rows of a table, one of them, and a text', async (t) => {
  const folder = await emptyFolder(t);
  const [table, background, json, texts] = ['t.csv', 'b.csv', 'o.json', 'm.mjs'].map((name) =>
    join(folder, name),
  );
  await writeFile(table, 'a,b\n1,3\n2,1\n');
  await writeFile(background, 'a,b\n0,0\n');
  const all = ['evaluate', ...MODEL, '--table', table, '--background', background];
  const one = await whylensHere([...all, '--at', '0', '--metric', 'deletion,insertion', '-q']);
  t.is(one.code, 0, one.stderr);
  // 2a + ab from 0: a gets 3.5, b 1.5. Gone: 5, 0, 0; come back: 0, 2, 5; areas over two steps
  t.regex(one.stdout, /^method +deletion ↓ +insertion ↑\nkernel-shap +1\.250 +2\.250\n$/);
  const several = await whylensHere([
    ...all,
    ...['--method', 'kernel-shap,lime-tabular', '--opt', 'samples=50', '--metric', 'all'],
    ...['--metric-opt', 'seeds=2', '--json', json],
  ]);
  t.is(several.code, 0, several.stderr);
  t.regex(several.stdout, /stability ↑/);
  t.regex(several.stdout, /kernel-shap .*\[.*\nlime-tabular .*\[.*\nmeans over 2 rows/);
  const { results } = JSON.parse(await readFile(json, 'utf8')) as {
    results: { document: string; evaluation: { parameters: { seeds: number } } }[];
  };
  t.is(results.length, 4);
  t.is(results[3].document, `row 1 of ${table}`);
  t.is(results[3].evaluation.parameters.seeds, 2);
  // the rows of the table stand for unknown values where no others are named
  const guessed = await whylensHere(['evaluate', ...MODEL, '--table', table, '--at', '0']);
  t.regex(guessed.stdout, /background: the 2 rows of/, guessed.stderr);
  t.notRegex(guessed.stdout, /1\.250/);
  const row = join(folder, 'r.json');
  await writeFile(row, '{"a":1,"b":3}');
  t.regex((await whylensHere(['evaluate', ...MODEL, '--row', row])).stderr, /give --background/);
  const boxes = await whylensHere([...all, '--boxes', json]);
  t.regex(boxes.stderr, /--boxes is for pictures/);
  t.regex((await whylensHere([...all, '--metric', 'road'])).stderr, /metrics of rows and texts/);
  t.regex((await whylensHere([...all, '--metric-opt', 'baseline=black'])).stderr, /baseline/);
  t.not((await whylensHere([...all, '--json', table])).code, 0);
  // without 'slow' 0, then 0: half a step of two
  await writeFile(texts, 'export default (all) => all.map((one) => [/slow/.test(one) ? 1 : 0]);');
  const text = ['evaluate', '-m', texts, '--text', 'not slow', '--method', 'text-occlusion'];
  const words = await whylensHere([...text, '--metric', 'deletion', '-q']);
  t.regex(words.stdout, /text-occlusion +0\.250/, words.stderr);
});
