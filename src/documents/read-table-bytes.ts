/** Reads tables from bytes; the content tells which kind of file it is. */
import { readArrowTable } from './table-arrow.js';
import { readCsvTable } from './table-csv.js';
import { isJsonTable, readJsonTable } from './table-json.js';
import { badTable, type Table, type TableOptions } from './table.js';

/** Where a table is: a path or an address, a page's file, or bytes. */
export type TableSource = string | URL | Blob | Uint8Array | ArrayBuffer;

/**
 * @param file named in messages
 * @throws WhylensError `INVALID_DOCUMENT` with row and column
 */
export async function readTableBytes(
  bytes: Uint8Array,
  file: string,
  options: TableOptions = {},
): Promise<Table> {
  if (bytes.length === 0) throw badTable(file, 'the file is empty');
  const begins = (text: string) => [...text].every((char, i) => bytes[i] === char.charCodeAt(0));
  if (begins('ARROW1') || bytes.subarray(0, 4).every((byte) => byte === 0xff)) {
    return readArrowTable(bytes, file);
  }
  for (const [magic, kind] of [
    ['PAR1', 'Parquet'],
    ['PK\x03\x04', 'Excel (or another zip)'],
    ['\x1f\x8b', 'gzip'],
  ]) {
    if (begins(magic)) {
      throw badTable(
        file,
        `it is a ${kind} file; known are CSV, JSON lines, JSON and Arrow. Save it as one of these`,
      );
    }
  }
  const text = decode(bytes, file);
  return isJsonTable(text) ? readJsonTable(text, file) : readCsvTable(text, file, options);
}

function decode(bytes: Uint8Array, file: string): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw badTable(
      file,
      `it is not text in ${encoding.toUpperCase()}; save it as UTF-8`,
      {},
      cause,
    );
  }
}
