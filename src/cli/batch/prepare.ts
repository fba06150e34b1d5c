/** From a command line to a batch: a new one, or one that is in its folder already. */
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WhylensError } from '../../errors.js';
import { version } from '../version.js';
import { findDocuments, type DocumentOptions, type DocumentReference } from './documents.js';
import {
  readAbout,
  readDocuments,
  requireAbout,
  requireEmpty,
  writeAbout,
  type About,
} from './folder.js';
import { hashModel } from './model-hash.js';
import { differences, jobHash, refuseDifferences, sha256, type BatchSettings } from './settings.js';

/** A batch that is ready to be run. */
export interface PreparedBatch {
  readonly folder: string;
  readonly settings: BatchSettings;
  readonly job: string;
  readonly documents: readonly DocumentReference[];
  /** What the user should know before it runs. */
  readonly notes: readonly string[];
}

export interface BatchRequest {
  readonly folder: string;
  readonly settings: BatchSettings;
  readonly inputs: readonly string[];
  readonly documents: DocumentOptions;
  readonly force?: boolean;
}

/** A new batch, or the same one again, which then goes on. Writes what was asked into the folder. */
export async function beginBatch(request: BatchRequest): Promise<PreparedBatch> {
  const { settings, inputs, force = false } = request;
  const folder = resolve(request.folder);
  const [found, modelHash, documents] = await Promise.all([
    readAbout(folder),
    hashModel(settings.model),
    findDocuments(inputs, request.documents),
  ]);
  if (found === undefined && !force) await requireEmpty(folder);
  await refuseInputs(folder, documents, settings);
  const about: About = {
    kind: 'batch',
    version: 1,
    whylens: version(),
    settings,
    modelHash,
    documents: documents.length,
  };
  if (found !== undefined && !force) {
    const before = await readDocuments(folder, found);
    refuseDifferences(folder, [
      ...differences({ ...found.settings }, { ...settings }),
      ...changedModel(found.modelHash, modelHash),
      ...differences(listOf(before), listOf(documents)),
    ]);
  } else {
    await writeAbout(folder, about, documents);
  }
  const notes = found === undefined ? [] : otherVersion(found);
  return { folder, settings, job: jobHash(settings, modelHash), documents, notes };
}

/** Goes on with the batch in the folder; `given` are settings named beside `--resume`. */
export async function resumeBatch(
  path: string,
  given: Partial<BatchSettings>,
  force = false,
): Promise<PreparedBatch> {
  const folder = resolve(path);
  const found = await requireAbout(folder);
  const documents = await readDocuments(folder, found);
  const settings = { ...found.settings, ...given };
  const modelHash = await hashModel(settings.model);
  const changes = [
    ...differences(found.settings, settings),
    ...changedModel(found.modelHash, modelHash),
  ];
  if (!force) refuseDifferences(folder, changes);
  else if (changes.length > 0) {
    await writeAbout(folder, { ...found, whylens: version(), settings, modelHash }, documents);
  }
  const job = jobHash(settings, modelHash);
  return { folder, settings, job, documents, notes: otherVersion(found) };
}

function changedModel(before: string, now: string): string[] {
  return before === now ? [] : [`model's content: was ${short(before)}, is ${short(now)}`];
}

function otherVersion({ whylens }: About): string[] {
  return whylens === version()
    ? []
    : [`begun by whylens ${whylens}, goes on with ${version()}: results may differ between them`];
}

/** The list in short, for a message. */
function listOf(documents: readonly DocumentReference[]): Record<string, string> {
  const text = documents.map((document) => JSON.stringify(document)).join('\n');
  return { documents: `${documents.length}, list ${short(sha256(text))}` };
}

function short(hash: string): string {
  return hash.slice(0, 12);
}

/** Throws `FILE_EXISTS` if an output would replace an input. */
async function refuseInputs(
  folder: string,
  documents: readonly DocumentReference[],
  { model, as }: BatchSettings,
): Promise<void> {
  const read = new Map<string, string>();
  const add = async (path: string) => {
    read.set(await realpath(path).catch(() => resolve(path)), path);
  };
  await add(model);
  for (const document of documents) {
    if (document.kind === 'file') await add(document.path);
    if (document.kind === 'entry' && !read.has(document.archive)) await add(document.archive);
  }
  const outside = await realpath(folder).catch(() => folder);
  for (const { output } of documents) {
    for (const ending of as) {
      const input = read.get(join(outside, `${output}.${ending}`));
      if (input === undefined) continue;
      throw new WhylensError(
        'FILE_EXISTS',
        `'${input}' is read and cannot be an output too: it would be lost. Choose another folder with --out`,
        { facts: { input } },
      );
    }
  }
}
