/** Which documents of a batch are still to be done. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocumentReference } from './documents.js';
import { stampOf } from './explaining.js';
import type { Known } from './journal.js';

export interface PlanOptions {
  readonly folder: string;
  readonly job: string;
  /** Failed documents are done again. */
  readonly retryFailed?: boolean;
  /** True if outputs went to a store: then the journal is trusted that they are there. */
  readonly inStore?: boolean;
}

/** Files that are looked at together: a disk far away takes its time for each. */
const TOGETHER = 256;

/**
 * Those without a line in the journal, those whose line is of other settings,
 * those whose file changed since, and those whose outputs are gone.
 */
export async function pendingOf(
  documents: readonly DocumentReference[],
  known: ReadonlyMap<number, Known>,
  { folder, job, retryFailed = false, inStore = false }: PlanOptions,
): Promise<DocumentReference[]> {
  const isSettled = async (document: DocumentReference): Promise<boolean> => {
    const entry = known.get(document.index);
    return (
      entry?.job === job &&
      (entry.state === 'failed' ? !retryFailed : inStore || (await isWhole(folder, entry))) &&
      !(await hasChanged(document, entry))
    );
  };
  const pending: DocumentReference[] = [];
  for (let at = 0; at < documents.length; at += TOGETHER) {
    const some = documents.slice(at, at + TOGETHER);
    const settled = await Promise.all(some.map(isSettled));
    for (const [i, document] of some.entries()) if (!settled[i]) pending.push(document);
  }
  return pending;
}

async function isWhole(folder: string, { outputs }: Known): Promise<boolean> {
  for (const { name, bytes } of outputs) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.size !== bytes) return false;
  }
  return true;
}

/** By size and time; a file that is gone does not count as changed: its results are there. */
async function hasChanged(document: DocumentReference, { stamp }: Known): Promise<boolean> {
  if (document.kind !== 'file' || stamp === undefined) return false;
  const found = await stampOf(document.path);
  return found !== undefined && found !== stamp;
}
