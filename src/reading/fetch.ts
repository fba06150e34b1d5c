/** Fetches within limits of time, size and redirects, and only from allowed hosts. */
import { isWhylensError, type ErrorDetails, type WhylensError } from '../errors.js';
import { abortedError, throwIfAborted } from './abort.js';
import { isAllowedHost, isPrivate, isSameHost } from './hosts.js';
import { bytesInWords, MAX_REDIRECTS, type ReadLimits, type Scheme } from './limits.js';

/** Makes the caller's own error from a reason such as `the server answers 404 Not Found`. */
export type Fail = (reason: string, details?: ErrorDetails) => WhylensError;

/** The body behind an `http:`, `https:` or `data:` address; throws what `fail` makes, or `ABORTED`. */
export async function fetchBounded(
  address: URL,
  limits: ReadLimits,
  fail: Fail,
): Promise<Uint8Array> {
  const { signal, timeout } = limits;
  const what = `reading ${nameOfAddress(address)}`;
  throwIfAborted(signal, what);
  requireScheme(address, limits, fail);
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let silent = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      stop.abort();
    }, timeout);
  };
  try {
    heard();
    const response = await follow(address, limits, stop.signal, fail, heard);
    if (!response.ok) {
      await response.body?.cancel();
      throw fail(`the server answers ${response.status} ${response.statusText}`.trim(), {
        facts: { status: response.status },
      });
    }
    return await bodyOf(response, limits.maxBytes, heard, fail);
  } catch (error) {
    if (signal?.aborted === true) throw abortedError(signal, what);
    if (silent) throw fail(`it says nothing for ${timeout / 1000} seconds`, { cause: error });
    if (isWhylensError(error)) throw error;
    const { cause, message } = error as Error;
    throw fail(cause instanceof Error ? cause.message : message, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** An address for messages: what follows the question mark may be a key. */
export function nameOfAddress(address: URL): string {
  const text =
    address.protocol === 'data:' || address.search === ''
      ? address.href
      : `${address.origin}${address.pathname}?…`;
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

/** Refuses kinds of addresses that are switched off. */
function requireScheme(address: URL, { schemes }: ReadLimits, fail: Fail): void {
  const scheme = address.protocol.slice(0, -1);
  if (schemes.includes(scheme as Scheme)) return;
  throw fail(
    `'${scheme}:' may not be read here, only ${schemes.join(', ') || 'nothing'} (schemes)`,
  );
}

async function follow(
  start: URL,
  limits: ReadLimits,
  signal: AbortSignal,
  fail: Fail,
  heard: () => void,
): Promise<Response> {
  let address = start;
  for (let count = 0; ; count++) {
    const response = await fetch(address, { signal, redirect: 'manual' });
    heard();
    // a page does not learn where it is redirected: the browser's own rules hold
    if (response.type === 'opaqueredirect') return fetch(address, { signal });
    const target = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || target === null) return response;
    await response.body?.cancel();
    if (count === MAX_REDIRECTS) throw fail(`it redirects more than ${MAX_REDIRECTS} times`);
    if (!URL.canParse(target, address))
      throw fail('it redirects to something that is not an address');
    const next = new URL(target, address);
    if (!/^https?:$/.test(next.protocol)) throw fail(`it redirects to ${next.protocol}`);
    requireScheme(next, limits, fail);
    const isOwn = isSameHost(next, start) || isAllowedHost(next, limits.allowHosts);
    if (!isOwn && (await isPrivate(next))) {
      throw fail(
        `it redirects to ${next.host}, which is an address of a private network; allowHosts: ['${next.host}'] allows it`,
      );
    }
    address = next;
  }
}

async function bodyOf(
  response: Response,
  maxBytes: number,
  heard: () => void,
  fail: Fail,
): Promise<Uint8Array> {
  const tooLong = () => fail(`it is longer than ${bytesInWords(maxBytes)} (maxBytes)`);
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    await response.body?.cancel();
    throw tooLong();
  }
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(parts, size);
    heard();
    size += value.length;
    if (size > maxBytes) {
      // not waited for: a server need not listen
      reader.cancel().catch(() => undefined);
      throw tooLong();
    }
    parts.push(value);
  }
}

/** The parts one after the other. */
export function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
