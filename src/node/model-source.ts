/** The files of a model in a folder. Nothing outside the folder is read, and messages reveal nothing about it. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { WhylensError } from '../errors.js';
import { EXPORT_COMMANDS, otherFormat, refuseOtherFormats } from '../model/files/other-formats.js';
import { isKeras, isOnnx, missing, titleOf } from '../model/tfjs/bytes.js';
import type { ByteSource, ModelFile } from '../model/tfjs/bytes.js';
import type { Fail } from '../reading/fetch.js';
import { DEFAULT_LIMITS, type ReadLimits } from '../reading/limits.js';
import { readFileBounded, reasonOf } from './read-file.js';

export async function fileSource(path: string, limits: ReadLimits): Promise<ByteSource> {
  const file = await modelFileAt(path, limits);
  const folder = dirname(file);
  const read = (name: string, fail: Fail, maxBytes: number): Promise<Uint8Array> =>
    readFileBounded(join(folder, name), {
      limits: { ...limits, maxBytes },
      fail,
      named: false,
    });
  return {
    name: file,
    title: titleOf(resolve(file)),
    fresh: true,
    model: () => readModelBytes(file, limits),
    sibling: async (name, maxBytes = limits.maxBytes) => {
      const fail: Fail = (why, details) =>
        why.startsWith('there is no')
          ? missing(name, file, `cannot read '${join(folder, name)}' (ENOENT)`, details?.cause)
          : cannotRead(`the weight file '${name}', which ${file} names`)(why, {
              ...details,
              facts: { file: name, model: file },
            });
      if (!(await isInside(file, name))) {
        throw fail("it lies outside the model's folder and is not read");
      }
      return read(name, fail, maxBytes);
    },
    optional: async (name) => {
      if (!(await isInside(file, name))) return undefined;
      const fail = cannotRead(`'${name}'`);
      const beside = await read(name, fail, limits.maxBytes).catch(() => undefined);
      // exporters put the network into a folder `onnx` of the model's
      if (beside !== undefined || basename(resolve(folder)) !== 'onnx') return beside;
      const above = resolve(folder);
      if (!(await isInside(above, name))) return undefined;
      return readFileBounded(join(dirname(above), name), { limits, fail, named: false }).catch(
        () => undefined,
      );
    },
  };
}

/** A file of a list, by its path. */
export function fileOf(file: string | ModelFile, limits: ReadLimits): ModelFile {
  if (typeof file !== 'string') return file;
  return {
    name: basename(file),
    arrayBuffer: async () => {
      const fail = cannotRead(`the file '${file}'`);
      // weights are as long as they are; what is no file may have no end
      const isFile = await stat(file).then(
        (found) => found.isFile(),
        () => false,
      );
      const maxBytes = isFile ? LONGEST_FILE : limits.maxBytes;
      const bytes = await readFileBounded(file, {
        limits: { ...limits, maxBytes },
        fail,
        named: true,
      });
      const isWhole = bytes.byteLength === bytes.buffer.byteLength;
      return (isWhole ? bytes : bytes.slice()).buffer as ArrayBuffer;
    },
  };
}

/** Makes the error for a file that cannot be read. */
export function cannotRead(what: string): Fail {
  return (why, details) =>
    new WhylensError('MODEL_LOAD', `cannot read ${what}: ${why}`, details ?? {});
}

/**
 * True if a file named by a model lies below the folder of the model file, or
 * below the folder that the model file really lies in, if it is a link. No link
 * on the way may lead elsewhere, and nothing is asked of a place elsewhere.
 */
async function isInside(file: string, name: string): Promise<boolean> {
  const folder = resolve(dirname(file));
  const own = resolve(folder, name);
  const inner = relative(folder, own);
  if (name.includes('\0') || inner === '' || inner.startsWith('..') || isAbsolute(inner)) {
    return false;
  }
  const homes = [await realpath(folder), dirname(await realpath(file))];
  let at = folder;
  for (const part of inner.split(sep)) {
    at = join(at, part);
    const found = await lstat(at).catch(() => undefined);
    if (found === undefined) return true;
    if (!found.isSymbolicLink()) continue;
    // if it leads nowhere the answer is the same, so that nobody learns what exists outside
    const real = await realpath(at).catch(() => undefined);
    if (real === undefined || !homes.some((home) => isBelow(home, real))) return false;
  }
  return true;
}

