/** The one place that looks at what a caller passes as a document, once. */
import { describeValue, WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { remedyFor } from '../mistaken.js';
import { checkPicture } from '../images/picture.js';
import { sizeOf } from '../maths/ndarray.js';
import type { Document } from './document.js';
import { readDrawable } from './drawable.js';

/** Axes of nested arrays. */
const MAX_AXES = 32;
const NUMERIC_TYPES = ['float32', 'int32', 'bool', 'float64', 'float16', 'uint8'];

/**
 * Finds the kind of each document; properties (also getters) are read once.
 *
 * @throws WhylensError `INVALID_DOCUMENT`, `INVALID_PICTURE` for what is not a document of any kind
 */
export function readDocuments(given: readonly unknown[]): Promise<Document[]> {
  return Promise.all(given.map((value) => readDocument(value)));
}

/** One document; `what` names it in messages. */
export async function readDocument(value: unknown, what = 'the document'): Promise<Document> {
  const mistake = remedyFor('document', value);
  if (mistake !== undefined) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `${what} must be what the model takes, got ${mistake}`,
    );
  }
  requireOne(value);
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (Array.isArray(value)) return readList(value, what);
  if (isNumbers(value)) return { kind: 'array', shape: [value.length], data: value };
  if (typeof value === 'object' && value !== null) return readObject(value, what);
  throw new WhylensError(
    'INVALID_DOCUMENT',
    `a document must be a picture { width, height, mode, data }, an array { shape, data }, nested arrays, a tensor, a text or an object of named values, got ${describeValue(value)}. Read a file with loadImage first`,
  );
}

/**
 * A picture, checked; a browser's `ImageData` is one without a mode, and an element that a browser
 * draws is read. Undefined for anything else.
 */
export function readPicture(value: unknown): Picture | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const drawn = readDrawable(value);
  if (drawn !== undefined) return drawn;
  const { width, height, mode, data } = value as Partial<Picture>;
  return pictureFrom({ width, height, mode, data });
}

function pictureFrom({ width, height, mode, data }: Partial<Picture>): Picture | undefined {
  if (typeof width !== 'number' || typeof height !== 'number') return undefined;
  return checkPicture({ width, height, mode: mode ?? 'RGBA', data });
}

async function readObject(value: object, what: string): Promise<Document> {
  const drawn = readDrawable(value);
  if (drawn !== undefined) return { kind: 'image', picture: drawn };
  const { width, height, mode, shape, dtype, data, dataSync } = value as Record<string, unknown>;
  const picture = pictureFrom({ width, height, mode, data } as Partial<Picture>);
  if (picture !== undefined) return { kind: 'image', picture };
  if (!Array.isArray(shape)) {
    return { kind: 'features', values: { ...(value as Record<string, unknown>) } };
  }
  if (dtype !== undefined && !NUMERIC_TYPES.includes(dtype as string)) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `${what} must hold numbers, got a tensor of dtype ${String(dtype)}`,
    );
  }
  const values = await valuesOf(value, { data, dataSync }, what);
  if (!isNumbers(values)) {
    const odd = Array.isArray(values) ? values.find((item) => !isNumeric(item)) : values;
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the data of ${what} must be an array of numbers, got ${Array.isArray(values) ? 'one with ' : ''}${describeValue(odd)}`,
    );
  }
  if (values.length !== sizeOf(shape as number[])) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `an array of shape [${shape.join(', ')}] must hold ${sizeOf(shape as number[])} values, got ${values.length}`,
    );
  }
  return { kind: 'array', shape: [...(shape as number[])], data: values };
}

/** A tensor's values are fetched; a disposed tensor has none. */
async function valuesOf(
  tensor: object,
  { data, dataSync }: { readonly data: unknown; readonly dataSync: unknown },
  what: string,
): Promise<unknown> {
  try {
    if (typeof dataSync === 'function') return dataSync.call(tensor) as unknown;
    return typeof data === 'function' ? ((await data.call(tensor)) as unknown) : data;
  } catch (cause) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the values of the tensor for ${what} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Refuses several documents. Nested numbers are one batch, and a flat list of numbers and texts is one row. */
function requireOne(value: unknown): void {
  const isDocument = (item: unknown) =>
    typeof item === 'object' && item !== null && !isListLike(item);
  if (!Array.isArray(value) || !value.some(isDocument)) return;
  throw new WhylensError(
    'INVALID_DOCUMENT',
    `one document is needed here, got an array of ${value.length}; explainPredictions takes several: for await (const expl of explainPredictions(model, documents)) …`,
  );
}

function readList(list: readonly unknown[], what: string): Document {
  const flat = list.every((item) => typeof item !== 'object' || item === null);
  if (flat && !list.every(isNumeric)) return { kind: 'features', values: [...list] };
  const shape: number[] = [];
  for (let at: unknown = list; isListLike(at); at = at[0]) {
    if (shape.push(at.length) > MAX_AXES) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `${what} is nested more than ${MAX_AXES} levels deep; each level is one axis of the array`,
      );
    }
  }
  // no array is made before it is known that every number is there
  const data: number[] = [];
  const walk = (part: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (!isNumeric(part)) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `${what} must hold numbers, got ${describeValue(part)}`,
        );
      }
      data.push(Number(part));
      return;
    }
    const inner = part as ArrayLike<unknown> | undefined;
    if (typeof inner !== 'object' || inner?.length !== shape[axis]) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `nested arrays must be rectangular: axis ${axis} has ${shape[axis]} entries first and ${inner?.length ?? 'none'} elsewhere`,
      );
    }
    for (let i = 0; i < inner.length; i++) walk(inner[i], axis + 1);
  };
  walk(list, 0);
  return { kind: 'array', shape, data: Float64Array.from(data) };
}

function isListLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isNumbers(values: unknown): values is ArrayLike<number> {
  if (Array.isArray(values)) return values.every(isNumeric);
  return (
    ArrayBuffer.isView(values) &&
    !(values instanceof DataView) &&
    !(values instanceof BigInt64Array || values instanceof BigUint64Array)
  );
}

function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}
