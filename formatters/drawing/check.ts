/** What a record must be before anything is drawn of it. */
import { WhylensError } from '../../src/errors.js';
import type { Explanation } from '../../src/explanation.js';

/**
 * Refuses records with a number that is none, naming where it is: a page that
 * says NaN, or a bar of no length, would be a wrong picture. Arrays of samples
 * and maps are looked at where they are used.
 */
export function checkNumbers(explanation: Explanation): void {
  walk(explanation, explanation.kind);
}

function walk(value: unknown, path: string): void {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return;
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `an explanation must hold finite numbers, got ${value} at ${path}`,
      { facts: { path } },
    );
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (const [key, item] of Object.entries(value)) walk(item, `${path}.${key}`);
}
