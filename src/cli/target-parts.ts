/** What tells the files of several targets apart, before anything is explained. */
import type { Target } from '../explanation.js';
import { describeTarget, targetId } from '../model/targets.js';

/**
 * The part of each target in the name of its file, as the record will call it;
 * `known` is false if some of them are not known before the model has predicted.
 */
export interface PartNames {
  readonly names: readonly (readonly string[])[];
  readonly known: boolean;
}

export function partNames(
  targets: 'all' | readonly Target[] | undefined,
  labels: readonly string[] | undefined,
): PartNames {
  if (targets === 'all')
    return { names: (labels ?? []).map((label) => [label]), known: labels !== undefined };
  if (targets === undefined || targets.length < 2) return { names: [[]], known: true };
  const fixed = targets.filter((target) => !hasRank(target));
  return {
    names: fixed.map((target) => [nameOf(target, labels)]),
    known: fixed.length === targets.length,
  };
}

function nameOf(target: Target, labels: readonly string[] | undefined): string {
  const named = target.kind !== 'class' || labels?.[target.index] !== undefined;
  return named && target.kind !== 'regression'
    ? describeTarget(target, labels)
    : String(targetId(target));
}

/** Which class a rank stands for is known after the prediction. */
function hasRank(target: Target): boolean {
  return target.kind === 'weighted'
    ? target.terms.some(({ target: term }) => hasRank(term))
    : target.kind === 'top';
}
