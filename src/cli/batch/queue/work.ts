/** A worker of the queue: it looks for batches, explains their documents in threads, and leaves without losing any. */
import { setTimeout } from 'node:timers/promises';
import { Piscina } from 'piscina';
import type { Job, Worker } from 'bullmq';
import { aboutOf } from './about.js';
import type { DocumentReference } from '../documents.js';
import type { Outcome } from '../explaining.js';
import type { NotOpened, WorkerData } from '../worker.js';
import { BATCHES, batchKey, openQueue, queueName, type Connected } from './connect.js';
import {
  JOB_OPTIONS,
  LOCK,
  MAX_STALLED,
  STALLED_EVERY,
  type BatchAbout,
  type JobData,
  type JobResult,
} from './jobs.js';

export interface WorkOptions {
  readonly workers: number;
  /** Only this batch. Default: all that are in the queue. */
  readonly name?: string;
  /** Ends the work once nothing is left to do. */
  readonly drain?: boolean;
  /** Finishes the documents in hand, gives back the others, then ends. */
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

const LOOK_EVERY = 1000;

export async function workQueue(connected: Connected, options: WorkOptions): Promise<void> {
  const { redis } = connected;
  const { name, signal, note } = options;
  const serving = new Map<string, Serving>();
  const damaged = new Set<string>();
  try {
    while (!signal.aborted) {
      const names = name === undefined ? await redis.smembers(BATCHES) : [name];
      for (const one of names) {
        const text = await redis.get(batchKey(one));
        let about: BatchAbout | undefined;
        try {
          about = aboutOf(text, one);
        } catch (error) {
          // the other batches go on
          if (!damaged.has(one)) note((error as Error).message);
          damaged.add(one);
          continue;
        }
        const served = serving.get(one);
        if (served !== undefined && served.about.job !== about?.job) {
          serving.delete(one);
          await served.close();
        }
        if (about === undefined || serving.has(one)) continue;
        note(`batch '${one}': model ${about.settings.model}`);
        serving.set(one, new Serving(about, connected, options));
      }
      for (const [one, served] of serving) {
        if (names.includes(one)) continue;
        serving.delete(one);
        await served.close();
        note(`batch '${one}' is at its end: ${served.done} documents done here`);
      }
      if (options.drain === true && serving.size === 0) return;
      await pause(LOOK_EVERY, signal);
    }
  } finally {
    await Promise.all([...serving.values()].map((served) => served.close()));
    for (const [one, { done }] of serving) note(`batch '${one}': ${done} documents done here`);
  }
}

/** One batch in this process: threads with the model, and their connection to the queue. */
class Serving {
  done = 0;
  private readonly pool: Piscina<DocumentReference, Outcome | NotOpened>;
  private readonly worker: Worker<JobData, JobResult>;
  private readonly queue: ReturnType<typeof openQueue>;
  /** Its own, which nobody else closes. */
  private readonly redis: Connected['redis'];
  private leaving = false;

  constructor(
    readonly about: BatchAbout,
    private readonly connected: Connected,
    private readonly options: WorkOptions,
  ) {
    const { settings, folder, name } = about;
    this.pool = new Piscina({
      filename: new URL('../worker.js', import.meta.url).href,
      workerData: { settings, folder } satisfies WorkerData,
      minThreads: options.workers,
      maxThreads: options.workers,
      atomics: 'disabled',
    });
    this.queue = openQueue(connected, name);
    const { Worker } = connected.bull;
    this.redis = connected.redis.duplicate();
    // what goes wrong is told by the worker
    this.redis.on('error', () => undefined);
    this.worker = new Worker<JobData, JobResult>(queueName(name), (job) => this.work(job), {
      connection: this.redis,
      concurrency: options.workers,
      lockDuration: LOCK,
      stalledInterval: STALLED_EVERY,
      maxStalledCount: MAX_STALLED,
    });
    this.worker.on('error', (error) => options.note(`queue: ${error.message}`));
  }

  async close(): Promise<void> {
    this.leaving = true;
    await this.worker.close();
    await this.queue.close();
    this.redis.disconnect();
    await this.pool.destroy();
  }

  private async work(job: Job<JobData, JobResult>): Promise<JobResult> {
    const { UnrecoverableError } = this.connected.bull;
    const { documents, error } = job.data;
    if (job.data.job !== this.about.job) throw new UnrecoverableError('USAGE: of another batch');
    if (error !== undefined) throw new UnrecoverableError(`${error.code}: ${error.message}`);
    const outcomes: Outcome[] = [];
    const moved: {
      id: string;
      documents: readonly DocumentReference[];
      error?: Outcome['error'];
    }[] = [];
    for (const [at, document] of documents.entries()) {
      if ((this.leaving || this.options.signal.aborted) && at > 0) {
        moved.push({ id: `${job.id}-r${at}`, documents: documents.slice(at) });
        break;
      }
      const outcome = await this.pool.run(document).catch((fell: unknown) => fell as Error);
      if (outcome instanceof Error) {
        // the thread crashed: if there are others in the job, the document is tried alone, else once more
        if (documents.length === 1)
          throw new Error(`UNEXPECTED: a worker fell: ${outcome.message}`);
        moved.push({ id: `${job.id}-${document.index}`, documents: [document] });
      } else if ('notOpened' in outcome) {
        const { code, message } = outcome.notOpened;
        this.options.note(`batch '${this.about.name}': ${message}`);
        throw new Error(`${code ?? 'MODEL_LOAD'}: ${message}`);
      } else if (outcome.state === 'done') {
        this.done++;
        outcomes.push(outcome);
      } else {
        const { code, message } = outcome.error ?? { code: 'UNEXPECTED', message: '' };
        const again = code === 'UNEXPECTED' || outcome.stop === true;
        if (outcome.stop === true || (documents.length === 1 && again))
          throw new Error(`${code}: ${message}`);
        if (documents.length === 1) throw new UnrecoverableError(`${code}: ${message}`);
        moved.push({
          id: `${job.id}-${document.index}`,
          documents: [document],
          ...(!again && { error: { code, message } }),
        });
      }
    }
    const { job: of } = job.data;
    // the same ids if this is done twice: the queue then keeps one
    await this.queue.addBulk(
      moved.map(({ id, documents, error }) => ({
        name: 'documents',
        data: { job: of, documents, ...(error !== undefined && { error }) },
        opts: { ...JOB_OPTIONS, jobId: id },
      })),
    );
    return { outcomes, moved: moved.map(({ id, documents }) => ({ id, documents })) };
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  // it rejects once the signal fires, which is looked at anyway
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
}
