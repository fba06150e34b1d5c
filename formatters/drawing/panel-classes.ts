/** Probabilities of all classes, a small bar each. */
import type { Explanation } from '../../src/explanation.js';
import { classesOf } from '../shared/classes.js';
import { count, percent } from '../shared/numbers.js';
import { truncate, widest } from './font.js';
import type { Panel, PanelOptions } from './panels.js';
import type { Shape } from './scene.js';

const ROW = 19;
const TEXT = { size: 12 };
const SMALL = { size: 10.5 };
const NAME_WIDTH = 160;

/** None where the record tells of no classes. */
export function classPanels(expl: Explanation, { palette, cellSize }: PanelOptions): Panel[] {
  const classes = classesOf(expl);
  if (classes === undefined) return [];
  const names = classes.shown.map(({ name }) => truncate(name, NAME_WIDTH, TEXT));
  const left = widest(names, TEXT, 40) + 10;
  const length = Math.max(80, cellSize * 0.4);
  const shapes: Shape[] = classes.shown.flatMap(({ proba }, i): Shape[] => {
    const baseline = i * ROW + ROW * 0.68;
    return [
      {
        kind: 'text',
        x: left - 10,
        y: baseline,
        anchor: 'end',
        text: names[i],
        ...TEXT,
        fill: palette.ink,
      },
      {
        kind: 'box',
        x: left,
        y: i * ROW + 4,
        width: length,
        height: ROW - 8,
        fill: palette.line,
        opacity: 0.45,
        radius: 2,
      },
      {
        kind: 'box',
        x: left,
        y: i * ROW + 4,
        width: length * proba,
        height: ROW - 8,
        fill: palette.series[0],
        radius: 2,
      },
      {
        kind: 'text',
        x: left + length + 8,
        y: baseline,
        text: percent(proba),
        ...SMALL,
        fill: palette.soft,
      },
    ];
  });
  const rows = classes.shown.length + (classes.more > 0 ? 1 : 0);
  if (classes.more > 0) {
    const text = `… ${count(classes.more, 'more class', 'more classes')}`;
    const y = (rows - 1) * ROW + ROW * 0.68;
    shapes.push({ kind: 'text', x: left, y, text, ...SMALL, fill: palette.soft });
  }
  const numbers = widest(
    classes.shown.map(({ proba }) => percent(proba)),
    SMALL,
    30,
  );
  return [{ width: left + length + 8 + numbers, height: rows * ROW, shapes, title: 'All classes' }];
}
