/** Rows as people write them, as numbers in the order of a model's features. */
import { nearestNames } from '../../did-you-mean.js';
import { describeValue, WhylensError } from '../../errors.js';
import type { FeatureInfo, RowModel, Rows } from './interface.js';

/** A row by feature name, or a list of values in the model's order. */
export type RowInput = Readonly<Record<string, unknown>> | readonly unknown[] | ArrayLike<number>;

/** A table: rows, rows with their column names beside them, or numbers with a shape. */
export type TableInput =
  | readonly RowInput[]
  | { readonly columns: readonly string[]; readonly rows: readonly RowInput[] }
  | { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
  | Rows;

/**
 * A table in the order of the model's features. `null`, `undefined`, an empty
 * string and `NaN` are missing values; the name of a category becomes its code.
 *
 * @param what what is read, for messages: `the background`
 * @param first number of the first row, for messages, where these are rows out of a larger table
 * @throws WhylensError `INVALID_DOCUMENT` for a column that is missing or unknown, a value that is
 * not a number, a missing value or a category that the model does not know, with row and column
 */
export function modelRows(
  table: unknown,
  { features, name }: RowModel,
  what = 'the table',
  first = 0,
): Rows {
  const { rows, columns } = rowsIn(table, what);
  if (rows.length === 0) throw wrong(`${what} must hold at least one row, got none`);
  const data = new Float64Array(rows.length * features.length);
  rows.forEach((row, n) => {
    const where = { what, row: first + n, model: name };
    const values = ordered(row, columns, features, where);
    features.forEach((feature, j) => {
      data[n * features.length + j] = numberOf(values[j], feature, where);
    });
  });
  return { count: rows.length, columns: features.length, data };
}

interface Where {
  readonly what: string;
  readonly row: number;
  readonly model: string;
}

function rowsIn(
  table: unknown,
  what: string,
): { readonly rows: readonly RowInput[]; readonly columns?: readonly string[] } {
  if (Array.isArray(table)) {
    const flat = table.every((value) => typeof value !== 'object' || value === null);
    return { rows: flat && table.length > 0 ? [table] : (table as RowInput[]) };
  }
  if (typeof table === 'object' && table !== null) {
    const { rows, columns, shape, data, count } = table as Record<string, unknown>;
    if (Array.isArray(rows) && Array.isArray(columns)) {
      return { rows: rows as RowInput[], columns: columns as string[] };
    }
    const numbers = data as Float64Array | undefined;
    const isData = ArrayBuffer.isView(numbers) || Array.isArray(numbers);
    const size = Array.isArray(shape) ? (shape as number[]) : [count as number, columns as number];
    if (isData && size.every((part) => Number.isInteger(part))) {
      const [length, width] = size.length === 1 ? [1, size[0]] : size;
      if (size.length <= 2 && length * width === numbers.length) {
        return {
          rows: Array.from({ length }, (_, n) => numbers.slice(n * width, (n + 1) * width)),
        };
      }
      throw wrong(`${what} must be a table [rows, columns], got shape [${size.join(', ')}]`);
    }
    if (ArrayBuffer.isView(table)) return { rows: [table as unknown as Float64Array] };
    return { rows: [table as RowInput] };
  }
  throw wrong(
    `${what} must be an array of rows, { columns, rows } or { shape, data }, got ${describeValue(table)}`,
  );
}

/** The values in the model's order. */
function ordered(
  row: RowInput,
  columns: readonly string[] | undefined,
  features: readonly FeatureInfo[],
  { what, row: n, model }: Where,
): ArrayLike<unknown> {
  const list = Array.isArray(row) || ArrayBuffer.isView(row);
  if (typeof row !== 'object' || row === null) {
    throw wrong(
      `row ${n} of ${what} must be an object by feature name or a list of values, got ${describeValue(row)}`,
      { row: n },
    );
  }
  if (list && columns === undefined) {
    const values = row as ArrayLike<unknown>;
    if (values.length === features.length) return values;
    throw wrong(
      `row ${n} of ${what} must have ${features.length} values, one for each feature of '${model}' (${shortList(features)}), got ${values.length}`,
      { row: n, expected: features.length, got: values.length },
    );
  }
  const named = list
    ? Object.fromEntries(columns!.map((name, j) => [name, (row as ArrayLike<unknown>)[j]]))
    : (row as Readonly<Record<string, unknown>>);
  return features.map(({ name }) => {
    if (Object.hasOwn(named, name)) return named[name];
    const has = Object.keys(named);
    const [near] = nearestNames(name, has, 1);
    throw wrong(
      `row ${n} of ${what} has no column '${name}', which '${model}' reads${near === undefined ? '' : `; the nearest of its columns is '${near}'`}. A missing value is written null. Its columns are ${has.slice(0, 20).join(', ')}`,
      { row: n, column: name },
    );
  });
}

function numberOf(
  value: unknown,
  { name, categories, codes, missing, open }: FeatureInfo,
  { what, row, model }: Where,
): number {
  const at = `row ${row}, column '${name}' of ${what}`;
  const facts = { row, column: name };
  if (value === null || value === undefined || value === '' || Number.isNaN(value)) {
    if (missing) return NaN;
    throw wrong(
      `${at} is missing, and '${model}' was made without missing values; give a number there`,
      facts,
    );
  }
  const number = typeof value === 'boolean' || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && codes !== undefined && !codes.includes(Math.trunc(number))) {
    throw wrong(
      `${at} must be one of the categories that '${model}' was trained with (${codes.slice(0, 20).join(', ')}), got ${number}`,
      facts,
    );
  }
  if (typeof number === 'number') {
    if (categories === undefined) return number;
    // categories that are numbers are meant themselves, else a number is a code
    const code = categories.some((category) => typeof category === 'number')
      ? categories.indexOf(number)
      : Number.isInteger(number) && number < categories.length
        ? number
        : -1;
    if (code >= 0) return code;
    if (open === true && categories.length === 0) return number;
    if (open === true) return (categories as (string | number)[]).push(number) - 1;
  }
  if (typeof value === 'string') {
    const code = categories?.findIndex((category) => String(category) === value) ?? -1;
    if (code !== -1) return code;
    if (open === true) return (categories as (string | number)[]).push(value) - 1;
    const text = value.trim();
    if (categories === undefined && text !== '' && !Number.isNaN(Number(text))) return Number(text);
    throw wrong(
      categories === undefined
        ? `${at} must be a number, got '${value}'`
        : `${at} must be one of the categories that '${model}' knows (${categories.slice(0, 20).join(', ')}), got '${value}'`,
      facts,
    );
  }
  if (categories !== undefined) {
    throw wrong(
      `${at} must be one of the categories that '${model}' knows (${categories.slice(0, 20).join(', ')}), got ${String(value)}`,
      facts,
    );
  }
  throw wrong(`${at} must be a number, got ${describeValue(value)}`, facts);
}

function shortList(features: readonly FeatureInfo[]): string {
  const names = features.slice(0, 12).map(({ name }) => name);
  return names.join(', ') + (features.length > 12 ? ', …' : '');
}

function wrong(message: string, facts: Record<string, unknown> = {}): WhylensError {
  return new WhylensError('INVALID_DOCUMENT', message, { facts });
}
