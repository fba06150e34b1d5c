/**
 * From a raw map to colours: values that a colormap takes, opacities, and the
 * small coloured picture that is then enlarged and laid over the document.
 */
import { nearestNames, WhylensError } from '../errors.js';
import type { Heatmap, Picture } from '../explanation.js';
import { applyFilter, extentOf, MAP_FILTERS, type MapFilter } from '../maths/filters.js';
import { COLORMAP_SIZE, colourIndex } from './colormaps.js';

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

export interface Heat {
  readonly shape: readonly number[];
  /** Where on the colormap, 0 to 1. */
  readonly values: Float64Array;
  /** How much is to be seen, 0 to 1: the value, and for `symmetric` its distance from the middle. */
  readonly strengths: Float64Array;
}

/** The percentile of the values that has full strength, or `auto`: 99 for fine maps, else 100, the largest. */
export type Percentile = number | 'auto';

/** Maps of as many cells show single pixels: one of them that stands out would darken the rest. */
const FINE_CELLS = 64 * 64;
const FINE_PERCENTILE = 99;

/** What `auto` is for these maps. */
export function percentileFor(maps: readonly Heatmap[], percentile: Percentile): number {
  if (percentile !== 'auto') return percentile;
  return maps.some(({ data }) => data.length >= FINE_CELLS) ? FINE_PERCENTILE : 100;
}

/** True for what can be passed as `percentile`. */
export function isPercentile(value: unknown): value is Percentile {
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

/** Filters whose values have a common zero, so that one value can be what counts as full. */
const FROM_ZERO: readonly DisplayFilter[] = ['positive', 'negative', 'absolute', 'symmetric'];

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
    // where a percentile has no meaning, 'auto' takes none
    const usable = maximum === undefined && FROM_ZERO.includes(filter);
    return heatOf(map, filter, maximum, usable ? percentileFor([map], 'auto') : 100);
  }
  if (percentile !== 100 && !FROM_ZERO.includes(filter)) {
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
  if (maximum !== undefined && /normalize$/i.test(filter)) {
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
  const { shape, data } = filter === 'symmetric' ? map : applyFilter(map, checkDisplay(filter));
  const values = new Float64Array(data.length);
  if (filter === 'symmetric') {
    const strengths = new Float64Array(data.length);
    const span = maximum ?? displayMaximum(map, 'absolute', percentile);
    for (let i = 0; i < data.length; i++) {
      const share = span > 0 ? Math.min(Math.max(data[i] / span, -1), 1) : 0;
      values[i] = (share + 1) / 2;
      strengths[i] = Math.abs(share);
    }
    return { shape, values, strengths };
  }
  const span = maximum ?? (isScaled(filter) ? 1 : displayMaximum(map, filter, percentile));
  for (let i = 0; i < data.length; i++) {
    values[i] = span > 0 ? Math.min(Math.max(data[i] / span, 0), 1) : 0;
  }
  return { shape, values, strengths: values };
}

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

/**
 * The map at its own size as an RGBA picture: colour by value, opacity by
 * strength capped at `alphaLimit` and times the colour's own, truncated to 8
 * bits as ELI5 does.
 *
 * @param heat of shape `[h, w]`
 */
export function colourHeat(heat: Heat, table: Uint8ClampedArray, alphaLimit: number): Picture {
  const [height, width] = heat.shape;
  const { values, strengths } = heat;
  const data = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    const colour = colourIndex(values[i]) * 4;
    const opacity = Math.min(strengths[i], alphaLimit);
    data[i * 4] = table[colour];
    data[i * 4 + 1] = table[colour + 1];
    data[i * 4 + 2] = table[colour + 2];
    data[i * 4 + 3] = (opacity * table[colour + 3]) | 0;
  }
  return { width, height, mode: 'RGBA', data };
}

/**
 * The map as the Keras tutorial colours it: values cut to 8 bits, colours
 * stretched so that the largest sample is 255 and the smallest 0.
 */
export function colourHeatStretched(heat: Heat, table: Uint8ClampedArray): Picture {
  const [height, width] = heat.shape;
  const data = new Uint8ClampedArray(heat.values.length * 3);
  let low = 255;
  let high = 0;
  for (let i = 0; i < data.length; i++) {
    const index = (heat.values[(i / 3) | 0] * (COLORMAP_SIZE - 1)) | 0;
    const sample = (data[i] = table[index * 4 + (i % 3)]);
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  const span = high - low;
  for (let i = 0; i < data.length; i++) {
    data[i] = span === 0 ? 0 : Math.trunc(((data[i] - low) * 255) / span);
  }
  return { width, height, mode: 'RGB', data };
}

/** What a filter shows of a value, before it is scaled. */
function sideOf(filter: DisplayFilter): (value: number) => number {
  if (filter === 'negative') return (value) => Math.max(-value, 0);
  if (filter === 'absolute' || filter === 'symmetric') return Math.abs;
  return (value) => Math.max(value, 0);
}

/** Linear between the two ranks that enclose it. Sorts `values`. */
function percentileOf(values: Float64Array, percentile: number): number {
  values.sort();
  const rank = (percentile / 100) * (values.length - 1);
  const below = values[Math.floor(rank)];
  return below + (rank % 1) * (values[Math.ceil(rank)] - below);
}

function isScaled(filter: DisplayFilter): boolean {
  return filter === 'none' || filter === 'maxScale' || /normalize$/i.test(filter);
}

function checkDisplay(filter: DisplayFilter): MapFilter {
  if (!(DISPLAY_FILTERS as readonly string[]).includes(filter)) {
    throw new WhylensError(
      'UNKNOWN_FILTER',
      `unknown filter of maps ${JSON.stringify(filter)}; did you mean '${nearestNames(String(filter), DISPLAY_FILTERS, 1)[0]}'? Allowed: ${DISPLAY_FILTERS.join(', ')}`,
      { facts: { filter, allowed: DISPLAY_FILTERS } },
    );
  }
  return filter as MapFilter;
}
