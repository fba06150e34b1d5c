/** The one place where failures with a file from outside become errors of this library. */
import { isWhylensError, WhylensError, type ErrorCode } from '../errors.js';

/**
 * Runs `work` on something read from outside. Errors of this library pass through; every other one
 * (a field that is null, a list where a text belongs, nesting
 * without end) says that the file is damaged, and keeps its cause.
 */
export async function guarded<T>(
  code: ErrorCode,
  file: string,
  work: () => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw damaged(code, file, cause);
  }
}

function damaged(code: ErrorCode, file: string, cause: unknown): unknown {
  if (isWhylensError(cause)) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const why = /call stack/i.test(text)
    ? 'it is nested too deeply'
    : /array buffer allocation|invalid (typed )?array length|out of memory/i.test(text)
      ? 'it asks for more memory than there is'
      : text.split('\n')[0].slice(0, 200);
  return new WhylensError(
    code,
    `${file} is damaged or no such file: ${why}. Get or convert it again`,
    {
      cause,
      facts: { file },
    },
  );
}
