/** A fingerprint of a model's content, so that a batch is not finished with another model than it was begun with. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { WhylensError } from '../../errors.js';

const LONGEST_MANIFEST = 64 * 2 ** 20;

/**
 * SHA-256 over the model's files: the file itself, the weight files that a
 * `model.json` names or that lie beside an ONNX file as external data, or all
 * files of a folder. For an address it is only the hash of its text.
 */
export async function hashModel(path: string): Promise<string> {
  const hash = createHash('sha256');
  if (/^https?:/i.test(path)) return hash.update(path).digest('hex');
  try {
    for (const file of await filesOf(path)) {
      hash.update(`${file.name}\n`);
      await update(hash, file.path);
    }
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new WhylensError(
      'MODEL_LOAD',
      `cannot read the model '${path}': ${missing ? 'there is no such file' : (cause as Error).message}`,
      { cause, facts: { path } },
    );
  }
  return hash.digest('hex');
}

async function filesOf(path: string): Promise<{ name: string; path: string }[]> {
  const found = await stat(path);
  if (found.isDirectory()) {
    const names = (await readdir(path, { recursive: true })).sort();
    const files = [];
    for (const name of names) {
      if ((await stat(join(path, name))).isFile()) files.push({ name, path: join(path, name) });
    }
    return files;
  }
  if (!found.isFile()) throw new Error('it is neither a file nor a folder');
  const folder = dirname(resolve(path));
  const weights = (await namedWeights(path, found.size)).filter((name) =>
    resolve(folder, name).startsWith(folder + sep),
  );
  const files = [{ name: 'model', path }];
  for (const name of weights) {
    const file = join(folder, name);
    // loading the model reports what is missing
    if ((await stat(file).catch(() => undefined))?.isFile() === true) {
      files.push({ name, path: file });
    }
  }
  return files;
}

async function namedWeights(path: string, size: number): Promise<string[]> {
  if (/[.]onnx$/i.test(path)) {
    const start = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf(sep)) + 1);
    const names = await readdir(dirname(path));
    return names.filter((name) => name.startsWith(start) && name !== start).sort();
  }
  if (!/[.]json$/i.test(path) || size > LONGEST_MANIFEST) return [];
  try {
    const { weightsManifest = [] } = JSON.parse(await readFile(path, 'utf8')) as {
      weightsManifest?: readonly { paths?: readonly unknown[] }[];
    };
    return weightsManifest.flatMap(({ paths = [] }) => paths.map(String));
  } catch {
    return [];
  }
}

async function update(hash: Hash, path: string): Promise<void> {
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
}
