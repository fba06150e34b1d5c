/** Reading parsed JSON of unknown origin: every field is checked, and an error names where it stands. */
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';

/** A file that was read wrongly or is broken. */
export function broken(file: string, problem: string, cause?: unknown): WhylensError {
  return new WhylensError('MODEL_LOAD', `'${file}' cannot be read: ${problem}`, {
    facts: { file },
    ...(cause !== undefined && { cause }),
  });
}

/** A file that is not damaged, but holds something that this library does not compute. */
export function unsupported(file: string, problem: string): WhylensError {
  return new WhylensError('UNSUPPORTED_MODEL', `'${file}' holds ${problem}`, { facts: { file } });
}

/** An array of numbers with its shape: `{ shape, data }`, or nested lists. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Numbers that JSON does not have, as Python writes them. */
const SPELLED: Readonly<Record<string, number>> = {
  NaN: NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity,
};

/** One value of a parsed file, with its place for messages. */
export class Field {
  constructor(
    readonly value: unknown,
    readonly file: string,
    readonly path = '',
  ) {}

  /** The field of that name, which may be absent. */
  get(key: string): Field {
    const own =
      this.isObject() && Object.hasOwn(this.value as object, key)
        ? (this.value as Record<string, unknown>)[key]
        : undefined;
    return new Field(own, this.file, this.path === '' ? key : `${this.path}.${key}`);
  }

  has(key: string): boolean {
    return this.get(key).exists;
  }

  /** Not absent and not null. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  isObject(): boolean {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
  }

  keys(): string[] {
    if (!this.isObject()) throw this.wrong('an object');
    return Object.keys(this.value as object);
  }

  list(): Field[] {
    if (!isList(this.value)) throw this.wrong('a list');
    return Array.from(this.value, (item, i) => new Field(item, this.file, `${this.path}[${i}]`));
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.wrong('a string');
    return this.value;
  }

  texts(): string[] {
    return this.list().map((item) =>
      typeof item.value === 'number' ? String(item.value) : item.text(),
    );
  }

  flag(fallback = false): boolean {
    if (!this.exists) return fallback;
    if (typeof this.value !== 'boolean') throw this.wrong('true or false');
    return this.value;
  }

  /** A number; also one that is written as a string. */
  number(fallback?: number): number {
    if (!this.exists && fallback !== undefined) return fallback;
    const { value } = this;
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && value.trim() !== '') {
      const number = SPELLED[value] ?? Number(value);
      if (!Number.isNaN(number) || value === 'NaN') return number;
    }
    throw this.wrong('a number');
  }

  /** A whole number from `least` up to `most`. */
  count(least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const number = this.number();
    if (!Number.isInteger(number) || number < least || number > most) {
      throw this.wrong(`a whole number from ${least} to ${most}`);
    }
    return number;
  }

  /** A flat list of numbers, or the data of an array of any shape. */
  numbers(length?: number): Float64Array {
    const { data } = this.array();
    if (length !== undefined && data.length !== length) {
      throw this.wrong(`${length} numbers`, `${data.length}`);
    }
    return data;
  }

  /** `{ shape, data }`, a number, or (nested) lists of numbers. */
  array(): NumberArray {
    const { value } = this;
    if (typeof value === 'number') return { shape: [], data: Float64Array.of(value) };
    if (this.isObject() && !ArrayBuffer.isView(value)) {
      const shape = this.get('shape')
        .list()
        .map((size) => size.count());
      const data = this.get('data').numbers();
      if (sizeOf(shape) !== data.length) {
        throw this.wrong(`data for shape [${shape.join(', ')}]`, `${data.length} numbers`);
      }
      return { shape, data };
    }
    if (!isList(value)) throw this.wrong('numbers');
    const shape: number[] = [];
    for (let at: unknown = value; isList(at); at = at[0]) {
      shape.push(at.length);
      if (shape.length > 8) throw this.wrong('an array of at most 8 axes');
    }
    const data: number[] = [];
    this.flatten(value, shape, 0, data);
    return { shape, data: Float64Array.from(data) };
  }

  /** A matrix; a flat list is one row. */
  matrix(): { readonly rows: number; readonly columns: number; readonly data: Float64Array } {
    const { shape, data } = this.array();
    if (shape.length > 2) throw this.wrong('a matrix', `an array of ${shape.length} axes`);
    const columns = shape.length === 0 ? 1 : shape[shape.length - 1];
    return { rows: shape.length === 2 ? shape[0] : 1, columns, data };
  }

  wrong(expected: string, got?: string): WhylensError {
    return broken(
      this.file,
      `${this.path === '' ? 'it' : `'${this.path}'`} must be ${expected}, got ${got ?? spell(this.value)}`,
    );
  }

  private flatten(
    list: ArrayLike<unknown>,
    shape: readonly number[],
    axis: number,
    into: number[],
  ): void {
    if (list.length !== shape[axis]) {
      throw this.wrong(`rectangular`, `lists of ${shape[axis]} and ${list.length}`);
    }
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      if (axis < shape.length - 1) {
        if (!isList(item)) throw this.wrong('numbers in rectangular lists', spell(item));
        this.flatten(item, shape, axis + 1, into);
      } else if (typeof item === 'number') into.push(item);
      else if (typeof item === 'boolean') into.push(item ? 1 : 0);
      else if (typeof item === 'string' && Object.hasOwn(SPELLED, item)) into.push(SPELLED[item]);
      else throw this.wrong('numbers', `${spell(item)} at position ${i}`);
    }
  }
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function spell(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  return JSON.stringify(value)?.slice(0, 60) ?? typeof value;
}
