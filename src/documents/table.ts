/** Tables: named columns and rows of plain values. */
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { ReadingOptions } from '../reading/limits.js';

/** A value of a table; null is a missing one. */
export type Cell = number | string | boolean | null;

/** What a column holds: `empty` if nothing is in it. */
export type ColumnType = 'number' | 'boolean' | 'text' | 'empty';

/** What `readTable` gives, and every method over tables takes. */
export interface Table {
  readonly columns: readonly string[];
  /** In the order of `columns`. */
  readonly rows: readonly (readonly Cell[])[];
  /** By column, in the order of `columns`. */
  readonly types: readonly ColumnType[];
  /** How the file was read, in words: `CSV, separated by ';'`, and which words were read as missing values. */
  readonly notes: readonly string[];
}

/** Options of `readTable`: limits of reading (`maxBytes`, `timeout`, `signal`, …), and settings that are not inferred. */
export interface TableOptions extends ReadingOptions {
  /** What separates the cells of a CSV file. Default: the one of `, ; tab |` that the first line has most of. */
  readonly delimiter?: string;
  /** False for a CSV file without names in its first line: its columns are `x0`, `x1`, …. Default true. */
  readonly header?: boolean;
  /** Types that are not to be inferred, by column: `{ zip: 'text' }`. */
  readonly types?: Readonly<Record<string, 'number' | 'boolean' | 'text'>>;
}

/** One column of a table. */
export function tableColumn({ columns, rows }: Table, name: string): Cell[] {
  const index = columns.indexOf(name);
  if (index === -1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the table has no column '${name}'${didYouMean(name, columns)} Its columns are ${columns.join(', ')}`,
      { facts: { column: name, columns } },
    );
  }
  return rows.map((row) => row[index]);
}

/** The error for a file that is not a table. */
export function badTable(
  file: string,
  problem: string,
  facts: Record<string, unknown> = {},
  cause?: unknown,
): WhylensError {
  return new WhylensError('INVALID_DOCUMENT', `cannot read the table ${file}: ${problem}`, {
    facts: { file, ...facts },
    ...(cause !== undefined && { cause }),
  });
}

/** Column names must be there, and different. */
export function checkColumns(columns: readonly string[], file: string): void {
  const empty = columns.findIndex((name) => name.trim() === '');
  if (columns.length === 0 || empty !== -1) {
    throw badTable(file, `column ${Math.max(0, empty) + 1} has no name`, { column: empty });
  }
  const seen = new Set<string>();
  const twice = columns.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) {
    throw badTable(file, `two columns are named '${twice}'`, { column: twice });
  }
}
