/**
 * Every error that this library throws on purpose.
 *
 * One base class with a stable `code`; the message says what was required,
 * what was received, what is allowed and what to do next. Programs switch on
 * `code`, people read `message`.
 */
export type ErrorCode =
  | 'INVALID_DOCUMENT'
  | 'INVALID_TARGET'
  | 'UNKNOWN_LABEL'
  | 'UNKNOWN_LAYER'
  | 'UNSUITABLE_LAYER'
  | 'UNKNOWN_METHOD'
  | 'UNKNOWN_FORMATTER'
  | 'UNKNOWN_OPTION'
  | 'INVALID_OPTION'
  | 'DUPLICATE_PLUGIN'
  | 'INVALID_PLUGIN'
  | 'UNSUPPORTED_MODEL'
  | 'UNSUPPORTED_OPERATION'
  | 'NEEDS_GRADIENTS'
  | 'NEEDS_ACTIVATIONS'
  | 'MODEL_LOAD'
  | 'MODEL_OUTPUT'
  | 'TOO_LARGE'
  | 'BACKEND'
  | 'ENGINE_LOST'
  | 'INVALID_PICTURE'
  | 'PICTURE_TOO_LARGE'
  | 'UNKNOWN_COLORMAP'
  | 'UNKNOWN_FILTER'
  | 'INVALID_EXPLANATION'
  | 'UNSUPPORTED_VERSION'
  | 'FILE'
  | 'FILE_EXISTS'
  | 'USAGE'
  | 'ABORTED';

/** What a message is made of beside its first sentence. */
export interface ErrorDetails {
  /** The original error, if this one wraps it. */
  cause?: unknown;
  /** Machine-readable facts: names received, names allowed, sizes. */
  facts?: Readonly<Record<string, unknown>>;
}

/** Base class of all errors of this library. */
export class WhylensError extends Error {
  override readonly name: string = 'WhylensError';
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(clipped(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.facts = details.facts ?? {};
  }
}

/** The received value may be a whole file; a message of megabytes is useless. */
const LONGEST_MESSAGE = 5000;
const clipped = (message: string): string =>
  message.length > LONGEST_MESSAGE
    ? `${message.slice(0, LONGEST_MESSAGE - 200)} … ${message.slice(-190)}`
    : message;

/** True for an error of this library, optionally of one `code`. */
export function isWhylensError(error: unknown, code?: ErrorCode): error is WhylensError {
  // by shape and not by class, since two copies of the package may meet in one process
  return (
    error instanceof Error &&
    typeof (error as { code?: unknown }).code === 'string' &&
    typeof (error as { facts?: unknown }).facts === 'object' &&
    (code === undefined || (error as { code?: unknown }).code === code)
  );
}

/** Thrown when an `AbortSignal` fires; says how far the work came. */
export class AbortedError extends WhylensError {
  override readonly name = 'AbortedError';

  constructor(done: number, total: number, cause?: unknown) {
    super('ABORTED', `aborted after ${done} of ${total} model evaluations; nothing was kept`, {
      cause,
      facts: { done, total },
    });
  }
}

/** Describes a value that a caller passed, for messages. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value === 'string') return `the string '${value.slice(0, 40)}'`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  const keys = Object.keys(value).slice(0, 6);
  const name = value.constructor?.name ?? 'Object';
  return `an object of class ${name}${keys.length === 0 ? '' : ` with keys ${keys.join(', ')}`}`;
}
