/** Waiting that can be interrupted, whatever is waited for. */
import { WhylensError } from '../errors.js';

/** Throws `ABORTED` if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw abortedError(signal, what);
}

export interface AbortableOptions<T> {
  /** Is given a result that came too late, to free it. */
  readonly late?: (result: T) => void;
  /** Milliseconds that the work has to end by itself, and to say how far it came. Default 0. */
  readonly grace?: number;
}

/**
 * What `work` gives, or `ABORTED` as soon as the signal fires: work that never answers is left
 * alone, and its later result is ignored.
 */
export async function abortable<T>(
  work: T | PromiseLike<T>,
  signal: AbortSignal | undefined,
  what: string,
  { late, grace = 0 }: AbortableOptions<T> = {},
): Promise<T> {
  if (signal === undefined) return work;
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    const end = () => reject(abortedError(signal, what));
    stop = () => {
      if (grace === 0) end();
      else timer = setTimeout(end, grace);
    };
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
    clearTimeout(timer);
    signal.removeEventListener('abort', stop!);
  }
}

export function abortedError(signal: AbortSignal, what: string): WhylensError {
  return new WhylensError('ABORTED', `${what} was aborted`, { cause: signal.reason });
}
