/** Reads files within limits of time and size, and never files that nobody named. */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { throwIfAborted } from '../reading/abort.js';
import { joined, type Fail } from '../reading/fetch.js';
import { bytesInWords, type ReadLimits } from '../reading/limits.js';

/** How often a pipe is asked again. */
const RETRY = 20;
const CHUNK = 1 << 18;

export interface ReadFileRequest {
  readonly limits: ReadLimits;
  /** Makes the caller's error from a reason such as `there is no such file`. */
  readonly fail: Fail;
  /** True for a file that the user named: pipes and devices are read too. */
  readonly named: boolean;
}

/** The bytes of a file; throws what `fail` makes, or `ABORTED`. */
export async function readFileBounded(
  path: string | URL,
  { limits, fail, named }: ReadFileRequest,
): Promise<Uint8Array> {
  const { signal, maxBytes } = limits;
  const what = `reading '${String(path)}'`;
  throwIfAborted(signal, what);
  if (!limits.schemes.includes('file')) {
    throw fail(
      `files may not be read here, only ${limits.schemes.join(', ') || 'nothing'} (schemes)`,
    );
  }
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!found.isFile() && !named) {
      throw fail('it is not a regular file; pipes and devices are read only if they are named');
    }
    const tooLong = () => fail(`it is longer than ${bytesInWords(maxBytes)} (maxBytes)`);
    if (found.isFile() && found.size > maxBytes) throw tooLong();
    // a pipe without a writer would hold the call, and a thread of the process, for ever
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const parts: Uint8Array[] = [];
      // a file whose length is known is read into one array, so that nothing is held twice
      const whole = found.isFile() ? new Uint8Array(found.size) : undefined;
      let size = 0;
      let heard = performance.now();
      for (;;) {
        throwIfAborted(signal, what);
        const part =
          whole === undefined
            ? new Uint8Array(CHUNK)
            : size < whole.length
              ? whole.subarray(size, size + CHUNK * 64)
              : new Uint8Array(1);
        const count = await handle.read(part, 0, part.length).then(
          ({ bytesRead }) => bytesRead,
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'EAGAIN') throw error;
          },
        );
        // a pipe that nobody has written to yet seems to be at its end
        const waits = count === undefined || (count === 0 && size === 0 && found.isFIFO());
        if (count === 0 && !waits) return finished(whole, parts, size);
        if (waits) {
          if (performance.now() - heard > limits.timeout) {
            throw fail(`it says nothing for ${limits.timeout / 1000} seconds`);
          }
          await wait(RETRY);
          continue;
        }
        heard = performance.now();
        size += count;
        if (size > maxBytes) throw tooLong();
        // what a file has more than it said is kept beside
        if (part.buffer !== whole?.buffer) parts.push(part.subarray(0, count));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^(E[A-Z0-9]+|ERR_[A-Z_]+)$/.test(code)) throw error;
    throw fail(reasonOf(error as NodeJS.ErrnoException), { cause: error });
  }
}

/** What was read into the array of the file's length, and what came after it. */
function finished(
  whole: Uint8Array | undefined,
  parts: readonly Uint8Array[],
  size: number,
): Uint8Array {
  if (whole === undefined) return joined(parts, size);
  if (parts.length === 0) return size === whole.length ? whole : whole.slice(0, size);
  return joined([whole, ...parts], size);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'its name holds a character that no file name has',
};

/** Why a file cannot be read, in words. */
export function reasonOf({ code = '', message }: NodeJS.ErrnoException): string {
  return REASONS[code] ?? (message === '' ? code : message);
}
