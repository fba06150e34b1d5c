/** JSON lines, a JSON list of rows, and `{ columns, rows }`. */
import { describeValue } from '../errors.js';
import { typeOfCells } from './column-types.js';
import { badTable, checkColumns, type Cell, type Table } from './table.js';

/** A brace or a bracket comes first. */
export function isJsonTable(text: string): boolean {
  return /^\uFEFF?\s*[{[]/.test(text);
}

export function readJsonTable(text: string, file: string): Table {
  const whole = parseWhole(text);
  if (Array.isArray(whole)) return fromRows(whole, file, 'JSON');
  if (typeof whole === 'object' && whole !== null && !isRow(whole)) {
    const { columns, rows, data } = whole as Record<string, unknown>;
    if (Array.isArray(columns)) return fromLists(columns, rows ?? data, file);
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const rows: unknown[] = [];
  lines.forEach((line, i) => {
    if (line.trim() === '') return;
    try {
      rows.push(JSON.parse(line));
    } catch (cause) {
      throw badTable(
        file,
        `line ${i + 1} is not JSON: ${(cause as Error).message}`,
        { line: i + 1, row: rows.length },
        cause,
      );
    }
  });
  return fromRows(rows, file, 'JSON lines');
}

function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** One row by itself: every value is plain. */
function isRow(value: object): boolean {
  return Object.values(value).every((item) => typeof item !== 'object' || item === null);
}

function fromRows(rows: readonly unknown[], file: string, kind: string): Table {
  if (rows.length === 0) throw badTable(file, 'it holds no row');
  if (rows.every((row) => Array.isArray(row))) {
    const [first, ...rest] = rows as unknown[][];
    const named = first.every((name) => typeof name === 'string') && rest.length > 0;
    const columns = named ? first : first.map((_, j) => `x${j}`);
    return fromLists(columns, named ? rest : rows, file);
  }
  const names = new Map<string, number>();
  rows.forEach((row, n) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw badTable(file, `row ${n} must be an object by column, got ${describeValue(row)}`, {
        row: n,
      });
    }
    for (const name of Object.keys(row)) if (!names.has(name)) names.set(name, names.size);
  });
  const columns = [...names.keys()];
  return finish(
    columns,
    rows.map((row, n) =>
      columns.map((name) => {
        const own = row as Readonly<Record<string, unknown>>;
        return cellOf(Object.hasOwn(own, name) ? own[name] : null, file, n, name);
      }),
    ),
    file,
    kind,
  );
}

function fromLists(columns: readonly unknown[], rows: unknown, file: string): Table {
  if (!Array.isArray(rows))
    throw badTable(file, `'rows' must be a list, got ${describeValue(rows)}`);
  const names = columns.map(String);
  return finish(
    names,
    (rows as unknown[]).map((row, n) => {
      if (!Array.isArray(row) || row.length !== names.length) {
        throw badTable(
          file,
          `row ${n} must be a list of ${names.length} values, got ${Array.isArray(row) ? row.length : describeValue(row)}`,
          { row: n },
        );
      }
      return row.map((value, j) => cellOf(value, file, n, names[j]));
    }),
    file,
    'JSON',
  );
}

function finish(columns: string[], rows: Cell[][], file: string, kind: string): Table {
  checkColumns(columns, file);
  const types = columns.map((_, j) => typeOfCells(rows.map((row) => row[j])));
  const mixed = columns.filter(
    (_, j) => new Set(rows.map((row) => typeof row[j])).size > 1 && types[j] === 'text',
  );
  return {
    columns,
    rows,
    types,
    notes: [
      kind,
      ...(mixed.length > 0 ? [`columns of values of several types: ${mixed.join(', ')}`] : []),
    ],
  };
}

function cellOf(value: unknown, file: string, row: number, column: string): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
    return value;
  }
  throw badTable(
    file,
    `row ${row}, column '${column}' must be a number, text, true, false or null, got ${describeValue(value)}`,
    { row, column },
  );
}
