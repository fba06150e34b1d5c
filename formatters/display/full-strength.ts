/** Which value of a map is drawn at full strength. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap } from '../../src/explanation.js';
import { extentOf } from '../../src/maths/filters.js';
import { DEFAULT_DISPLAY_FILTER, sideOf, type DisplayFilter } from './filters.js';

/** The percentile of the values that has full strength, or `auto`: 99 for fine maps, else 100, the largest. */
export type Percentile = number | 'auto';

/** Maps of as many cells show single pixels: a single one that stands out would darken the rest. */
const FINE_CELLS = 64 * 64;
const FINE_PERCENTILE = 99;

/** What `auto` is for these maps. */
export function percentileFor(maps: readonly Heatmap[], percentile: Percentile): number {
  if (percentile !== 'auto') return percentile;
  return maps.some(({ data }) => data.length >= FINE_CELLS) ? FINE_PERCENTILE : 100;
}

/** True for what can be passed as `percentile`. */
function isPercentile(value: unknown): value is Percentile {
  return value === 'auto' || (typeof value === 'number' && value > 0 && value <= 100);
}

/** The option `percentile` as every formatter that draws maps declares it. */
export const PERCENTILE_OPTION = {
  type: 'value',
  expects: 'a number above 0 and at most 100, or auto',
  check: isPercentile,
  parse: (text: string): unknown => (text === 'auto' ? text : Number(text)),
  default: 'auto',
  help: 'percentile of the values that has full strength; auto: 99 for maps of 64×64 cells and more, else 100',
} as const;

/**
 * What `heatOf` divides a map by: its largest value after the filter, or a
 * percentile of those values (linear between ranks; of a map that is 0 at more
 * places than the percentile leaves out, the largest all the same). Pass the
 * largest over several maps as `maximum` to make their pictures comparable.
 *
 * @param percentile above 0, at most 100; `auto` chooses by the number of cells
 */
export function displayMaximum(
  map: Heatmap,
  filter: DisplayFilter = DEFAULT_DISPLAY_FILTER,
  percentile: Percentile = 100,
): number {
  if (percentile === 'auto') return displayMaximum(map, filter, percentileFor([map], 'auto'));
  if (!(percentile > 0 && percentile <= 100)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'percentile' must be a number above 0 and at most 100, got ${percentile}; 100 takes the largest value`,
    );
  }
  const { min, max } = extentOf(map);
  const side = sideOf(filter);
  const largest = Math.max(side(min), side(max));
  if (percentile === 100) return largest;
  return percentileOf(Float64Array.from(map.data, side), percentile) || largest;
}

/** Linear between the two ranks that enclose it. Sorts `values`. */
function percentileOf(values: Float64Array, percentile: number): number {
  values.sort();
  const rank = (percentile / 100) * (values.length - 1);
  const below = values[Math.floor(rank)];
  return below + (rank % 1) * (values[Math.ceil(rank)] - below);
}
