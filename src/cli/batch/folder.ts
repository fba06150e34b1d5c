/** The output folder of a batch: what was asked, of which documents, and that only one process works on it. */
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isWhylensError, WhylensError } from '../../errors.js';
import { isRunning } from '../../node/temporary.js';
import { makeFolder, writeFileWhole } from '../../node/write-file.js';
import type { DocumentReference } from './documents.js';
import type { BatchSettings } from './settings.js';
import { isAbout, isReference } from './stored.js';

const ABOUT = 'batch.json';
const LIST = 'documents.jsonl';
const LOCK = '.batch.lock';

/** What `batch.json` holds. */
export interface About {
  readonly kind: 'batch';
  readonly version: 1;
  /** Version of whylens that began it. */
  readonly whylens: string;
  readonly settings: BatchSettings;
  readonly modelHash: string;
  readonly documents: number;
}

export async function writeAbout(
  folder: string,
  about: About,
  documents: readonly DocumentReference[],
): Promise<void> {
  await makeFolder(folder);
  const lines = documents.map((document) => JSON.stringify(document));
  // the list comes first: if there is a batch.json, the list is complete
  await writeFileWhole(join(folder, LIST), `${lines.join('\n')}\n`);
  await writeFileWhole(join(folder, ABOUT), `${JSON.stringify(about, null, 2)}\n`);
}

/** What `batch.json` says, if the folder holds a batch. Throws `FILE` if it cannot be read. */
export async function readAbout(folder: string): Promise<About | undefined> {
  const path = join(folder, ABOUT);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw new WhylensError('FILE', `cannot read '${path}': ${(cause as Error).message}`, { cause });
  }
  try {
    const about: unknown = JSON.parse(text);
    if (isAbout(about)) return about;
  } catch {
    // reported below
  }
  throw new WhylensError(
    'FILE',
    `'${path}' describes no batch that this version knows: it is damaged, or written by another version. Begin anew in another folder; what is done stays where it is`,
    {
      facts: { path },
    },
  );
}

export async function requireAbout(folder: string): Promise<About> {
  const about = await readAbout(folder);
  if (about !== undefined) return about;
  throw new WhylensError(
    'FILE',
    `'${folder}' holds no batch; begin one with: whylens batch -m MODEL DOCUMENTS -o '${folder}'`,
    { facts: { folder } },
  );
}

/** The documents in their order. Throws `FILE` if the list is not whole. */
export async function readDocuments(
  folder: string,
  { documents }: About,
): Promise<DocumentReference[]> {
  const path = join(folder, LIST);
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    if (lines.length !== documents) throw new Error(`it has ${lines.length} of ${documents} lines`);
    return lines.map((line, index) => {
      const reference: unknown = JSON.parse(line);
      if (!isReference(reference, index)) throw new Error(`line ${index + 1} is damaged`);
      return reference;
    });
  } catch (cause) {
    throw new WhylensError('FILE', `cannot read '${path}': ${(cause as Error).message}`, {
      cause,
      facts: { path },
    });
  }
}

/** Throws `FILE_EXISTS` for a folder with other things in it. */
export async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new WhylensError('FILE', `cannot read '${folder}': ${error.message}`, { cause: error });
  });
  if (names.every((name) => name === LOCK)) return;
  throw new WhylensError(
    'FILE_EXISTS',
    `'${folder}' is not empty and holds no batch; choose another --out, or write into it with --force`,
    { facts: { folder } },
  );
}

/**
 * Keeps other processes from working on the folder; gives a function that ends that. The lock of a
 * process that no longer runs is taken over.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const path = resolve(folder, LOCK);
  const mine = JSON.stringify({ host: hostname(), pid: process.pid });
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(mine);
      await file.close();
      return () => rm(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) {
        if (isWhylensError(cause)) throw cause;
        throw new WhylensError('FILE', `cannot write '${path}': ${(cause as Error).message}`, {
          cause,
        });
      }
    }
    const owner = await lockedBy(folder);
    if (owner?.running === true) {
      throw new WhylensError(
        'FILE_EXISTS',
        `process ${owner.pid} on ${owner.host} works on '${folder}'; see how far it is with --status '${folder}'. If that process is gone, remove '${path}'`,
        { facts: { folder, ...owner } },
      );
    }
    await rm(path, { force: true });
  }
}

/** Which process works on a folder, and whether it still runs; one of another machine counts as running. */
export async function lockedBy(
  folder: string,
): Promise<{ host: string; pid: number; running: boolean } | undefined> {
  try {
    const text = await readFile(join(folder, LOCK), 'utf8');
    const { host, pid } = JSON.parse(text) as { host: string; pid: number };
    return { host, pid, running: host !== hostname() || isRunning(pid) };
  } catch {
    return undefined;
  }
}
