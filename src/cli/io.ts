/** What the command says, and where. */
import { clean } from './clean.js';
import { isWhylensError, type ErrorCode } from '../errors.js';

/** One exit code for each kind of end. */
export const EXIT = {
  ok: 0,
  /** Some of several pictures or panels failed; the others are done. */
  some: 1,
  usage: 2,
  model: 3,
  document: 4,
  file: 5,
  backend: 6,
  plugin: 7,
  unexpected: 70,
  interrupted: 130,
} as const;

type Kind = keyof typeof EXIT;

/** What each exit code stands for: printed by `whylens --help`. */
export const EXIT_MEANINGS: Readonly<Record<Kind, string>> = {
  ok: 'Done.',
  some: 'Some of several pictures or panels failed; the others are done.',
  usage: 'The command line is wrong: an option, a method, a target, a label or a layer.',
  model: 'The model cannot be loaded, or cannot do what the method needs.',
  document: 'The picture or the stored explanation cannot be used.',
  file: 'A file cannot be read or written, or exists already.',
  backend: 'The backend that was asked for does not start.',
  plugin: 'A plugin does not load.',
  unexpected: 'An error that should not happen; please report it.',
  interrupted: 'Interrupted (Ctrl-C).',
};

/** The kind of each error. */
const KINDS: Readonly<Record<ErrorCode, Kind>> = {
  USAGE: 'usage',
  UNKNOWN_METHOD: 'usage',
  UNKNOWN_FORMATTER: 'usage',
  UNKNOWN_OPTION: 'usage',
  INVALID_OPTION: 'usage',
  UNKNOWN_COLORMAP: 'usage',
  UNKNOWN_FILTER: 'usage',
  INVALID_TARGET: 'usage',
  UNKNOWN_LABEL: 'usage',
  UNKNOWN_LAYER: 'usage',
  UNSUITABLE_LAYER: 'usage',
  UNSUPPORTED_MODEL: 'model',
  UNSUPPORTED_OPERATION: 'model',
  NEEDS_GRADIENTS: 'model',
  NEEDS_ACTIVATIONS: 'model',
  MODEL_LOAD: 'model',
  MODEL_OUTPUT: 'model',
  INVALID_DOCUMENT: 'document',
  INVALID_PICTURE: 'document',
  PICTURE_TOO_LARGE: 'document',
  TOO_LARGE: 'document',
  INVALID_EXPLANATION: 'document',
  UNSUPPORTED_VERSION: 'document',
  FILE: 'file',
  FILE_EXISTS: 'file',
  BACKEND: 'backend',
  ENGINE_LOST: 'backend',
  INVALID_PLUGIN: 'plugin',
  DUPLICATE_PLUGIN: 'plugin',
  ABORTED: 'interrupted',
};

export interface Io {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Left out if nothing can be read. */
  readonly stdin?: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
  /**
   * Called by a command that finishes the work it has begun when the user interrupts: it then gets
   * the time for that, and `note` is printed.
   */
  readonly finishing?: (note: string) => void;
}

/** Options of every command that prints messages. */
export interface Talk {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export class Messages {
  constructor(
    readonly io: Io,
    private readonly talk: Talk = {},
    /** True if stdout is the output itself, so that all messages go to stderr. */
    private readonly stdoutTaken = false,
  ) {}

  /** A result: a path, a table, a picture in characters. */
  print(text: string): void {
    this.io.stdout.write(`${clean(text)}\n`);
  }

  /** What a formatter made for a terminal, with its colours. */
  printDrawn(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** What was inferred or done; silent with --quiet. */
  note(text: string): void {
    if (this.talk.quiet === true) return;
    (this.stdoutTaken ? this.io.stderr : this.io.stdout).write(`${clean(text)}\n`);
  }

  /** Details for --verbose: on stderr, so that they are not mixed with the output. */
  detail(text: string): void {
    if (this.talk.verbose === true) this.io.stderr.write(`${clean(text)}\n`);
  }

  /** Does `work`; with --verbose it says how long that took. */
  async timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.detail(`${what} in ${((performance.now() - start) / 1000).toFixed(3)} s`);
    return result;
  }

  /** A warning or an error: always said, on stderr. */
  complain(text: string): void {
    this.io.stderr.write(`whylens: ${clean(text)}\n`);
  }
}

export function exitCodeOf(error: unknown): number {
  return EXIT[isWhylensError(error) ? (KINDS[error.code] ?? 'unexpected') : 'unexpected'];
}

/** The message of an error; with `verbose` its stack and those of its causes. */
export function errorText(error: unknown, verbose = false): string {
  if (!(error instanceof Error)) return String(error);
  if (!verbose) {
    return isWhylensError(error)
      ? error.message
      : `${error.message} (unexpected; --verbose shows where it happened)`;
  }
  const cause = error.cause === undefined ? '' : `\n  caused by ${errorText(error.cause, true)}`;
  return `${error.stack ?? error.message}${cause}`;
}
