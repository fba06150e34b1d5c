import { WhylensError } from '../errors.js';

/** Refuses input of a builder that would make a record nobody can read. */
export function invalid(message: string): WhylensError {
  return new WhylensError('INVALID_EXPLANATION', message);
}

export function requireNumber(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(`${what} must be a finite number, got ${String(value)}`);
}

/** As `requireNumber`; undefined stays undefined. */
export function optionalNumber(value: unknown, what: string): number | undefined {
  return value === undefined ? undefined : requireNumber(value, what);
}
