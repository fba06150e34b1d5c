/** What the parts of the fleet's bench share: batches as a user runs them, and their rates. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, type Running } from '../../test/helpers/processes.js';
import { redisIn, type TestRedis } from '../../test/helpers/redis.js';
import { range, spread } from '../measure.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface Part {
  /** Empty, and gone afterwards. */
  readonly folder: string;
  readonly quick: boolean;
}

export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly preprocess: 'tf' | undefined;
  readonly target: number;
  readonly picture: string;
}

/** MobileNet beside the project, else the demo's own network. */
export function subject(): Subject {
  const shared = process.env.WHYLENS_SHARED ?? resolve('..', 'shared');
  const file = join(shared, 'models', 'mobilenet_v1_0.25_224.onnx');
  if (!existsSync(file)) {
    return {
      name: 'the demo network',
      file: resolve('demo/model'),
      preprocess: undefined,
      target: 0,
      picture: resolve('demo/scenes/banana-and-dog.png'),
    };
  }
  return {
    name: 'MobileNet V1 0.25',
    file,
    preprocess: 'tf',
    target: 282,
    picture: join(shared, 'golden', 'mobilenet_v1_0.25_224', 'cat_dog.png'),
  };
}

/** The same picture so many times. */
export async function copies(folder: string, picture: string, count: number): Promise<string> {
  const into = join(folder, `pictures-${count}`);
  await mkdir(into);
  for (let i = 0; i < count; i++) {
    await copyFile(picture, join(into, `p${String(i).padStart(5, '0')}.png`));
  }
  return into;
}

export function whylens(args: readonly string[], env: Record<string, string> = {}): Running {
  // watched already: the process that is measured is the one that is started
  const watched = { WHYLENS_WATCHER: String(process.pid), ...env };
  return launch(process.execPath, [MAIN, ...args], { limit: 30 * 60_000, env: watched });
}

export async function succeed(running: Running): Promise<void> {
  const code = await running.ended;
  if (code !== 0) throw new Error(`ended with ${code}: ${running.stdout()}${running.stderr()}`);
}

export async function withRedis<T>(folder: string, use: (redis: TestRedis) => Promise<T>) {
  await mkdir(folder);
  const redis = await redisIn(folder);
  if (redis === undefined) {
    console.log('NOT MEASURED: redis-server is not installed (Debian: redis-server)');
    return undefined;
  }
  try {
    return await use(redis);
  } finally {
    await redis.stop();
  }
}

/** Documents a second in the later part of a batch, when all workers have their model. */
export async function steadyRate(out: string, workers: number): Promise<number> {
  const text = await readFile(join(out, 'journal.jsonl'), 'utf8');
  const times = text
    .trimEnd()
    .split('\n')
    .map((line) => Date.parse((JSON.parse(line) as { at: string }).at))
    .sort((a, b) => a - b);
  const from = Math.floor(times.length * 0.4);
  // at the very end some workers have nothing left
  const to = times.length - workers;
  return (to - from) / ((times[to] - times[from]) / 1000);
}

export function median(values: readonly number[]): number {
  return spread(values).median;
}

/** Rates in turn, in an order that changes; the rate of each by name. */
export async function inTurn(
  works: Readonly<Record<string, (round: number) => Promise<number>>>,
  rounds: number,
): Promise<Record<string, number[]>> {
  const names = Object.keys(works);
  const rates: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      rates[name].push(await works[name](round));
    }
  }
  return rates;
}

export function ratioOf(a: readonly number[], b: readonly number[]): string {
  return range(spread(a.map((one, i) => one / b[i])), 2);
}
