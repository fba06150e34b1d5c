/** Takes the place of `src/node/read-table.ts` in a browser (see `browser` in package.json). */
import { readTableBytes, type TableSource } from '../documents/read-table-bytes.js';
import type { Table, TableOptions } from '../documents/table.js';
import { WhylensError } from '../errors.js';

export type { TableSource };

/** `readTable` from an address (relative ones too), a page's `File` or `Blob`, or bytes. */
export async function readTable(source: TableSource, options: TableOptions = {}): Promise<Table> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return readTableBytes(bytes, `of ${bytes.length} bytes`, options);
  }
  if (source instanceof Blob) {
    const name = source instanceof File ? `'${source.name}'` : `of ${source.size} bytes`;
    return readTableBytes(new Uint8Array(await source.arrayBuffer()), name, options);
  }
  const url = new URL(source, globalThis.location?.href);
  const response = await fetch(url);
  if (!response.ok) {
    throw new WhylensError(
      'FILE',
      `cannot read the table '${url.href}': the server answers ${response.status} ${response.statusText}`,
      { facts: { file: url.href } },
    );
  }
  return readTableBytes(new Uint8Array(await response.arrayBuffer()), `'${url.href}'`, options);
}
