/** The limits of reading from outside: one list, all of them options. */
import { WhylensError } from '../errors.js';

export const SCHEMES = ['file', 'http', 'https', 'data'] as const;
/** A kind of address; `file` are paths too. */
export type Scheme = (typeof SCHEMES)[number];

/** Options of everything that reads files and addresses. */
export interface ReadingOptions {
  /** Interrupts the reading, which then rejects with `ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * Largest picture file, label file or model file, in bytes, counted after
   * decompression. Default 256 MiB. Weight files may be as long as the model file says.
   */
  readonly maxBytes?: number;
  /** Milliseconds after which an address or a pipe that says nothing is given up. Default 15 000. */
  readonly timeout?: number;
  /** Kinds of addresses that may be read. Default all: `['file', 'http', 'https', 'data']`. */
  readonly schemes?: readonly Scheme[];
  /**
   * Other hosts that a model or a redirect may lead to: names with or without
   * port, `*.example.org` for all below one. Default none: weights come from the
   * model's own origin, redirects never lead into a private network.
   */
  readonly allowHosts?: readonly string[];
}

export interface ReadLimits {
  readonly signal?: AbortSignal;
  readonly maxBytes: number;
  readonly timeout: number;
  readonly schemes: readonly Scheme[];
  readonly allowHosts: readonly string[];
}

export const DEFAULT_LIMITS: ReadLimits = {
  maxBytes: 256 * 2 ** 20,
  timeout: 15_000,
  schemes: SCHEMES,
  allowHosts: [],
};
/** Redirects followed at most. */
export const MAX_REDIRECTS = 5;
/** Names of these options, for code that checks the options around them. */
export const READ_OPTION_NAMES = [
  'signal',
  'maxBytes',
  'timeout',
  'schemes',
  'allowHosts',
] as const;

/** The limits with defaults filled in; throws `INVALID_OPTION` for a limit that limits nothing. */
export function limitsOf(owner: string, given: ReadingOptions): ReadLimits {
  const wrong = (name: string, expected: string, got: unknown): WhylensError =>
    new WhylensError(
      'INVALID_OPTION',
      `option '${name}' of ${owner} must be ${expected}, got ${String(got)}`,
      { facts: { option: name } },
    );
  const { maxBytes, timeout, schemes, allowHosts } = given;
  for (const [name, value] of Object.entries({ maxBytes, timeout })) {
    // NaN would switch the limit off
    if (value !== undefined && !(typeof value === 'number' && value > 0)) {
      throw wrong(name, 'a number above 0', value);
    }
  }
  if (schemes !== undefined) {
    const isList = Array.isArray(schemes) && schemes.every((scheme) => SCHEMES.includes(scheme));
    if (!isList) throw wrong('schemes', `a list of ${SCHEMES.join(', ')}`, schemes);
  }
  if (allowHosts !== undefined) {
    const isList = Array.isArray(allowHosts) && allowHosts.every((h) => typeof h === 'string');
    if (!isList)
      throw wrong('allowHosts', "a list of hosts such as 'weights.example.org'", allowHosts);
  }
  return {
    ...(given.signal === undefined ? {} : { signal: given.signal }),
    maxBytes: maxBytes ?? DEFAULT_LIMITS.maxBytes,
    timeout: timeout ?? DEFAULT_LIMITS.timeout,
    schemes: schemes ?? DEFAULT_LIMITS.schemes,
    allowHosts: allowHosts ?? DEFAULT_LIMITS.allowHosts,
  };
}

/** A number of bytes in words: `256 MiB`. */
export function bytesInWords(bytes: number): string {
  if (bytes >= 2 ** 30) return `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
  if (bytes >= 2 ** 20) return `${Number((bytes / 2 ** 20).toPrecision(3))} MiB`;
  return `${bytes} bytes`;
}
