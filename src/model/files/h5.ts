/**
 * HDF5 files, as far as Keras writes them: groups, attributes of text, arrays of
 * numbers. Read by h5wasm, which is loaded when the first file is opened.
 */
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';
import { bfloat16, float16 } from './onnx-tensor.js';
import { append } from '../../maths/extremes.js';

export interface H5Array {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface H5File {
  /** Names in a group; none for what is missing or is not a group. */
  keys(path: string): readonly string[];
  isArray(path: string): boolean;
  /** A text attribute. */
  text(path: string, name: string): string | undefined;
  /** A list of texts; `name0`, `name1`, … where Keras had to split it. */
  texts(path: string, name: string): readonly string[] | undefined;
  array(path: string): H5Array;
  close(): void;
}

let opened = 0;

/**
 * @throws WhylensError `MODEL_LOAD` for what is no HDF5 file or is damaged
 * @example
 * const file = await openH5(bytes);
 * file.text('/', 'model_config');
 */
export async function openH5(bytes: Uint8Array, name: string): Promise<H5File> {
  const { default: h5, File, Dataset, Group } = await import('h5wasm');
  const library = await h5.ready;
  const broken = (cause: unknown, where = ''): WhylensError =>
    new WhylensError(
      'MODEL_LOAD',
      `cannot read '${name}'${where === '' ? '' : ` at '${where}'`}: it is no HDF5 file, or it is damaged or cut short`,
      { cause, facts: { file: name } },
    );
  const guarded = <T>(work: () => T, where?: string): T => {
    // the library's own handler would print on standard error
    library.activate_throwing_error_handler();
    try {
      return work();
    } catch (cause) {
      throw cause instanceof WhylensError ? cause : broken(cause, where);
    } finally {
      library.deactivate_throwing_error_handler();
    }
  };
  const path = `/whylens-${++opened}.h5`;
  library.FS.writeFile(path, bytes);
  let file: InstanceType<typeof File>;
  try {
    file = guarded(() => new File(path, 'r'));
  } catch (error) {
    library.FS.unlink(path);
    throw error;
  }
  const at = (where: string): unknown =>
    guarded(() => {
      if (where === '/' || where === '') return file;
      const parts = where.split('/').filter((part) => part !== '');
      let group: InstanceType<typeof Group> = file;
      for (const [i, part] of parts.entries()) {
        if (!group.keys().includes(part)) return undefined;
        const next: unknown = group.get(part);
        if (i === parts.length - 1) return next;
        if (!(next instanceof Group)) return undefined;
        group = next;
      }
      return undefined;
    }, where);
  const attribute = (where: string, key: string): unknown => {
    const thing = at(where);
    if (!(thing instanceof Group) && !(thing instanceof Dataset)) return undefined;
    return guarded(() => (key in thing.attrs ? thing.attrs[key].value : undefined), where);
  };
  const list = (value: unknown): string[] | undefined =>
    Array.isArray(value) ? value.map(String) : undefined;
  return {
    keys: (where) => {
      const group = at(where);
      return group instanceof Group ? guarded(() => group.keys(), where) : [];
    },
    isArray: (where) => at(where) instanceof Dataset,
    text: (where, key) => {
      const value = attribute(where, key);
      return typeof value === 'string' ? value : undefined;
    },
    texts: (where, key) => {
      const whole = list(attribute(where, key));
      if (whole !== undefined) return whole;
      const parts: string[] = [];
      for (let i = 0; ; i++) {
        const part = list(attribute(where, `${key}${i}`));
        if (part === undefined) return i === 0 ? undefined : parts;
        append(parts, part);
      }
    },
    array: (where) => {
      const set = at(where);
      if (!(set instanceof Dataset)) {
        throw new WhylensError('MODEL_LOAD', `'${name}' holds no array '${where}'`);
      }
      return guarded(() => {
        const shape = set.shape ?? [];
        const count = sizeOf(shape);
        if (count * set.metadata.size > 2 ** 31) {
          throw new WhylensError(
            'MODEL_LOAD',
            `array '${where}' of '${name}' claims ${count} numbers, more than can be read`,
          );
        }
        return { shape, data: numbersOf(set, count) };
      }, where);
    },
    close: () => {
      file.close();
      library.FS.unlink(path);
    },
  };

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
    if (value instanceof Float32Array) return value;
    const many =
      typeof value === 'object' ? (value as ArrayLike<number | bigint>) : [Number(value)];
    if (many.length !== count) throw broken(undefined, set.path);
    return Float32Array.from({ length: count }, (_, i) => Number(many[i]));
  }
}
