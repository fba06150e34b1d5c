/** Parts of a picture that the layer treats alike: each in its colour, with what it says. */
import type { Concept, ConceptsExplanation, Picture } from '../../src/explanation.js';
import { resize } from '../../src/images/resample.js';
import { conceptColour } from '../display/concepts.js';
import { overlayOf } from '../display/overlay.js';
import { nameOf, percent, short } from '../shared/numbers.js';
import { markup, oneLine, outside, type Markup } from './escape.js';
import { embedded } from './image.js';
import type { PageValues } from './options.js';
import { sharedPicture } from './viewer.js';

/** Longest side of an enlarged map, in pixels. */
const SMOOTH = 360;

export function renderConcepts(expl: ConceptsExplanation, id: string, options: PageValues): Markup {
  const picture = embedded(expl.image, options.pictureSize);
  const { define, show } = sharedPicture(`${id}-picture`, picture);
  const heats = expl.concepts.map((concept, i) =>
    sharedPicture(`${id}-concept-${i}`, heatOf(concept, i, picture, options)),
  );
  const heat = (index: number): Markup => markup`<div class="heat">${heats[index].show()}</div>`;
  return markup`${define}${heats.map((shared) => shared.define)}
    <section class="card">
      <div class="views">
        <figure>
          <div class="stage" role="img" aria-label="The picture as it was given">${show()}</div>
          <figcaption>Original</figcaption>
        </figure>
        <figure>
          <div class="stage" role="img" aria-label="The picture with all concepts">
            ${show()}${heats.map((_, i) => heat(i))}
          </div>
          <figcaption>
            All concepts:
            ${expl.concepts.map(({ name }, i) => markup`<span class="legend-item">${swatch(i)}${outside(name)}</span> `)}
          </figcaption>
        </figure>
      </div>
      ${
        expl.targets.length > 0 &&
        markup`<dl class="facts">
          ${expl.targets.map(
            (target) =>
              markup`<div>
                <dt>${outside(nameOf(target))}</dt>
                <dd>${says(target)}</dd>
              </div>`,
          )}
        </dl>`
      }
    </section>
    <div class="cards concepts">
      ${expl.concepts.map(
        (concept, i) =>
          markup`<section class="card">
            <div class="head"><h3>${swatch(i)}${outside(concept.name)}</h3></div>
            <div class="stage" role="img" aria-label="${oneLine(concept.name)} over the picture">
              ${show()}${heat(i)}
            </div>
            <div class="sub">
              <table>
                <caption class="sr">
                  What ${outside(concept.name)} says
                </caption>
                <thead>
                  <tr>
                    <th scope="col">Alone it says</th>
                    <th scope="col" class="num">Score</th>
                    <th scope="col" class="num">Probability</th>
                  </tr>
                </thead>
                <tbody>
                  ${concept.scores.map(
                    (score) =>
                      markup`<tr>
                        <th scope="row">${outside(nameOf(score))}</th>
                        <td class="num">${score.score === undefined ? '' : short(score.score)}</td>
                        <td class="num">
                          ${score.proba === undefined ? '' : percent(score.proba)}
                        </td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>
          </section>`,
      )}
    </div>`;
}

/** The concept in its colour, as large as the picture (small ones enlarged), so that it is smooth on paper too. */
function heatOf(
  { heatmap }: Concept,
  index: number,
  { width, height }: Picture,
  { alphaLimit, resamplingFilter }: PageValues,
): Picture {
  const overlay = overlayOf(heatmap, {
    colormap: () => conceptColour(index),
    filter: 'positive',
    alphaLimit,
  });
  const scale = SMOOTH / Math.max(width, height);
  return resize(overlay, {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    filter: resamplingFilter,
  });
}

const swatch = (index: number): Markup =>
  markup`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true" focusable="false">
    <rect fill="${conceptColour(index)}" width="10" height="10" rx="2" />
  </svg>`;

const says = ({ score, proba }: { score?: number; proba?: number }): string =>
  [proba !== undefined && percent(proba), score !== undefined && `score ${short(score)}`]
    .filter((text) => text !== false)
    .join(', ');
