/** The one loop over pictures and over panels: what fails of one is kept and told at the end. */
import { isWhylensError, type ErrorCode, type WhylensError } from '../errors.js';
import { errorText, EXIT, type Messages } from './io.js';

/** Errors that say something about one picture; every other one would meet the next picture too. */
const OF_ONE_PICTURE: readonly ErrorCode[] = [
  'INVALID_DOCUMENT',
  'INVALID_PICTURE',
  'PICTURE_TOO_LARGE',
  'MODEL_OUTPUT',
  'TOO_LARGE',
  'ENGINE_LOST',
  'FILE',
  'FILE_EXISTS',
];

/** Panels differ in method, layer, target and model, so these too say something about one of them. */
const OF_ONE_PANEL: readonly ErrorCode[] = [
  ...OF_ONE_PICTURE,
  'INVALID_EXPLANATION',
  'INVALID_OPTION',
  'INVALID_TARGET',
  'UNKNOWN_LABEL',
  'UNKNOWN_LAYER',
  'UNSUITABLE_LAYER',
  'UNSUPPORTED_MODEL',
  'UNSUPPORTED_OPERATION',
  'NEEDS_GRADIENTS',
  'NEEDS_ACTIVATIONS',
];

const FORGIVEN = { pictures: OF_ONE_PICTURE, panels: OF_ONE_PANEL } as const;

export interface Loop<T> {
  readonly what: keyof typeof FORGIVEN;
  /** How an item is called in what is said of it. */
  readonly name: (item: T) => string;
  readonly messages: Messages;
  readonly verbose?: boolean;
  /** Called after each item, whether it was done or not: say, to take a progress bar away. */
  readonly settle?: () => void;
  /** Called for an item that failed and was forgiven. */
  readonly failed?: (item: T, index: number) => void;
  /** What an interruption says. Default: the error itself. */
  readonly interrupted?: (error: WhylensError) => WhylensError;
}

/** How a loop ended. */
export interface Ended {
  readonly done: number;
  /** Says what failed, if anything did, and gives the exit code. Call it after the results are out. */
  report(): number;
}

/**
 * Does `work` for each item in turn. An error that says something about this
 * item alone does not keep the others from being done; it ends the loop if
 * there is one item only, or if it would meet the next one too.
 */
export async function eachOf<T>(
  items: readonly T[],
  loop: Loop<T>,
  work: (item: T, index: number) => Promise<void>,
): Promise<Ended> {
  const { what, name, messages, verbose, settle, failed, interrupted } = loop;
  const failures: string[] = [];
  for (const [index, item] of items.entries()) {
    try {
      await work(item, index);
      settle?.();
    } catch (error) {
      settle?.();
      if (!isWhylensError(error)) throw error;
      if (error.code === 'ABORTED') throw interrupted?.(error) ?? error;
      if (items.length === 1 || !FORGIVEN[what].includes(error.code)) throw error;
      failures.push(`${name(item)}: ${errorText(error, verbose)}`);
      failed?.(item, index);
    }
  }
  return {
    done: items.length - failures.length,
    report: () => {
      if (failures.length === 0) return EXIT.ok;
      const list = failures.map((line) => `  ${line}`).join('\n');
      messages.complain(`${failures.length} of ${items.length} ${what} failed\n${list}`);
      return EXIT.some;
    },
  };
}
