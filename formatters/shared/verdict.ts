/** Whether a target is what the model says, in words. */
import type { TargetBase } from '../../src/explanation.js';
import { shortNameOf, wholePercent } from './numbers.js';

/** True if the target is the top class; of records that do not say, if it has more than half of the probability. */
export const isTop = ({ rank, proba }: TargetBase): boolean =>
  rank === undefined ? proba !== undefined && proba > 0.5 : rank === 0;

/** `the model says boxer, 38 %`, if the target is another class and the top one is not shown beside it. */
export function topInstead(
  { top }: TargetBase,
  shown: readonly TargetBase[] = [],
): string | undefined {
  if (top === undefined || shown.some(({ target }) => target === top.target)) return undefined;
  const chance = top.proba === undefined ? '' : `, ${wholePercent(top.proba)}`;
  return `the model says ${shortNameOf(top)}${chance}`;
}
