/** A batch on this machine: workers explain, the journal remembers. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { WhylensError } from '../../errors.js';
import type { DocumentReference } from './documents.js';
import type { Outcome } from './explaining.js';
import { Journal, JOURNAL, type JournalEntry } from './journal.js';
import { pendingOf } from './plan.js';
import type { BatchSettings } from './settings.js';
import type { NotOpened, WorkerData } from './worker.js';

export interface BatchRun {
  readonly folder: string;
  readonly settings: BatchSettings;
  readonly job: string;
  readonly documents: readonly DocumentReference[];
  readonly workers?: number;
  readonly retryFailed?: boolean;
  /** The run stops once more documents than this have failed in it. */
  readonly maxFailures?: number;
  /** Finishes what is in hand, then stops. */
  readonly signal: AbortSignal;
  /** Before the first document: how many there are to do. */
  readonly onStart?: (pending: number, workers: number) => void;
  /** What was decided about the model because the user left it out. */
  readonly onInferred?: (lines: readonly string[]) => void;
  readonly onEntry?: (entry: JournalEntry, document: DocumentReference) => void;
}

export interface BatchEnd {
  /** Counted in this run. */
  readonly done: number;
  readonly failed: number;
  /** Counted over all runs. */
  readonly allDone: number;
  readonly allFailed: number;
  readonly pending: number;
  readonly interrupted: boolean;
  /** What made the run stop before its end. */
  readonly stopped?: { readonly code: string; readonly message: string };
}

/** Documents given to a worker in addition to the one that it works on, so that it never waits. */
const AHEAD = 2;

export async function runBatch(run: BatchRun): Promise<BatchEnd> {
  const { folder, settings, job, documents, signal } = run;
  const journal = await Journal.open(join(folder, JOURNAL));
  try {
    const pending = await pendingOf(documents, journal.known, {
      ...run,
      inStore: settings.store !== undefined,
    });
    const workers = Math.max(1, Math.min(run.workers ?? availableParallelism(), pending.length));
    run.onStart?.(pending.length, workers);
    const counted = { done: 0, failed: 0 };
    let stopped: BatchEnd['stopped'];
    let told = false;
    if (pending.length > 0) {
      const { Piscina } = await import('piscina');
      const pool = new Piscina<DocumentReference, Outcome | NotOpened>({
        filename: new URL('./worker.js', import.meta.url).href,
        workerData: { settings, folder } satisfies WorkerData,
        minThreads: workers,
        maxThreads: workers,
        maxQueue: Infinity,
        atomics: 'disabled',
      });
      const work = async (document: DocumentReference): Promise<void> => {
        const outcome = await pool
          .run(document)
          .catch((error: unknown) => crashed(document, error as Error));
        if ('notOpened' in outcome) {
          const { code, message } = outcome.notOpened;
          throw new WhylensError(code ?? 'MODEL_LOAD', message);
        }
        const { stop, inferred, ...entry } = { ...outcome, job };
        if (inferred !== undefined && !told) run.onInferred?.(inferred);
        told ||= inferred !== undefined;
        if (stop === true) {
          // it says nothing about the document, which stays to be done
          stopped ??= entry.error;
          return;
        }
        try {
          await journal.append(entry);
        } catch (cause) {
          const why = (cause as Error).message;
          stopped ??= { code: 'FILE', message: `cannot write '${journal.path}': ${why}` };
          return;
        }
        counted[entry.state]++;
        run.onEntry?.(entry, document);
        if (counted.failed > (run.maxFailures ?? Infinity)) {
          stopped ??= {
            code: 'MAX_FAILURES',
            message: `${counted.failed} documents failed, more than --max-failures ${run.maxFailures}`,
          };
        }
      };
      try {
        await inFlight(
          pending,
          workers * AHEAD,
          work,
          () => stopped !== undefined || signal.aborted,
        );
      } finally {
        await pool.destroy();
      }
    }
    return endOf(documents, journal, job, counted, signal.aborted, stopped);
  } finally {
    await journal.close();
  }
}

/** Where a batch stands, by its journal. */
export function endOf(
  documents: readonly DocumentReference[],
  { known }: Pick<Journal, 'known'>,
  job: string,
  counted: Pick<BatchEnd, 'done' | 'failed'>,
  interrupted: boolean,
  stopped: BatchEnd['stopped'],
): BatchEnd {
  const states = documents
    .map(({ index }) => known.get(index))
    .filter((entry) => entry?.job === job);
  const allDone = states.filter((entry) => entry?.state === 'done').length;
  return {
    ...counted,
    allDone,
    allFailed: states.length - allDone,
    pending: documents.length - states.length,
    interrupted,
    ...(stopped !== undefined && { stopped }),
  };
}

/** Does `work` for the items in order, `limit` at a time, until `ends` says so; items that were begun are finished. */
async function inFlight<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
  ends: () => boolean,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  for (const item of items) {
    if (ends() || failure !== undefined) break;
    const one: Promise<void> = work(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= limit) await Promise.race(running);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.error;
}

/** A worker crashed while it held the document: the document is probably the cause. */
function crashed({ index }: DocumentReference, error: Error): Outcome {
  return {
    index,
    hash: '',
    state: 'failed',
    outputs: [],
    rows: [],
    error: { code: 'UNEXPECTED', message: `a worker fell: ${error.message}` },
    ms: 0,
    at: new Date().toISOString(),
  };
}
