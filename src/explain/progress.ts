import { WhylensError } from '../errors.js';

/** Milliseconds in which an explainer can react to the signal itself and say how far it came. */
export const GRACE = 100;

export type Progress = (done: number, total: number) => unknown;

/**
 * A progress callback whose failures are failures of the call: if it throws or its promise
 * rejects, the work ends with a typed error.
 *
 * @param run the work, given the callback to call
 */
export async function watchingProgress<T>(
  callback: Progress | undefined,
  run: (progress: ((done: number, total: number) => void) | undefined) => PromiseLike<T>,
): Promise<T> {
  if (callback === undefined) return run(undefined);
  let fail: (error: unknown) => void;
  const failure = new Promise<never>((_, reject) => (fail = reject));
  // handled below, or not at all if the work has ended
  failure.catch(() => undefined);
  const typed = (cause: unknown) =>
    new WhylensError(
      'INVALID_OPTION',
      `option 'onProgress' must be a function that does not fail, but it did: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, facts: { option: 'onProgress' } },
    );
  const work = run((done, total) => {
    let answer: unknown;
    try {
      answer = callback(done, total);
    } catch (cause) {
      throw typed(cause);
    }
    // also promises of another realm, and objects that only behave like promises
    if (isThenable(answer)) {
      Promise.resolve(answer).then(undefined, (cause: unknown) => fail(typed(cause)));
    }
  });
  const running = Promise.resolve(work);
  running.catch(() => undefined);
  return Promise.race([running, failure]);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
