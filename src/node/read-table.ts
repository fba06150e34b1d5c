import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readTableBytes, type TableSource } from '../documents/read-table-bytes.js';
import type { Table, TableOptions } from '../documents/table.js';
import { describeValue, WhylensError } from '../errors.js';
import { remedyFor } from '../mistaken.js';

export type { TableSource };

/**
 * Reads a table: CSV (types inferred, and said in `notes`), JSON lines, a JSON
 * list of rows, `{ columns, rows }`, or Arrow. What it is, the content tells.
 *
 * @throws WhylensError `FILE` (not there, no answer), `INVALID_DOCUMENT` (no table, with row and column)
 * @example
 * const table = await readTable('customers.csv', { types: { zip: 'text' } });
 * const { values } = await predict(model, table);
 */
export async function readTable(source: TableSource, options: TableOptions = {}): Promise<Table> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return readTableBytes(bytes, `of ${bytes.length} bytes`, options);
  }
  if (source instanceof Blob) {
    const name = source instanceof File ? `'${source.name}'` : `of ${source.size} bytes`;
    return readTableBytes(new Uint8Array(await source.arrayBuffer()), name, options);
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `readTable needs a path, a URL or the bytes of a file, got ${remedyFor('file', source) ?? describeValue(source)}`,
    );
  }
  const name = `'${String(source)}'`;
  return readTableBytes(await bytesAt(String(source), name), name, options);
}

async function bytesAt(source: string, name: string): Promise<Uint8Array> {
  const unreadable = (why: string, cause?: unknown) =>
    new WhylensError('FILE', `cannot read the table ${name}: ${why}`, {
      cause,
      facts: { file: source },
    });
  if (/^https?:/i.test(source)) {
    let response: Response;
    try {
      response = await fetch(source);
    } catch (error) {
      const { cause, message } = error as Error;
      throw unreadable(cause instanceof Error ? cause.message : message, error);
    }
    if (!response.ok) {
      throw unreadable(`the server answers ${response.status} ${response.statusText}`);
    }
    return new Uint8Array(await response.arrayBuffer());
  }
  try {
    return await readFile(/^file:/i.test(source) ? fileURLToPath(source) : source);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreadable(code === 'ENOENT' ? 'there is no such file' : message, error);
  }
}
