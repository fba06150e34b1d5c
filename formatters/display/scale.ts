/** From raw values to shares of full strength: the one scale behind every drawing of a map. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap } from '../../src/explanation.js';
import type { DisplayFilter, ShownFilter } from './filters.js';
import { displayMaximum, percentileFor, type Percentile } from './full-strength.js';
import { greatest } from '../../src/maths/extremes.js';

/** The raw values that count as full: the lowest against, the highest for. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** Smallest and largest value of some maps. */
export function extentOfMaps(maps: readonly Heatmap[]): Extent {
  let low = Infinity;
  let high = -Infinity;
  for (const { shape, data } of maps) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (!(Math.abs(value) < Infinity)) {
        throw new WhylensError(
          'INVALID_EXPLANATION',
          `a map must hold finite numbers, got ${value} at position ${i} of shape [${shape.join(', ')}]`,
        );
      }
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/** The raw values that count as full for a filter: the extent, or a percentile of each side. */
export function shownExtent(
  maps: readonly Heatmap[],
  filter: ShownFilter,
  percentile: Percentile,
): Extent {
  const extent = extentOfMaps(maps);
  const share = percentileFor(maps, percentile);
  // 'normalize' stretches from the smallest to the largest, whatever they are
  if (share === 100 || filter === 'normalize') return extent;
  const full = (side: ShownFilter): number =>
    greatest(maps.map((map) => displayMaximum(map, side, share)));
  if (filter === 'positive') return { low: extent.low, high: full('positive') };
  if (filter === 'negative') return { low: -full('negative'), high: extent.high };
  const most = full('absolute');
  return { low: -most, high: most };
}

/** A value as its signed share of what counts as full, −1 to 1; 0 if nothing does. */
export function shareOf(value: number, full: number): number {
  return full > 0 ? Math.max(-1, Math.min(value / full, 1)) : 0;
}

/** From raw values to shares: 0 to 1 is shown, for `symmetric` −1 to 1; `none` and `maxScale` count from 0 as `positive`. */
export function scaleOf(filter: DisplayFilter, { low, high }: Extent): (value: number) => number {
  const most = Math.max(high, -low);
  switch (filter) {
    case 'negative':
      return (value) => Math.max(shareOf(-value, -low), 0);
    case 'absolute':
      return (value) => shareOf(Math.abs(value), most);
    case 'symmetric':
      return (value) => shareOf(value, most);
    case 'normalize':
      return (value) => Math.max(shareOf(value - low, high - low), 0);
    default:
      return (value) => Math.max(shareOf(value, high), 0);
  }
}

/** The raw values at the two ends of the colormap. */
export function endsOf(filter: ShownFilter, { low, high }: Extent): readonly [number, number] {
  const most = Math.max(high, -low);
  switch (filter) {
    case 'positive':
      return [0, Math.max(high, 0)];
    case 'negative':
      return [0, Math.min(low, 0)];
    case 'absolute':
      return [0, most];
    case 'symmetric':
      return [most === 0 ? 0 : -most, most];
    case 'normalize':
      return [low, high];
  }
}
