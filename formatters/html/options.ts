/** Options of the HTML formatter, declared once. */
import { isColormap } from '../../src/images/colormaps.js';
import { RESAMPLING_FILTERS } from '../../src/images/resample.js';
import type { GivenOptions, OptionSpecs, OptionValues } from '../../src/options.js';
import { SHOWN_FILTERS } from '../display/filters.js';
import { PERCENTILE_OPTION } from '../display/full-strength.js';
import { SPAN_SCHEMES } from '../drawing/spans.js';

const THEMES = ['auto', 'light', 'dark'] as const;

/** What may lie under a map. */
export const UNDER = ['picture', 'grey', 'nothing'] as const;
export type Under = (typeof UNDER)[number];

/** What `formatAsHtml` can be told: types, help, flags and validation derive from these. */
export const HTML_OPTIONS = {
  /** Title of the page. Default: what was explained. */
  title: { type: 'string', default: undefined, help: 'title of the page' },
  /** `'auto'` follows the reader's system; paper is always light. Default `'auto'`. */
  theme: { type: 'choice', choices: THEMES, default: 'auto', help: 'palette of the page' },
  /** Colormap at first; the reader can take another. Default `'viridis'`, with both sides of the evidence `'RdBu_r'`. */
  colormap: {
    type: 'value',
    default: undefined,
    expects: 'the name of a colormap',
    check: (value: unknown): value is string => typeof value === 'string' && isColormap(value),
    parse: (text) => text,
    help: 'colormap at first; viridis, or RdBu_r for both sides of the evidence',
  },
  /** Opacity at most, at first. Default 0.65. */
  alphaLimit: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.65,
    help: 'opacity of the map at most, at first',
  },
  /** How cells become pixels, at first. Default `'lanczos'`. */
  resamplingFilter: {
    type: 'choice',
    choices: RESAMPLING_FILTERS,
    default: 'lanczos',
    help: 'how cells of the map become pixels, at first',
  },
  /** Which part of the evidence is shown, at first. Default `'positive'`. */
  filter: {
    type: 'choice',
    choices: SHOWN_FILTERS,
    default: 'positive',
    help: 'which part of the evidence is shown, at first',
  },
  /**
   * Percentile of a map's values that has full strength. `'auto'`: 99 for maps of 64×64 cells and
   * more, in which single pixels outshine all the rest, otherwise 100, the largest value. Default `'auto'`.
   */
  percentile: PERCENTILE_OPTION,
  /** What lies under the map, at first: the picture, the picture in grey, or nothing. Default `'picture'`. */
  under: {
    type: 'choice',
    choices: UNDER,
    default: 'picture',
    help: 'what lies under the map, at first: the picture, the picture in grey, or nothing',
  },
  /** Show the original beside the map, at first. Default true. */
  original: {
    type: 'boolean',
    default: true,
    help: 'show the original beside the map, at first',
  },
  /** Pictures with a longer side are embedded smaller, in pixels. Default 1024. */
  pictureSize: {
    type: 'number',
    integer: true,
    min: 16,
    max: 8192,
    default: 1024,
    unit: 'pixels',
    help: 'pictures with a longer side are embedded smaller',
  },
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

/** Options of `formatAsHtml`. */
export type HtmlOptions = GivenOptions<typeof HTML_OPTIONS>;

/** The same with defaults filled in: what the parts of a page are drawn with. */
export type PageValues = Omit<OptionValues<typeof HTML_OPTIONS>, 'title' | 'theme' | 'colormap'> & {
  readonly colormap: string;
};

export type Theme = (typeof THEMES)[number];
