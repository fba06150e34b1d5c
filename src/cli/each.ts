/** The one loop over pictures and over panels: failures are collected and reported at the end. */
import { isWhylensError, type ErrorCode, type WhylensError } from '../errors.js';
import { errorText, EXIT, type Messages } from './io.js';

/** Errors that say something about one picture; every other error would come with the next picture too. */
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

const FORGIVEN = {
  pictures: OF_ONE_PICTURE,
  rows: OF_ONE_PICTURE,
  panels: OF_ONE_PANEL,
} as const;

export interface Loop<T> {
  readonly what: keyof typeof FORGIVEN;
  /** The name of an item in messages. */
  readonly name: (item: T) => string;
  readonly messages: Messages;
  readonly verbose?: boolean;
  /** Called after each item, whether it was done or not: say, to take a progress bar away. */
  readonly settle?: () => void;
  /** Called for an item that failed while the loop goes on. */
  readonly failed?: (item: T, index: number) => void;
  /** The message of an interruption. Default: that of the error. */
  readonly interrupted?: (error: WhylensError) => WhylensError;
}

/** How a loop ended. */
export interface Ended {
  readonly done: number;
  /** Reports what failed, if anything did, and gives the exit code. Call it after the results are written. */
  report(): number;
}

/**
 * Does `work` for each item in turn. After an error that says something about one item alone the
 * loop goes on with the others; it ends if there is only one item, or if the error would come with
 * the next one too.
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
