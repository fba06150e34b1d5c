/** What the command says, and where. */
import { isWhylensError, type ErrorCode } from '../errors.js';

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Mistakes that a look at the help would have avoided. */
const USAGE: readonly ErrorCode[] = [
  'USAGE',
  'UNKNOWN_METHOD',
  'UNKNOWN_FORMATTER',
  'UNKNOWN_OPTION',
  'INVALID_OPTION',
  'UNKNOWN_COLORMAP',
  'UNKNOWN_FILTER',
];

export interface Io {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Options that every command that talks has. */
export interface Talk {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export class Messages {
  constructor(
    readonly io: Io,
    private readonly talk: Talk = {},
    /** True where stdout is the output itself, so that everything said goes to stderr. */
    private readonly stdoutTaken = false,
  ) {}

  /** A result: a path, a table, a picture in characters. */
  print(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** What was inferred or done; silent with --quiet. */
  note(text: string): void {
    if (this.talk.quiet === true) return;
    (this.stdoutTaken ? this.io.stderr : this.io.stdout).write(`${text}\n`);
  }

  /** Details for --verbose. */
  detail(text: string): void {
    if (this.talk.verbose === true) this.note(text);
  }

  /** A warning or an error: always said, on stderr. */
  complain(text: string): void {
    this.io.stderr.write(`whylens: ${text}\n`);
  }
}

export function exitCodeOf(error: unknown): number {
  if (isWhylensError(error, 'ABORTED')) return EXIT.interrupted;
  return isWhylensError(error) && USAGE.includes(error.code) ? EXIT.usage : EXIT.failed;
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
