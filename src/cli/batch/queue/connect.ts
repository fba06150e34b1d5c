/** Redis, and the library of the queue: both found only when a queue is asked for. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { WhylensError } from '../../../errors.js';
import type { JobData, JobResult } from './jobs.js';

export type Bull = typeof import('bullmq');

export interface Connected {
  readonly bull: Bull;
  readonly redis: Redis;
  /** As it is shown: without user and password. */
  readonly host: string;
  close(): Promise<void>;
}

const PATIENCE = 5000;

/** Names of queues begin with it, and so do keys beside them. */
const PREFIX = 'whylens';
/** The set of batches that workers look for. */
export const BATCHES = `${PREFIX}:batches`;
export const batchKey = (name: string): string => `${PREFIX}:batch:${name}`;

/** @throws WhylensError `USAGE` for a wrong address, `BACKEND` if a package or the server is missing */
export async function connect(address: string): Promise<Connected> {
  if (!/^rediss?:[/][/]/i.test(address) || !URL.canParse(address)) {
    throw new WhylensError('USAGE', '--queue must be an address such as redis://host:6379/');
  }
  const { host } = new URL(address);
  const [bull, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]).catch(
    (cause: unknown) => {
      throw new WhylensError(
        'BACKEND',
        '--queue needs packages that are not installed; run: npm install bullmq ioredis',
        { cause },
      );
    },
  );
  const redis = new Redis(address, {
    lazyConnect: true,
    // wait for a server that restarts
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2000),
  });
  let why = 'it does not answer';
  redis.on('error', (error: Error) => {
    why = error.message === '' ? why : error.message;
  });
  const reached = await Promise.race([
    redis.connect().then(
      () => true,
      () => false,
    ),
    new Promise<boolean>((done) => setTimeout(() => done(false), PATIENCE).unref()),
  ]);
  if (!reached) {
    redis.disconnect();
    throw new WhylensError('BACKEND', `cannot reach Redis at ${host}: ${why}`, {
      facts: { host },
    });
  }
  return {
    bull,
    redis,
    host,
    close: async () => {
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

/** The queue of a batch. */
export function openQueue({ bull, redis }: Connected, name: string): Queue<JobData, JobResult> {
  const queue = new bull.Queue<JobData, JobResult>(queueName(name), { connection: redis });
  // the calls themselves report what goes wrong
  queue.on('error', () => undefined);
  return queue;
}

export function queueName(name: string): string {
  return `${PREFIX}-${name}`;
}

/** Throws `USAGE` for a name with characters that mean something to Redis or in a path. */
export function checkName(name: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u.test(name)) return name;
  throw new WhylensError(
    'USAGE',
    `--name must be letters, digits, '-', '_' and '.', at most 100, got '${name}'`,
  );
}
