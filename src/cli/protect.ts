/** A command never overwrites what it reads. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { WhylensError } from '../errors.js';

/** Files that are used as a model's labels if none are named. */
const LABELS =
  /^(labels|metadata|classes|class_names|class_indices|imagenet_class_index)[.](json|txt)$/i;
/** Model files are searched for names of weight files up to this size. */
const LONGEST_MODEL = 64 * 2 ** 20;

export interface Inputs {
  /** Files, or addresses, which cannot be overwritten. */
  readonly files: readonly (string | undefined)[];
  /** A model's weight files are inputs too, though nobody named them. */
  readonly models?: readonly string[];
}

/** Throws `FILE_EXISTS` if `path` is one of the files that are read, under any name. */
export function refuseInput(path: string | undefined, { files, models = [] }: Inputs): void {
  if (path === undefined) return;
  const output = identityOf(path);
  if (output === undefined) return;
  const refuse = (input: string): never => {
    throw new WhylensError(
      'FILE_EXISTS',
      `'${path}' is read as ${input === path ? 'input' : `'${input}'`} and cannot be the output too: it would be lost. Choose another name for the output`,
      { facts: { path, input } },
    );
  };
  for (const input of [...files, ...models, ...models.map((model) => join(model, 'model.json'))]) {
    if (input !== undefined && identityOf(input) === output) refuse(input);
  }
  for (const model of models) if (isNamedBy(model, path)) refuse(model);
}

/** The same for every name of one file: links of both kinds, other ways to write a path. */
function identityOf(path: string): string | undefined {
  try {
    const found = statSync(path, { bigint: true });
    return found.isFile() ? `${found.dev}:${found.ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** True for a file below a model's folder that the model file names: a weight file. */
function isNamedBy(model: string, path: string): boolean {
  try {
    const file = statSync(model).isDirectory() ? join(model, 'model.json') : model;
    const folder = dirname(realpathSync(file));
    const inside = realpathSync(path).startsWith(folder.endsWith(sep) ? folder : folder + sep);
    const beside = resolve(path).startsWith(resolve(dirname(file)) + sep);
    if (!inside && !beside) return false;
    const { size } = statSync(file);
    if (LABELS.test(basename(path))) return true;
    return size <= LONGEST_MODEL && readFileSync(file).includes(basename(path));
  } catch {
    // not a file of this machine
    return false;
  }
}

/** The plugins among parsed flags. */
export function pluginsOf(flags: object): readonly string[] {
  const { plugin } = flags as { plugin?: unknown };
  return Array.isArray(plugin) ? plugin.map(String) : [];
}
