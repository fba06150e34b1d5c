/** Jobs: requests that are answered later and can be watched meanwhile. */
import { randomUUID } from 'node:crypto';
import type { Answer } from './answering.js';
import { Problem } from './problem.js';
import type { AnswerPool } from './pool.js';
import type { Question } from './question.js';

export interface JobView {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly done?: number;
  readonly total?: number;
  readonly problem?: Record<string, unknown>;
}

interface StoredJob {
  view: JobView;
  answer?: Answer;
  readonly abort: AbortController;
  readonly listeners: Set<(view: JobView) => void>;
}

/** Answers are kept this many milliseconds, and this many at most. */
const KEPT = 10 * 60_000;
const MOST = 256;

export class Jobs {
  private readonly jobs = new Map<string, StoredJob>();

  constructor(
    private readonly pool: AnswerPool,
    /** Milliseconds a job may take. */
    private readonly timeout: number,
  ) {}

  /** Throws `Problem` 503 if too many wait. */
  start(question: Question): JobView {
    if (!this.pool.hasRoom) throw Problem.busy(this.pool.waiting);
    const id = randomUUID();
    const job: StoredJob = {
      view: { id, state: 'running' },
      abort: new AbortController(),
      listeners: new Set(),
    };
    this.jobs.set(id, job);
    this.forget();
    const change = (view: Omit<JobView, 'id'>): void => {
      job.view = { id, ...view };
      for (const listener of job.listeners) listener(job.view);
    };
    const { signal } = job.abort;
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      if (job.view.state === 'running') change({ state: 'running', done, total });
    };
    this.pool
      .ask(question, { signal, timeout: this.timeout, onProgress })
      .then(
        (answer) => {
          job.answer = answer;
          change({ state: 'done' });
        },
        (error: unknown) => {
          const problem =
            error instanceof Problem ? error : Problem.of({ code: 'UNEXPECTED', message: '' });
          change({ state: 'failed', problem: problem.toJSON() });
        },
      )
      .finally(() => {
        setTimeout(() => this.jobs.delete(id), KEPT).unref();
      });
    return job.view;
  }

  view(id: string): JobView {
    return this.get(id).view;
  }

  /** The answer of a job that is done. */
  answer(id: string): Answer | undefined {
    return this.get(id).answer;
  }

  /** Calls back at once and after each change; gives a function that ends that. */
  watch(id: string, listener: (view: JobView) => void): () => void {
    const job = this.get(id);
    job.listeners.add(listener);
    listener(job.view);
    return () => job.listeners.delete(listener);
  }

  /** Aborts a job that runs, and forgets it. */
  remove(id: string): void {
    this.get(id).abort.abort();
    this.jobs.delete(id);
  }

  close(): void {
    for (const { abort } of this.jobs.values()) abort.abort();
  }

  private get(id: string): StoredJob {
    const job = this.jobs.get(id);
    if (job !== undefined) return job;
    throw new Problem(404, 'UNKNOWN_JOB', 'there is no such job; answers are kept for 10 minutes');
  }

  private forget(): void {
    for (const [id, { view }] of this.jobs) {
      if (this.jobs.size <= MOST) return;
      if (view.state !== 'running') this.jobs.delete(id);
    }
  }
}
