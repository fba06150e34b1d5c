/** What a colormap is. */

/**
 * Red, green and blue 0 to 255, or all of them 0 to 1: if no colour of a map has a number above 1,
 * its numbers are taken as 0 to 1. Alpha 0 to 1, 1 if left out. As in CSS `rgb()`.
 */
export type Colour = readonly [red: number, green: number, blue: number, alpha?: number];

/** From 0…1 to a CSS colour or to numbers. Sampled at 256 places, so it need not be fast. */
export type ColormapFunction = (value: number) => string | Colour;

/** A name (see `colormapNames`; with `_r` reversed) or a function. */
export type Colormap = string | ColormapFunction;

/** Number of colours in a table, as in matplotlib. */
export const COLORMAP_SIZE = 256;

/** Where in a table a value lies: 256 equal steps, values outside 0…1 at the ends. */
export function colourIndex(value: number): number {
  return value >= 1 ? 255 : value > 0 ? (value * COLORMAP_SIZE) | 0 : 0;
}
