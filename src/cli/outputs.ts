/** The names of result files: one for each picture, never the same twice. */
import { existsSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { WhylensError } from '../errors.js';
import { refuseInput, type Inputs } from './protect.js';

export const STDOUT = '-';

export interface OutputRequest {
  /** What the user gave with --out: a file, a folder, `-`, or nothing. */
  readonly out?: string;
  /** The ending of files that are named here, without dot. */
  readonly extension: string;
  /** How many pictures there are, and whether the user named a folder of them. */
  readonly several: boolean;
  readonly force?: boolean;
  /** True if files need an ending, so that a name without one can only be a folder. */
  readonly endingNeeded?: boolean;
  /** The inputs, which are never overwritten. */
  readonly inputs?: Inputs;
}

export interface Output {
  readonly path: string;
  /** False if the name was made up here and `--force` is not set. */
  readonly overwrite: boolean;
}

/** Gives output names: the user's own for a single result, else `<picture>-<what>.<extension>`. */
export class Outputs {
  private readonly taken = new Set<string>();
  private readonly folder: string | undefined;

  constructor(private readonly request: OutputRequest) {
    const { out, several, endingNeeded = false } = request;
    // before any work is done
    this.refuse(out);
    if (out === undefined) this.folder = '.';
    else if (
      out !== STDOUT &&
      (several || isFolder(out) || (endingNeeded && extname(out) === '' && !isDevice(out)))
    ) {
      if (extname(out) !== '' && !isFolder(out)) {
        throw new WhylensError(
          'USAGE',
          `several pictures need a folder to go to, got --out '${out}'; end it in '${sep}', or leave it out`,
        );
      }
      this.folder = out;
    }
  }

  /** True if the user gave no name. */
  get named(): boolean {
    return this.folder === undefined;
  }

  /** Throws `FILE_EXISTS` for a name that is taken, before any work is done for it. */
  look(picture: string, method: string, parts: readonly (readonly string[])[] = [[]]): void {
    for (const part of parts) {
      const { path: wanted, overwrite } = this.nameOf(picture, method, part);
      const path = this.free(wanted);
      if (overwrite || path === STDOUT || !existsSync(path)) continue;
      throw new WhylensError(
        'FILE_EXISTS',
        `'${path}' exists and is not overwritten; name ${part.length === 0 ? 'it' : 'another file'} with --out, or use --force or --skip-existing`,
        { facts: { path } },
      );
    }
  }

  /** The paths of a picture's results, if all are there already; the names then count as given. */
  skip(
    picture: string,
    method: string,
    parts: readonly (readonly string[])[] = [[]],
  ): readonly string[] | undefined {
    const paths = parts.map((part) => this.free(this.nameOf(picture, method, part).path));
    if (paths.length === 0 || paths.some((path) => path === STDOUT || !existsSync(path))) {
      return undefined;
    }
    return paths.map((path) => this.unique(path));
  }

  /** `parts` tells several results of one picture apart, say by target. */
  next(picture: string, method: string, parts: readonly string[] = []): Output {
    const { path: wanted, overwrite } = this.nameOf(picture, method, parts);
    const path = this.unique(wanted);
    this.refuse(path);
    return { path, overwrite };
  }

  private nameOf(picture: string, method: string, parts: readonly string[]): Output {
    const { out, extension, force = false } = this.request;
    const suffix = parts.map((part) => `-${slug(part)}`).join('');
    if (this.folder === undefined) {
      const end = extname(out!);
      const start = out!.slice(0, out!.length - end.length);
      // the user named the file without the part, and nothing else
      return suffix === '' || out === STDOUT
        ? { path: out!, overwrite: true }
        : { path: `${start}${suffix}${end}`, overwrite: force };
    }
    const name = `${picture}-${slug(method)}${suffix}`;
    return { path: join(this.folder, `${name}.${extension}`), overwrite: force };
  }

  private refuse(path: string | undefined): void {
    if (this.request.inputs !== undefined) refuseInput(path, this.request.inputs);
  }

  private unique(path: string): string {
    const free = this.free(path);
    this.taken.add(free);
    return free;
  }

  /** Two pictures of one name, from different folders, do not share an output. */
  private free(path: string): string {
    const end = extname(path);
    let candidate = path;
    for (let i = 2; this.taken.has(candidate) && path !== STDOUT; i++) {
      candidate = `${path.slice(0, path.length - end.length)}-${i}${end}`;
    }
    return candidate;
  }
}

/** Letters, digits and hyphens: safe in a file name everywhere. */
export function slug(text: string): string {
  const safe = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}+]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return [...safe].slice(0, 60).join('') || 'x';
}

/** A device or a pipe, whose name says nothing about its content. */
export function isDevice(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

function isFolder(path: string): boolean {
  return (
    path.endsWith('/') || path.endsWith(sep) || (existsSync(path) && statSync(path).isDirectory())
  );
}
