/** What the queue adds to a document, beside the same batch without one, while every processor is busy. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { until } from '../../test/helpers/processes.js';
import type { TestRedis } from '../../test/helpers/redis.js';
import { range, spread } from '../measure.js';
import {
  copies,
  inTurn,
  median,
  steadyRate,
  subject,
  succeed,
  whylens,
  withRedis,
  type Part,
} from './shared.js';
import { spin } from './spin-model.js';

const MODEL = fileURLToPath(new URL('./spin-model.js', import.meta.url));
/** Milliseconds of an explanation, and what the queue may add. */
const EXPLANATION = 50;
const GOAL = 0.05;
/** An occlusion of few places asks the model twice. */
const ASKED = 2;

export async function queueCost({ folder, quick }: Part): Promise<void> {
  const workers = availableParallelism();
  const count = quick ? 160 : 480;
  const pictures = await copies(folder, subject().picture, count);
  const ask = ['-m', MODEL, '--method', 'occlusion', '-t', '0', '--as', 'json', '--quiet'];
  const method = ['--opt', 'patch=4', '--opt', 'stride=4'];
  let batches = 0;
  /** Milliseconds of all processors that a document takes, by batch. */
  const processor: Record<'local' | 'queued', number[]> = { local: [], queued: [] };
  const local = async (env: Record<string, string>, isCounted: boolean) => {
    const out = join(folder, `local-${batches++}`);
    const args = ['batch', ...ask, ...method, pictures, '-o', out, '-w', String(workers)];
    const batch = whylens(args, env);
    if (isCounted) processor.local.push(await processorTime(out, count, [batch.child.pid]));
    await succeed(batch);
    return steadyRate(out, workers);
  };
  const queued = async (env: Record<string, string>, redis: TestRedis, isCounted: boolean) => {
    const out = join(folder, `queued-${batches++}`);
    const queue = ['--queue', redis.address];
    const worker = whylens(['worker', ...queue, '-w', String(workers), '--quiet'], env);
    try {
      const batch = whylens(['batch', ...ask, ...method, pictures, '-o', out, ...queue], env);
      const all = [batch.child.pid, worker.child.pid, redis.processId()];
      if (isCounted) processor.queued.push(await processorTime(out, count, all));
      await succeed(batch);
    } finally {
      await worker.kill();
    }
    return steadyRate(out, workers);
  };
  const full = { WHYLENS_BENCH_SPIN: String(Math.round(roundsFor(EXPLANATION / ASKED))) };
  const nothing = { WHYLENS_BENCH_SPIN: '0' };
  await withRedis(join(folder, 'redis'), async (redis) => {
    const rates = await inTurn(
      {
        local: () => local(full, true),
        queued: () => queued(full, redis, true),
        'local, free': () => local(nothing, false),
        'queued, free': () => queued(nothing, redis, false),
      },
      quick ? 1 : 3,
    );
    // milliseconds for which a document keeps a worker
    const cost = (name: string) => rates[name].map((rate) => (1000 * workers) / rate);
    const added = cost('queued').map((ms, i) => ms - cost('local')[i]);
    console.log(
      [
        `\nthe queue beside a batch in one process, ${workers} workers, a spinning model, documents of a job: 10 to 16`,
        `a document without queue         ${median(cost('local')).toFixed(2)} ms of a worker`,
        `with                             ${median(cost('queued')).toFixed(2)} ms`,
        `added                            ${range(spread(added), 2)} ms: ${((100 * median(added)) / EXPLANATION).toFixed(1)} % of an explanation of ${EXPLANATION} ms, goal below ${100 * GOAL} %`,
        `processor time of a document     ${median(processor.local).toFixed(2)} ms without, ${median(processor.queued).toFixed(2)} with (follower, worker and Redis together), which other work on the machine hardly changes`,
        `a model that takes no time: ${median(rates['local, free']).toFixed(0)} documents a second without queue, ${median(rates['queued, free']).toFixed(0)} with: reading, explaining and writing included`,
      ].join('\n'),
    );
  });
}

/** How often to spin for so many milliseconds on this machine. */
function roundsFor(milliseconds: number): number {
  const count = 2e7;
  spin(count);
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    spin(count);
    return performance.now() - start;
  });
  return (count * milliseconds) / Math.min(...times);
}

/** Milliseconds of processor time a document, of all these processes, between the first and the last part of a batch; as Linux tells it. */
async function processorTime(
  out: string,
  count: number,
  processes: readonly (number | undefined)[],
): Promise<number> {
  const look = async (part: number) => {
    let lines = 0;
    await until(
      `${out} has too few results`,
      async () => {
        const text = await readFile(join(out, 'journal.jsonl'), 'utf8').catch(() => '');
        lines = text.split('\n').length - 1;
        return lines >= part * count;
      },
      10 * 60_000,
    );
    let ticks = 0;
    for (const id of processes) {
      const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
      // after the name, which may hold anything: state is the third field, utime and stime the 14th and 15th
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11] ?? NaN) + Number(fields[12] ?? NaN);
    }
    return { lines, ticks };
  };
  const [first, last] = [await look(0.2), await look(0.85)];
  const TICK = 10;
  return ((last.ticks - first.ticks) * TICK) / (last.lines - first.lines);
}
