import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { WhylensError } from '../errors.js';

export interface WriteFileOptions {
  /** Default `true`: an existing file is replaced. With `false` it throws `FILE_EXISTS`. */
  readonly overwrite?: boolean;
  /** Default `false`: a missing folder is an error. */
  readonly createFolder?: boolean;
}

/**
 * Writes a whole file or none: first under a temporary name beside it, then
 * renamed, so that no reader ever sees half a file and a failure leaves the old
 * one as it was. Throws `FILE` or `FILE_EXISTS`.
 */
export async function writeFileWhole(
  path: string,
  content: string | Uint8Array,
  { overwrite = true, createFolder = false }: WriteFileOptions = {},
): Promise<void> {
  const target = resolve(path);
  const temporary = join(
    dirname(target),
    `.${basename(target)}.${process.pid}.${(counter++).toString(36)}.tmp`,
  );
  try {
    if (createFolder) await makeFolder(dirname(target));
    await writeFile(temporary, content, { flag: 'wx' });
    if (overwrite) await rename(temporary, target);
    // a link fails where the name is taken, also by somebody who came in between
    else await link(temporary, target);
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

let counter = 0;

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    // a file of that name, which for `mkdir` merely "exists"
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw Object.assign(error as Error, { code: 'ENOTDIR' });
  }
}

function fileError(path: string, cause: unknown): WhylensError {
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
  };
  return new WhylensError(
    'FILE',
    `cannot write '${path}': ${why[code] ?? (cause as Error).message}`,
    { cause, facts: { path, code } },
  );
}
