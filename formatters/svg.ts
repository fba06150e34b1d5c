import type { Formatter } from '../src/container/plugin.js';
import { EXPLANATION_KINDS, type Explanation } from '../src/explanation.js';
import { type OptionSpecs, validateOptions } from '../src/options.js';
import { figureScene } from './drawing/figure-scene.js';
import { FIGURE_OPTIONS, type FigureOptions } from './drawing/options.js';
import { toSvg } from './drawing/to-svg.js';

/**
 * One explanation of any kind as an SVG file: what `formatAsFigure` draws, so
 * prefer that one for several explanations or for a picture.
 *
 * @throws WhylensError as `formatAsFigure`
 * @example
 * writeFileSync('dog.svg', formatAsSvg(expl, { theme: 'dark', colorbar: true }));
 */
export function formatAsSvg(explanation: Explanation, options: FigureOptions = {}): string {
  const values = validateOptions('figure', FIGURE_OPTIONS, { ...options });
  return toSvg(figureScene(explanation, values, options));
}

export class SvgFormatter implements Formatter<string> {
  readonly id = 'svg';
  readonly description = 'A drawing with real text that scales: every kind of record.';
  readonly kinds = EXPLANATION_KINDS;
  readonly extensions = ['svg'];
  readonly options: OptionSpecs = FIGURE_OPTIONS;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>> = {}): string {
    return formatAsSvg(explanation, options);
  }
}
