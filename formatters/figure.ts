import type { Formatter } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { EXPLANATION_KINDS, type Explanation, type Picture } from '../src/explanation.js';
import { isColormap, type Colormap } from '../src/images/colormaps.js';
import { RESAMPLING_FILTERS, type ResamplingFilter } from '../src/images/resample.js';
import { type OptionSpecs, validateOptions } from '../src/options.js';
import { SHOWN_FILTERS, type ShownFilter } from './display/filters.js';
import { PERCENTILE_OPTION, type Percentile } from './display/full-strength.js';
import { figureOf } from './drawing/figure.js';
import { PALETTES, type FigureTheme } from './drawing/scene.js';
import { SPAN_SCHEMES, type SpanScheme } from './drawing/spans.js';
import { toPicture } from './drawing/to-picture.js';
import { toSvg } from './drawing/to-svg.js';

const ORIGINALS = ['auto', 'each', 'first', 'none'] as const;
/** Opacity of maps in a grid, as keras-explainable draws them. */
const GRID_OPACITY = 0.75;

/** Options of `formatAsFigure`, whatever it draws. */
export interface FigureOptions {
  /** Panels in a row. Left out: at most 8, and the rows as even as can be. */
  readonly columns?: number;
  /** Titles of the maps in order, or false for none. Default made from target and layer. */
  readonly titles?: readonly string[] | boolean;
  /** Default: where there are several maps. */
  readonly colorbar?: boolean;
  /**
   * The original beside each map, once before all of them, or not at all.
   * `'auto'`: beside a map that is alone, before several maps of one picture,
   * otherwise not. Default `'auto'`.
   */
  readonly original?: (typeof ORIGINALS)[number];
  /** One scale for all maps, so that they can be compared. Default false. */
  readonly shared?: boolean;
  /** Default `'viridis'`, for `symmetric` `'RdBu_r'`. */
  readonly colormap?: Colormap;
  /** Which part of the evidence. Default `'positive'`. */
  readonly filter?: ShownFilter;
  /**
   * Percentile of a map's values that counts as full; above it nothing grows. `'auto'`: 99 for
   * maps of 64×64 cells and more, where single pixels outshine all the rest, otherwise 100, the largest value. Default `'auto'`.
   */
  readonly percentile?: Percentile;
  /** Opacity grows with the value up to this. Default 0.65. */
  readonly alphaLimit?: number;
  /** The same opacity everywhere, instead. Default 0.75 for several explanations. */
  readonly opacity?: number;
  /** How cells become pixels. Default `'lanczos'`. */
  readonly resamplingFilter?: ResamplingFilter;
  /** Longest side of a picture, in pixels at scale 1. Default 240. */
  readonly cellSize?: number;
  /** Default `'light'`. */
  readonly theme?: FigureTheme;
  /** Texts: signed weights, or probabilities around a half. Default `'weights'`. */
  readonly scheme?: SpanScheme;
  /** Texts: share a weight among the characters of its span. Default: what the record says. */
  readonly preserveDensity?: boolean;
}

/** Options of `formatAsFigure` for a drawing. */
export interface SvgFigureOptions extends FigureOptions {
  readonly format?: 'svg';
}

/** Options of `formatAsFigure` for a picture. */
export interface PngFigureOptions extends FigureOptions {
  readonly format: 'png';
  /** Pixels of the picture for one of the figure. Default 2. */
  readonly scale?: number;
}

