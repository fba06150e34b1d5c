/** All of standard input: `-` instead of a file. */
import { WhylensError } from '../errors.js';
import { abortable } from '../reading/abort.js';
import type { Io } from './io.js';

export const STDIN = '-';

/** More is refused while it is read. */
const MAX_BYTES = 256 * 1024 * 1024;

const read = new WeakMap<Io, Promise<Uint8Array>>();

/**
 * All bytes of standard input; read once, however often it is asked for.
 *
 * @param what is expected there, for messages: "a picture"
 * @throws WhylensError `USAGE` for a terminal, `FILE` if nothing comes or too much
 */
export function readStdin(io: Io, what: string): Promise<Uint8Array> {
  const known = read.get(io);
  if (known !== undefined) return known;
  const bytes = abortable(readAll(io.stdin, what), io.signal, `reading ${what}`);
  read.set(io, bytes);
  return bytes;
}

async function readAll(stdin: Io['stdin'], what: string): Promise<Uint8Array> {
  if (stdin === undefined || stdin.isTTY === true) {
    throw new WhylensError(
      'USAGE',
      `'-' reads ${what} from standard input, which is a terminal; pipe a file into the command`,
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stdin) {
    size += part.length;
    if (size > MAX_BYTES) {
      throw new WhylensError(
        'FILE',
        `${what} on standard input may have ${MAX_BYTES} bytes, got more`,
      );
    }
    parts.push(part);
  }
  if (size === 0) {
    throw new WhylensError('FILE', `${what} was expected on standard input, which is empty`);
  }
  return Buffer.concat(parts);
}
