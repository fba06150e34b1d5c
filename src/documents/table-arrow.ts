/** Arrow files and streams, read by apache-arrow, which is loaded for them only. */
import { WhylensError } from '../errors.js';
import { withinTime } from '../reading/in-time.js';
import { typeOfCells } from './column-types.js';
import { badTable, checkColumns, type Cell, type Table } from './table.js';

/** Milliseconds, beside those that a long file needs. */
const PATIENCE = 1000;
const BYTES_A_MILLISECOND = 1000;
/** Cells that take no place in the file: columns without any value. */
const SLACK = 1_000_000;

export async function readArrowTable(bytes: Uint8Array, file: string): Promise<Table> {
  const { tableFromIPC } = await loadArrow();
  let columns: string[];
  let values: Cell[][];
  try {
    // a damaged one may claim rows without end, or send the library round in circles
    ({ columns, values } = withinTime(
      read,
      Math.ceil(PATIENCE + bytes.length / BYTES_A_MILLISECOND),
      () => badTable(file, 'reading it has not come to an end: it is damaged, or made to do harm'),
    ));
  } catch (cause) {
    if (cause instanceof WhylensError) throw cause;
    throw badTable(file, `it is not a whole Arrow file: ${(cause as Error).message}`, {}, cause);
  }
  function read(): { columns: string[]; values: Cell[][] } {
    const table = tableFromIPC(bytes);
    const names = table.schema.fields.map(({ name }) => name);
    const cells = table.numRows * names.length;
    if (!(cells <= 8 * bytes.length + SLACK)) {
      throw badTable(
        file,
        `it claims ${table.numRows} rows of ${names.length} columns, more than ${bytes.length} bytes can hold`,
      );
    }
    return {
      columns: names,
      values: names.map((name, j) => {
        const column = table.getChildAt(j);
        return Array.from({ length: table.numRows }, (_, n) =>
          cellOf(column?.get(n) as unknown, file, n, name),
        );
      }),
    };
  }
  checkColumns(columns, file);
  const count = values[0]?.length ?? 0;
  const types = values.map(typeOfCells);
  return {
    columns,
    rows: Array.from({ length: count }, (_, n) => values.map((column) => column[n])),
    types,
    notes: [
      'Arrow',
      `types as stored: ${columns.map((name, j) => `${name} ${types[j]}`).join(', ')}`,
    ],
  };
}

async function loadArrow(): Promise<typeof import('apache-arrow')> {
  try {
    return await import('apache-arrow');
  } catch (cause) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `reading Arrow files needs the package apache-arrow, which is not installed: npm install apache-arrow`,
      { cause },
    );
  }
}

function cellOf(value: unknown, file: string, row: number, column: string): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    return value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  throw badTable(
    file,
    `row ${row}, column '${column}' must be a number, text, true, false or null, got a nested value`,
    { row, column },
  );
}
