/** Tables shaded green and red by weight, as ELI5 shades them: feature weights, importances, transitions. */
import type {
  FeatureImportancesExplanation,
  FeatureWeight,
  FeatureWeights,
  FeatureWeightsExplanation,
  TargetBase,
  TransitionFeaturesExplanation,
} from '../../src/explanation.js';
import {
  featureValue,
  importanceText,
  nameOf,
  percent,
  short,
  signedWeights,
  typeset,
  weightColumn,
} from '../shared/numbers.js';
import { waterfallOf, type Waterfall } from '../shared/waterfall.js';
import { shadeClass } from './css.js';
import { markup, oneLine, outside, type Markup } from './escape.js';

/** ELI5's word for it, with ELI5's explanation. */
const CONTRIBUTION = markup`<abbr title="What the feature adds to the score in this row">Contribution</abbr>`;

export function renderFeatureWeights(expl: FeatureWeightsExplanation): Markup {
  const most = largestWeight(expl.targets.map(({ featureWeights }) => featureWeights));
  return markup`<div class="cards">
    ${expl.targets.map(
      (target, t) =>
        markup`<section class="card">
          ${weightsHead(target)}${weightTable(target.featureWeights, most, `Weights for ${nameOf(target)}`, waterfallOf(expl, target, t))}
        </section>`,
    )}
  </div>`;
}

/** Name, probability and score. */
export function targetHead(target: TargetBase): Markup {
  return headWith(target, percent, short);
}

/** The same with the decimals of the weights below it, as in ELI5. */
export function weightsHead(target: TargetBase): Markup {
  return headWith(
    target,
    (proba) => proba.toFixed(3),
    (score) => typeset(weightColumn([score])(score)),
  );
}

function headWith(
  target: TargetBase,
  chance: (proba: number) => string,
  number: (score: number) => string,
): Markup {
  const numbers = [
    target.proba !== undefined && `probability ${chance(target.proba)}`,
    target.score !== undefined && `score ${number(target.score)}`,
  ].filter((text) => text !== false);
  return markup`<div class="head">
    <h3>${outside(nameOf(target))}</h3>
    ${numbers.length > 0 && markup`<span class="num">${numbers.join(' · ')}</span>`}
  </div>`;
}

/** The weight that is shaded fully: the largest of all tables that stand beside each other. */
export function largestWeight(tables: readonly (FeatureWeights | undefined)[]): number {
  let most = 0;
  for (const table of tables) {
    for (const { weight } of [...(table?.pos ?? []), ...(table?.neg ?? [])]) {
      most = Math.max(most, Math.abs(weight));
    }
  }
  return most;
}

/** Largest first, the most negative last; the features that are left out are counted on both sides. */
export function weightTable(
  weights: FeatureWeights,
  most: number,
  caption: string,
  fall?: Waterfall,
): Markup {
  const { pos, neg, posRemaining, negRemaining } = weights;
  const rows = [...pos, ...neg];
  const values = rows.some(({ value }) => value !== undefined);
  const numbers = rows.map(({ weight }) => weight);
  const say = signedWeights(numbers);
  const spread = spreadIn(numbers);
  const columns = (values ? 3 : 2) + (fall === undefined ? 0 : 1);
  // features that were cut are at most as strong as the weakest one shown
  const rest = (n: number, sign: string, shown: readonly FeatureWeight[]): Markup | false =>
    n > 0 &&
    markup`<tr class="${shadeClass(shown.at(-1)?.weight ?? 0, most)}" data-rest>
      <td colspan="${columns}">… ${n} more ${sign} …</td>
    </tr>`;
  const end = (name: string, value: number): Markup | false =>
    fall !== undefined &&
    markup`<tr class="rest">
      <td class="num">${short(value)}</td>
      <td class="bar">${fallBar(fall, value, value)}</td>
      <td colspan="${columns - 2}">${name}</td>
    </tr>`;
  const drawn = (item: FeatureWeight): Markup | false => {
    if (fall === undefined) return false;
    const step = fall.steps.find((one) => one.item === item);
    // the bias is where the steps begin
    const [from, to] = step === undefined ? [fall.base, fall.base] : [step.from, step.to];
    return markup`<td class="bar">${fallBar(fall, from, to)}</td>`;
  };
  const row = (item: FeatureWeight): Markup =>
    markup`<tr class="${shadeClass(item.weight, most)}">
      <td class="num">${say(item.weight)}${spread(item)}</td>
      ${drawn(item)}
      <th scope="row">${featureName(item.feature)}</th>
      ${values && markup`<td>${valueOf(item)}</td>`}
    </tr>`;
  return scroll(
    caption,
    markup`<table>
      <caption class="sr">
        ${outside(caption)}
      </caption>
      <thead>
        <tr>
          <th scope="col" class="num">${values ? CONTRIBUTION : 'Weight'}</th>
          ${fall !== undefined && markup`<th scope="col"><span class="sr">From base value to score</span></th>`}
          <th scope="col">Feature</th>
          ${values && markup`<th scope="col">Value</th>`}
        </tr>
      </thead>
      <tbody>
        ${fall !== undefined && !fall.fromBias && end('base value', fall.base)}${pos.map(row)}${rest(posRemaining, 'positive', pos)}${rest(negRemaining, 'negative', neg)}${[...neg].reverse().map(row)}${fall !== undefined && end('score', fall.score)}${
          rows.length === 0 &&
          markup`<tr class="rest">
            <td colspan="${columns}">No feature has a weight.</td>
          </tr>`
        }
      </tbody>
    </table>`,
  );
}

