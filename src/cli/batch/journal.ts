/**
 * The truth about a batch: a file of lines that only grows. A line is written after the outputs
 * that it names are safely in place, so a document that the journal calls done is done, whenever
 * the process was killed.
 */
import { createReadStream } from 'node:fs';
import { open, stat, truncate, type FileHandle } from 'node:fs/promises';
import { WhylensError } from '../../errors.js';
import type { ResultRow } from './results.js';

export const JOURNAL = 'journal.jsonl';
/** In bytes; an entry has some hundred of them for each target. */
const LONGEST_LINE = 2 ** 26;

/** One document that was done, or failed. */
export interface JournalEntry {
  /** Position in the list of documents. */
  readonly index: number;
  /** SHA-256 of the document's content; empty if it could not be read. */
  readonly hash: string;
  /** SHA-256 of settings and model. */
  readonly job: string;
  readonly state: 'done' | 'failed';
  /** Files below the output folder, with their sizes. */
  readonly outputs: readonly { readonly name: string; readonly bytes: number }[];
  /** Size and time of change of the document's file: if they are equal, it is not read again. */
  readonly stamp?: string;
  readonly rows: readonly ResultRow[];
  /** What the reader must know before believing the record. */
  readonly warnings?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
  /** Milliseconds it took, and when it ended. */
  readonly ms: number;
  readonly at: string;
}

/** The part of a line that is kept in memory. */
export interface Known extends Pick<
  JournalEntry,
  'hash' | 'job' | 'state' | 'outputs' | 'stamp' | 'ms'
> {
  readonly code?: string;
  /** Where the line lies in the file. */
  readonly start: number;
  readonly length: number;
}

export class Journal {
  private waiting: { text: string; done: () => void; failed: (error: unknown) => void }[] = [];
  private writing: Promise<void> | undefined;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private size: number,
    /** The last line about each document. */
    readonly known: Map<number, Known>,
  ) {}

  /** Opens it for writing, made if missing. An incomplete line that a killed process left is cut off. */
  static async open(path: string): Promise<Journal> {
    const { known, end } = await readJournal(path);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.size > end) await truncate(path, end);
    return new Journal(path, await open(path, 'a'), end, known);
  }

  /** Returns after the line is on the disk. Lines that wait together are flushed together. */
  async append(entry: JournalEntry): Promise<void> {
    const text = `${JSON.stringify(entry)}\n`;
    await new Promise<void>((done, failed) => {
      this.waiting.push({ text, done, failed });
      this.writing ??= this.flush();
    });
    const length = Buffer.byteLength(text);
    this.known.set(entry.index, keep(entry, this.size, length));
    this.size += length;
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file.close();
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        await this.file.write(group.map(({ text }) => text).join(''));
        await this.file.datasync();
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.writing = undefined;
  }
}

/** The lines of a journal, the last one about each document; `end` is where the last whole line ends. */
export async function readJournal(
  path: string,
): Promise<{ known: Map<number, Known>; end: number }> {
  const known = new Map<number, Known>();
  let end = 0;
  for await (const { line, start, length } of linesOf(path)) {
    const entry = parse(line);
    // an interrupted write leaves a line that is not an entry; the lines after it are whole again
    if (entry !== undefined) known.set(entry.index, keep(entry, start, length));
    end = start + length;
  }
  return { known, end };
}

/** One entry by the place of its line. */
export async function readEntry(
  file: FileHandle,
  { start, length }: Known,
): Promise<JournalEntry | undefined> {
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, start);
  return parse(bytes.toString('utf8'));
}

function keep(entry: JournalEntry, start: number, length: number): Known {
  const { hash, job, state, outputs, stamp, ms, error } = entry;
  return { hash, job, state, outputs, stamp, ms, code: error?.code, start, length };
}

function parse(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as JournalEntry;
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** What does not look like an entry counts as not there: its document is done again. */
function isEntry(value: JournalEntry | null): value is JournalEntry {
  if (value === null || typeof value !== 'object') return false;
  const { index, hash, job, state, outputs, rows, ms, stamp, warnings, error } = value;
  const isList = <T>(list: unknown, is: (one: T) => boolean): boolean =>
    Array.isArray(list) && list.every((one: T | null) => one !== null && is(one as T));
  return (
    Number.isSafeInteger(index) &&
    index >= 0 &&
    [hash, job].every((text) => typeof text === 'string') &&
    (state === 'done' || state === 'failed') &&
    isList<JournalEntry['outputs'][number]>(
      outputs,
      ({ name, bytes }) => isInside(name) && Number.isSafeInteger(bytes),
    ) &&
    isList<ResultRow>(rows, (row) => typeof row === 'object') &&
    Number.isFinite(ms) &&
    (stamp === undefined || typeof stamp === 'string') &&
    (warnings === undefined || isList<string>(warnings, (text) => typeof text === 'string')) &&
    (error === undefined || [error?.code, error?.message].every((text) => typeof text === 'string'))
  );
}

/** A relative name that leads nowhere else. */
export function isInside(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name !== '' &&
    !/^[/\\]|^[a-z]:|\0/i.test(name) &&
    !name.split(/[/\\]/).includes('..')
  );
}

/** Whole lines with their places in bytes; what follows the last line end is left out. */
async function* linesOf(
  path: string,
): AsyncGenerator<{ line: string; start: number; length: number }> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile()) {
    throw new WhylensError('FILE', `cannot read '${path}': it is not a regular file`, {
      facts: { path },
    });
  }
  // parts of a line that is not at its end: joined once, however long it is
  let parts: Buffer[] = [];
  let held = 0;
  let start = 0;
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, from)) {
      const end = part.subarray(from, at);
      const length = held + end.length + 1;
      // no entry is as long: it is passed over like every line that is none
      const line = length > LONGEST_LINE ? '' : Buffer.concat([...parts, end]).toString('utf8');
      yield { line, start, length };
      start += length;
      from = at + 1;
      parts = [];
      held = 0;
    }
    const rest = part.subarray(from);
    held += rest.length;
    if (held > LONGEST_LINE) parts = [];
    else parts.push(rest);
  }
}
