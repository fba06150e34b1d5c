/**
 * The named steps that are applied to a raw map before it is shown or compared.
 * All return a new map of the same shape; divisions are guarded by an exact
 * zero, so an empty map gives zeros and never NaN.
 */
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { Heatmap } from '../explanation.js';

/** Names of the filters, for options. */
export const MAP_FILTERS = [
  'none',
  'normalize',
  'positive',
  'negative',
  'absolute',
  'positiveNormalize',
  'negativeNormalize',
  'absoluteNormalize',
  'maxScale',
] as const;

/** Which part of a map is kept: one of `MAP_FILTERS`. */
export type MapFilter = (typeof MAP_FILTERS)[number];

/** (x − min) / (max − min): 0 to 1, signs lost. A constant map gives zeros. */
export function normalize(map: Heatmap): Heatmap {
  const { min, max } = extentOf(map);
  const span = max - min;
  return each(map, span === 0 ? () => 0 : (x) => (x - min) / span);
}

/** max(x, 0): evidence for. */
export const positive = (map: Heatmap): Heatmap => each(map, (x) => (x > 0 ? x : 0));

/** max(−x, 0): evidence against, as positive numbers. */
export const negative = (map: Heatmap): Heatmap => each(map, (x) => (x < 0 ? -x : 0));

/** |x|. */
export const absolute = (map: Heatmap): Heatmap => each(map, Math.abs);

/** The positive part of a map, scaled to [0, 1]. */
export const positiveNormalize = (map: Heatmap): Heatmap => normalize(positive(map));
/** The negative part of a map, as positive numbers scaled to [0, 1]. */
export const negativeNormalize = (map: Heatmap): Heatmap => normalize(negative(map));
/** The magnitudes of a map, scaled to [0, 1]. */
export const absoluteNormalize = (map: Heatmap): Heatmap => normalize(absolute(map));

/** x / max, which keeps signs and zero; ELI5's scaling. If nothing is above 0, it gives zeros. */
export function maxScale(map: Heatmap): Heatmap {
  const { max } = extentOf(map);
  return each(map, max > 0 ? (x) => x / max : () => 0);
}

const FILTERS: Readonly<Record<MapFilter, (map: Heatmap) => Heatmap>> = {
  none: (map) => each(map, (x) => x),
  normalize,
  positive,
  negative,
  absolute,
  positiveNormalize,
  negativeNormalize,
  absoluteNormalize,
  maxScale,
};

/** A filter by its name. @throws WhylensError `UNKNOWN_FILTER` */
export function applyFilter(map: Heatmap, filter: MapFilter): Heatmap {
  if (!Object.hasOwn(FILTERS, filter)) {
    throw new WhylensError(
      'UNKNOWN_FILTER',
      `unknown filter of maps ${JSON.stringify(filter)}${didYouMean(String(filter), MAP_FILTERS)} Allowed: ${MAP_FILTERS.join(', ')}`,
      { facts: { filter, allowed: MAP_FILTERS } },
    );
  }
  return FILTERS[filter](map);
}

/** Smallest and largest value. @throws WhylensError `INVALID_EXPLANATION` if one is not finite or there is none */
export function extentOf({ shape, data }: Heatmap): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const x = data[i];
    if (x < min) min = x;
    if (x > max) max = x;
    if (!(Math.abs(x) < Infinity)) {
      throw new WhylensError(
        'INVALID_EXPLANATION',
        `a map must hold finite numbers, got ${x} at position ${i} of shape [${shape.join(', ')}]`,
      );
    }
  }
  if (data.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a map must hold at least one value, got shape [${shape.join(', ')}]`,
    );
  }
  return { min, max };
}

/** Why nothing of a map is above zero. */
export type EmptyReason = 'zero' | 'negative';

/** Says why the positive part of a map is empty; undefined if it is not. */
export function whyEmpty(map: Heatmap): EmptyReason | undefined {
  const { min, max } = extentOf(map);
  if (max > 0) return undefined;
  return min < 0 ? 'negative' : 'zero';
}

/** The reason in words, for an explanation's warnings. */
export const EMPTY_REASONS: Readonly<Record<EmptyReason, string>> = {
  zero: 'the map is zero everywhere: the score does not depend on this layer here, or its units are off or saturated; try another layer',
  negative:
    'the map has no positive value: all the evidence at this layer speaks against the target; the negative filter shows where',
};

function each({ shape, data }: Heatmap, change: (x: number) => number): Heatmap {
  const result = new Float32Array(data.length);
  // a loop and not `map`: one call a value, no index or array passed
  for (let i = 0; i < data.length; i++) result[i] = change(data[i]);
  return { shape: [...shape], data: result };
}
