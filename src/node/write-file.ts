import { constants } from 'node:fs';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { WhylensError } from '../errors.js';
import { cleanFolder, temporaryName } from './temporary.js';

export interface WriteFileOptions {
  /** Default `true`: an existing file is replaced. With `false` it throws `FILE_EXISTS`. */
  readonly overwrite?: boolean;
  /** Default `false`: a missing folder is an error. */
  readonly createFolder?: boolean;
  /** Milliseconds for which nobody may read a pipe. Default 15 000. */
  readonly timeout?: number;
}

const SILENCE = 15_000;
const RETRY = 20;
const LONGEST_CHAIN = 40;

/**
 * Writes a whole file or none: first under a temporary name beside it, then
 * renamed, so that no reader ever sees half a file and a failure leaves the old
 * one as it was. A symbolic link stays one, and the file it names is replaced;
 * the mode of a replaced file is kept. Devices and pipes are written to directly.
 * Throws `FILE` or `FILE_EXISTS`.
 */
export async function writeFileWhole(
  path: string,
  content: string | Uint8Array,
  { overwrite = true, createFolder = false, timeout = SILENCE }: WriteFileOptions = {},
): Promise<void> {
  try {
    if (createFolder) await makeFolder(dirname(resolve(path)));
    const place = await placeOf(resolve(path), overwrite);
    if (place.direct) await writeDirectly(place.path, content, timeout);
    else await replace(place, content, overwrite);
  } catch (error) {
    throw fileError(path, error);
  }
}

interface Place {
  readonly path: string;
  /** True for a path that a file must not replace. */
  readonly direct: boolean;
  /** Of the file that is there now. */
  readonly owned?: { readonly mode: number; readonly uid: number; readonly gid: number };
}

async function placeOf(path: string, overwrite: boolean): Promise<Place> {
  if (!overwrite) return { path, direct: false };
  const found = await stat(path).catch(ifMissing);
  if (found === undefined) return { path: await endOfLinks(path), direct: false };
  if (found.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  // what lies there is a view of something that others hold open
  if (!found.isFile() || /^[/](dev|proc)[/]/.test(path)) return { path, direct: true };
  return { path: await realpath(path), direct: false, owned: found };
}

/** The target of a link to a file that does not exist yet. */
async function endOfLinks(path: string): Promise<string> {
  let at = path;
  for (let i = 0; i < LONGEST_CHAIN; i++) {
    const found = await lstat(at).catch(ifMissing);
    if (found?.isSymbolicLink() !== true) return at;
    at = resolve(dirname(at), await readlink(at));
  }
  throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
}

async function replace(
  { path, owned }: Place,
  content: string | Uint8Array,
  overwrite: boolean,
): Promise<void> {
  const folder = dirname(path);
  cleanFolder(folder);
  const temporary = join(folder, temporaryName(basename(path)));
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    if (owned !== undefined) {
      // only the superuser may give files away; the mode comes last, since a new owner takes bits of it
      await chown(temporary, owned.uid, owned.gid).catch(() => undefined);
      await chmod(temporary, owned.mode & 0o7777).catch(() => undefined);
    }
    if (overwrite) await rename(temporary, path);
    // a link fails if the name is taken, even by a process that came in between
    else await link(temporary, path);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Never waits without end: a pipe that nobody reads is given up after `timeout`. */
async function writeDirectly(
  path: string,
  content: string | Uint8Array,
  timeout: number,
): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const started = { at: performance.now() };
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const patient = performance.now() - started.at < timeout;
        if ((code !== 'ENXIO' && code !== 'EAGAIN') || !patient) throw error;
        await wait(RETRY);
      }
    }
  };
  const flags = constants.O_WRONLY | (constants.O_NONBLOCK ?? 0);
  const handle: FileHandle = await patiently(() => open(path, flags));
  try {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await patiently(() => handle.write(bytes, done));
      done += bytesWritten;
      started.at = performance.now();
    }
  } finally {
    await handle.close();
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/**
 * Makes a folder and those above it that are missing, one after the other.
 * `mkdir` with `recursive` never returns if a folder can be looked for but not made, as below `/proc`.
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(folder); !(await isFolder(at)); at = dirname(at)) missing.push(at);
  for (const path of missing.reverse()) {
    await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      // another process may have made it meanwhile
      if (error.code !== 'EEXIST' || !(await isFolder(path))) throw error;
    });
  }
}

/** False if it does not exist; throws if it exists and is not a folder. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(ifMissing);
  // the root of a drive that does not exist has nothing above it to make
  if (found === undefined && dirname(path) !== path) return false;
  if (found?.isDirectory() === true) return true;
  throw Object.assign(new Error('a part of the path is not a folder'), { code: 'ENOTDIR' });
}

/** Why a file cannot be written, in words. */
export function fileError(path: string, cause: unknown): WhylensError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'EEXIST') {
    return new WhylensError(
      'FILE_EXISTS',
      `'${path}' exists and is not overwritten; name it with --out, or use --force`,
      { cause, facts: { path } },
    );
  }
  const why: Record<string, string> = {
    ENOENT: 'its folder does not exist',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EISDIR: 'it is a folder',
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left',
    ENAMETOOLONG: 'the name is too long',
    ENXIO: 'it is a pipe that nobody reads',
    EAGAIN: 'it is a pipe whose reader takes nothing',
    EPIPE: 'its reader has gone',
    ELOOP: 'its symbolic links lead in a circle',
  };
  return new WhylensError(
    'FILE',
    `cannot write '${path}': ${why[code] ?? (cause as Error).message}`,
    { cause, facts: { path, code } },
  );
}
