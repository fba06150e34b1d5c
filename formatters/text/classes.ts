/** Probabilities of all classes as bars of characters. */
import type { Explanation } from '../../src/explanation.js';
import { greatest } from '../../src/maths/extremes.js';
import { classesOf } from '../shared/classes.js';
import { count } from '../shared/numbers.js';
import { clean, truncate, widthOf } from './layout.js';
import type { Style } from './style.js';

const LONGEST_NAME = 24;
const BAR = 24;

export function classLines(expl: Explanation, style: Style): string[] {
  const classes = classesOf(expl);
  if (classes === undefined) return [];
  const names = classes.shown.map(({ name }) =>
    truncate(clean(name), Math.min(LONGEST_NAME, Math.max(4, style.width - 16)), style.signs.more),
  );
  const wide = greatest(names.map(widthOf), 0);
  // name, two blanks, number, two blanks, bar
  const room = Math.min(BAR, Math.max(0, style.width - wide - 11));
  const lines = classes.shown.map(({ proba }, i) => {
    const bar = (style.blocks ? '█' : '#').repeat(Math.round(proba * room));
    const name = names[i] + ' '.repeat(wide - widthOf(names[i]));
    return `${name}  ${proba.toFixed(3)}  ${style.paint('dim', bar)}`.trimEnd();
  });
  if (classes.more > 0) {
    lines.push(
      style.paint(
        'dim',
        `${style.signs.more} ${count(classes.more, 'more class', 'more classes')}`,
      ),
    );
  }
  return lines;
}