function isBelow(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return inner !== '' && !inner.startsWith('..') && !isAbsolute(inner);
}

/** Model files that a folder may stand for, in this order; else its ONNX file. */
const IN_FOLDER = [
  'model.json',
  'model.sklearn.json',
  'model.xgb.json',
  'model.ubj',
  'model.lgb.txt',
  'model.txt',
];

/** A folder stands for the model file in it. */
async function modelFileAt(path: string, limits: ReadLimits): Promise<string> {
  if (!limits.schemes.includes('file')) {
    throw cannotRead(`the model '${path}'`)(
      `files may not be read here, only ${limits.schemes.join(', ') || 'nothing'} (schemes)`,
    );
  }
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (cause) {
    throw cannotRead(`the model '${path}'`)(reasonOf(cause as NodeJS.ErrnoException), { cause });
  }
  if (!isFolder) return path;
  // a bundle of another program that is a folder
  refuseOtherFormats(path);
  for (const name of IN_FOLDER) {
    const file = join(path, name);
    const exists = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (exists) return file;
  }
  const single = await singleFileIn(path);
  if (single !== undefined) return single;
  throw new WhylensError(
    'MODEL_LOAD',
    `the folder '${path}' holds no model that whylens reads: no model.json, no single .onnx, .keras or .h5 file, and none of ${IN_FOLDER.slice(1).join(', ')}. ${await insteadIn(path)}`,
    { facts: { file: join(path, 'model.json') } },
  );
}

/** What a folder holds instead, and what to do about it. */
async function insteadIn(folder: string): Promise<string> {
  const names = await readdir(folder).catch((): string[] => []);
  const inner = await readdir(join(folder, 'onnx')).catch((): string[] => []);
  const several = [...names, ...inner.map((name) => join('onnx', name))].filter(
    (name) => isOnnx(name) || isKeras(name),
  );
  if (several.length > 1) return `It holds ${several.join(', ')}: name one of them`;
  if (names.includes('saved_model.pb')) {
    return `It holds a SavedModel: make a file of it with ${EXPORT_COMMANDS.savedModel}`;
  }
  for (const name of names) {
    const found = otherFormat(name);
    if (found !== undefined) {
      return `It holds '${name}', ${found.what}. Make an ONNX file of it: ${found.command}`;
    }
  }
  return names.length === 0 ? 'It is empty' : 'Give the path of the model file itself';
}

/** `model.onnx`, as exporters call it, there or in a folder `onnx`; else the only ONNX or Keras file there. */
async function singleFileIn(folder: string): Promise<string | undefined> {
  for (const inner of [folder, join(folder, 'onnx')]) {
    const all = await readdir(inner).catch((): string[] => []);
    const names = all.filter((name) => isOnnx(name) || isKeras(name));
    if (names.includes('model.onnx')) return join(inner, 'model.onnx');
    if (names.length === 1) return join(inner, names[0]);
  }
  return undefined;
}

/** Protocol buffers end there, and so does one buffer of Node. */
const LONGEST_FILE = 2 ** 31 - 1;

async function readModelBytes(file: string, limits: ReadLimits): Promise<Uint8Array> {
  refuseOtherFormats(file);
  // such a file holds the weights too, which may be as long as they are
  const whole = isOnnx(file) || isKeras(file);
  const maxBytes =
    whole && limits.maxBytes === DEFAULT_LIMITS.maxBytes ? LONGEST_FILE : limits.maxBytes;
  const fail = cannotRead(`the model '${file}'`);
  return readFileBounded(file, { limits: { ...limits, maxBytes }, fail, named: true });
}
