/** The process that owns the journal: it puts documents into the queue, follows, and collects what workers made. */
import { join } from 'node:path';
import type { Job, Queue } from 'bullmq';
import { WhylensError } from '../../../errors.js';
import type { DocumentReference } from '../documents.js';
import type { Outcome } from '../explaining.js';
import { Journal, JOURNAL } from '../journal.js';
import { pendingOf } from '../plan.js';
import type { BatchEnd, BatchRun } from '../run.js';
import { endOf } from '../run.js';
import { aboutOf } from './about.js';
import { BATCHES, batchKey, openQueue, type Connected } from './connect.js';
import { JOB_OPTIONS, type BatchAbout, type JobData, type JobResult } from './jobs.js';

export interface QueuedRun extends BatchRun {
  readonly name: string;
  /** Documents in each job. Default: up to 16, fewer for short lists. */
  readonly chunk?: number;
  readonly force?: boolean;
  /** Called once if no worker is there. */
  readonly onLonely?: () => void;
}

/** How many jobs are in the queue at once, so that Redis holds little, however long the list. */
const MOST_OUT = 256;
/** With many workers there are this many for each, so that none waits. */
const OUT_EACH = 16;
const LARGEST_CHUNK = 16;
const PAGE = 200;
/** Milliseconds until results are looked for again: longer and longer while none come. */
const TICK = 50;
const LONGEST_TICK = 400;
/** Milliseconds after which the jobs in the queue are checked: a restarted server may have lost some. */
const LOOK_EVERY = 5000;
/** Milliseconds after which a message says that no worker is there. */
const LONELY = 5000;

export async function followBatch(run: QueuedRun, connected: Connected): Promise<BatchEnd> {
  const { folder, settings, job, documents, name, signal } = run;
  const { redis } = connected;
  await announce(run, connected);
  const queue = openQueue(connected, name);
  const journal = await Journal.open(join(folder, JOURNAL));
  const follower = new Follower(run, queue, journal);
  try {
    const pending = await pendingOf(documents, journal.known, {
      ...run,
      inStore: settings.store !== undefined,
    });
    run.onStart?.(pending.length, 0);
    await follower.follow(pending);
    const end = endOf(documents, journal, job, follower.counted, signal.aborted, follower.stopped);
    if (end.pending === 0) await redis.multi().srem(BATCHES, name).del(batchKey(name)).exec();
    return end;
  } finally {
    await journal.close();
    await queue.close();
  }
}

/** Announces the batch to workers. Throws `FILE_EXISTS` if another batch has the name. */
async function announce(
  { name, job, settings, folder, force = false }: QueuedRun,
  { redis, host }: Connected,
): Promise<void> {
  const known = await redis.get(batchKey(name));
  const before = force ? undefined : aboutOf(known, name);
  if (before !== undefined && before.job !== job) {
    throw new WhylensError(
      'FILE_EXISTS',
      `a batch '${name}' of other settings is in the queue at ${host} (its results go to '${before.folder}'); choose another --name, finish that one, or replace it with --force`,
      { facts: { name } },
    );
  }
  const about: BatchAbout = { name, job, settings, folder };
  await redis.multi().set(batchKey(name), JSON.stringify(about)).sadd(BATCHES, name).exec();
}

class Follower {
  readonly counted = { done: 0, failed: 0 };
  stopped: BatchEnd['stopped'];
  /** Jobs whose results are not collected yet. */
  private readonly out = new Map<string, readonly DocumentReference[]>();
  /** Documents without a line in the journal when this began. */
  private readonly wanted = new Set<number>();
  private readonly settled = new Set<number>();
  private readonly failuresSeen = new Set<string>();
  private readonly run: QueuedRun;
  private told = false;
  private looked = -Infinity;
  private readonly began = performance.now();
  private lonely = false;
  private mostOut = MOST_OUT;

  constructor(
    run: QueuedRun,
    private readonly queue: Queue<JobData, JobResult>,
    private readonly journal: Journal,
  ) {
    this.run = run;
  }

  async follow(pending: readonly DocumentReference[]): Promise<void> {
    for (const { index } of pending) this.wanted.add(index);
    await this.takeOver();
    const queued = new Set([...this.out.values()].flat().map(({ index }) => index));
    const rest = pending.filter(({ index }) => !queued.has(index) && !this.settled.has(index));
    const size =
      this.run.chunk ?? Math.max(1, Math.min(LARGEST_CHUNK, Math.floor(rest.length / 16)));
    const stamp = Date.now().toString(36);
    let at = 0;
    let tick = TICK;
    while ((at < rest.length || this.out.size > 0) && !this.ended()) {
      const jobs: { id: string; documents: readonly DocumentReference[] }[] = [];
      while (at < rest.length && this.out.size + jobs.length < this.mostOut) {
        const documents = rest.slice(at, at + size);
        jobs.push({ id: `${documents[0].index}-${documents.length}-${stamp}`, documents });
        at += size;
      }
      await this.send(jobs);
      const collected = await this.collect();
      if (performance.now() - this.looked > LOOK_EVERY) await this.look();
      tick = collected ? TICK : Math.min(2 * tick, LONGEST_TICK);
      if (!collected) await new Promise((soon) => setTimeout(soon, tick));
    }
  }

  private ended(): boolean {
    return this.stopped !== undefined || this.run.signal.aborted;
  }

