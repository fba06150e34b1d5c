import type { Formatter } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { EXPLANATION_KINDS, type Explanation } from '../src/explanation.js';
import { isColormap } from '../src/images/colormaps.js';
import { RESAMPLING_FILTERS, type ResamplingFilter } from '../src/images/resample.js';
import { type OptionSpecs, validateOptions } from '../src/options.js';
import { SHOWN_FILTERS, type ShownFilter } from './display/filters.js';
import { PERCENTILE_OPTION, type Percentile } from './display/full-strength.js';
import { SPAN_SCHEMES, type SpanScheme } from './drawing/spans.js';
import { renderArticle, titleOf, type ArticleOptions } from './html/article.js';
import { pageCss, type Theme } from './html/css.js';
import { markup, outside } from './html/escape.js';
import { renderPage } from './html/page.js';
import { SCRIPT } from './html/script.js';
import { colormapBlock, UNDER, type Under } from './html/viewer.js';
import { checkExplanation } from './shared/check.js';

const THEMES = ['auto', 'light', 'dark'] as const;

/** Options of `formatAsHtml`. */
export interface HtmlOptions {
  /** Title of the page. Default: what was explained. */
  readonly title?: string;
  /** `'auto'` follows the reader's system; paper is always light. Default `'auto'`. */
  readonly theme?: Theme;
  /** Colormap at first; the reader can take another. Default `'viridis'`, with both sides of the evidence `'RdBu_r'`. */
  readonly colormap?: string;
  /** Opacity at most, at first. Default 0.65. */
  readonly alphaLimit?: number;
  /** How cells become pixels, at first. Default `'lanczos'`. */
  readonly resamplingFilter?: ResamplingFilter;
  /** Which part of the evidence is shown, at first. Default `'positive'`. */
  readonly filter?: ShownFilter;
  /**
   * Percentile of a map's values that has full strength. `'auto'`: 99 for maps of 64×64 cells and
   * more, where single pixels outshine all the rest, otherwise 100, the largest value. Default `'auto'`.
   */
  readonly percentile?: Percentile;
  /** What lies under the map, at first: the picture, the picture in grey, or nothing. Default `'picture'`. */
  readonly under?: Under;
  /** Show the original beside the map, at first. Default true. */
  readonly original?: boolean;
  /** Pictures with a longer side are embedded smaller, in pixels. Default 1024. */
  readonly pictureSize?: number;
  /** Texts: signed weights, or probabilities around a half. Default `'weights'`. */
  readonly scheme?: SpanScheme;
  /** Texts: share a weight among the characters of its span. Default: what the record says. */
  readonly preserveDensity?: boolean;
}

const OPTIONS = {
  title: { type: 'string', default: undefined, help: 'title of the page' },
  theme: { type: 'choice', choices: THEMES, default: 'auto', help: 'palette of the page' },
  colormap: {
    type: 'value',
    default: undefined,
    expects: 'the name of a colormap',
    check: (value) => typeof value === 'string' && isColormap(value),
    parse: (text) => text,
    help: 'colormap at first; viridis, or RdBu_r for both sides of the evidence',
  },
  alphaLimit: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.65,
    help: 'opacity of the map at most, at first',
  },
  resamplingFilter: {
    type: 'choice',
    choices: RESAMPLING_FILTERS,
    default: 'lanczos',
    help: 'how cells of the map become pixels, at first',
  },
  filter: {
    type: 'choice',
    choices: SHOWN_FILTERS,
    default: 'positive',
    help: 'which part of the evidence is shown, at first',
  },
  percentile: PERCENTILE_OPTION,
  under: {
    type: 'choice',
    choices: UNDER,
    default: 'picture',
    help: 'what lies under the map, at first: the picture, the picture in grey, or nothing',
  },
  original: {
    type: 'boolean',
    default: true,
    help: 'show the original beside the map, at first',
  },
  pictureSize: {
    type: 'number',
    integer: true,
    min: 16,
    max: 8192,
    default: 1024,
    unit: 'pixels',
    help: 'pictures with a longer side are embedded smaller',
  },
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

/**
 * One or several explanations as one HTML file that stands alone: nothing is
 * fetched, and a Content-Security-Policy in the page forbids it to. Maps lie
 * over their picture with opacity, colours, evidence and filter redrawn live
 * from the raw values, which a probe reads by pointer or arrow keys; weights,
 * texts, trees and matrices are shaded green and red. Light and dark, for
 * keyboard, screen reader and print; without scripts it shows the same, still.
 *
 * Everything from outside is escaped. Pure: the same record gives the same page.
 *
 * @throws WhylensError `INVALID_OPTION`, `UNKNOWN_COLORMAP`; `INVALID_EXPLANATION` for an empty list or maps that are not finite
 * @example
 * writeFileSync('cat_dog.html', formatAsHtml(expl, { colormap: 'magma' }));
 * formatAsHtml([before, after], { title: 'Before and after the fine-tuning' });
 */
export function formatAsHtml(
  expl: Explanation | readonly Explanation[],
  options: HtmlOptions = {},
): string {
  const checked = validateOptions('html', OPTIONS, { ...options });
  const list: readonly Explanation[] = Array.isArray(expl) ? expl : [expl as Explanation];
  if (list.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'a page needs at least one explanation, got none',
    );
  }
  list.forEach(checkExplanation);
  const parts = {
    ...checked,
    colormap: checked.colormap ?? (checked.filter === 'symmetric' ? 'RdBu_r' : 'viridis'),
  } as unknown as ArticleOptions;
  const many = list.length > 1;
  const title = checked.title ?? titleOf(list[0], list.length);
  const moving = list.some(({ kind }) => kind === 'image' || kind === 'volume');
  const body = markup`<main>
      ${
        many &&
        markup`<h1 class="page-title">${outside(title)}</h1>
          <nav aria-label="Explanations">
            <ul class="contents">
              ${list.map((item, i) => markup`<li><a href="#e${i}">${outside(titleOf(item))}</a></li>`)}
            </ul>
          </nav>`
      }
      ${list.map((item, i) => renderArticle(item, `e${i}`, many ? 'h2' : 'h1', parts))}
      <footer>
        Made with whylens. This page stands alone: it holds its data and asks nothing of any
        network.
      </footer>
    </main>
    ${moving && colormapBlock(parts.colormap)}`;
  return renderPage({
    title,
    css: pageCss(checked.theme),
    body,
    ...(moving && { script: SCRIPT }),
  });
}

export class HtmlFormatter implements Formatter<string> {
  readonly id = 'html';
  readonly description = 'One page that stands alone: maps redrawn live, shaded tables and texts.';
  readonly kinds = EXPLANATION_KINDS;
  readonly extensions = ['html', 'htm'];
  readonly options: OptionSpecs = OPTIONS;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>> = {}): string {
    return formatAsHtml(explanation, options);
  }
}
