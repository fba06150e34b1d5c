/** `npm run bench fleet`: what two workers do over one, what the queue costs, and how far both carry. */
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { million } from './fleet/million.js';
import { queueCost } from './fleet/queue-cost.js';
import { redisFigures } from './fleet/redis-figures.js';
import { sizes } from './fleet/sizes.js';
import { throughput } from './fleet/throughput.js';

export async function run({ quick }: { readonly quick: boolean }): Promise<void> {
  const [{ model }] = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model.trim()} (${arch()}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
  );
  for (const part of [throughput, queueCost, redisFigures, sizes, million]) {
    const folder = await mkdtemp(join(tmpdir(), 'whylens-bench-'));
    try {
      await part({ folder, quick });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
