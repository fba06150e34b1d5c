/** Options of figures, declared once. */
import { isColormap } from '../../src/images/colormaps.js';
import { RESAMPLING_FILTERS } from '../../src/images/resample.js';
import type { GivenOptions, OptionSpecs, OptionValues } from '../../src/options.js';
import { SHOWN_FILTERS } from '../display/filters.js';
import { PERCENTILE_OPTION } from '../display/full-strength.js';
import { SPAN_SCHEMES } from './spans.js';

/** What every figure can be told: types, help, flags and validation derive from these. */
export const FIGURE_OPTIONS = {
  /** Panels in a row. Left out: at most 8, and the rows as even as can be. */
  columns: {
    type: 'number',
    integer: true,
    min: 1,
    max: 64,
    default: undefined,
    help: 'panels in a row; at most eight, the rows as even as can be, if left out',
  },
  /** Titles of the maps in order, or false for none. By default they are made from target and layer. */
  titles: {
    type: 'value',
    expects: 'true, false, or a list of strings',
    check: (value: unknown): value is readonly string[] | boolean =>
      typeof value === 'boolean' ||
      (Array.isArray(value) && value.every((item) => typeof item === 'string')),
    parse: (text) => (/^(true|false)$/.test(text) ? text === 'true' : text.split(';')),
    default: true,
    help: 'titles of the maps in order, separated by semicolons, or false for none',
  },
  /** Default: if there are several maps. */
  colorbar: {
    type: 'boolean',
    default: undefined,
    help: 'a colour bar; by default if there are several maps',
  },
  /**
   * The original beside each map, once before all of them, or not at all.
   * `'auto'`: beside a single map, before several maps of one picture, otherwise not. Default `'auto'`.
   */
  original: {
    type: 'choice',
    choices: ['auto', 'each', 'first', 'none'],
    default: 'auto',
    help: 'the original beside each map, once before all, or not at all',
  },
  /** One scale for all maps, so that they can be compared. Default false. */
  shared: { type: 'boolean', default: false, help: 'one scale for all maps' },
  /** Default `'viridis'`, for `symmetric` `'RdBu_r'`. */
  colormap: {
    type: 'value',
    expects: 'the name of a colormap, or a function of 0…1 to a colour',
    check: isColormap,
    parse: (text) => text,
    default: undefined,
    help: 'colours of the maps; viridis, or RdBu_r with filter symmetric',
  },
  /** Which part of the evidence. Default `'positive'`. */
  filter: {
    type: 'choice',
    choices: SHOWN_FILTERS,
    default: 'positive',
    help: 'which part of the evidence',
  },
  /**
   * Percentile of a map's values that counts as full; above it nothing grows. `'auto'`: 99 for
   * maps of 64×64 cells and more, in which single pixels outshine all the rest, otherwise 100, the
   * largest value. Default `'auto'`.
   */
  percentile: PERCENTILE_OPTION,
  /** Opacity grows with the value up to this. Default 0.65. */
  alphaLimit: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.65,
    help: 'opacity grows with the value up to this',
  },
  /** The same opacity everywhere, instead. Default 0.75 for several explanations. */
  opacity: {
    type: 'number',
    min: 0,
    max: 1,
    default: undefined,
    help: 'the same opacity everywhere; 0.75 for several explanations',
  },
  /** How cells become pixels. Default `'lanczos'`. */
  resamplingFilter: {
    type: 'choice',
    choices: RESAMPLING_FILTERS,
    default: 'lanczos',
    help: 'how cells of the map become pixels',
  },
  /** Longest side of a picture, in pixels at scale 1. Default 240. */
  cellSize: {
    type: 'number',
    min: 32,
    max: 4096,
    default: 240,
    unit: 'pixels',
    help: 'longest side of a picture at scale 1',
  },
  /** Default `'light'`. */
  theme: { type: 'choice', choices: ['light', 'dark'], default: 'light', help: 'palette' },
  /** Texts: signed weights, or probabilities around a half. Default `'weights'`. */
  scheme: {
    type: 'choice',
    choices: SPAN_SCHEMES,
    default: 'weights',
    help: 'what the weights in texts are: signed weights, or probabilities around a half',
  },
  /** Texts: share a weight among the characters of its span. Default: what the record says. */
  preserveDensity: {
    type: 'boolean',
    default: undefined,
    help: 'share a weight among the characters of its span; left out, the record says',
  },
} as const satisfies OptionSpecs;

/** Options of `formatAsFigure`, whatever it draws. */
export type FigureOptions = GivenOptions<typeof FIGURE_OPTIONS>;

/** The same with defaults filled in. */
export type FigureValues = OptionValues<typeof FIGURE_OPTIONS>;
