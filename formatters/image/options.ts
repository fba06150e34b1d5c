/** Options of the image formatter, declared once. */
import { colormapNames, isColormap } from '../../src/images/colormaps.js';
import { BLENDS } from '../../src/images/composite.js';
import { RESAMPLING_FILTERS } from '../../src/images/resample.js';
import type { GivenOptions, OptionSpecs, OptionValues } from '../../src/options.js';
import { DEFAULT_DISPLAY_FILTER, DISPLAY_FILTERS } from '../display/filters.js';
import { PERCENTILE_OPTION } from '../display/full-strength.js';
import type { TargetChoice } from '../shared/targets.js';

/** What `formatAsImage` can be told: types, help, flags and validation derive from these. */
export const IMAGE_OPTIONS = {
  /** Name or function. Default viridis, with `blend: 'add'` jet. */
  colormap: {
    type: 'value',
    expects: `one of ${colormapNames().join(', ')}, each reversed with _r behind it, or a function of 0…1 to a colour`,
    check: isColormap,
    parse: (text) => text,
    default: undefined,
    help: 'Colours of the map (default viridis, with blend add jet).',
  },
  /** Opacity where the map is largest, 0 to 1. Default 0.65. Only with `blend: 'over'`. */
  alphaLimit: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.65,
    help: 'Opacity where the map is largest (blend over).',
  },
  /** How the coloured map is enlarged. Default lanczos, with `blend: 'add'` bicubic. */
  resamplingFilter: {
    type: 'choice',
    choices: RESAMPLING_FILTERS,
    default: undefined,
    help: 'How the coloured map is enlarged (default lanczos, with blend add bicubic).',
  },
  /** How the raw map becomes values of 0 to 1. Default `positive`. */
  filter: {
    type: 'choice',
    choices: DISPLAY_FILTERS,
    default: DEFAULT_DISPLAY_FILTER,
    help: 'How the raw map becomes values of 0 to 1.',
  },
  /** Value that has full strength; left out, the map's own largest. Give it to compare pictures. */
  maximum: {
    type: 'number',
    min: 0,
    default: undefined,
    help: 'Value of full strength, to compare pictures (default the largest of the map).',
  },
  /**
   * Percentile of the map's values that has full strength, above 0. `'auto'`: 100, the largest, as
   * ELI5, and 99 for maps of 64×64 cells and more, in which single pixels outshine all the rest.
   * Default `'auto'`.
   */
  percentile: PERCENTILE_OPTION,
  /** Class index, name, or `#n` for the n-th target of the record. Default the first. */
  target: {
    type: 'value',
    expects: 'a class index, a name, or #n for the n-th target of the record',
    check: (value: unknown): value is TargetChoice =>
      typeof value === 'string' || Number.isInteger(value),
    parse: (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text),
    default: undefined,
    help: 'Which target of the record (default the first; of concepts, all).',
  },
  /** `over`: as ELI5; `add`: as the Keras tutorial. */
  blend: {
    type: 'choice',
    choices: BLENDS,
    default: 'over',
    help: 'over: transparent colours (ELI5); add: 0.4 × colour + picture, stretched (Keras tutorial).',
  },
  /** Which slice of a volume, from 0. Default the middle one. */
  slice: {
    type: 'number',
    min: 0,
    integer: true,
    default: undefined,
    help: 'Which slice of a volume, from 0 (default the middle one).',
  },
  /** Of the drawing of a signal, in pixels. Default 640 × 160. */
  width: {
    type: 'number',
    min: 1,
    max: 16384,
    integer: true,
    unit: 'pixels',
    default: 640,
    help: 'Width of the drawing of a signal.',
  },
  height: {
    type: 'number',
    min: 1,
    max: 4096,
    integer: true,
    unit: 'pixels',
    default: 160,
    help: 'Height of the drawing of a signal.',
  },
} as const satisfies OptionSpecs;

/** Options of `formatAsImage`. */
export type FormatAsImageOptions = GivenOptions<typeof IMAGE_OPTIONS>;

/** The same with defaults filled in. */
export type ImageValues = OptionValues<typeof IMAGE_OPTIONS>;