export const FIGURE_OPTIONS = {
  columns: {
    type: 'number',
    integer: true,
    min: 1,
    max: 64,
    default: undefined,
    help: 'panels in a row; at most eight, the rows as even as can be, if left out',
  },
  titles: {
    type: 'value',
    expects: 'true, false, or a list of strings',
    check: (value) =>
      typeof value === 'boolean' ||
      (Array.isArray(value) && value.every((item) => typeof item === 'string')),
    parse: (text) => (/^(true|false)$/.test(text) ? text === 'true' : text.split(';')),
    default: true,
    help: 'titles of the maps in order, separated by semicolons, or false for none',
  },
  colorbar: {
    type: 'boolean',
    default: undefined,
    help: 'a colour bar; where there are several maps',
  },
  original: {
    type: 'choice',
    choices: ORIGINALS,
    default: 'auto',
    help: 'the original beside each map, once before all, or not at all',
  },
  shared: { type: 'boolean', default: false, help: 'one scale for all maps' },
  colormap: {
    type: 'value',
    expects: 'the name of a colormap, or a function of 0…1 to a colour',
    check: isColormap,
    parse: (text) => text,
    default: undefined,
    help: 'colours of the maps; viridis, or RdBu_r with filter symmetric',
  },
  filter: {
    type: 'choice',
    choices: SHOWN_FILTERS,
    default: 'positive',
    help: 'which part of the evidence',
  },
  percentile: PERCENTILE_OPTION,
  alphaLimit: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.65,
    help: 'opacity grows with the value up to this',
  },
  opacity: {
    type: 'number',
    min: 0,
    max: 1,
    default: undefined,
    help: 'the same opacity everywhere; 0.75 for several explanations',
  },
  resamplingFilter: {
    type: 'choice',
    choices: RESAMPLING_FILTERS,
    default: 'lanczos',
    help: 'how cells of the map become pixels',
  },
  cellSize: {
    type: 'number',
    min: 32,
    max: 4096,
    default: 240,
    unit: 'pixels',
    help: 'longest side of a picture at scale 1',
  },
  theme: { type: 'choice', choices: ['light', 'dark'], default: 'light', help: 'palette' },
  scheme: {
    type: 'choice',
    choices: SPAN_SCHEMES,
    default: 'weights',
    help: 'what the weights in texts are: signed weights, or probabilities around a half',
  },
  preserveDensity: {
    type: 'boolean',
    default: undefined,
    help: 'share a weight among the characters of its span; left out, the record says',
  },
} as const satisfies OptionSpecs;

const OPTIONS = {
  ...FIGURE_OPTIONS,
  format: {
    type: 'choice',
    choices: ['svg', 'png'],
    default: 'svg',
    help: 'svg: text with real letters; png: a picture',
  },
  scale: {
    type: 'number',
    min: 0.1,
    max: 32,
    default: 2,
    help: 'pixels of the picture for one of the figure (png)',
  },
} as const satisfies OptionSpecs;

/**
 * One or several explanations as a figure: a map beside its original with a
 * title as GradCAM-Keras draws it, or a grid of maps with titles and a colour
 * bar as keras-explainable draws it. The other kinds are drawn too: signals,
 * slices, bars, texts, trees, matrices.
 *
 * As SVG with the pictures inside as PNG and real text, or as a picture at any
 * scale, its letters drawn from a typeface that ships with the program: Latin,
 * Greek, Cyrillic, signs. A character of another script is a frame with its
 * code point; in the SVG the reader's fonts draw it.
 *
 * @returns SVG, or with `format: 'png'` an RGB picture for `encodePng` or `saveImage`
 * @throws WhylensError `INVALID_OPTION`, `UNKNOWN_COLORMAP`, `INVALID_EXPLANATION`, `PICTURE_TOO_LARGE`
 * @example
 * await saveImage(formatAsFigure([a, b, c], { columns: 3, shared: true, format: 'png' }), 'abc.png');
 */
export function formatAsFigure(
  expl: Explanation | readonly Explanation[],
  options: PngFigureOptions,
): Picture;
export function formatAsFigure(
  expl: Explanation | readonly Explanation[],
  options?: SvgFigureOptions,
): string;
export function formatAsFigure(
  expl: Explanation | readonly Explanation[],
  options?: SvgFigureOptions | PngFigureOptions,
): Picture | string;
export function formatAsFigure(
  expl: Explanation | readonly Explanation[],
  options: SvgFigureOptions | PngFigureOptions = {},
): Picture | string {
  const checked = validateOptions('figure', OPTIONS, { ...options });
  const list = Array.isArray(expl) ? (expl as readonly Explanation[]) : [expl as Explanation];
  if (list.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'a figure needs at least one explanation, got none',
    );
  }
  const scene = figureOf(list, {
    ...checked,
    palette: PALETTES[checked.theme],
    colormap: checked.colormap ?? (checked.filter === 'symmetric' ? 'RdBu_r' : 'viridis'),
    ...(list.length > 1 && options.opacity === undefined && options.alphaLimit === undefined
      ? { opacity: GRID_OPACITY }
      : {}),
  });
  return checked.format === 'png' ? toPicture(scene, checked.scale) : toSvg(scene);
}

export class FigureFormatter implements Formatter<Picture | string> {
  readonly id = 'figure';
  readonly description =
    'A figure for papers and slides: original, maps, titles, colour bar; SVG or a picture.';
  readonly kinds = EXPLANATION_KINDS;
  /** Drawings come from `svg`; of a picture this one draws what `image` does not. */
  readonly extensions = ['png'];
  readonly options: OptionSpecs = { ...OPTIONS, format: { ...OPTIONS.format, default: 'png' } };

  format(
    explanation: Explanation,
    options: Readonly<Record<string, unknown>> = {},
  ): Picture | string {
    return formatAsFigure(explanation, { format: 'png', ...options } as PngFigureOptions);
  }
}
