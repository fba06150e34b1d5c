/**
 * HDF5 files, as far as Keras writes them: groups, attributes of text, arrays of
 * numbers. Read by h5wasm in a thread of its own where there are threads: some
 * damaged files keep that library busy without end, and what it takes of memory
 * it gives back only as a whole.
 */
import { WhylensError } from '../../errors.js';
import { readAside } from './h5-aside.js';
import { isArray, readH5Tree, type H5Array, type H5Group } from './h5-tree.js';

export type { H5Array };

export interface H5File {
  /** Names in a group; none if it is missing or is not a group. */
  keys(path: string): readonly string[];
  isArray(path: string): boolean;
  /** A text attribute. */
  text(path: string, name: string): string | undefined;
  /** A list of texts; `name0`, `name1`, … if Keras had to split it. */
  texts(path: string, name: string): readonly string[] | undefined;
  array(path: string): H5Array;
}

export interface OpenH5Options {
  readonly signal?: AbortSignal;
  /** Milliseconds after which reading is given up. Default five seconds, and one for each 10 MB. */
  readonly limit?: number;
}

const PATIENCE = 5_000;
const BYTES_A_MILLISECOND = 10_000;

/**
 * @throws WhylensError `MODEL_LOAD` for a file that is not HDF5, is damaged, or takes too long; `ABORTED`
 * @example
 * const file = await openH5(bytes, 'model.h5');
 * file.text('/', 'model_config');
 */
export async function openH5(
  bytes: Uint8Array,
  name: string,
  { signal, limit = PATIENCE + bytes.length / BYTES_A_MILLISECOND }: OpenH5Options = {},
): Promise<H5File> {
  const tree = await readAside(bytes, name, limit, signal);
  return fileOf(tree ?? (await readH5Tree(bytes, name)), name);
}

function fileOf(tree: H5Group, name: string): H5File {
  const at = (path: string): H5Group | H5Array | undefined => {
    let node: H5Group | H5Array | undefined = tree;
    for (const part of path.split('/').filter((one) => one !== '')) {
      if (node === undefined || isArray(node)) return undefined;
      node = node.children.get(part);
    }
    return node;
  };
  const group = (path: string): H5Group | undefined => {
    const node = at(path);
    return node === undefined || isArray(node) ? undefined : node;
  };
  const list = (path: string, key: string): readonly string[] | undefined => {
    const value = group(path)?.attributes.get(key);
    return typeof value === 'string' ? undefined : value;
  };
  return {
    keys: (path) => [...(group(path)?.children.keys() ?? [])],
    isArray: (path) => isArray(at(path)),
    text: (path, key) => {
      const value = group(path)?.attributes.get(key);
      return typeof value === 'string' ? value : undefined;
    },
    texts: (path, key) => {
      const whole = list(path, key);
      if (whole !== undefined) return whole;
      const parts: (readonly string[])[] = [];
      for (let part = list(path, `${key}0`); part !== undefined;) {
        parts.push(part);
        part = list(path, `${key}${parts.length}`);
      }
      return parts.length === 0 ? undefined : parts.flat();
    },
    array: (path) => {
      const node = at(path);
      if (isArray(node)) return node;
      throw new WhylensError('MODEL_LOAD', `'${name}' holds no array '${path}'`);
    },
  };
}