  /** Takes over what an earlier follower left in the queue, as far as it is wanted, and removes the rest. */
  private async takeOver(): Promise<void> {
    const jobs = await this.queue.getJobs([
      'waiting',
      'delayed',
      'active',
      'completed',
      'failed',
      'prioritized',
    ]);
    for (const one of jobs) {
      if (one?.id === undefined) continue;
      const failed = await one.isFailed();
      const mine =
        one.data.job === this.run.job &&
        one.data.documents.some(({ index }) => this.wanted.has(index));
      if (mine && !failed) this.out.set(one.id, one.data.documents);
      else await one.remove().catch(() => undefined);
    }
  }

  private async send(
    jobs: readonly { id: string; documents: readonly DocumentReference[] }[],
  ): Promise<void> {
    if (jobs.length === 0) return;
    const { job } = this.run;
    await this.queue.addBulk(
      jobs.map(({ id, documents }) => ({
        name: 'documents',
        data: { job, documents },
        opts: { ...JOB_OPTIONS, jobId: id },
      })),
    );
    for (const { id, documents } of jobs) this.out.set(id, documents);
  }

  /** True if there was anything. */
  private async collect(): Promise<boolean> {
    const completed = await this.queue.getJobs(['completed'], 0, PAGE - 1, true);
    // together: their lines are then flushed together
    const there = this.ended() ? [] : completed.filter((one) => one?.id !== undefined);
    await Promise.all(there.map((one) => this.take(one)));
    const { failed: count = 0 } = await this.queue.getJobCounts('failed');
    if (count > this.failuresSeen.size) await this.collectFailed(count - this.failuresSeen.size);
    return completed.length > 0;
  }

  /** The newest failures; all of them, if there are others between those. */
  private async collectFailed(count: number): Promise<void> {
    // a job that is removed meanwhile is undefined
    const isNew = (one: Job | undefined) => one?.id !== undefined && !this.failuresSeen.has(one.id);
    const newest = await this.queue.getJobs(['failed'], 0, count + PAGE);
    let found = newest.filter(isNew);
    if (found.length < count) found = (await this.queue.getJobs(['failed'])).filter(isNew);
    for (const one of found) await this.takeFailed(one);
  }

  private async take(one: Job<JobData, JobResult>): Promise<void> {
    const result = one.returnvalue;
    if (one.data.job === this.run.job) {
      for (const { id, documents } of result.moved) this.out.set(id, documents);
      const byIndex = new Map(one.data.documents.map((document) => [document.index, document]));
      await Promise.all(
        result.outcomes.map((outcome) => this.settle(outcome, byIndex.get(outcome.index)!)),
      );
    }
    // the journal has it: only now may the queue forget it
    this.out.delete(one.id!);
    await one.remove().catch(() => undefined);
  }

  private async takeFailed(one: Job<JobData, JobResult>): Promise<void> {
    const { documents, job } = one.data;
    this.out.delete(one.id!);
    if (job !== this.run.job) {
      this.failuresSeen.add(one.id!);
      return;
    }
    if (documents.length > 1) {
      // one of them may crash every worker, so each is tried alone
      await this.send(
        documents.map((document) => ({ id: `${one.id}-${document.index}`, documents: [document] })),
      );
      await one.remove().catch(() => undefined);
      return;
    }
    this.failuresSeen.add(one.id!);
    const [, code, message] = /^([A-Z_]+): ([\s\S]*)$/.exec(one.failedReason ?? '') ?? [];
    await this.settle(
      {
        index: documents[0].index,
        hash: '',
        state: 'failed',
        outputs: [],
        rows: [],
        error: { code: code ?? 'UNEXPECTED', message: message ?? one.failedReason ?? 'unknown' },
        ms: 0,
        at: new Date().toISOString(),
      },
      documents[0],
    );
  }

  /** Counts each document once, however often a worker did it. */
  private async settle(outcome: Outcome, document: DocumentReference): Promise<void> {
    if (!this.wanted.has(outcome.index) || this.settled.has(outcome.index)) return;
    this.settled.add(outcome.index);
    const { run } = this;
    const { stop: _, inferred, ...entry } = { ...outcome, job: run.job };
    if (inferred !== undefined && !this.told) {
      this.told = true;
      run.onInferred?.(inferred);
    }
    await this.journal.append(entry);
    this.counted[entry.state]++;
    run.onEntry?.(entry, document);
    if (this.counted.failed > (run.maxFailures ?? Infinity)) {
      this.stopped ??= {
        code: 'MAX_FAILURES',
        message: `${this.counted.failed} documents failed, more than --max-failures ${run.maxFailures}`,
      };
    }
  }

  /** Jobs that a server lost when it was restarted are sent again; more workers get more jobs. */
  private async look(): Promise<void> {
    this.looked = performance.now();
    const workers = await this.queue.getWorkersCount();
    this.mostOut = Math.max(MOST_OUT, OUT_EACH * workers);
    if (!this.lonely && this.looked - this.began > LONELY) {
      this.lonely = true;
      if (workers === 0) this.run.onLonely?.();
    }
    const sent = [...this.out].map(([id, documents]) => ({ id, documents }));
    const states = await Promise.all(sent.map(({ id }) => this.queue.getJobState(id)));
    await this.send(sent.filter((_, i) => states[i] === 'unknown'));
  }
}
