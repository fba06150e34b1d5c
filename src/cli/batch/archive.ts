/** Entries of zip and tar files, read one by one without unpacking the archive. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { WhylensError } from '../../errors.js';
import { bytesInWords } from '../../reading/limits.js';

export const ARCHIVE = /[.](zip|tar|tar[.]gz|tgz)$/i;

/** The larger of so many bytes, and of so many times the size of the file. */
export interface Growth {
  readonly always: number;
  readonly ratio: number;
}

/** Entries of one archive; their names are kept in memory. */
const MOST_ENTRIES = 1_000_000;
/** What a compressed tar file may grow to: pictures hardly shrink, so an honest one stays far below. */
const LARGEST: Growth = { always: 2 ** 30, ratio: 100 };

/** One entry after the other; the file stays open for reading them. */
const LAZILY = { lazyEntries: true, autoClose: false } as const;

/** A reader of one archive; entries asked for in the order they lie are read in one pass. */
export interface Archive {
  read(name: string, maxBytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Names of the files in an archive, in their order, each once. Throws `FILE`. */
export async function entriesOf(path: string, largest = LARGEST): Promise<string[]> {
  const names = new Set<string>();
  const add = (name: string): void => {
    // unpacking would keep one of them, and nobody knows which one is meant
    if (names.has(name)) throw new Error(`two of its entries are called '${name}'`);
    if (names.size === MOST_ENTRIES) throw new Error(`it has more than ${MOST_ENTRIES} entries`);
    names.add(name);
  };
  try {
    // a pipe has no list of contents, and can be read once only
    if (!(await stat(path)).isFile()) throw new Error('an archive must be a regular file');
    if (isZip(path)) {
      const yauzl = await import('yauzl');
      const zip = await yauzl.openPromise(path, LAZILY);
      try {
        for await (const { fileName } of zip.eachEntry()) {
          if (!fileName.endsWith('/')) add(fileName);
        }
      } finally {
        zip.close();
      }
    } else {
      for await (const entry of tarEntries(path, largest)) {
        if (entry.isFile) add(entry.name);
        entry.stream.resume();
      }
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return [...names];
}

export async function openArchive(path: string): Promise<Archive> {
  return isZip(path) ? openZip(path) : new TarReader(path);
}

function isZip(path: string): boolean {
  return /[.]zip$/i.test(path);
}

async function openZip(path: string): Promise<Archive> {
  const yauzl = await import('yauzl');
  const zip = await yauzl.openPromise(path, LAZILY).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const entries = new Map<string, import('yauzl').Entry>();
  try {
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  } catch (cause) {
    zip.close();
    throw unreadable(path, cause);
  }
  return {
    async read(name, maxBytes) {
      const entry = entries.get(name);
      if (entry === undefined) throw missing(path, name);
      try {
        return await wholeOf(await zip.openReadStreamPromise(entry), maxBytes);
      } catch (cause) {
        throw unreadable(`${path}/${name}`, cause);
      }
    },
    close: () => Promise.resolve(zip.close()),
  };
}

interface TarEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly stream: Readable;
}

async function* tarEntries(path: string, largest = LARGEST): AsyncGenerator<TarEntry> {
  const { extract } = await import('tar-stream');
  const unpack = extract();
  const { size } = await stat(path);
  const most = Math.max(largest.always, largest.ratio * size);
  const file = createReadStream(path);
  const running = (
    /gz$/i.test(path) ? pipeline(file, createGunzip(), upTo(most), unpack) : pipeline(file, unpack)
  ).catch((error: unknown) => unpack.destroy(error as Error));
  try {
    for await (const entry of unpack) {
      const { name, type } = entry.header;
      yield { name, isFile: type === 'file', stream: entry as unknown as Readable };
    }
  } finally {
    unpack.destroy();
    await running;
  }
}

/** A tar file has no list of contents: it is read forwards, and again from its beginning if needed. */
class TarReader implements Archive {
  private pass: AsyncGenerator<TarEntry> | undefined;

  constructor(private readonly path: string) {}

  async read(name: string, maxBytes: number): Promise<Uint8Array> {
    const begun = this.pass !== undefined;
    try {
      const found = await this.forwards(name, maxBytes);
      if (found !== undefined) return found;
      const again = begun ? await this.forwards(name, maxBytes) : undefined;
      if (again !== undefined) return again;
    } catch (cause) {
      await this.close();
      throw unreadable(`${this.path}/${name}`, cause);
    }
    throw missing(this.path, name);
  }

  async close(): Promise<void> {
    await this.pass?.return(undefined);
    this.pass = undefined;
  }

  private async forwards(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
    this.pass ??= tarEntries(this.path);
    for (;;) {
      const { value, done } = await this.pass.next();
      if (done === true) {
        this.pass = undefined;
        return undefined;
      }
      if (value.isFile && value.name === name) return wholeOf(value.stream, maxBytes);
      value.stream.resume();
    }
  }
}

/** Passes bytes on and breaks off where they are more than a file of this size can honestly hold. */
function upTo(most: number): Transform {
  let size = 0;
  return new Transform({
    transform(part: Buffer, _, done) {
      size += part.length;
      if (size <= most) done(null, part);
      else done(new Error(`it unpacks to more than ${bytesInWords(most)}`));
    },
  });
}

async function wholeOf(stream: Readable, maxBytes: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    size += part.length;
    // counted after decompression: a small entry may claim to be small and be endless
    if (size > maxBytes) throw new Error(`it is longer than ${bytesInWords(maxBytes)} (maxBytes)`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function unreadable(path: string, cause: unknown): WhylensError {
  const why = (cause as Error).message;
  return new WhylensError('FILE', `cannot read '${path}': ${why}`, { cause, facts: { path } });
}

function missing(path: string, name: string): WhylensError {
  return new WhylensError('FILE', `archive '${path}' holds no '${name}'`, {
    facts: { path, name },
  });
}
