import { readTableBytes, type TableSource } from '../documents/read-table-bytes.js';
import type { Table, TableOptions } from '../documents/table.js';
import { describeValue, WhylensError, type ErrorDetails } from '../errors.js';
import { remedyFor } from '../mistaken.js';
import { bytesInWords, limitsOf } from '../reading/limits.js';
import { readSource } from './read-source.js';

export type { TableSource };

/**
 * Reads a table: CSV (types inferred, and said in `notes`), JSON lines, a JSON
 * list of rows, `{ columns, rows }`, or Arrow. The content tells which of these it is.
 *
 * @throws WhylensError `FILE` (not there, no answer, longer than `maxBytes`), `ABORTED`,
 * `INVALID_DOCUMENT` (no table, with row and column)
 * @example
 * const table = await readTable('customers.csv', { types: { zip: 'text' } });
 * const { values } = await predict(model, table);
 */
export async function readTable(source: TableSource, options: TableOptions = {}): Promise<Table> {
  const limits = limitsOf('readTable', options);
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return readTableBytes(bytes, `of ${bytes.length} bytes`, options);
  }
  if (source instanceof Blob) {
    const name = source instanceof File ? `'${source.name}'` : `of ${source.size} bytes`;
    if (source.size > limits.maxBytes) {
      throw unreadable(name)(`it is longer than ${bytesInWords(limits.maxBytes)} (maxBytes)`);
    }
    return readTableBytes(new Uint8Array(await source.arrayBuffer()), name, options);
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `readTable needs a path, a URL or the bytes of a file, got ${remedyFor('file', source) ?? describeValue(source)}`,
    );
  }
  const { bytes, name } = await readSource(source, limits, (name) => unreadable(`'${name}'`));
  return readTableBytes(bytes, `'${name}'`, options);
}

const unreadable = (name: string) => (why: string, details?: ErrorDetails) =>
  new WhylensError('FILE', `cannot read the table ${name}: ${why}`, details ?? {});
