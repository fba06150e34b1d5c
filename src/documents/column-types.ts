/** What the words of a CSV file stand for: numbers, yes and no, missing values, text. */
import { badTable, type Cell, type ColumnType } from './table.js';

/** Words for a missing value in a column of numbers; an empty cell is one in every column. */
const MISSING = new Set(['', 'na', 'n/a', '#n/a', 'nan', '-nan', 'null', 'none', '<na>', '?']);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Telephone numbers and codes lose their zeros as numbers. */
const LEADING_ZERO = /^[+-]?0\d/;

export interface TypedColumn {
  readonly type: ColumnType;
  readonly cells: readonly Cell[];
  /** Words that were taken for missing values, without the empty one. */
  readonly missing: readonly string[];
}

/**
 * The cells of a column as what they most likely are: numbers if every word is one (or a word for
 * missing), true and false, else text as it stands.
 */
export function typeColumn(words: readonly string[], wanted?: ColumnType): TypedColumn {
  const own = words.map((word) => word.trim());
  const present = own.filter((word) => !MISSING.has(word.toLowerCase()));
  const type = wanted ?? inferType(own, present);
  const missing = new Set<string>();
  const cells = own.map((word, n): Cell => {
    if (type === 'text' || type === 'empty') return words[n] === '' ? null : words[n];
    if (MISSING.has(word.toLowerCase())) {
      if (word !== '') missing.add(word);
      return null;
    }
    return type === 'number' ? numberOf(word) : /^(true|1)$/i.test(word);
  });
  return { type, cells, missing: [...missing] };
}

function inferType(own: readonly string[], present: readonly string[]): ColumnType {
  if (present.length === 0) return own.every((word) => word === '') ? 'empty' : 'text';
  if (present.every((word) => isNumber(word) && !LEADING_ZERO.test(word) && isSafe(word))) {
    return 'number';
  }
  return present.every((word) => /^(true|false)$/i.test(word)) ? 'boolean' : 'text';
}

function isNumber(word: string): boolean {
  return NUMBER.test(word) || /^[+-]?inf(inity)?$/i.test(word);
}

/** Whole numbers that a double holds exactly; longer ones are names. */
function isSafe(word: string): boolean {
  return !/^[+-]?\d+$/.test(word) || Number.isSafeInteger(Number(word));
}

function numberOf(word: string): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(word);
  return infinite === null ? Number(word) : infinite[1] === '-' ? -Infinity : Infinity;
}

/** Refuses words that are not of the type that was asked for. */
export function requireType(
  words: readonly string[],
  type: ColumnType,
  where: { readonly file: string; readonly column: string; readonly firstLine: number },
): void {
  const fits = (word: string): boolean => {
    if (type === 'text' || MISSING.has(word.toLowerCase())) return true;
    return type === 'number' ? isNumber(word) : /^(true|false|0|1)$/i.test(word);
  };
  const bad = words.findIndex((word) => !fits(word.trim()));
  if (bad === -1) return;
  throw badTable(
    where.file,
    `row ${bad}, column '${where.column}' must be of type ${type}, got '${words[bad]}'`,
    { row: bad, column: where.column },
  );
}

/** The type of values that came with one, as in JSON. */
export function typeOfCells(cells: readonly Cell[]): ColumnType {
  const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell));
  if (kinds.size === 0) return 'empty';
  if (kinds.size > 1) return 'text';
  return kinds.has('number') ? 'number' : kinds.has('boolean') ? 'boolean' : 'text';
}
