/** One explanation on the page: what it is, what to beware of, the record itself, how it was made. */
import type {
  Explanation,
  ImageExplanation,
  JsonValue,
  LayerChoice,
  TargetBase,
  VolumeExplanation,
} from '../../src/explanation.js';
import { nameOf, percent, short, shortNameOf, wholePercent } from '../shared/numbers.js';
import { isTop, topInstead } from '../shared/verdict.js';
import { renderConcepts } from './concepts.js';
import { markup, outside, type Markup } from './escape.js';
import { renderImage } from './image.js';
import { leadsFor } from './leads.js';
import type { PageValues } from './options.js';
import { renderSignal } from './signal.js';
import { renderClasses } from './classes.js';
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
  const title = headline(expl);
  return markup`<article id="${id}">
    <header>
      <p class="over">
        <b>${outside(expl.method)}</b> on
        ${outside(expl.estimator)}${'input' in expl && expl.input !== undefined && markup`, input ${outside(expl.input)}`}${expl.isRegression && ', regression'}
      </p>
      ${heading === 'h1' ? markup`<h1>${title}</h1>` : markup`<h2>${title}</h2>`}
      ${verdictOf(expl) !== undefined && isMap(expl) ? markup`<p class="lead" data-lead="${id}">${leadsFor(expl.targets)[options.filter]}</p>` : markup`<p class="lead">${outside(expl.description)}</p>`}
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
    const verdict = verdictOf(expl);
    if (verdict !== undefined) {
      const { name, chance, instead } = verdict;
      return instead === undefined
        ? `The model says ${name}, ${chance}`
        : `For ${name} (${chance}; ${instead})`;
    }
    const names = expl.targets.map(shortNameOf);
    const rest = names.length - 3;
    const said = rest > 0 ? [...names.slice(0, 3), `${rest} more`] : names;
    const ask = expl.isRegression ? 'What moves' : 'Why';
    return `${ask} ${said.slice(0, -1).join(', ')}${said.length > 1 ? ' or ' : ''}${said.at(-1)}?`;
  }
  if (expl.kind === 'decision-tree') return 'How the tree decides';
  if (expl.kind === 'feature-importances') return 'Which features matter';
  return 'Which label follows which';
}

const isMap = (expl: Explanation): expl is ImageExplanation | VolumeExplanation =>
  expl.kind === 'image' || expl.kind === 'volume';

/**
 * What the model said, if one class with its probability was explained:
 * `The model says boxer, 38 %`, `For tiger cat (12 %; the model says boxer, 38 %)`.
 */
function verdictOf(
  expl: Explanation,
): { readonly name: string; readonly chance: string; readonly instead?: string } | undefined {
  if (!('targets' in expl) || expl.isRegression || expl.kind === 'concepts') return undefined;
  const [target, ...more] = expl.targets;
  if (target?.proba === undefined || more.length > 0) return undefined;
  const said = { name: shortNameOf(target), chance: wholePercent(target.proba) };
  if (isTop(target)) return said;
  const instead = topInstead(target);
  return instead === undefined ? undefined : { ...said, instead };
}

/** The title with the class marked. */
function headline(expl: Explanation): Markup {
  const verdict = verdictOf(expl);
  if (verdict === undefined) return outside(titleOf(expl));
  const { name, chance, instead } = verdict;
  return instead === undefined
    ? markup`The model says <b>${outside(name)}</b>, ${chance}`
    : markup`For <b>${outside(name)}</b> (${chance}; ${outside(instead)})`;
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
      return markup`${renderClasses(expl)}${renderFeatureWeights(expl)}`;
    case 'weighted-spans':
      return markup`${renderClasses(expl)}${renderSpans(expl, options)}`;
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
  const targets = isMap(expl) ? expl.targets : [];
  if (layer === undefined && parameters.length === 0 && targets.length === 0) return markup``;
  return markup`<details class="how">
    <summary>How this was made</summary>
    <dl>
      ${isMap(expl) && expl.description !== '' && markup`<dt>Method</dt><dd>${outside(expl.description)}</dd>`}${targets.map(targetFacts)}${layer !== undefined && layerFacts(layer)}${parameters.map(
        ([name, value]) =>
          markup`<dt>${outside(name)}</dt>
            <dd><code>${outside(written(value))}</code></dd>`,
      )}
    </dl>
  </details>`;
}

/** The class with its number and all its names, its probability and its score. */
const targetFacts = (target: TargetBase): Markup =>
  markup`<dt>${typeof target.target === 'number' ? 'Class' : 'Target'}</dt>
    <dd>
      ${outside([...(typeof target.target === 'number' && target.label !== undefined ? [`${target.target}:`] : []), nameOf(target)].join(' '))}${target.proba !== undefined && markup`, probability ${percent(target.proba)}`}${target.score !== undefined && markup`, score ${short(target.score)}`}${target.rank !== undefined && target.rank > 0 && markup`, ranked ${String(target.rank + 1)} among the classes`}
    </dd>`;

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
