/** Waiting that can be interrupted, whoever is waited for. */
import { WhylensError } from '../errors.js';

/** Throws `ABORTED` if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw abortedError(signal, what);
}

/**
 * What `work` gives, or `ABORTED` as soon as the signal fires: work that never
 * answers is left alone, and what it says later is not heard.
 *
 * @param late is given a result that came too late, to free it
 */
export async function abortable<T>(
  work: T | PromiseLike<T>,
  signal: AbortSignal | undefined,
  what: string,
  late?: (result: T) => void,
): Promise<T> {
  if (signal === undefined) return work;
  let stop: (() => void) | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError(signal, what));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  const running = Promise.resolve(work);
  try {
    return await Promise.race([running, interrupted]);
  } catch (error) {
    running.then(late, () => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop!);
  }
}

export function abortedError(signal: AbortSignal, what: string): WhylensError {
  return new WhylensError('ABORTED', `${what} was aborted`, { cause: signal.reason });
}
