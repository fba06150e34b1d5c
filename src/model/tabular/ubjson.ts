/** Universal Binary JSON (ubjson.org, draft 12), the binary form of XGBoost's models: big-endian, typed arrays. */
import { broken } from './fields.js';

const MOST_DEPTH = 64;
const CODE = (letter: string): number => letter.charCodeAt(0);
const [OBJECT, ARRAY, OBJECT_END, ARRAY_END] = [...'{[}]'].map(CODE);
const [TYPE, COUNT, NOOP] = [...'$#N'].map(CODE);

/** Bytes of one value of a fixed-size type. */
const SIZES: Readonly<Record<string, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8, C: 1 };

/** True if the bytes begin like an object of UBJSON: a brace, then the length of a key. */
export function isUbjson(bytes: Uint8Array): boolean {
  return (
    bytes.length > 2 &&
    bytes[0] === OBJECT &&
    [...'iUIlL$#}N'].map(CODE).includes(bytes[1]) &&
    bytes[2] < 0x20
  );
}

/**
 * Reads one value. Typed arrays of numbers come back as typed arrays.
 *
 * @throws `MODEL_LOAD` for bytes that end early, unknown types, or counts larger than the file
 */
export function readUbjson(bytes: Uint8Array, file: string): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const value = readValue(marker(), 0);
  while (at < bytes.length && bytes[at] === NOOP) at++;
  if (at !== bytes.length) throw broken(file, `${bytes.length - at} bytes follow its UBJSON value`);
  return value;

  function need(count: number): number {
    if (!(count >= 0) || at + count > bytes.length) {
      throw broken(file, `it ends early: ${count} bytes wanted at byte ${at} of ${bytes.length}`);
    }
    at += count;
    return at - count;
  }

  function marker(): number {
    let type = bytes[need(1)];
    while (type === NOOP) type = bytes[need(1)];
    return type;
  }

  function number(letter: string): number {
    const from = need(SIZES[letter]);
    switch (letter) {
      case 'i':
        return view.getInt8(from);
      case 'U':
        return view.getUint8(from);
      case 'I':
        return view.getInt16(from);
      case 'l':
        return view.getInt32(from);
      case 'L':
        return Number(view.getBigInt64(from));
      case 'd':
        return view.getFloat32(from);
      default:
        return view.getFloat64(from);
    }
  }

  function length(): number {
    const letter = String.fromCharCode(marker());
    if (!'iUIlL'.includes(letter))
      throw broken(file, `a length at byte ${at} has type '${letter}'`);
    const count = number(letter);
    // every item of a container takes a byte or more, unless its type is a constant
    if (!(count >= 0 && count <= bytes.length)) {
      throw broken(file, `a length of ${count} at byte ${at} is larger than the file`);
    }
    return count;
  }

  function string(): string {
    const count = length();
    const from = need(count);
    return new TextDecoder().decode(bytes.subarray(from, from + count));
  }

  function readValue(type: number, depth: number): unknown {
    const letter = String.fromCharCode(type);
    if (depth > MOST_DEPTH) throw broken(file, `it is nested more than ${MOST_DEPTH} deep`);
    if (letter === 'C') return String.fromCharCode(bytes[need(1)]);
    if (Object.hasOwn(SIZES, letter)) return number(letter);
    if (letter === 'S') return string();
    if (letter === 'H') return Number(string());
    if (letter === 'Z') return null;
    if (letter === 'T') return true;
    if (letter === 'F') return false;
    if (type === ARRAY) return readArray(depth);
    if (type === OBJECT) return readObject(depth);
    throw broken(file, `byte ${at - 1} holds the unknown UBJSON type 0x${type.toString(16)}`);
  }

  /** `$type` and `#count`, if they are given. */
  function header(): { type?: number; count?: number } {
    let type: number | undefined;
    if (bytes[at] === TYPE) {
      at++;
      type = bytes[need(1)];
      if (bytes[at] !== COUNT) throw broken(file, `a typed container at byte ${at} has no count`);
    }
    if (bytes[at] !== COUNT) return {};
    at++;
    return { type, count: length() };
  }

  function readArray(depth: number): unknown {
    const { type, count } = header();
    if (count === undefined) {
      const items: unknown[] = [];
      for (let next = marker(); next !== ARRAY_END; next = marker()) {
        items.push(readValue(next, depth + 1));
      }
      return items;
    }
    const letter = type === undefined ? '' : String.fromCharCode(type);
    if (letter !== 'C' && Object.hasOwn(SIZES, letter)) {
      if (at + count * SIZES[letter] > bytes.length) need(count * SIZES[letter]);
      return Float64Array.from({ length: count }, () => number(letter));
    }
    return Array.from({ length: count }, () => readValue(type ?? marker(), depth + 1));
  }

  function readObject(depth: number): Record<string, unknown> {
    const { type, count } = header();
    const entries: [string, unknown][] = [];
    if (count === undefined) {
      while (skipNoops() !== OBJECT_END) {
        entries.push([string(), readValue(marker(), depth + 1)]);
      }
      at++;
    } else {
      for (let i = 0; i < count; i++) {
        entries.push([string(), readValue(type ?? marker(), depth + 1)]);
      }
    }
    return Object.fromEntries(entries);
  }

  function skipNoops(): number {
    while (bytes[at] === NOOP) at++;
    return bytes[need(0)];
  }
}
