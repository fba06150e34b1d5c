import { fileURLToPath } from 'node:url';
import { readTableBytes, type TableSource } from '../documents/read-table-bytes.js';
import type { Table, TableOptions } from '../documents/table.js';
import { describeValue, WhylensError, type ErrorDetails } from '../errors.js';
import { remedyFor } from '../mistaken.js';
import { fetchBounded, nameOfAddress } from '../reading/fetch.js';
import { bytesInWords, limitsOf, type ReadLimits } from '../reading/limits.js';
import { readFileBounded } from './read-file.js';

export type { TableSource };

/**
 * Reads a table: CSV (types inferred, and said in `notes`), JSON lines, a JSON
 * list of rows, `{ columns, rows }`, or Arrow. What it is, the content tells.
 *
 * @throws WhylensError `FILE` (not there, no answer, longer than `maxBytes`), `ABORTED`, `INVALID_DOCUMENT` (no table, with row and column)
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
  const isAddress = /^(https?|data):/i.test(String(source));
  const address = isAddress ? new URL(source) : undefined;
  const name = `'${address === undefined ? String(source) : nameOfAddress(address)}'`;
  return readTableBytes(await bytesAt(String(source), address, name, limits), name, options);
}

const unreadable = (name: string) => (why: string, details?: ErrorDetails) =>
  new WhylensError('FILE', `cannot read the table ${name}: ${why}`, details ?? {});

function bytesAt(
  source: string,
  address: URL | undefined,
  name: string,
  limits: ReadLimits,
): Promise<Uint8Array> {
  const fail = unreadable(name);
  if (address !== undefined) return fetchBounded(address, limits, fail);
  const path = /^file:/i.test(source) ? fileURLToPath(source) : source;
  return readFileBounded(path, { limits, fail, named: true });
}
