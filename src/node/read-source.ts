/** The one way to read something by its name: an address, a `file:` URL or a path. */
import { fileURLToPath } from 'node:url';
import { fetchBounded, nameOfAddress, type Fail } from '../reading/fetch.js';
import type { ReadLimits } from '../reading/limits.js';
import { readFileBounded } from './read-file.js';

export interface Found {
  readonly bytes: Uint8Array;
  /** For messages: short, and without what may be a key. */
  readonly name: string;
}

const LONGEST_NAME = 80;

/** Addresses that are fetched; everything else is a file. */
const isAddress = (text: string): boolean => /^(https?|data):/i.test(text);

/** The bytes behind a path or an address; throws the error that `failOf` makes from its name, or `ABORTED`. */
export async function readSource(
  source: string | URL,
  limits: ReadLimits,
  failOf: (name: string) => Fail,
): Promise<Found> {
  const text = String(source);
  if (isAddress(text)) {
    if (!URL.canParse(text)) throw failOf(shortName(text))('it is not an address');
    const address = new URL(text);
    const name = address.search === '' ? shortName(text) : nameOfAddress(address);
    return { bytes: await fetchBounded(address, limits, failOf(name)), name };
  }
  const fail = failOf(text);
  let path: string | URL = source;
  try {
    if (/^file:/i.test(text)) path = fileURLToPath(text);
  } catch (cause) {
    throw fail((cause as Error).message, { cause });
  }
  return { bytes: await readFileBounded(path, { limits, fail, named: true }), name: text };
}

function shortName(text: string): string {
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME - 3)}...` : text;
}
