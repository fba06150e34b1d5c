/** Two workers over one, as threads and as processes of the queue, for Score-CAM. */
import { join } from 'node:path';
import { launch } from '../../test/helpers/processes.js';
import {
  copies,
  inTurn,
  median,
  ratioOf,
  steadyRate,
  subject,
  succeed,
  whylens,
  withRedis,
  type Part,
} from './shared.js';

/** Documents for each worker. */
const EACH = 14;
const GOAL = 1.8;

export async function throughput({ folder, quick }: Part): Promise<void> {
  const { name, file, preprocess, target, picture } = subject();
  const each = quick ? 6 : EACH;
  const pictures = { 1: await copies(folder, picture, each) };
  const all = { ...pictures, 2: await copies(folder, picture, 2 * each) } as const;
  const known = preprocess === undefined ? [] : ['--preprocess', preprocess];
  const ask = ['-m', file, ...known, '-t', String(target), '--method', 'score-cam', '--quiet'];
  let batches = 0;
  const threads = async (workers: 1 | 2) => {
    const out = join(folder, `threads-${batches++}`);
    const args = ['batch', ...ask, all[workers], '-o', out, '-w', String(workers)];
    await succeed(whylens(args));
    return steadyRate(out, workers);
  };
  const processes = async (workers: 1 | 2, address: string) => {
    const out = join(folder, `queue-${batches++}`);
    const queue = ['--queue', address];
    const started = Array.from({ length: workers }, () =>
      whylens(['worker', ...queue, '-w', '1', '--quiet']),
    );
    try {
      await succeed(whylens(['batch', ...ask, all[workers], '-o', out, ...queue]));
    } finally {
      await Promise.all(started.map((worker) => worker.kill()));
    }
    return steadyRate(out, workers);
  };
  await withRedis(join(folder, 'redis'), async ({ address }) => {
    const rates = await inTurn(
      {
        'one spinning process': () => spinning(1),
        'two spinning processes': () => spinning(2),
        'one thread': () => threads(1),
        'two threads': () => threads(2),
        'one worker process': () => processes(1, address),
        'two worker processes': () => processes(2, address),
      },
      quick ? 1 : 3,
    );
    console.log(`\nScore-CAM of ${name}, one thread a worker; documents a second, in turn`);
    for (const [what, list] of Object.entries(rates)) {
      console.log(`${what.padEnd(28)} ${median(list).toFixed(3)}`);
    }
    const over = (two: string, one: string) => ratioOf(rates[two], rates[one]);
    console.log(
      [
        `two spinning processes over one: ${over('two spinning processes', 'one spinning process')}, what this machine can give at this hour`,
        `two threads over one:            ${over('two threads', 'one thread')}  goal ${GOAL}`,
        `two worker processes over one:   ${over('two worker processes', 'one worker process')}  goal ${GOAL}`,
      ].join('\n'),
    );
  });
}

/** Rounds a second of processes that need nothing but a processor. */
async function spinning(count: number): Promise<number> {
  const code = 'let x = 1; for (let i = 0; i < 1.5e9; i++) x = Math.imul(x, 48271) + 1';
  const start = performance.now();
  await Promise.all(
    Array.from({ length: count }, () =>
      succeed(launch(process.execPath, ['-e', code], { limit: 10 * 60_000 })),
    ),
  );
  return (1000 * count) / (performance.now() - start);
}
