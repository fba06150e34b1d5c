import type { Formatter } from '../src/container/plugin.js';
import { EXPLANATION_KINDS, type Explanation, type Picture } from '../src/explanation.js';
import { type OptionSpecs, validateOptions } from '../src/options.js';
import { figureScene } from './drawing/figure-scene.js';
import { FIGURE_OPTIONS, type FigureOptions } from './drawing/options.js';
import { toPicture } from './drawing/to-picture.js';
import { toSvg } from './drawing/to-svg.js';

export type { FigureOptions };

/** Options of `formatAsFigure` for a drawing. */
export type SvgFigureOptions = FigureOptions & { readonly format?: 'svg' };

/** Options of `formatAsFigure` for a picture. */
export type PngFigureOptions = FigureOptions & {
  readonly format: 'png';
  /** Pixels of the picture for one pixel of the figure. Default 2. */
  readonly scale?: number;
};

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
    help: 'pixels of the picture for one pixel of the figure (png)',
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
  const scene = figureScene(expl, checked, options);
  return checked.format === 'png' ? toPicture(scene, checked.scale) : toSvg(scene);
}

export class FigureFormatter implements Formatter<Picture | string> {
  readonly id = 'figure';
  readonly description =
    'A figure for papers and slides: original, maps, titles, colour bar; SVG or a picture.';
  readonly kinds = EXPLANATION_KINDS;
  /** `svg` makes drawings; if a picture is asked for, this one draws the kinds that `image` does not. */
  readonly extensions = ['png'];
  readonly options: OptionSpecs = { ...OPTIONS, format: { ...OPTIONS.format, default: 'png' } };

  format(
    explanation: Explanation,
    options: Readonly<Record<string, unknown>> = {},
  ): Picture | string {
    return formatAsFigure(explanation, { format: 'png', ...options } as PngFigureOptions);
  }
}
