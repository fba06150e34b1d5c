/** Probabilities of all classes, a bar each. */
import type { Explanation } from '../../src/explanation.js';
import { classesOf } from '../shared/classes.js';
import { percent } from '../shared/numbers.js';
import { markup, outside, type Markup } from './escape.js';

export function renderClasses(expl: Explanation): Markup | false {
  const classes = classesOf(expl);
  if (classes === undefined) return false;
  return markup`<section class="card classes">
    <div class="head"><h3>All classes</h3></div>
    <div class="scroll" role="region" tabindex="0" aria-label="Probabilities of all classes">
      <table>
        <caption class="sr">
          Probabilities of all classes
        </caption>
        <thead class="sr">
          <tr>
            <th scope="col">Class</th>
            <th scope="col">Bar</th>
            <th scope="col">Probability</th>
          </tr>
        </thead>
        <tbody>
          ${classes.shown.map(
            ({ name, proba }) =>
              markup`<tr>
                <th scope="row">${outside(name)}</th>
                <td class="bar">${bar(proba)}</td>
                <td class="num">${percent(proba)}</td>
              </tr>`,
          )}${
            classes.more > 0 &&
            markup`<tr class="rest">
              <td colspan="3">… ${classes.more} more …</td>
            </tr>`
          }
        </tbody>
      </table>
    </div>
  </section>`;
}

function bar(proba: number): Markup {
  return markup`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <rect class="fill" x="0" y="0" width="${(100 * proba).toFixed(2)}" height="10" />
  </svg>`;
}
