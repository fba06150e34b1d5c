/** Turns what a caller gives as targets into target data. */
import { WhylensError } from '../errors.js';
import type { Target } from '../explanation.js';
import { labelIndex } from '../images/labels.js';
import { sizeOf } from '../maths/ndarray.js';
import type { ModelDescription } from './interface.js';
import { classTarget, topClass } from './targets.js';

/** A class index, a label, target data, or `'all'` units of the (first) output. */
export type TargetOption = number | string | Target;

/** One list of targets for each sample, all of the same length. A list of lists names them sample by sample. */
export function parseTargets(
  given: unknown,
  description: ModelDescription,
  labels: readonly string[] | undefined,
  count: number,
): readonly (readonly Target[])[] {
  const shared = (list: readonly Target[]) => Array.from({ length: count }, () => list);
  if (given === undefined) return shared([topClass()]);
  if (given === 'all') return shared(allUnits(description));
  const list = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  if (list.length === 0) {
    throw new WhylensError(
      'INVALID_TARGET',
      `targets must name at least one target, got an empty list; leave the option out to explain the top class`,
    );
  }
  if (!list.some(Array.isArray)) return shared(list.map((item) => parseTarget(item, labels)));
  const lists = list.map((item) => (Array.isArray(item) ? (item as unknown[]) : [item]));
  if (
    lists.length !== count ||
    lists.some(({ length }) => length === 0 || length !== lists[0].length)
  ) {
    throw new WhylensError(
      'INVALID_TARGET',
      `targets per document must be one list for each of the ${count} documents, all of one length of at least 1; got ${lists.length} lists of lengths ${lists.map(({ length }) => length).join(', ')}`,
    );
  }
  return lists.map((items) => items.map((item) => parseTarget(item, labels)));
}

export function parseTarget(given: unknown, labels: readonly string[] | undefined): Target {
  if (typeof given === 'number') {
    if (!Number.isInteger(given) || given < 0) {
      throw new WhylensError(
        'INVALID_TARGET',
        `a target index must be a whole number of at least 0, got ${given}`,
      );
    }
    return classTarget(given);
  }
  if (typeof given === 'string') {
    if (labels === undefined) {
      throw new WhylensError(
        'UNKNOWN_LABEL',
        `the target '${given}' is a label, but no labels are known; give option 'labels' (to explainPrediction or loadModel) or a class index`,
      );
    }
    return classTarget(labelIndex(given, labels));
  }
  if (isTarget(given)) return given;
  throw new WhylensError(
    'INVALID_TARGET',
    `a target must be a class index, a label, or data made by classTarget, ratherThan, maskTarget and the like; got ${typeof given === 'object' ? JSON.stringify(given)?.slice(0, 80) : typeof given}`,
  );
}

/** Target data may come from a file: true if all that its kind needs is there. */
function isTarget(given: unknown): given is Target {
  if (typeof given !== 'object' || given === null) return false;
  const { kind, index, rank, sign, terms, mask, vector, output } = given as Record<string, unknown>;
  if (output !== undefined && typeof output !== 'string') return false;
  switch (kind) {
    case 'top':
      return Number.isInteger(rank) && Number(rank) >= 0;
    case 'class':
    case 'negative':
      return typeof index === 'number';
    case 'regression':
      return typeof index === 'number' && (sign === 1 || sign === -1);
    case 'weighted':
      return (
        Array.isArray(terms) &&
        terms.length > 0 &&
        terms.every(
          (term: { target?: unknown; weight?: unknown } | null) =>
            Number.isFinite(term?.weight) && isTarget(term?.target),
        )
      );
    case 'mask': {
      const { shape, data } = (mask ?? {}) as Record<string, unknown>;
      return typeof index === 'number' && isNumbers(shape) && isNumbers(data);
    }
    case 'similarity':
      return isNumbers(vector);
    case 'element':
      return isNumbers(index);
    default:
      return false;
  }
}

/** Names of the outputs that some of the targets look at. */
export function outputsOf(
  targets: readonly (readonly Target[])[],
  { outputs }: ModelDescription,
): string[] {
  const found = new Set<string>();
  const add = (target: Target): void => {
    if (target.kind === 'weighted') target.terms.forEach((term) => add(term.target));
    else found.add(target.output ?? outputs[0].name);
  };
  targets.forEach((list) => list.forEach(add));
  return [...found];
}

function isNumbers(list: unknown): boolean {
  return Array.isArray(list) && list.every((item) => Number.isFinite(item));
}

/** The warning if the number of labels is not that of the classes. */
export function labelProblem(
  { outputs }: ModelDescription,
  labels: readonly string[] | undefined,
): string | undefined {
  const [{ name, shape }] = outputs;
  const classes = shape[shape.length - 1];
  // if there are several outputs, it is not known which has the labels; a single unit means yes or no
  if (labels === undefined || outputs.length > 1 || typeof classes !== 'number' || classes === 1) {
    return undefined;
  }
  if (labels.length === classes) return undefined;
  return `there are ${labels.length} labels, but output '${name}' has ${classes} classes: names may stand for the wrong classes`;
}

function allUnits({ outputs: [output] }: ModelDescription): Target[] {
  if (output.shape.some((size) => size === null)) {
    throw new WhylensError(
      'INVALID_TARGET',
      `targets 'all' needs an output of known size, output '${output.name}' has shape [${output.shape.map((size) => size ?? '?').join(', ')}]`,
    );
  }
  return Array.from({ length: sizeOf(output.shape as number[]) }, (_, index) => classTarget(index));
}
