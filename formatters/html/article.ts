/** One explanation on the page: what it is, what to beware of, the record itself, how it was made. */
import type { Explanation, JsonValue, LayerChoice } from '../../src/explanation.js';
import { nameOf } from '../shared/numbers.js';
import { renderConcepts } from './concepts.js';
import { markup, outside, type Markup } from './escape.js';
import { renderImage } from './image.js';
import type { PageValues } from './options.js';
import { renderSignal } from './signal.js';
import { renderSpans } from './spans.js';
import { renderTree } from './tree.js';
import { renderVolume } from './volume.js';
import { renderFeatureWeights, renderImportances, renderTransitions } from './weights.js';

export function renderArticle(
  expl: Explanation,
  id: string,
  heading: 'h1' | 'h2',
  options: PageValues,
): Markup {
  const title = outside(titleOf(expl));
  return markup`<article id="${id}">
    <header>
      <p class="over">
        <b>${outside(expl.method)}</b> on
        ${outside(expl.estimator)}${'input' in expl && expl.input !== undefined && markup`, input ${outside(expl.input)}`}${expl.isRegression && ', regression'}
      </p>
      ${heading === 'h1' ? markup`<h1>${title}</h1>` : markup`<h2>${title}</h2>`}
      <p class="lead">${outside(expl.description)}</p>
      ${
        expl.warnings.length > 0 &&
        markup`<ul class="warn" aria-label="Warnings">
          ${expl.warnings.map((warning) => markup`<li>${outside(warning)}</li>`)}
        </ul>`
      }
    </header>
    ${body(expl, id, options)} ${how(expl)}
  </article>`;
}

/** What was explained, in a line. */
export function titleOf(expl: Explanation, total = 1): string {
  if (total > 1) return `${total} explanations`;
  if ('targets' in expl && expl.targets.length > 0) {
    const names = expl.targets.map(nameOf);
    const rest = names.length - 3;
    const said = rest > 0 ? [...names.slice(0, 3), `${rest} more`] : names;
    const ask = expl.isRegression ? 'What moves' : 'Why';
    return `${ask} ${said.slice(0, -1).join(', ')}${said.length > 1 ? ' or ' : ''}${said.at(-1)}?`;
  }
  if (expl.kind === 'decision-tree') return 'How the tree decides';
  if (expl.kind === 'feature-importances') return 'Which features matter';
  return 'Which label follows which';
}

function body(expl: Explanation, id: string, options: PageValues): Markup {
  switch (expl.kind) {
    case 'image':
      return renderImage(expl, id, options);
    case 'signal':
      return renderSignal(expl);
    case 'volume':
      return renderVolume(expl, id, options);
    case 'concepts':
      return renderConcepts(expl, id, options);
    case 'feature-weights':
      return renderFeatureWeights(expl);
    case 'weighted-spans':
      return renderSpans(expl, options);
    case 'feature-importances':
      return renderImportances(expl);
    case 'decision-tree':
      return renderTree(expl);
    case 'transition-features':
      return renderTransitions(expl);
  }
}

function how(expl: Explanation): Markup {
  const layer = 'layer' in expl ? expl.layer : undefined;
  const parameters = Object.entries(expl.parameters);
  if (layer === undefined && parameters.length === 0) return markup``;
  return markup`<details class="how">
    <summary>How this was made</summary>
    <dl>
      ${layer !== undefined && layerFacts(layer)}${parameters.map(
        ([name, value]) =>
          markup`<dt>${outside(name)}</dt>
            <dd><code>${outside(written(value))}</code></dd>`,
      )}
    </dl>
  </details>`;
}

const layerFacts = ({ path, shape, reason, runnersUp }: LayerChoice): Markup =>
  markup`<dt>Layer</dt>
    <dd><code>${outside(path)}</code> (${shape.join(' × ')}), ${outside(reason)}</dd>
    ${
      runnersUp.length > 0 &&
      markup`<dt>Next in line</dt>
        <dd>
          ${runnersUp.map((other, i) => markup`${i > 0 && ', '}<code>${outside(other.path)}</code>`)}
        </dd>`
    }`;

const written = (value: JsonValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
