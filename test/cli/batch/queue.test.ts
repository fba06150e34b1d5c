import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { checkName } from '../../../src/cli/batch/queue/connect.js';
import { parseStore } from '../../../src/cli/batch/store.js';
import { contentOf, journalHas, jsonLines, pictures, SIDES, start } from '../../helpers/batch.js';
import { whylens } from '../../helpers/command.js';
import { seededRandom } from '../../helpers/lcg.js';
import { startRedis } from '../../helpers/redis.js';

test('a queue that cannot be reached, or is not a queue, is an error at once', async (t) => {
  const cwd = await pictures(t, 1);
  const args = ['batch', ...SIDES, 'in', '-o', 'out', '--queue'];
  const none = await whylens([...args, 'redis://127.0.0.1:1/'], { cwd });
  t.is(none.code, 6, none.stderr);
  t.regex(none.stderr, /cannot reach Redis at 127\.0\.0\.1:1: /);
  const wrong = await whylens([...args, 'localhost'], { cwd });
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /redis:\/\/host:6379/);
  t.is((await whylens(['worker'], { cwd, env: { WHYLENS_QUEUE: '' } })).code, 2);
});

test('names and stores are checked', (t) => {
  t.is(checkName('night-run.2'), 'night-run.2');
  for (const name of ['', 'a:b', '../x', '-x']) t.throws(() => checkName(name), { code: 'USAGE' });
  t.deepEqual(parseStore('s3://maps/a/b/'), { bucket: 'maps', prefix: 'a/b/' });
  t.deepEqual(parseStore('s3://maps'), { bucket: 'maps', prefix: '' });
  for (const store of ['maps', 's3://', 's3://A_B/x', 'http://maps/']) {
    t.throws(() => parseStore(store), { code: 'USAGE' }, store);
  }
});

test.serial(
  'workers that are killed, one that comes late, a server that restarts: all of it once',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const count = Number(process.env.WHYLENS_BATCH_DOCUMENTS ?? 60);
    const cwd = await pictures(t, count);
    const args = ['batch', ...SIDES, 'in', '--as', 'png,json', '-q'];
    t.is((await whylens([...args, '-o', 'calm', '-w', '2'], { cwd })).code, 0);
    const random = seededRandom(11);
    const work = () => start(t, cwd, ['worker', '--queue', redis.address, '-w', '1']);
    const workers = [work(), work()];
    const batch = start(t, cwd, [...args, '-o', 'out', '--queue', redis.address, '--chunk', '3']);
    const out = join(cwd, 'out');
    // each at a random place of its third of the work
    const at = (third: number) => Math.floor(((third + random()) * count) / 4);
    await journalHas(out, at(0), batch.ended);
    workers[0].child.kill('SIGKILL');
    await journalHas(out, at(1), batch.ended);
    await redis.restart();
    workers.push(work());
    await journalHas(out, at(2), batch.ended);
    workers[1].child.kill('SIGKILL');
    t.is(await batch.ended, 0, batch.said());
    const indices = (await jsonLines(join(out, 'journal.jsonl'))).map(({ index }) => Number(index));
    t.deepEqual(
      indices.sort((a, b) => a - b),
      Array.from({ length: count }, (_, i) => i),
    );
    t.deepEqual(await contentOf(out), await contentOf(join(cwd, 'calm')));
    workers[2].child.kill('SIGTERM');
    t.is(await workers[2].ended, 0, workers[2].said());
  },
);

test.serial('a document that fails ends among the failed jobs, with its error', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const cwd = await pictures(t, 20);
  await writeFile(join(cwd, 'in', 'p005.png'), 'no picture');
  const worker = start(t, cwd, ['worker', '--queue', redis.address, '-w', '1']);
  const args = ['batch', ...SIDES, 'in', '-o', 'out', '--queue', redis.address, '--name', 'night'];
  const { code, stderr } = await whylens([...args, '--chunk', '4'], { cwd });
  t.is(code, 1, stderr);
  t.regex(stderr, /p005\.png: INVALID_PICTURE/);
  const { port } = new URL(redis.address);
  const connection = new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: null });
  const queue = new Queue('whylens-night', { connection });
  const failed = await queue.getFailed();
  t.is(failed.length, 1);
  t.regex(String(failed[0].failedReason), /^INVALID_PICTURE: .*p005\.png/);
  t.is(await queue.getCompletedCount(), 0, 'what was collected is gone from the queue');
  await queue.close();
  connection.disconnect();
  worker.child.kill('SIGTERM');
  await worker.ended;
});

test.serial(
  'a follower that was killed: the next one collects what workers made meanwhile',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const cwd = await pictures(t, 30);
    const args = ['batch', ...SIDES, 'in', '-o', 'out', '--queue', redis.address, '--chunk', '2'];
    const first = start(t, cwd, args);
    const worker = start(t, cwd, ['worker', '--queue', redis.address, '-w', '1']);
    await journalHas(join(cwd, 'out'), 4, first.ended);
    first.child.kill('SIGKILL');
    await first.ended;
    const drain = ['worker', '--queue', redis.address, '-w', '1', '--drain'];
    const drained = start(t, cwd, drain);
    const { code, stderr } = await whylens(['batch', '--resume', 'out', '--queue', redis.address], {
      cwd,
    });
    t.is(code, 0, stderr);
    const indices = (await jsonLines(join(cwd, 'out', 'journal.jsonl'))).map(({ index }) => index);
    t.is(indices.length, 30);
    t.is(new Set(indices).size, 30);
    t.is((await readdir(join(cwd, 'out'))).filter((name) => name.endsWith('.png')).length, 30);
    worker.child.kill('SIGTERM');
    t.is(await worker.ended, 0, worker.said());
    t.notRegex(worker.said(), /Warning/);
    t.is(await drained.ended, 0, drained.said());
    t.is((await whylens(drain, { cwd })).code, 0, 'nothing is left to do');
  },
);

test.serial(
  'what the journal has already is not journalled again, whoever did it once more',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const cwd = await pictures(t, 4);
    t.is((await whylens(['batch', ...SIDES, 'in', '-o', 'out', '-w', '1', '-q'], { cwd })).code, 0);
    const path = join(cwd, 'out', 'journal.jsonl');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(path, `${lines.slice(0, -1).join('\n')}\n`);
    // a follower that was killed between two documents of one job left this
    const documents = await jsonLines(join(cwd, 'out', 'documents.jsonl'));
    const { job } = JSON.parse(lines[0]) as { job: string };
    const { port } = new URL(redis.address);
    const connection = new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: null });
    const queue = new Queue('whylens-out', { connection });
    await queue.add('documents', { job, documents: documents.slice(2) }, { jobId: 'left' });
    await queue.close();
    connection.disconnect();
    const worker = start(t, cwd, ['worker', '--queue', redis.address, '-w', '1']);
    const args = ['batch', '--resume', 'out', '--queue', redis.address];
    const { code, stderr } = await whylens(args, { cwd });
    t.is(code, 0, stderr);
    const indices = (await jsonLines(path)).map(({ index }) => index);
    t.deepEqual(indices, [0, 1, 2, 3]);
    worker.child.kill('SIGTERM');
    await worker.ended;
  },
);
