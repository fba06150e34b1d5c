/** A raw map as values that a colormap takes, and how much is seen of each. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap } from '../../src/explanation.js';
import { applyFilter, extentOf } from '../../src/maths/filters.js';
import {
  checkDisplayFilter,
  DEFAULT_DISPLAY_FILTER,
  FROM_ZERO,
  isFromZero,
  isStretched,
  type DisplayFilter,
} from './filters.js';
import { displayMaximum, percentileFor, type Percentile } from './full-strength.js';
import { scaleOf, type Extent } from './scale.js';

export interface Heat {
  readonly shape: readonly number[];
  /** Where on the colormap, 0 to 1. */
  readonly values: Float64Array;
  /** How much is to be seen, 0 to 1: the value, and for `symmetric` its distance from the middle. */
  readonly strengths: Float64Array;
}

/**
 * Values and strengths of a map. With `maximum` the map is divided by it
 * instead of its own largest value, so that several pictures share a scale.
 * With `percentile` below 100 it is divided by that percentile of its values
 * instead, and what lies above is full: single pixels that stand out, as the
 * gradient methods have them, do not darken all the rest.
 */
export function heatOf(
  map: Heatmap,
  filter: DisplayFilter = DEFAULT_DISPLAY_FILTER,
  maximum?: number,
  percentile: Percentile = 100,
): Heat {
  extentOf(map);
  if (percentile === 'auto') {
    // 'auto' takes no percentile if it has no meaning
    const usable = maximum === undefined && isFromZero(filter);
    return heatOf(map, filter, maximum, usable ? percentileFor([map], 'auto') : 100);
  }
  checkScale(filter, maximum, percentile);
  if (isFromZero(filter)) {
    const full = maximum ?? displayMaximum(map, filter, percentile);
    return heatBetween(map, filter, { low: -full, high: full });
  }
  // these filters scale the map already; ELI5 rounds to 32 bits in between
  const full = maximum ?? 1;
  const filtered = checkDisplayFilter(filter);
  return heatBetween(applyFilter(map, filtered), 'none', { low: -full, high: full });
}

/** The same, if it is known which raw values count as full, as for maps that share a scale. */
export function heatBetween({ shape, data }: Heatmap, filter: DisplayFilter, full: Extent): Heat {
  const shareOf = scaleOf(filter, full);
  const values = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = shareOf(data[i]);
  if (filter !== 'symmetric') return { shape, values, strengths: values };
  const strengths = values.map(Math.abs);
  for (let i = 0; i < data.length; i++) values[i] = (values[i] + 1) / 2;
  return { shape, values, strengths };
}

function checkScale(filter: DisplayFilter, maximum: number | undefined, percentile: number): void {
  if (percentile !== 100 && !isFromZero(filter)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'percentile' goes with the filters ${FROM_ZERO.join(', ')}, whose values start from 0, got filter '${filter}'; leave it out or choose one of these`,
    );
  }
  if (percentile !== 100 && maximum !== undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `options 'maximum' (${maximum}) and 'percentile' (${percentile}) both say which value is full; give one of them`,
    );
  }
  if (maximum !== undefined && isStretched(filter)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `filter '${filter}' stretches each map by itself and cannot share a maximum; use positive, negative, absolute, symmetric or none with 'maximum'`,
    );
  }
  if (maximum !== undefined && !(maximum > 0 && maximum < Infinity)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'maximum' must be a number above 0, got ${maximum}; leave it out to scale a map by its own maximum`,
    );
  }
}
