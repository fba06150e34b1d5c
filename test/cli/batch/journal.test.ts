import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readDocuments, requireAbout } from '../../../src/cli/batch/folder.js';
import { Journal, readJournal, type JournalEntry } from '../../../src/cli/batch/journal.js';
import { emptyFolder } from '../../helpers/command.js';

const entry = (index: number, more: Partial<JournalEntry> = {}): JournalEntry => ({
  index,
  hash: `hash of ${index}`,
  job: 'job',
  state: 'done',
  outputs: [{ name: `${index}.png`, bytes: 10 + index }],
  rows: [],
  ms: 1,
  at: '2026-01-01T00:00:00.000Z',
  ...more,
});

test('what was appended is read again; the last line about a document counts', async (t) => {
  const path = join(await emptyFolder(t), 'journal.jsonl');
  const journal = await Journal.open(path);
  await Promise.all([journal.append(entry(0)), journal.append(entry(2))]);
  await journal.append(entry(0, { state: 'failed', error: { code: 'FILE', message: 'ü' } }));
  await journal.close();
  const { known, end } = await readJournal(path);
  t.deepEqual([...known.keys()].sort(), [0, 2]);
  t.is(known.get(0)?.code, 'FILE');
  t.is(known.get(2)?.outputs[0].bytes, 12);
  t.is(end, (await stat(path)).size);
  t.deepEqual(journal.known, known, 'places in memory are those in the file');
});

test('half a line of a killed process is cut off, and the next line is whole', async (t) => {
  const path = join(await emptyFolder(t), 'journal.jsonl');
  const first = await Journal.open(path);
  await first.append(entry(0));
  await first.close();
  const whole = await readFile(path, 'utf8');
  for (const torn of ['{"index":1,"ha', JSON.stringify(entry(1)), '\u0000\u0000']) {
    await appendFile(path, torn);
    const again = await Journal.open(path);
    t.deepEqual([...again.known.keys()], [0]);
    await again.append(entry(3));
    await again.close();
    const { known } = await readJournal(path);
    t.deepEqual([...known.keys()], [0, 3]);
    t.true((await readFile(path, 'utf8')).startsWith(whole));
    const { truncate } = await import('node:fs/promises');
    await truncate(path, Buffer.byteLength(whole));
  }
});

test('lines that are not entries are ignored: garbage, other programs, other versions, other places', async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, 'journal.jsonl');
  const lines = [
    'garbage',
    'null',
    '[]',
    '{"index":1}',
    '{"__proto__":{"index":1}}',
    ...[
      { index: -1 },
      { index: 1.5 },
      { hash: 7 },
      { state: 'perhaps' },
      { outputs: null },
      { outputs: [null] },
      { outputs: [{ name: '../../etc/passwd', bytes: 1 }] },
      { outputs: [{ name: '/etc/passwd', bytes: 1 }] },
      { outputs: [{ name: 'a.png' }] },
      { rows: undefined },
      { rows: [null] },
      { ms: 'soon' },
      { error: {} },
      { warnings: [1] },
    ].map((more) => JSON.stringify({ ...entry(1), ...more })),
    `{"a":"${'x'.repeat(3 << 20)}"}`,
  ];
  await writeFile(path, `${lines.join('\n')}\n${JSON.stringify(entry(4))}\n`);
  const { known } = await readJournal(path);
  t.deepEqual([...known.keys()], [4]);
  const again = await Journal.open(path);
  await again.append(entry(1));
  await again.close();
  t.deepEqual([...(await readJournal(path)).known.keys()], [4, 1]);
  await t.throwsAsync(readJournal(folder), { code: 'FILE', message: /not a regular file/ });
});

test('what a batch folder says of itself is checked before it is believed', async (t) => {
  const folder = await emptyFolder(t);
  const about = {
    kind: 'batch',
    version: 1,
    whylens: '0.1.0',
    modelHash: 'h',
    documents: 1,
    settings: {
      ...{ model: 'm.json', threads: 1, score: 'logit', format: {} },
      ...{ plugins: [], opt: [], targets: [], as: ['png'], formatOpt: [], metrics: [] },
    },
  };
  const document = { index: 0, name: 'a', output: 'a', kind: 'file', path: '/a.png' };
  const write = (name: string, value: unknown) =>
    writeFile(join(folder, name), `${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  await write('documents.jsonl', document);
  await write('batch.json', about);
  const read = await requireAbout(folder);
  t.deepEqual((await readDocuments(folder, read))[0], document as never);
  const damaged = [
    'nonsense',
    '[]',
    { ...about, version: 2 },
    { ...about, documents: -1 },
    { ...about, settings: null },
    { ...about, settings: { ...about.settings, as: 'png' } },
    { ...about, settings: { ...about.settings, model: 7 } },
    { ...about, settings: { ...about.settings, format: { a: {} } } },
    { ...about, settings: { ...about.settings, seed: '1' } },
  ];
  for (const one of damaged) {
    await write('batch.json', one);
    const error = await t.throwsAsync(requireAbout(folder), { code: 'FILE' }, JSON.stringify(one));
    t.regex(error?.message ?? '', /damaged, or written by another version/);
  }
  const elsewhere = [
    { ...document, output: '../a' },
    { ...document, output: '/tmp/a' },
    { ...document, index: 1 },
    { ...document, kind: 'folder' },
    { ...document, path: 7 },
    { ...document, kind: 'row', row: [1] },
    'null',
  ];
  for (const one of elsewhere) {
    await write('documents.jsonl', one);
    await t.throwsAsync(readDocuments(folder, read), { code: 'FILE' }, JSON.stringify(one));
  }
});
