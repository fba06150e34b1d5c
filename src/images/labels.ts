import { nearestNames } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';

/** One class of a prediction: index, label if known, and score. */
export interface DecodedPrediction {
  readonly index: number;
  /** `class 7` if there is no label. */
  readonly label: string;
  readonly score: number;
}

/**
 * The `top` highest scores with their labels, highest first, equal ones by index.
 *
 * @param scores one number for each class: probabilities or logits
 * @param labels by class index; may be missing or too short
 * @throws WhylensError `MODEL_OUTPUT` for scores that are not finite numbers, `INVALID_OPTION`
 * @example decodePredictions(probabilities, labels, 5)
 */
export function decodePredictions(
  scores: ArrayLike<number>,
  labels?: readonly string[],
  top = 5,
): DecodedPrediction[] {
  if (!Number.isInteger(top) || top < 1) {
    throw new WhylensError(
      'INVALID_OPTION',
      `'top' must be a whole number of at least 1, got ${top}`,
    );
  }
  const list = Array.from(scores ?? []);
  const bad = list.findIndex((score) => !Number.isFinite(score));
  if (list.length === 0 || bad !== -1) {
    throw new WhylensError(
      'MODEL_OUTPUT',
      `scores to decode must be finite numbers, one for each class; got ${list.length === 0 ? 'none' : `${list[bad]} for class ${bad}`}`,
    );
  }
  return list
    .map((score, index) => ({ index, score }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, top)
    .map(({ index, score }) => ({ index, label: labels?.[index] || `class ${index}`, score }));
}

/** The names of a label: ImageNet separates synonyms by commas. */
export function synonymsOf(label: string): string[] {
  return label
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/**
 * Index of the class with this name. A whole label is preferred to a synonym, the same case to another one.
 *
 * @throws WhylensError `UNKNOWN_LABEL`: no such name (the nearest are listed), or several classes have it
 * @example labelIndex('tiger cat', labels) // 282
 */
export function labelIndex(name: string, labels: readonly string[]): number {
  const wanted = name.trim();
  const lower = wanted.toLowerCase();
  const tests: ((label: string) => boolean)[] = [
    (label) => label === name || label === wanted,
    (label) => label.toLowerCase() === lower,
    (label) => synonymsOf(label).includes(wanted),
    (label) => synonymsOf(label).some((synonym) => synonym.toLowerCase() === lower),
  ];
  for (const test of wanted === '' ? [] : tests) {
    const found = labels.flatMap((label, index) => (test(label) ? [index] : []));
    if (found.length === 1) return found[0];
    if (found.length > 1) {
      throw new WhylensError(
        'UNKNOWN_LABEL',
        `the label '${name}' is the name of ${found.length} classes: ${found.map((index) => `${index} (${labels[index]})`).join(', ')}; give the class index instead`,
        { facts: { label: name, candidates: found } },
      );
    }
  }
  const near = nearestNames(wanted, labels.flatMap(synonymsOf));
  throw new WhylensError('UNKNOWN_LABEL', `no class is called '${name}'${nearText(near, labels)}`, {
    facts: { label: name, nearest: near },
  });
}

function nearText(near: readonly string[], labels: readonly string[]): string {
  if (labels.length === 0) return ': the model has no labels';
  const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');
  return near.length === 0
    ? `, and no label is near to that; there are ${labels.length}, such as ${quoted(labels.slice(0, 3))}`
    : `; the nearest of ${labels.length} labels are ${quoted(near)}`;
}
