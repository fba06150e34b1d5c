/** The classes that a record of a row or a text tells of, as many as are shown. */
import type { ClassShare, Explanation } from '../../src/explanation.js';

/** More are counted. */
const MOST_SHOWN = 8;

export interface ShownClasses {
  readonly shown: readonly { readonly name: string; readonly proba: number }[];
  /** How many of the record are not shown. */
  readonly more: number;
}

/** Undefined where there is nothing to compare. */
export function classesOf(expl: Explanation): ShownClasses | undefined {
  const { classes } = expl as { readonly classes?: readonly ClassShare[] };
  if (classes === undefined || classes.length < 2) return undefined;
  return {
    shown: classes
      .slice(0, MOST_SHOWN)
      .map(({ target, label, proba }) => ({ name: label ?? String(target), proba })),
    more: Math.max(0, classes.length - MOST_SHOWN),
  };
}
