/** CSV files, parsed by csv-parse. */
import { requireType, typeColumn } from './column-types.js';
import { badTable, checkColumns, type Table, type TableOptions } from './table.js';

const DELIMITERS = [',', ';', '\t', '|'] as const;

export async function readCsvTable(
  text: string,
  file: string,
  { delimiter = guessDelimiter(text), header = true, types = {} }: TableOptions,
): Promise<Table> {
  const { parse } = await import('csv-parse/browser/esm/sync');
  let records: string[][];
  try {
    records = parse(text, { delimiter, bom: true, skip_empty_lines: true });
  } catch (cause) {
    const { message, lines } = cause as Error & { lines?: number };
    throw badTable(file, message, lines === undefined ? {} : { line: lines }, cause);
  }
  if (records.length === 0) throw badTable(file, 'it holds no line');
  const [first, ...rest] = records;
  const columns = header ? first.map((name) => name.trim()) : first.map((_, j) => `x${j}`);
  const rows = header ? rest : records;
  if (header && first.every((word) => word.trim() !== '' && !Number.isNaN(Number(word)))) {
    throw badTable(
      file,
      `its first line should name the columns and holds numbers only (${first.slice(0, 5).join(', ')}); say header: false if it has no names`,
    );
  }
  checkColumns(columns, file);
  for (const name of Object.keys(types)) {
    if (!columns.includes(name)) {
      throw badTable(file, `types names the column '${name}', and there are ${columns.join(', ')}`);
    }
  }
  const typed = columns.map((column, j) => {
    const words = rows.map((row) => row[j]);
    const wanted = Object.hasOwn(types, column) ? types[column] : undefined;
    if (wanted !== undefined)
      requireType(words, wanted, { file, column, firstLine: header ? 2 : 1 });
    return typeColumn(words, wanted);
  });
  const missing = new Set(typed.flatMap((column) => column.missing));
  const separator = delimiter === '\t' ? 'tabs' : `'${delimiter}'`;
  return {
    columns,
    rows: rows.map((_, n) => typed.map(({ cells }) => cells[n])),
    types: typed.map(({ type }) => type),
    notes: [
      `CSV, separated by ${separator}`,
      `types inferred: ${columns.map((name, j) => `${name} ${typed[j].type}`).join(', ')}`,
      ...(missing.size > 0
        ? [`read as missing values in columns of numbers: ${[...missing].join(', ')}`]
        : []),
    ],
  };
}

/** The separator that occurs most in the first line, outside of quotes; a comma if there is none. */
function guessDelimiter(text: string): string {
  const line = /^[^\r\n]*/.exec(text)![0].replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((candidate) => line.split(candidate).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}
