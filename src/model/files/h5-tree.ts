/** What is inside an HDF5 file, read by h5wasm as plain data that goes from thread to thread. */
import { isWhylensError, WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';
import { bytesInWords } from '../../reading/limits.js';
import { bfloat16, float16 } from './onnx-tensor.js';

export interface H5Array {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A group: its texts, its arrays and the groups in it. */
export interface H5Group {
  readonly attributes: ReadonlyMap<string, string | readonly string[]>;
  readonly children: ReadonlyMap<string, H5Group | H5Array>;
}

export const isArray = (node: H5Group | H5Array | undefined): node is H5Array =>
  node !== undefined && 'data' in node;

/** The state of a training, which no prediction needs. */
const LEFT_OUT = ['optimizer', 'optimizer_weights'];
/** Types of HDF5 that are numbers: whole ones, floats, bits, and booleans as h5py writes them. */
const NUMBERS = [0, 1, 4, 8];
/** Groups may hold one another, so that walking them has no end. */
const DEEPEST = 64;
const MOST_NODES = 200_000;
/** Numbers may be packed; an array without a value takes no place in the file at all. */
const SLACK = { ratio: 8, bytes: 64 * 2 ** 20 } as const;

let opened = 0;

/** @throws WhylensError `MODEL_LOAD` for what is no HDF5 file, is damaged, or claims more than it holds */
export async function readH5Tree(bytes: Uint8Array, name: string): Promise<H5Group> {
  const { default: h5, File, Dataset, Group } = await import('h5wasm');
  const library = await h5.ready;
  const refused = (where: string, why: string, cause?: unknown): WhylensError =>
    new WhylensError(
      'MODEL_LOAD',
      `cannot read '${name}'${where === '' ? '' : ` at '${where}'`}: ${why}`,
      { cause, facts: { file: name } },
    );
  const most = SLACK.ratio * bytes.length + SLACK.bytes;
  let nodes = 0;
  let size = 0;
  let at = '';
  const path = `/whylens-${++opened}.h5`;
  library.FS.writeFile(path, bytes);
  let file: InstanceType<typeof File> | undefined;
  // the library's own handler would print on standard error
  library.activate_throwing_error_handler();
  try {
    file = new File(path, 'r');
    return groupOf(file, '', 0);
  } catch (cause) {
    if (isWhylensError(cause)) throw cause;
    throw refused(at, 'it is no HDF5 file, or it is damaged or cut short', cause);
  } finally {
    library.deactivate_throwing_error_handler();
    try {
      file?.close();
    } catch {
      // what is damaged may not close
    }
    library.FS.unlink(path);
  }

  function groupOf(group: InstanceType<typeof Group>, where: string, depth: number): H5Group {
    at = where;
    if (++nodes > MOST_NODES || depth > DEEPEST) {
      throw refused(where, 'its groups are nested or repeated beyond any file of Keras');
    }
    const attributes = new Map<string, string | readonly string[]>();
    for (const [key, { value }] of Object.entries(group.attrs)) {
      const found: unknown = value;
      if (typeof found === 'string') attributes.set(key, found);
      else if (Array.isArray(found)) attributes.set(key, found.map(String));
    }
    const children = new Map<string, H5Group | H5Array>();
    for (const key of group.keys()) {
      if (depth === 0 && LEFT_OUT.includes(key)) continue;
      at = `${where}/${key}`;
      const child: unknown = group.get(key);
      if (child instanceof Group) children.set(key, groupOf(child, at, depth + 1));
      else if (child instanceof Dataset && NUMBERS.includes(child.metadata.type)) {
        children.set(key, arrayOf(child, at));
      }
    }
    return { attributes, children };
  }

  function arrayOf(set: InstanceType<typeof Dataset>, where: string): H5Array {
    at = where;
    const shape = set.shape ?? [];
    const count = sizeOf(shape);
    size += count * set.metadata.size;
    if (!(size <= most)) {
      throw refused(
        where,
        `its arrays claim ${bytesInWords(size)}, more than a file of ${bytesInWords(bytes.length)} can hold`,
      );
    }
    return { shape, data: numbersOf(set, count) };
  }

  function numbersOf(set: InstanceType<typeof Dataset>, count: number): Float32Array {
    const { type, size } = set.metadata;
    // the library reads 16-bit floats as bytes only
    if (type === 1 && size === 2) {
      const pointer = library._malloc(count * 2);
      try {
        library.get_dataset_data(set.file_id, set.path, null, null, null, BigInt(pointer));
        const bits = library.HEAPU8.slice(pointer, pointer + 2 * count);
        return Float32Array.from(new Uint16Array(bits.buffer), float16);
      } finally {
        library._free(pointer);
      }
    }
    const value = set.value as unknown;
    if (value instanceof Uint16Array && String(set.attrs.dtype?.value) === 'bfloat16') {
      return Float32Array.from(value, bfloat16);
    }
    if (value instanceof Float32Array) {
      return value.byteLength === value.buffer.byteLength ? value : value.slice();
    }
    const many =
      typeof value === 'object' ? (value as ArrayLike<number | bigint>) : [Number(value)];
    if (many.length !== count) throw refused(at, 'it is damaged or cut short');
    return Float32Array.from({ length: count }, (_, i) => Number(many[i]));
  }
}
