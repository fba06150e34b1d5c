import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
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
