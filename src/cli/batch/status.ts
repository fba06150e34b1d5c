/** How far a batch is, from its folder alone. */
import { join, resolve } from 'node:path';
import { lockedBy, requireAbout } from './folder.js';
import { JOURNAL, readJournal } from './journal.js';
import { jobHash } from './settings.js';

export interface BatchStatus {
  readonly folder: string;
  readonly documents: number;
  readonly done: number;
  readonly failed: number;
  readonly pending: number;
  /** How often each error came. */
  readonly errors: Readonly<Record<string, number>>;
  /** A process that works on it now. */
  readonly running: { readonly host: string; readonly pid: number } | null;
  /** Mean milliseconds of a document. */
  readonly meanMs: number | null;
}

/** Throws `FILE` if there is no batch. */
export async function batchStatus(folder: string): Promise<BatchStatus> {
  const about = await requireAbout(folder);
  const job = jobHash(about.settings, about.modelHash);
  const { known } = await readJournal(join(folder, JOURNAL));
  const errors = Object.create(null) as Record<string, number>;
  let done = 0;
  let failed = 0;
  let ms = 0;
  for (const [index, entry] of known) {
    if (entry.job !== job || index >= about.documents) continue;
    ms += entry.ms;
    if (entry.state === 'done') done++;
    else {
      failed++;
      const code = entry.code ?? 'UNEXPECTED';
      errors[code] = (errors[code] ?? 0) + 1;
    }
  }
  const owner = await lockedBy(folder);
  return {
    folder: resolve(folder),
    documents: about.documents,
    done,
    failed,
    pending: about.documents - done - failed,
    errors: { ...errors },
    running: owner?.running === true ? { host: owner.host, pid: owner.pid } : null,
    meanMs: done + failed === 0 ? null : ms / (done + failed),
  };
}

export function statusText(status: BatchStatus): string {
  const { folder, documents, done, failed, pending, errors, running, meanMs } = status;
  const codes = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
  const lines = [
    `${folder}: ${done} of ${documents} documents done, ${failed} failed, ${pending} to do`,
    ...(codes.length === 0 ? [] : [`errors: ${codes.join(', ')}`]),
    ...(meanMs === null ? [] : [`a document took ${Math.round(meanMs)} ms in the mean`]),
    running === null
      ? pending > 0
        ? `nobody works on it; go on with: whylens batch --resume '${folder}'`
        : 'nobody works on it'
      : `process ${running.pid} on ${running.host} works on it`,
    ...(failed > 0 && running === null
      ? [`what failed is tried again with: whylens batch --resume '${folder}' --retry-failed`]
      : []),
  ];
  return lines.join('\n');
}
