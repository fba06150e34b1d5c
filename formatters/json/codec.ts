/**
 * The pieces of which the stored form is described once, for both ways: a
 * codec checks a value and copies it, to JSON when writing and from JSON when
 * reading; a check alone copies no arrays or pictures. Everything that does not fit is refused,
 * and the message names the place.
 */
import { didYouMean } from '../../src/did-you-mean.js';
import { WhylensError } from '../../src/errors.js';
import type { JsonValue, Picture } from '../../src/explanation.js';

/** Deeper nesting is refused: a cycle when writing, an attack on the stack when reading. */
const DEEPEST = 1000;
/** Names that reach an object's prototype; never written, never read. */
const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

/** Which way, and how. */
export type Way = Write | Read | Check;

/** The functions that read and write PNG files come with the direction: a check needs neither. */
interface Write {
  readonly direction: 'write';
  readonly arrays: 'base64' | 'numbers';
  encode(picture: Picture): Uint8Array;
}

interface Read {
  readonly direction: 'read';
  readonly maxPixels: number;
  /** Size from the first bytes. */
  header(bytes: Uint8Array): { readonly width: number; readonly height: number };
  decode(bytes: Uint8Array, options: { readonly maxPixels: number }): Picture;
}

/** As writing, but nothing is stored and unknown fields are allowed. */
interface Check {
  readonly direction: 'check';
}

/** The place of a value, for messages. */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
  readonly depth: number;
}

/** Gives the value when reading or checking, and its stored form (which is not a `T`) when writing. */
export type Codec<T> = (value: unknown, at: Place, way: Way) => T;

export interface OptionalCodec<T> {
  readonly optional: Codec<T>;
}

/** One codec for each field: a field that is new or changed in the type does not compile until it is here. */
export type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K>
    ? OptionalCodec<Exclude<T[K], undefined>>
    : Codec<T[K]>;
};

export const ROOT: Place = { parent: undefined, key: '', depth: 0 };

export function fail(at: Place, required: string, value: unknown, cause?: unknown): never {
  throw new WhylensError(
    'INVALID_EXPLANATION',
    `${placeOf(at)} must be ${required}, got ${show(value)}`,
    { cause, facts: { place: placeOf(at) } },
  );
}

export const string: Codec<string> = (value, at) =>
  typeof value === 'string' ? value : fail(at, 'a string', value);

export const boolean: Codec<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : fail(at, 'true or false', value);

export const number: Codec<number> = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail(at, 'a finite number', value);

/** An index or a count. */
export const count: Codec<number> = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : fail(at, 'a whole number of at least 0', value);

export function literal<T extends string | number>(...allowed: readonly T[]): Codec<T> {
  return (value, at) =>
    allowed.includes(value as T)
      ? (value as T)
      : fail(at, allowed.map((item) => JSON.stringify(item)).join(' or '), value);
}

export const numberOrString: Codec<number | string> = (value, at, way) =>
  typeof value === 'string' ? value : number(value, at, way);

export function optional<T>(codec: Codec<T>): OptionalCodec<T> {
  return { optional: codec };
}

export function list<T>(of: Codec<T>, length?: number): Codec<readonly T[]> {
  return (value, at, way) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      return fail(at, length === undefined ? 'a list' : `a list of ${length}`, value);
    }
    // a loop and no map: holes of a sparse array must not be skipped
    return Array.from({ length: value.length }, (_, i) => of(value[i], inside(at, i), way));
  };
}

export function object<T extends object>(fields: Fields<T>): Codec<T> {
  const names = Object.keys(fields);
  return (value, at, way) => {
    const given = entriesOf(value, at);
    for (const [name] of given) {
      if (way.direction !== 'check' && !names.includes(name)) {
        fail(
          inside(at, name),
          `left out: there is no such field${didYouMean(name, names)} The fields are ${names.join(', ')}`,
          value,
        );
      }
    }
    const found = new Map(given);
    const result: Record<string, unknown> = {};
    for (const name of names) {
      const field = (fields as Record<string, Codec<unknown> | OptionalCodec<unknown>>)[name];
      const inner = found.get(name);
      const place = inside(at, name);
      if (typeof field === 'function') result[name] = field(inner, place, way);
      else if (inner !== undefined) result[name] = field.optional(inner, place, way);
    }
    return result as T;
  };
}

/** Objects of several kinds, told apart by one of their fields. */
export function variants<T extends object, Tag extends keyof T & string>(
  tag: Tag,
  of: { readonly [K in T[Tag] & string]: Codec<Extract<T, Record<Tag, K>>> },
): Codec<T> {
  return (value, at, way) => {
    const kind = new Map(entriesOf(value, at)).get(tag);
    if (typeof kind !== 'string' || !Object.hasOwn(of, kind)) {
      return fail(inside(at, tag), `one of ${Object.keys(of).join(', ')}`, kind);
    }
    const codec = (of as Record<string, Codec<unknown>>)[kind];
    return codec(value, at, way) as T;
  };
}

/** Any JSON, with finite numbers. */
export const json: Codec<JsonValue> = (value, at, way) => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return number(value, at, way);
  if (Array.isArray(value)) return list(json)(value, at, way);
  return dictionary(json)(value, at, way);
};

/** An object with any names. */
export function dictionary<T>(of: Codec<T>): Codec<Readonly<Record<string, T>>> {
  return (value, at, way) =>
    Object.fromEntries(
      entriesOf(value, at).map(([name, item]) => [name, of(item, inside(at, name), way)]),
    );
}

/** A codec that is used inside itself. */
export function lazy<T>(codec: () => Codec<T>): Codec<T> {
  return (value, at, way) => codec()(value, at, way);
}

/** A further condition, checked on the value in memory. */
export function refine<T>(codec: Codec<T>, check: (value: T, at: Place) => void): Codec<T> {
  return (value, at, way) => {
    const result = codec(value, at, way);
    check(way.direction === 'read' ? result : (value as T), at);
    return result;
  };
}

export function inside(parent: Place, key: string | number): Place {
  if (parent.depth >= DEEPEST) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `an explanation must not nest deeper than ${DEEPEST} levels, or refer to itself`,
    );
  }
  return { parent, key, depth: parent.depth + 1 };
}

function entriesOf(value: unknown, at: Place): [string, unknown][] {
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    ArrayBuffer.isView(value)
  ) {
    return fail(at, 'an object', value);
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const bad = entries.find(([name]) => FORBIDDEN.includes(name));
  if (bad !== undefined) {
    fail(inside(at, bad[0]), 'left out: the name would reach a prototype', bad[1]);
  }
  return entries;
}

function placeOf(at: Place): string {
  if (at.parent === undefined) return 'the explanation';
  const parts: string[] = [];
  for (let place: Place = at; place.parent !== undefined; place = place.parent) {
    parts.unshift(typeof place.key === 'number' ? `[${place.key}]` : `.${place.key}`);
  }
  const path = parts.join('').slice(1);
  return `'${path.length > 200 ? `...${path.slice(-197)}` : path}'`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
