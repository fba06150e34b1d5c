/** Takes the place of `src/node/read-table.ts` in a browser (see `browser` in package.json). */
import { readTableBytes, type TableSource } from '../documents/read-table-bytes.js';
import type { Table, TableOptions } from '../documents/table.js';
import { WhylensError, type ErrorDetails } from '../errors.js';
import { fetchBounded, nameOfAddress } from '../reading/fetch.js';
import { bytesInWords, limitsOf } from '../reading/limits.js';

export type { TableSource };

/** `readTable` from an address (relative ones too), a page's `File` or `Blob`, or bytes. */
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
  const url = new URL(source, globalThis.location?.href);
  const name = `'${nameOfAddress(url)}'`;
  return readTableBytes(await fetchBounded(url, limits, unreadable(name)), name, options);
}

const unreadable = (name: string) => (why: string, details?: ErrorDetails) =>
  new WhylensError('FILE', `cannot read the table ${name}: ${why}`, details ?? {});
