/** `npm run bench serve`: 2,000 requests at 64 connections, one in ten hostile; it fails if anything is not as it must be. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { until, type Running } from '../test/helpers/processes.js';
import { load, quantile, type Good, type LoadResult } from '../test/helpers/load.js';
import { subject, succeed, whylens } from './fleet/shared.js';
import type { Held } from './fleet/serve-probe.js';

const PROBE = fileURLToPath(new URL('./fleet/serve-probe.js', import.meta.url));
const METHODS = ['grad-cam', 'saliency', 'layer-cam'] as const;
const CONNECTIONS = 64;
/** How much more the last quarter may hold than the first, in memory. */
const GROWTH = 1.15;
/** The waiting time over what a full queue takes at the measured rate. */
const SLACK = 1.5;

export async function run({ quick }: { readonly quick: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-bench-'));
  try {
    const good = await questions(folder);
    console.log(`${subject().name}: ${METHODS.join(', ')}`);
    await round(folder, good, quick ? 300 : 2000, 64);
    await round(folder, good, quick ? 200 : 600, 8);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function round(
  folder: string,
  good: readonly Good[],
  requests: number,
  queue: number,
): Promise<void> {
  const workers = availableParallelism();
  const { file, preprocess } = subject();
  const probe = join(folder, `probe-${queue}`);
  const server = whylens(
    [
      ...['serve', '-m', file, '--port', '0', '-w', String(workers)],
      ...['--queue-length', String(queue), '--plugin', PROBE],
      ...(preprocess === undefined ? [] : ['--preprocess', preprocess]),
    ],
    { WHYLENS_BENCH_PROBE: probe },
  );
  try {
    const address = await addressOf(server);
    // every thread has its model and its engine's sessions before anything is measured
    await load({ address, good, requests: 20 * workers, connections: 4, hostileEvery: Infinity });
    const memory: { done: number; bytes: number; held: Held }[] = [];
    let done = 0;
    const look = async () => {
      const { bytes } = await metrics(address);
      memory.push({ done, bytes, held: await heldBy(probe) });
    };
    const timer = setInterval(() => void look().catch(() => undefined), 500);
    const result = await load({
      ...{ address, good, requests, connections: CONNECTIONS, hostileEvery: 10 },
      onDone: (now) => {
        done = now;
        if (now % Math.ceil(requests / 20) === 0) void look().catch(() => undefined);
      },
    });
    clearInterval(timer);
    const health = await fetch(new URL('/healthz', address));
    const { open } = await metrics(address);
    server.child.kill('SIGTERM');
    const code = await server.ended;
    report(result, queue, workers);
    const parts = [
      memory.filter((one) => one.done < requests / 4),
      memory.filter((one) => one.done >= requests * 0.75),
    ];
    const [first, last] = parts.map((part) => ({
      bytes: Math.max(...part.map((one) => one.bytes)),
      sessions: Math.max(...part.map((one) => one.held.sessions)),
      tensors: Math.max(...part.map((one) => one.held.tensors)),
    }));
    const say = ({ bytes, sessions, tensors }: typeof first) =>
      `${(bytes / 2 ** 20).toFixed(0)} MB, ${sessions} sessions, ${tensors} tensors`;
    console.log(`first quarter: ${say(first)}; last quarter: ${say(last)}`);
    // the engines keep a session for each kind of question and thread
    const wrong = [
      ...result.wrong,
      ...(health.status === 200 ? [] : ['/healthz does not answer']),
      ...(open === 0 ? [] : [`${open} questions are still open`]),
      ...(code === 0 ? [] : [`the server ended with ${code}: ${server.stderr().slice(-500)}`]),
      ...(last.bytes <= GROWTH * first.bytes ? [] : ['memory grew']),
      ...(last.sessions <= first.sessions ? [] : ['sessions were left']),
      ...(last.tensors <= first.tensors ? [] : ['tensors were left']),
      ...(quantile(result.waits, 0.99) <= SLACK * boundOf(result, queue, workers)
        ? []
        : ['the 99th percentile is beyond what a full queue takes']),
    ];
    if (wrong.length > 0) {
      console.log(`MISSED\n${[...new Set(wrong)].slice(0, 20).join('\n')}`);
      process.exitCode = 1;
    }
  } finally {
    await server.kill();
  }
}

/** Milliseconds that the last of a full queue waits, at the rate of this round. */
function boundOf({ waits, seconds }: LoadResult, queue: number, workers: number): number {
  return ((Math.min(queue + workers, CONNECTIONS) * seconds) / waits.length) * 1000;
}

function report(result: LoadResult, queue: number, workers: number): void {
  const { answers, waits, seconds } = result;
  const at = (share: number) => `${quantile(waits, share).toFixed(0)} ms`;
  console.log(
    [
      `\nqueue of ${queue}, ${workers} workers, ${CONNECTIONS} connections: ${waits.length} answers in ${seconds.toFixed(1)} s, ${(waits.length / seconds).toFixed(1)} a second`,
      `waiting: half ${at(0.5)}, 95 % ${at(0.95)}, 99 % ${at(0.99)}; a full queue takes ${boundOf(result, queue, workers).toFixed(0)} ms`,
      Object.entries(answers)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, count]) => `${what}: ${count}`)
        .join(', '),
    ].join('\n'),
  );
}

/** Several pictures, methods and forms, each with what the command itself makes of it. */
async function questions(folder: string): Promise<Good[]> {
  const { file, preprocess, target, picture } = subject();
  const known = preprocess === undefined ? [] : ['--preprocess', preprocess];
  const found: Good[] = [];
  for (const [i, method] of METHODS.entries()) {
    const path = join(folder, `picture-${i}.png`);
    await writeFile(
      path,
      await sharp(picture)
        .rotate(90 * i)
        .png()
        .toBuffer(),
    );
    const image = (await readFile(path)).toString('base64');
    for (const [type, ending] of [
      ['application/json', 'json'],
      ['image/png', 'png'],
    ]) {
      const out = join(folder, `${method}.${ending}`);
      const ask = ['-t', String(target), '--method', method, '--threads', '1'];
      await succeed(whylens(['explain', '-m', file, ...known, path, ...ask, '-o', out, '-q']));
      found.push({
        body: Buffer.from(JSON.stringify({ image, method, target })),
        headers: { 'content-type': 'application/json', accept: type },
        expected: await readFile(out),
      });
    }
  }
  return found;
}

async function addressOf(server: Running): Promise<URL> {
  const find = () => /^(http:\S+):/m.exec(server.stdout())?.[1];
  await until('the server does not say where it is', () => find() !== undefined);
  return new URL(find()!);
}

async function metrics(address: URL): Promise<{ bytes: number; open: number }> {
  const text = await (await fetch(new URL('/metrics', address))).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return { bytes: value('process_resident_memory_bytes'), open: value('whylens_open_questions') };
}

/** Over all threads, by the last that each wrote. */
async function heldBy(probe: string): Promise<Held> {
  const sum = { sessions: 0, tensors: 0 };
  for (let thread = 0; thread < 64; thread++) {
    const text = await readFile(`${probe}-${thread}`, 'utf8').catch(() => undefined);
    if (text === undefined || text === '') continue;
    const held = JSON.parse(text) as Held;
    sum.sessions += held.sessions;
    sum.tensors += held.tensors;
  }
  return sum;
}
