/** Threads that answer, with a queue of bounded length before them. */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Answer, AnsweringSettings } from './answering.js';
import { Problem } from './problem.js';
import type { Question } from './question.js';
import type { Reply, Said, Task } from './worker.js';

export interface PoolOptions {
  readonly workers: number;
  /** Questions that wait at most. */
  readonly queue: number;
  /** Milliseconds a question may take, waiting included. */
  readonly timeout: number;
}

/** Milliseconds in which a question that is no longer wanted may end by itself. */
const MERCY = 2000;

export class AnswerPool {
  private readonly pool: Piscina<Task, Reply>;
  private open = 0;

  constructor(
    settings: AnsweringSettings,
    private readonly options: PoolOptions,
  ) {
    this.pool = new Piscina<Task, Reply>({
      filename: new URL('./worker.js', import.meta.url).href,
      workerData: settings,
      minThreads: options.workers,
      maxThreads: options.workers,
      maxQueue: Infinity,
      atomics: 'disabled',
    });
  }

  /** Questions asked and not answered. */
  get waiting(): number {
    return this.open;
  }

  /** False if one more question would be refused. */
  get hasRoom(): boolean {
    return this.open < this.options.workers + this.options.queue;
  }

  /** Throws `Problem`: 503 if too many wait, 504 after the time, otherwise the errors of the library. */
  async ask(
    question: Question,
    {
      signal,
      timeout = this.options.timeout,
      onProgress,
    }: {
      signal?: AbortSignal;
      timeout?: number;
      onProgress?: (progress: { done: number; total: number }) => void;
    } = {},
  ): Promise<Answer> {
    if (!this.hasRoom) throw Problem.busy(this.open);
    this.open++;
    const late = AbortSignal.timeout(timeout);
    const either = signal === undefined ? late : AbortSignal.any([late, signal]);
    const { port1, port2 } = new MessageChannel();
    const end = new AbortController();
    let begun = false;
    let mercy: NodeJS.Timeout | undefined;
    port1.on('message', (said: Said) => {
      if (said === 'begun') begun = true;
      else onProgress?.(said);
    });
    const stop = (): void => {
      // one that waits is taken from the queue; one that runs is asked first, since its thread has
      // models loaded
      if (!begun) return end.abort();
      port1.postMessage('stop');
      mercy = setTimeout(() => end.abort(), MERCY);
    };
    either.addEventListener('abort', stop, { once: true });
    try {
      if (either.aborted) throw new Error('stopped before it began');
      const reply = await this.pool.run(
        { question, port: port2 },
        // a thread that does not stop when it is asked is ended: another takes its place
        { signal: end.signal, transferList: [port2] },
      );
      if ('error' in reply && reply.error.code !== 'ABORTED') throw Problem.of(reply.error);
      if ('error' in reply) throw new Error(reply.error.message);
      return reply;
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (late.aborted) throw Problem.late(timeout);
      if (signal?.aborted === true) throw Problem.aborted();
      throw Problem.of({ code: 'UNEXPECTED', message: (error as Error).message });
    } finally {
      this.open--;
      clearTimeout(mercy);
      either.removeEventListener('abort', stop);
      port1.close();
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
