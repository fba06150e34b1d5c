import { WhylensError } from '../errors.js';
import type { Target } from '../explanation.js';
import type { DifferentiateRequest } from './interface.js';

/** The targets of a request as one list for each sample, all of equal length. */
export function targetsPerSample(
  targets: DifferentiateRequest['targets'],
  count: number,
): readonly (readonly Target[])[] {
  const nested = Array.isArray(targets[0]);
  const lists = nested
    ? (targets as readonly (readonly Target[])[])
    : Array.from({ length: count }, () => targets as readonly Target[]);
  if (lists.length !== count && lists.length === 1)
    return Array.from({ length: count }, () => lists[0]);
  if (
    lists.length !== count ||
    lists.some((list) => list.length === 0 || list.length !== lists[0].length)
  ) {
    throw new WhylensError(
      'INVALID_TARGET',
      `each of the ${count} samples needs one list of targets of equal length, got ${lists.length} lists of lengths ${lists.map((list) => list.length).join(', ')}`,
    );
  }
  return lists;
}
