/** What a record must be before anything is drawn or written of it. */
import type { Explanation } from '../../src/explanation.js';
import { ROOT, type Way } from '../json/codec.js';
import { explanation } from '../json/record.js';

const CHECK: Way = { direction: 'check', arrays: 'base64', maxPixels: Infinity };

/**
 * Refuses what is no record, or a damaged one, naming the place: a map that
 * does not fill its shape, a number that is none, spans outside their document,
 * a tree that refers to itself. Fields that no kind has are let pass.
 *
 * @throws WhylensError `INVALID_EXPLANATION`
 */
export function checkExplanation(record: Explanation): void {
  explanation(record, ROOT, CHECK);
}
