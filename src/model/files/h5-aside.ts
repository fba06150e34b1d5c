/**
 * The thread in which HDF5 files are read, one after the other. It is started
 * when the first one comes, ended where a file keeps it busy, and ended when it
 * has had nothing to do for a while: its memory never shrinks otherwise.
 */
import { WhylensError, type ErrorCode } from '../../errors.js';
import { abortable } from '../../reading/abort.js';
import type { H5Group } from './h5-tree.js';

/** What the thread says: that it stands, then what it read. */
export type H5Reply =
  | 'ready'
  | { readonly tree: H5Group }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

export interface H5Job {
  readonly bytes: Uint8Array;
  readonly name: string;
}

const nodeThreads = () =>
  typeof process === 'object' ? process.getBuiltinModule?.('node:worker_threads') : undefined;
type Worker = InstanceType<NonNullable<ReturnType<typeof nodeThreads>>['Worker']>;

/** Milliseconds. */
const IDLE = 2000;

/** Undefined as a thread: there are none here. */
let thread: Promise<Worker | undefined> | undefined;
let last: Promise<unknown> = Promise.resolve();
let idle: ReturnType<typeof setTimeout> | undefined;

/**
 * What is in the file; undefined where no thread can be had, in a page or in a bundle.
 *
 * @throws WhylensError `MODEL_LOAD`, also after `limit` milliseconds; `ABORTED`
 */
export async function readAside(
  bytes: Uint8Array,
  name: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<H5Group | undefined> {
  const before = last;
  const job = (async () => {
    await before.catch(() => undefined);
    if (signal?.aborted === true) return undefined;
    clearTimeout(idle);
    const worker = await (thread ??= start());
    if (worker === undefined) return undefined;
    try {
      worker.ref();
      return await ask(worker, { bytes, name }, limit, signal);
    } finally {
      worker.unref();
      idle = setTimeout(end, IDLE);
      idle.unref();
    }
  })();
  last = job;
  return abortable(job, signal, `reading '${name}'`);
}

function end(): void {
  const ending = thread;
  thread = undefined;
  void ending?.then((worker) => worker?.terminate());
}

function start(): Promise<Worker | undefined> {
  const threads = nodeThreads();
  if (threads === undefined) return Promise.resolve(undefined);
  return new Promise((done) => {
    try {
      const worker = new threads.Worker(new URL('./h5-worker.js', import.meta.url));
      worker.once('message', () => done(worker));
      worker.on('error', () => done(undefined));
      worker.once('exit', () => done(undefined));
    } catch {
      done(undefined);
    }
  });
}

function ask(
  worker: Worker,
  job: H5Job,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<H5Group> {
  const wrong = (why: string, cause?: unknown): WhylensError =>
    new WhylensError('MODEL_LOAD', `cannot read '${job.name}': ${why}`, {
      cause,
      facts: { file: job.name },
    });
  return new Promise((done, failed) => {
    const timer = setTimeout(() => {
      end();
      settle();
      failed(
        wrong(
          `reading its HDF5 structure has not come to an end after ${Math.round(limit / 1000)} s: it leads in circles, or is larger than any of Keras. Get or save it again`,
        ),
      );
    }, limit);
    const stop = () => {
      // `abortable` tells it
      end();
      settle();
      failed(signal?.reason as Error);
    };
    const told = (reply: H5Reply) => {
      settle();
      if (typeof reply === 'object' && 'tree' in reply) return done(reply.tree);
      const { code, message } = (reply as Extract<H5Reply, { error: unknown }>).error;
      failed(new WhylensError(code, message, { facts: { file: job.name } }));
    };
    const fell = (cause: unknown) => {
      thread = undefined;
      settle();
      failed(wrong('it is damaged, or asks for more memory than there is', cause));
    };
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      worker.off('message', told).off('error', fell).off('exit', fell);
    };
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', told).on('error', fell).on('exit', fell);
    worker.postMessage(job);
  });
}
