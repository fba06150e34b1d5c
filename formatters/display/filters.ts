/** Which part of a raw map is shown. */
import { didYouMean } from '../../src/did-you-mean.js';
import { WhylensError } from '../../src/errors.js';
import { MAP_FILTERS, type MapFilter } from '../../src/maths/filters.js';

/**
 * How a raw map becomes values of 0 to 1. `positive`, `negative`, `absolute`
 * and `maxScale` are divided by their largest value (or `maximum`);
 * `symmetric` puts 0 in the middle of the colormap, for diverging ones; the
 * `…normalize` ones stretch each map by itself; `none` only clips.
 */
export const DISPLAY_FILTERS = [...MAP_FILTERS, 'symmetric'] as const;
/** Which part of a map is shown and how it is scaled. */
export type DisplayFilter = MapFilter | 'symmetric';

/** ELI5's: evidence for the target, scaled by its maximum. */
export const DEFAULT_DISPLAY_FILTER = 'positive' satisfies DisplayFilter;

/** Filters whose values have a common zero, so that one value can count as full. */
export const FROM_ZERO = ['positive', 'negative', 'absolute', 'symmetric'] as const;
/** A filter whose values start from zero. */
export type FromZero = (typeof FROM_ZERO)[number];

/** The display filters that leave the raw scale readable: those of figures and pages. */
export const SHOWN_FILTERS = [
  'positive',
  'negative',
  'symmetric',
  'absolute',
  'normalize',
] as const satisfies readonly DisplayFilter[];

/**
 * - `positive`: max(x, 0), evidence for the target; ELI5's
 * - `negative`: max(−x, 0), evidence against it
 * - `symmetric`: x around 0, a diverging colormap's middle
 * - `absolute`: |x|, what matters at all
 * - `normalize`: from the smallest value to the largest, signs lost
 */
export type ShownFilter = (typeof SHOWN_FILTERS)[number];

/** True for filters whose values start from zero. */
export function isFromZero(filter: DisplayFilter): filter is FromZero {
  return (FROM_ZERO as readonly string[]).includes(filter);
}

/** True for filters that stretch each map by itself. */
export function isStretched(filter: DisplayFilter): boolean {
  return /normalize$/i.test(filter);
}

/** What a filter shows of a value, before it is scaled. */
export function sideOf(filter: DisplayFilter): (value: number) => number {
  if (filter === 'negative') return (value) => Math.max(-value, 0);
  if (filter === 'absolute' || filter === 'symmetric') return Math.abs;
  return (value) => Math.max(value, 0);
}

/** @throws WhylensError `UNKNOWN_FILTER` */
export function checkDisplayFilter<F extends DisplayFilter>(filter: F): F {
  if (!(DISPLAY_FILTERS as readonly string[]).includes(filter)) {
    throw new WhylensError(
      'UNKNOWN_FILTER',
      `unknown filter of maps ${JSON.stringify(filter)}${didYouMean(String(filter), DISPLAY_FILTERS)} Allowed: ${DISPLAY_FILTERS.join(', ')}`,
      { facts: { filter, allowed: DISPLAY_FILTERS } },
    );
  }
  return filter;
}
