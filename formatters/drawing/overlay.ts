/** A raw map as colours: which evidence, how strong, in which colour, how opaque. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap, Picture } from '../../src/explanation.js';
import { colormapTable, colourIndex, type Colormap } from '../../src/images/colormaps.js';
import {
  displayMaximum,
  percentileFor,
  type DisplayFilter,
  type Percentile,
} from '../../src/images/heat.js';

/** Which part of the evidence is shown: the display filters that leave the raw scale readable. */
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

/** Smallest and largest raw value. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

export interface OverlayOptions {
  readonly colormap: Colormap;
  readonly filter: ShownFilter;
  /** Opacity is the value's share of the maximum, at most this. */
  readonly alphaLimit: number;
  /** One opacity everywhere, instead. */
  readonly opacity?: number;
  /** What counts as full: the map's own extent unless several maps share one. */
  readonly extent?: Extent;
}

/** Refuses maps that are not of this rank, or whose values do not fill their shape. */
export function checkMap({ shape, data }: Heatmap, rank: 1 | 2 | 3): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (shape.length === rank && size === data.length && size > 0) return;
  throw new WhylensError(
    'INVALID_EXPLANATION',
    `a map must have ${['', 'a length', 'height and width', 'depth, height and width'][rank]} and as many values as they say, got shape [${shape.join(', ')}] and ${data.length} values`,
  );
}

/** Smallest and largest value of some maps. */
export function extentOf(maps: readonly Heatmap[]): Extent {
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
  const extent = extentOf(maps);
  const share = percentileFor(maps, percentile);
  // 'normalize' stretches from the smallest to the largest, whatever they are
  if (share === 100 || filter === 'normalize') return extent;
  const full = (side: ShownFilter): number =>
    Math.max(...maps.map((map) => displayMaximum(map, side, share)));
  if (filter === 'positive') return { low: extent.low, high: full('positive') };
  if (filter === 'negative') return { low: -full('negative'), high: extent.high };
  const most = full('absolute');
  return { low: -most, high: most };
}

/** From raw values to shares: 0…1 for colour, and 0…1 for opacity. */
export function scaleOf(
  filter: ShownFilter,
  { low, high }: Extent,
): (value: number) => readonly [colour: number, strength: number] {
  const most = Math.max(high, -low);
  const share = (value: number, full: number): number =>
    full > 0 && value > 0 ? Math.min(value / full, 1) : 0;
  switch (filter) {
    case 'positive':
      return (value) => [share(value, high), share(value, high)];
    case 'negative':
      return (value) => [share(-value, -low), share(-value, -low)];
    case 'absolute':
      return (value) => [share(Math.abs(value), most), share(Math.abs(value), most)];
    case 'symmetric':
      return (value) => {
        const part = most > 0 ? Math.max(-1, Math.min(value / most, 1)) : 0;
        return [(part + 1) / 2, Math.abs(part)];
      };
    case 'normalize': {
      const span = high - low;
      return (value) => {
        const part = span > 0 ? Math.max(0, Math.min((value - low) / span, 1)) : 0;
        return [part, part];
      };
    }
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

/** A map `[h, w]` at its own resolution as an RGBA picture, 8 bits by truncation. */
export function overlayOf(map: Heatmap, options: OverlayOptions): Picture {
  checkMap(map, 2);
  const [height, width] = map.shape;
  const table = colormapTable(options.colormap);
  const scale = scaleOf(options.filter, options.extent ?? extentOf([map]));
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0, o = 0; o < data.length; i++, o += 4) {
    const [colour, strength] = scale(map.data[i]);
    const at = colourIndex(colour) * 4;
    const alpha = options.opacity ?? Math.min(strength, options.alphaLimit);
    data.set(table.subarray(at, at + 3), o);
    data[o + 3] = Math.floor(alpha * table[at + 3]);
  }
  return { width, height, mode: 'RGBA', data };
}

/** A colormap lying on its side, low to the left: 256 pixels wide, one high. */
export function colormapStrip(colormap: Colormap): Picture {
  return { width: 256, height: 1, mode: 'RGBA', data: colormapTable(colormap).slice() };
}
