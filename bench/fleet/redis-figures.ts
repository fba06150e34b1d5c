/** What Redis carries on this machine: jobs a second, and memory for each that waits. */
import { join } from 'node:path';
import { connect, openQueue, queueName } from '../../src/cli/batch/queue/connect.js';
import { JOB_OPTIONS, type JobData, type JobResult } from '../../src/cli/batch/queue/jobs.js';
import { withRedis, type Part } from './shared.js';

const DOCUMENTS = 16;
const AT_ONCE = 250;
/** What a record's line in the journal is like. */
const ROW = {
  method: 'grad-cam',
  target: '282',
  label: 'tiger cat',
  score: 8.123456,
  probability: 0.1234567,
  centerX: 0.5123,
  centerY: 0.4567,
  boxLeft: 0.2857,
  boxTop: 0.1429,
  boxRight: 0.7143,
  boxBottom: 0.8571,
  topFeature: null,
  topWeight: null,
  metrics: {},
};

export async function redisFigures({ folder, quick }: Part): Promise<void> {
  const count = quick ? 4000 : 20_000;
  await withRedis(join(folder, 'redis'), async ({ address }) => {
    const connected = await connect(address);
    const queue = openQueue(connected, 'bench');
    const memory = async () =>
      Number(/used_memory:(\d+)/.exec(await connected.redis.info('memory'))![1]);
    const data = (i: number): JobData => ({
      job: 'f'.repeat(64),
      documents: Array.from({ length: DOCUMENTS }, (_, j) => ({
        index: i * DOCUMENTS + j,
        kind: 'file',
        name: `photos/2024/07/IMG_${i * DOCUMENTS + j}.jpg`,
        path: `/mnt/store/photos/2024/07/IMG_${i * DOCUMENTS + j}.jpg`,
        output: `2024/07/IMG_${i * DOCUMENTS + j}`,
      })),
    });
    const empty = await memory();
    let start = performance.now();
    for (let at = 0; at < count; at += AT_ONCE) {
      await queue.addBulk(
        Array.from({ length: AT_ONCE }, (_, i) => ({
          name: 'documents',
          data: data(at + i),
          opts: { ...JOB_OPTIONS, jobId: `job-${at + i}` },
        })),
      );
    }
    const added = count / ((performance.now() - start) / 1000);
    const waiting = ((await memory()) - empty) / count;
    start = performance.now();
    const { Worker } = connected.bull;
    const connection = connected.redis.duplicate();
    await new Promise<void>((done) => {
      let worked = 0;
      const worker = new Worker<JobData, JobResult>(
        queueName('bench'),
        ({ data: { documents } }) =>
          Promise.resolve({
            outcomes: documents.map(({ index, output }) => ({
              index,
              hash: 'e'.repeat(64),
              stamp: '123456-1700000000000',
              state: 'done' as const,
              outputs: [{ name: `${output}.png`, bytes: 12345 }],
              rows: [ROW],
              ms: 51.2,
              at: new Date().toISOString(),
            })),
            moved: [],
          }),
        { connection, concurrency: 32 },
      );
      worker.on('completed', () => {
        if (++worked === count) void worker.close().then(done);
      });
    });
    connection.disconnect();
    const worked = count / ((performance.now() - start) / 1000);
    const finished = ((await memory()) - empty) / count;
    start = performance.now();
    let collected = 0;
    while (collected < count) {
      const jobs = await queue.getJobs(['completed'], 0, AT_ONCE - 1, true);
      await Promise.all(jobs.map((job) => job.remove()));
      collected += jobs.length;
    }
    const taken = count / ((performance.now() - start) / 1000);
    await queue.close();
    await connected.close();
    const whole = 1 / (1 / added + 1 / worked + 1 / taken);
    console.log(
      [
        `\nRedis on this machine, ${count} jobs of ${DOCUMENTS} documents, one process that adds, works and collects`,
        `added ${added.toFixed(0)} jobs a second, worked ${worked.toFixed(0)}, collected ${taken.toFixed(0)}: one after the other ${whole.toFixed(0)} jobs a second, ${(whole * DOCUMENTS).toFixed(0)} documents`,
        `memory of a waiting job ${waiting.toFixed(0)} bytes (${(waiting / DOCUMENTS).toFixed(0)} a document), of a finished one with its results ${finished.toFixed(0)}`,
      ].join('\n'),
    );
  });
}
