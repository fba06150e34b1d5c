import { WhylensError } from '../../src/errors.js';
import type { TargetBase } from '../../src/explanation.js';
import { labelIndex } from '../../src/images/labels.js';

/** Which target of a record: its class index, its name, or `#n` for the n-th one, from 0. */
export type TargetChoice = number | string;

/**
 * The chosen target of a record; left out, the first. A number is a class index, and a position
 * only if no target has an index. A name is looked up as labels are: the whole label or one of its
 * synonyms, in any case.
 *
 * @throws WhylensError `INVALID_TARGET` or `UNKNOWN_LABEL`, listing what the record holds
 */
export function selectTarget<T extends TargetBase>(
  targets: readonly T[],
  choice?: TargetChoice,
): T {
  if (targets.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'a record must hold at least one target to be rendered, this one holds none',
    );
  }
  if (choice === undefined) return targets[0];
  if (typeof choice === 'string') {
    const text = choice.trim();
    if (text.startsWith('#')) return at(targets, Number(text.slice(1)), choice);
    const named = targets.findIndex(({ target }) => String(target) === text);
    if (named >= 0) return targets[named];
    const labelled = targets.filter(({ label }) => label !== undefined);
    if (labelled.length === 0 || /^\d+$/.test(text)) throw missing(targets, choice);
    return labelled[
      labelIndex(
        text,
        labelled.map(({ label }) => label!),
      )
    ];
  }
  const found = targets.find(({ target }) => target === choice);
  if (found !== undefined) return found;
  if (targets.some(({ target }) => typeof target === 'number')) throw missing(targets, choice);
  return at(targets, choice, choice);
}

function at<T extends TargetBase>(targets: readonly T[], index: number, choice: TargetChoice): T {
  const found = Number.isInteger(index) ? targets[index] : undefined;
  if (found === undefined) throw missing(targets, choice);
  return found;
}

function missing(targets: readonly TargetBase[], choice: TargetChoice): WhylensError {
  const held = targets.map(
    ({ target, label }, i) => `#${i}: ${target}${label === undefined ? '' : ` (${label})`}`,
  );
  return new WhylensError(
    'INVALID_TARGET',
    `the record has no target ${JSON.stringify(choice)}; it holds ${held.join(', ')}. Explain that target first, or choose one of these by class index, name or #position`,
    { facts: { choice, held: targets.map(({ target }) => target) } },
  );
}
