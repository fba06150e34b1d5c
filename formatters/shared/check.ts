/** What a record must be before anything is drawn or written of it. */
import type { Explanation } from '../../src/explanation.js';
import { WhylensError } from '../../src/errors.js';
import { remedyFor } from '../../src/mistaken.js';
import { ROOT, type Way } from '../json/codec.js';
import { explanation } from '../json/record.js';

const CHECK: Way = { direction: 'check' };

/**
 * Refuses what is not a record, or a damaged one, naming the place: a map that
 * does not fill its shape, a value that is not a number, spans outside their document,
 * a tree that refers to itself. Unknown fields are allowed.
 *
 * @throws WhylensError `INVALID_EXPLANATION`
 */
export function checkExplanation(record: Explanation): void {
  refuseMistaken(record);
  explanation(record, ROOT, CHECK);
}

/** Refuses what is easily taken for an explanation, and says what to do instead. */
export function refuseMistaken(record: unknown): void {
  const got = remedyFor('explanation', record);
  if (got === undefined) return;
  throw new WhylensError('INVALID_EXPLANATION', `an explanation is needed here, got ${got}`);
}
