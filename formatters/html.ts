import type { Formatter } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { EXPLANATION_KINDS, type Explanation } from '../src/explanation.js';
import { type OptionSpecs, validateOptions } from '../src/options.js';
import { renderArticle, titleOf } from './html/article.js';
import { pageCss } from './html/css.js';
import { markup, outside } from './html/escape.js';
import { HTML_OPTIONS, type HtmlOptions } from './html/options.js';
import { renderPage } from './html/page.js';
import { SCRIPT } from './html/script.js';
import { colormapBlock } from './html/controls.js';
import { checkExplanation } from './shared/check.js';

export type { HtmlOptions };

/**
 * One or several explanations as one HTML file that stands alone: nothing is
 * fetched, and a Content-Security-Policy in the page forbids it. Maps lie
 * over their picture with opacity, colours, evidence and filter redrawn live
 * from the raw values, which a probe reads by pointer or arrow keys; weights,
 * texts, trees and matrices are shaded green and red. Light and dark, for
 * keyboard, screen reader and print; without scripts it shows the same, still.
 *
 * Everything from outside is escaped. Pure: the same record gives the same page.
 *
 * @throws WhylensError `INVALID_OPTION`, `UNKNOWN_COLORMAP`; `INVALID_EXPLANATION` for an empty
 * list or maps that are not finite
 * @example
 * writeFileSync('cat_dog.html', formatAsHtml(expl, { colormap: 'magma' }));
 * formatAsHtml([before, after], { title: 'Before and after the fine-tuning' });
 */
export function formatAsHtml(
  expl: Explanation | readonly Explanation[],
  options: HtmlOptions = {},
): string {
  const checked = validateOptions('html', HTML_OPTIONS, { ...options });
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
  };
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
        Made with whylens. This page stands alone: it holds its data and makes no request to any network.
      </footer>
    </main>
    ${moving && colormapBlock(parts.colormap)}`;
  return renderPage({
    title,
    css: pageCss(checked.theme, body.source),
    body,
    ...(moving && { script: SCRIPT }),
  });
}

export class HtmlFormatter implements Formatter<string> {
  readonly id = 'html';
  readonly description = 'One page that stands alone: maps redrawn live, shaded tables and texts.';
  readonly kinds = EXPLANATION_KINDS;
  readonly extensions = ['html', 'htm'];
  readonly options: OptionSpecs = HTML_OPTIONS;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>> = {}): string {
    return formatAsHtml(explanation, options);
  }
}
