/** Where results go: one name a picture, never the same one twice. */
import { existsSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { WhylensError } from '../errors.js';

export const STDOUT = '-';

export interface OutputRequest {
  /** What the user gave with --out: a file, a folder, `-`, or nothing. */
  readonly out?: string;
  /** Of the files to be named by us, without dot. */
  readonly extension: string;
  /** How many pictures there are, and whether the user named a folder of them. */
  readonly several: boolean;
  readonly force?: boolean;
  /** True where files need an ending, so that a name without one can only be a folder. */
  readonly endingNeeded?: boolean;
}

export interface Output {
  readonly path: string;
  /** False where the name was made up here and `--force` is not set. */
  readonly overwrite: boolean;
}

/** Gives output names: the user's own for a single result, else `<picture>-<what>.<extension>`. */
export class Outputs {
  private readonly taken = new Set<string>();
  private readonly folder: string | undefined;

  constructor(private readonly request: OutputRequest) {
    const { out, several, endingNeeded = false } = request;
    if (out === undefined) this.folder = '.';
    else if (
      out !== STDOUT &&
      (several || isFolder(out) || (endingNeeded && extname(out) === ''))
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

  /** True where the name was left to us. */
  get named(): boolean {
    return this.folder === undefined;
  }

  /** `parts` tells several results of one picture apart, say by target. */
  next(picture: string, method: string, parts: readonly string[] = []): Output {
    const { out, extension, force = false } = this.request;
    const suffix = parts.map((part) => `-${slug(part)}`).join('');
    if (this.folder === undefined) {
      const end = extname(out!);
      const path =
        suffix === '' ? out! : `${out!.slice(0, out!.length - end.length)}${suffix}${end}`;
      return { path: this.unique(path), overwrite: true };
    }
    const name = `${picture}-${slug(method)}${suffix}`;
    return { path: this.unique(join(this.folder, `${name}.${extension}`)), overwrite: force };
  }

  /** Two pictures of one name, from different folders, do not share an output. */
  private unique(path: string): string {
    const end = extname(path);
    let candidate = path;
    for (let i = 2; this.taken.has(candidate) && path !== STDOUT; i++) {
      candidate = `${path.slice(0, path.length - end.length)}-${i}${end}`;
    }
    this.taken.add(candidate);
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

function isFolder(path: string): boolean {
  return (
    path.endsWith('/') || path.endsWith(sep) || (existsSync(path) && statSync(path).isDirectory())
  );
}