export function renderImportances(expl: FeatureImportancesExplanation): Markup {
  return markup`<section class="card">${importanceTable(expl.importances, expl.remaining)}</section>`;
}

/** Importances with a bar each, the spread as a whisker of one standard deviation to each side. */
export function importanceTable(importances: readonly FeatureWeight[], remaining: number): Markup {
  const most = importances.reduce(
    (a, { weight, std = 0 }) => Math.max(a, Math.abs(weight) + std),
    0,
  );
  const largest = importances.reduce((a, { weight }) => Math.max(a, Math.abs(weight)), 0);
  const spread = importances.some(({ std }) => std !== undefined);
  const least = importances.reduce((a, { weight, std = 0 }) => Math.min(a, weight - std), 0);
  return scroll(
    'Importances',
    markup`<table>
      <caption class="sr">
        Feature importances
      </caption>
      <thead>
        <tr>
          <th scope="col" class="num">Importance${spread && ' ± 2 std'}</th>
          <th scope="col"><span class="sr">Drawn</span></th>
          <th scope="col">Feature</th>
        </tr>
      </thead>
      <tbody>
        ${importances.map(
          (item) =>
            markup`<tr class="${shadeClass(item.weight, largest)}">
              <td class="num">${typeset(importanceText(item, '±'))}</td>
              <td class="bar">${bar(item, least, most)}</td>
              <th scope="row">${featureName(item.feature)}</th>
            </tr>`,
        )}${
          remaining > 0 &&
          markup`<tr class="${shadeClass(importances.at(-1)?.weight ?? 0, largest)}" data-rest>
            <td colspan="3">… ${remaining} more …</td>
          </tr>`
        }
      </tbody>
    </table>`,
  );
}

export function renderTransitions(expl: TransitionFeaturesExplanation): Markup {
  const { classNames, coefficients } = expl;
  const format = weightColumn(coefficients.flat());
  const say = (weight: number): string => typeset(format(weight));
  const most = coefficients.flat().reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return markup`<section class="card">
    ${scroll(
      'Transitions',
      markup`<table class="matrix">
        <caption class="sr">
          Weight of each label (row) being followed by another (column)
        </caption>
        <thead>
          <tr>
            <th scope="col"><span class="note">from ↓ to →</span></th>
            ${classNames.map((name) => markup`<th scope="col">${outside(name)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${coefficients.map(
            (row, from) =>
              markup`<tr>
                <th scope="row">${outside(classNames[from] ?? `label ${from}`)}</th>
                ${row.map((weight) => markup`<td class="${shadeClass(weight, most)}">${say(weight)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}
  </section>`;
}

/** A table that may be wider than the page: it scrolls by itself, by keyboard too. */
const scroll = (name: string, table: Markup): Markup =>
  markup`<div class="scroll" role="group" aria-label="${name}" tabindex="0">${table}</div>`;

/** A spread has the decimals of its weight. */
function spreadIn(weights: readonly number[]): (item: FeatureWeight) => Markup | false {
  const format = weightColumn(weights);
  return ({ std }) => std !== undefined && markup` <span class="spread">± ${format(std)}</span>`;
}

/** A name whose spaces can be seen where they would be lost: at its ends, and several together. */
function featureName(feature: string): Markup {
  const parts = feature.split(/(^ +| {2,}| +$)/);
  if (parts.length === 1) return outside(feature);
  return markup`<bdi>${parts.map((part, i) =>
    i % 2 === 0
      ? oneLine(part)
      : markup`<span class="space" title="${part.length === 1 ? 'a space' : `${part.length} spaces`}">${'\u2003'.repeat(part.length)}</span>`,
  )}</bdi>`;
}

function valueOf({ value }: FeatureWeight): Markup | string | undefined {
  if (value === undefined) return '';
  return typeof value === 'number' ? typeset(featureValue(value)) : outside(value);
}

/** Where a step begins and ends, between the lowest and the highest end of all. */
function fallBar({ low, high }: Waterfall, from: number, to: number): Markup {
  const at = (value: number): number => (high > low ? ((value - low) / (high - low)) * 99 : 50);
  const [x, right] = [Math.min(at(from), at(to)), Math.max(at(from), at(to))];
  return markup`<svg
    viewBox="0 0 100 10"
    preserveAspectRatio="none"
    aria-hidden="true"
    focusable="false"
  >
    <rect class="${to < from ? 'fall' : to > from ? 'rise' : 'mark'}" x="${x.toFixed(2)}" y="0" width="${Math.max(1, right - x).toFixed(2)}" height="10" />
  </svg>`;
}

function bar({ weight, std = 0 }: FeatureWeight, least: number, most: number): Markup {
  const span = most - least || 1;
  const at = (value: number): string => (((value - least) / span) * 100).toFixed(2);
  const [from, to] = weight < 0 ? [weight, 0] : [0, weight];
  const width = (((to - from) / span) * 100).toFixed(2);
  return markup`<svg
    viewBox="0 0 100 10"
    preserveAspectRatio="none"
    aria-hidden="true"
    focusable="false"
  >
    <rect class="fill" x="${at(from)}" y="0" width="${width}" height="10" rx="0.6" />
    ${std > 0 && markup`<path class="whisker" d="M${at(weight - std)} 5H${at(weight + std)}M${at(weight - std)} 2V8M${at(weight + std)} 2V8" />`}
  </svg>`;
}
