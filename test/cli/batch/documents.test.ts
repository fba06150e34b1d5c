import { mkdir, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import test from 'ava';
import { zipSync } from 'fflate';
import { pack } from 'tar-stream';
import { entriesOf, openArchive } from '../../../src/cli/batch/archive.js';
import { findDocuments } from '../../../src/cli/batch/documents.js';
import { emptyFolder } from '../../helpers/command.js';

const stdin = () => Promise.resolve('');

test('folders with all below them, by name, hidden files left out; names are unique', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'b'));
  for (const name of ['x.png', 'X.jpg', 'a.gif', '.hidden.png', 'notes.txt', 'b/x.png']) {
    await writeFile(join(folder, name), 'x');
  }
  const found = await findDocuments([folder, join(folder, 'b/x.png')], { stdin });
  t.deepEqual(
    found.map(({ index, output }) => [index, output]),
    [
      [0, 'X'],
      [1, 'a'],
      [2, 'b/x'],
      [3, 'x-2'],
      [4, 'x-3'],
    ],
  );
});

test('names that would leave the folder, or that the batch needs itself, are changed', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(
    join(folder, 'list.csv'),
    'image\n../../up/journal.png\njournal.jpg\n..png\n"a:b~c.png"\n',
  );
  const found = await findDocuments([join(folder, 'list.csv')], { stdin });
  t.deepEqual(
    found.filter((_, i) => i !== 2).map(({ output }) => output),
    ['up/journal', 'journal-2', 'a-b-c'],
  );
  t.notRegex(found[2].output, /[.]{2}|^[.]/);
});

test('tables: pictures with targets, texts, rows', async (t) => {
  const folder = await emptyFolder(t);
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const pictures = await findDocuments(
    [await write('p.csv', 'image,target\n007.png,282\nq.png,\n')],
    { stdin },
  );
  t.like(pictures[0], {
    kind: 'file',
    path: join(folder, '007.png'),
    target: '282',
    output: '007',
  });
  t.is(pictures[1].target, undefined);
  const texts = await findDocuments(
    [await write('t.jsonl', '{"text":"so good","target":"pos"}\n')],
    { stdin },
  );
  t.like(texts[0], { kind: 'text', text: 'so good', target: 'pos', output: 'row-0' });
  const rows = await findDocuments([await write('r.csv', 'age,target\n41,5\n')], { stdin });
  t.like(rows[0], { kind: 'row', row: { age: 41, target: 5 }, target: undefined });
  const own = await findDocuments([join(folder, 'r.csv')], { stdin, targetColumn: 'target' });
  t.like(own[0], { kind: 'row', row: { age: 41 }, target: '5' });
  await t.throwsAsync(findDocuments([join(folder, 'r.csv')], { stdin, targetColumn: 'goal' }), {
    code: 'INVALID_DOCUMENT',
    message: /no column 'goal'; its columns are age, target/,
  });
});

test('lists on standard input: paths, addresses, JSON lines', async (t) => {
  const list =
    'a.png\n\nhttps://example.org/b.jpg?x=1\n{"image":"c.png","target":"dog"}\n{"text":"hm"}\n';
  const found = await findDocuments(['-'], { stdin: () => Promise.resolve(list) });
  t.deepEqual(
    found.map(({ kind, output, target }) => [kind, output, target]),
    [
      ['file', 'a', undefined],
      ['address', 'b', undefined],
      ['file', 'c', 'dog'],
      ['text', 'line-4', undefined],
    ],
  );
});

