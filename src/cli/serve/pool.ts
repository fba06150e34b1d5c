/** Threads that answer, with a queue of bounded length before them. */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Answer, AnsweringSettings } from './answering.js';
import { Problem } from './problem.js';
import type { Question } from './question.js';
import type { Reply, Task } from './worker.js';

export interface PoolOptions {
  readonly workers: number;
  /** Questions that wait at most. */
  readonly queue: number;
  /** Milliseconds a question may take once it is worked on, waiting included. */
  readonly timeout: number;
}

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

  /** Throws `Problem`: 503 if too many wait, 504 after the time, what the library says otherwise. */
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
    const channel = onProgress === undefined ? undefined : new MessageChannel();
    channel?.port1.on('message', (progress: { done: number; total: number }) =>
      onProgress?.(progress),
    );
    try {
      // a thread that does not end in time is ended: another takes its place
      const reply = await this.pool.run(
        { question, ...(channel !== undefined && { port: channel.port2 }) },
        {
          signal: either,
          ...(channel !== undefined && { transferList: [channel.port2] }),
        },
      );
      if ('error' in reply) throw Problem.of(reply.error);
      return reply;
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (late.aborted) throw Problem.late(timeout);
      if (signal?.aborted === true) throw Problem.aborted();
      throw Problem.of({ code: 'UNEXPECTED', message: (error as Error).message });
    } finally {
      this.open--;
      channel?.port1.close();
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
