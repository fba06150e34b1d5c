/** The columns of a table on their way through the steps of a pipeline. */
import type { FeatureInfo, Rows } from '../interface.js';

/** A column of the table, as the steps find out what it holds. */
export interface Source {
  readonly name: string;
  /** Where its numbers stand for categories: entry `k` is what the number `k` means. */
  categories: (string | number)[] | undefined;
  /** True where a missing value is filled in, or is a category of its own. */
  missing: boolean;
  /** True where an unknown category is taken for none of the known ones. */
  open: boolean;
  /** False where no step looks at it. */
  used: boolean;
}

/** A column between two steps. */
export interface Column {
  readonly name: string;
  /** The column of the table it is made of; −1 where several are. */
  readonly origin: number;
  /** The table's column itself, where it is still as it was (filled in, perhaps). */
  readonly source?: Source;
}

/** A step: the columns that come out, and how. */
export interface Step {
  readonly source: string;
  readonly columns: readonly Column[];
  apply(rows: Rows): Rows;
}

export function sourcesOf(names: readonly string[]): Source[] {
  return names.map((name) => ({
    name,
    categories: undefined,
    missing: false,
    open: false,
    used: false,
  }));
}

export function featuresOf(sources: readonly Source[]): FeatureInfo[] {
  return sources.map(({ name, categories, missing, open, used }) => {
    // what nobody looks at may hold anything
    if (!used) return { name, missing: true, categories: [], open: true };
    return {
      name,
      missing,
      ...(categories !== undefined && { categories }),
      ...(open && categories !== undefined && { open }),
    };
  });
}

/** What a number in a column means. */
export function meaning({ source }: Column, x: number): string | number {
  return Number.isNaN(x) ? x : (source?.categories?.[x] ?? x);
}

/** The code of a value of a column of categories, which it is added to if need be; a number elsewhere. */
export function codeOf({ source }: Column, value: string | number): number {
  const { categories } = source ?? {};
  if (categories === undefined || Number.isNaN(value)) return Number(value);
  const known = categories.indexOf(value);
  return known === -1 ? categories.push(value) - 1 : known;
}

/** The columns as numbers, row by row. */
export function numbersOf(columns: readonly Column[], { count, data }: Rows): Float64Array {
  const width = columns.length;
  if (columns.every(({ source }) => source?.categories === undefined)) return data;
  const result = new Float64Array(count * width);
  for (let i = 0; i < result.length; i++) {
    const own = meaning(columns[i % width], data[i]);
    result[i] = typeof own === 'number' ? own : NaN;
  }
  return result;
}

/** Some of the columns, in the order in which they are named. */
export function chosen(rows: Rows, picked: readonly number[]): Rows {
  const data = new Float64Array(rows.count * picked.length);
  for (let n = 0; n < rows.count; n++) {
    picked.forEach((j, i) => (data[n * picked.length + i] = rows.data[n * rows.columns + j]));
  }
  return { count: rows.count, columns: picked.length, data };
}

/** Tables side by side. */
export function beside(tables: readonly Rows[]): Rows {
  const columns = tables.reduce((sum, table) => sum + table.columns, 0);
  const count = tables[0]?.count ?? 0;
  const data = new Float64Array(count * columns);
  let start = 0;
  for (const table of tables) {
    for (let n = 0; n < count; n++) {
      for (let j = 0; j < table.columns; j++) {
        data[n * columns + start + j] = table.data[n * table.columns + j];
      }
    }
    start += table.columns;
  }
  return { count, columns, data };
}
