/** Texts with their words highlighted. */
import type {
  DocumentSpans,
  FeatureWeight,
  FeatureWeights,
  WeightedSpansExplanation,
  WeightedSpansTarget,
} from '../../src/explanation.js';
import { runsOf, type SpanScheme } from '../drawing/spans.js';
import { percent, typeset } from '../shared/numbers.js';
import { shadeClass } from './css.js';
import { markup, outside, visible, type Markup } from './escape.js';
import type { PageValues } from './options.js';
import { largestWeight, weightsHead, weightTable } from './weights.js';

type SpanValues = Pick<PageValues, 'scheme' | 'preserveDensity'>;

export function renderSpans(expl: WeightedSpansExplanation, options: SpanValues): Markup {
  const most = largestWeight(
    expl.targets.flatMap(({ featureWeights, weightedSpans }) => [
      featureWeights,
      weightedSpans.other,
    ]),
  );
  return markup`${expl.targets.map((target) => renderTarget(target, most, fullIn(expl, options), options))}`;
}

/** The weight that is shaded fully in each document: the largest of any target, so that their texts can be compared, as in ELI5. */
function fullIn(
  { targets }: WeightedSpansExplanation,
  { scheme, preserveDensity }: SpanValues,
): readonly number[] {
  const full: number[] = [];
  for (const { weightedSpans } of targets) {
    weightedSpans.documents.forEach((document, i) => {
      full[i] = Math.max(full[i] ?? 0, runsOf(document, scheme, preserveDensity).most);
    });
  }
  return full;
}

function renderTarget(
  target: WeightedSpansTarget,
  most: number,
  full: readonly number[],
  options: SpanValues,
): Markup {
  const { documents, other } = target.weightedSpans;
  const tables = [
    other !== undefined &&
      table(
        'Not in the text',
        weightTable(withHighlighted(target, other), most, 'Not in the text'),
      ),
    target.featureWeights !== undefined &&
      table('All features', weightTable(target.featureWeights, most, 'All features')),
  ];
  return markup`<section class="card">
    ${weightsHead(target)}${documents.map((document, i) => highlighted(document, full[i], options))}
    <p class="legend">${legend(options.scheme)}</p>
    ${tables.some(Boolean) && markup`<div class="cards">${tables}</div>`}
  </section>`;
}

/** The sum of the weights in the text, shown beside what lies outside it, as in ELI5. */
function withHighlighted(
  { weightedSpans: { documents } }: WeightedSpansTarget,
  other: FeatureWeights,
): FeatureWeights {
  const weights = new Map(
    documents.flatMap(({ spans }) => spans.map(({ feature, weight }) => [feature, weight])),
  );
  const sum = [...weights.values()].reduce((a, b) => a + b, 0);
  const row = { feature: 'Highlighted in text (sum)', weight: sum };
  const sorted = (list: readonly FeatureWeight[]): FeatureWeight[] =>
    [...list, row].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return sum < 0 ? { ...other, neg: sorted(other.neg) } : { ...other, pos: sorted(other.pos) };
}

const table = (title: string, content: Markup): Markup =>
  markup`<div class="sub">
    <h4>${title}</h4>
    ${content}
  </div>`;

function highlighted(
  document: DocumentSpans,
  most: number,
  { scheme, preserveDensity }: SpanValues,
): Markup {
  const { runs } = runsOf(document, scheme, preserveDensity);
  const say = (weight: number): string =>
    scheme === 'probabilities' ? percent((weight + 1) / 2) : typeset(weight.toFixed(3));
  const text = runs.map(({ text, weight }) =>
    weight === undefined
      ? visible(text)
      : markup`<mark class="${shadeClass(weight, most)}" title="${say(weight)}">${visible(text)}</mark>`,
  );
  // one line: the paragraph keeps every space that is inside it
  const paragraph = markup`<p class="document" dir="auto">${text}</p>`;
  return markup`${document.vectorizer !== undefined && markup`<p class="note">Features from ${outside(document.vectorizer)}</p>`}${paragraph}`;
}

function legend(scheme: SpanScheme): Markup {
  const swatch = (sign: string): Markup =>
    markup`<svg viewBox="0 0 10 10" aria-hidden="true" focusable="false" class="plot-swatch">
      <rect class="swatch-${sign}" width="10" height="10" rx="2" />
    </svg>`;
  const [up, down] =
    scheme === 'probabilities' ? ['above 50 %', 'below 50 %'] : ['speaks for', 'speaks against'];
  return markup`<span>${swatch('pos')}${up}</span><span>${swatch('neg')}${down}</span>`;
}