test('zip and tar archives are listed and read without unpacking', async (t) => {
  const folder = await emptyFolder(t);
  const content = { 'in/a.png': 'first', 'in/b.png': 'second', 'in/notes.txt': 'no' };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const entries = Object.entries(content).map(([name, text]) => [name, bytes(text)] as const);
  await writeFile(join(folder, 'x.zip'), zipSync(Object.fromEntries(entries)));
  for (const name of ['x.tar', 'x.tar.gz']) {
    const tar = pack();
    for (const [entry, text] of Object.entries(content)) tar.entry({ name: entry }, text);
    tar.finalize();
    const out = createWriteStream(join(folder, name));
    await (name.endsWith('gz') ? pipeline(tar, createGzip(), out) : pipeline(tar, out));
  }
  for (const name of ['x.zip', 'x.tar', 'x.tar.gz']) {
    const path = join(folder, name);
    t.deepEqual(await entriesOf(path), Object.keys(content), name);
    const found = await findDocuments([path], { stdin });
    t.deepEqual(
      found.map(({ output }) => output),
      ['in/a', 'in/b'],
    );
    const archive = await openArchive(path);
    // backwards too: a tar file is then read from its beginning again
    for (const [entry, text] of [...Object.entries(content)].reverse()) {
      t.is(new TextDecoder().decode(await archive.read(entry, 100)), text, `${name} ${entry}`);
    }
    await t.throwsAsync(archive.read('in/b.png', 3), { code: 'FILE', message: /longer than 3/ });
    await t.throwsAsync(archive.read('in/none.png', 100), { code: 'FILE' });
    await archive.close();
  }
});

test('what is not an archive is a typed error', async (t) => {
  const folder = await emptyFolder(t);
  for (const name of ['x.zip', 'x.tar.gz', 'x.tar']) {
    await writeFile(join(folder, name), 'no archive at all, but long enough to be read'.repeat(40));
    await t.throwsAsync(findDocuments([join(folder, name)], { stdin }), { code: 'FILE' }, name);
  }
});

test('archives made to do harm are errors at once, and nothing is written elsewhere', async (t) => {
  const folder = await emptyFolder(t);
  const tar = async (name: string, entries: (tar: ReturnType<typeof pack>) => void) => {
    const tar = pack();
    entries(tar);
    tar.finalize();
    await pipeline(tar, createGzip(), createWriteStream(join(folder, name)));
    return join(folder, name);
  };
  const refused = async (path: string, message: RegExp) => {
    await t.throwsAsync(findDocuments([path], { stdin }), { code: 'FILE', message }, path);
  };
  const twice = await tar('twice.tgz', (to) => {
    to.entry({ name: 'a.png' }, 'first');
    to.entry({ name: 'a.png' }, 'second');
  });
  await refused(twice, /two of its entries are called 'a.png'/);
  // names that climb are left out like hidden ones, others lie in the folder; links and devices are no pictures
  const out = await tar('out.tgz', (to) => {
    to.entry({ name: '../../up.png' }, 'x');
    to.entry({ name: '/etc/abs.png' }, 'x');
    to.entry({ name: 'link.png', type: 'symlink', linkname: '/etc/passwd' });
    to.entry({ name: 'hard.png', type: 'link', linkname: '/etc/passwd' });
    to.entry({ name: 'pipe.png', type: 'fifo' });
  });
  const found = await findDocuments([out], { stdin });
  t.deepEqual(
    found.map(({ output }) => output),
    ['etc/abs'],
  );
  const above = join(folder, 'above.zip');
  const climbing = zipSync({ '../a.png': new Uint8Array(1) });
  await writeFile(above, climbing);
  await refused(above, /relative path/);
  const bomb = await tar('bomb.tar.gz', (to) => {
    for (const name of ['a.png', 'b.png']) to.entry({ name }, Buffer.alloc(2 ** 20));
  });
  await t.throwsAsync(entriesOf(bomb, { always: 2 ** 20, ratio: 100 }), {
    code: 'FILE',
    message: /unpacks to more than 1 MiB/,
  });
  t.is((await entriesOf(bomb)).length, 2);
  await mkdir(join(folder, 'f.zip'));
  await t.throwsAsync(entriesOf(join(folder, 'f.zip')), { code: 'FILE', message: /regular file/ });
});

test('a list that names one file a hundred thousand times is read at once', async (t) => {
  const list = 'a.png\n'.repeat(100_000);
  const found = await findDocuments(['-'], { stdin: () => Promise.resolve(list) });
  t.is(found.length, 100_000);
  t.is(new Set(found.map(({ output }) => output)).size, 100_000);
  t.is(found[99_999].output, 'a-100000');
});
