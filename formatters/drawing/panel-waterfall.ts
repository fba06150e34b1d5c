/** A drawing of a row of a table, from the base value to its score. */
import type { FeatureWeight } from '../../src/explanation.js';
import { count, short, signedColumn } from '../shared/numbers.js';
import type { Waterfall } from '../shared/waterfall.js';
import { truncate, widest, widthOf } from './font.js';
import type { PanelOptions } from './panels.js';
import type { Block, Shape } from './scene.js';

const ROW = 22;
const TEXT = { size: 12 };
const SMALL = { size: 10.5 };
const NAME_WIDTH = 220;
/** Least width of a bar, so that it is seen. */
const THIN = 1.5;

/** One bar a feature, each beginning where the last one ended; the ends marked above and below. */
export function waterfallBlock(fall: Waterfall, { palette, cellSize }: PanelOptions): Block {
  const { base, score, steps, low, high } = fall;
  const say = signedColumn(steps.map(({ from, to }) => to - from));
  const names = steps.map(({ item, more }) =>
    item === undefined ? `… ${count(more, 'more feature')}` : nameOf(item),
  );
  const left = widest(names, TEXT, 60) + 10;
  const numbers = widest(
    steps.map(({ from, to }) => say(to - from)),
    SMALL,
    40,
  );
  const length = Math.max(160, cellSize);
  const at = (value: number): number =>
    left + (high > low ? ((value - low) / (high - low)) * length : length / 2);
  const shapes: Shape[] = [];
  const end = (value: number, label: string, y: number) => {
    const text = `${label} ${short(value)}`;
    const half = widthOf(text, SMALL) / 2;
    const x = Math.min(Math.max(at(value), left + half), left + length - half);
    shapes.push({ kind: 'text', x, y, anchor: 'middle', text, ...SMALL, fill: palette.ink });
  };
  const bottom = ROW + steps.length * ROW;
  end(base, 'base value', ROW * 0.6);
  for (const value of [base, score]) {
    const points = [
      [at(value), ROW],
      [at(value), bottom],
    ] as const;
    shapes.push({ kind: 'line', points, stroke: palette.line, width: 1 });
  }
  steps.forEach(({ item, from, to }, i) => {
    const y = ROW + i * ROW;
    const baseline = y + ROW * 0.68;
    const [x, right] = [Math.min(at(from), at(to)), Math.max(at(from), at(to))];
    shapes.push(
      {
        kind: 'text',
        x: left - 10,
        y: baseline,
        anchor: 'end',
        text: names[i],
        ...TEXT,
        fill: item === undefined ? palette.soft : palette.ink,
      },
      {
        kind: 'box',
        x,
        y: y + 4,
        width: Math.max(THIN, right - x),
        height: ROW - 8,
        fill: to < from ? palette.neg : palette.pos,
        radius: 2,
      },
      {
        kind: 'text',
        x: left + length + 10,
        y: baseline,
        text: say(to - from),
        ...SMALL,
        fill: palette.soft,
      },
    );
    if (i + 1 < steps.length) {
      const points = [
        [at(to), y + ROW - 4],
        [at(to), y + ROW + 4],
      ] as const;
      shapes.push({ kind: 'line', points, stroke: palette.soft, width: 1 });
    }
  });
  end(score, 'score', bottom + ROW * 0.7);
  return { width: left + length + 10 + numbers, height: bottom + ROW, shapes };
}

function nameOf({ feature, value }: FeatureWeight): string {
  const text =
    value === undefined
      ? feature
      : `${feature} = ${typeof value === 'number' ? short(value, 6) : value}`;
  return truncate(text, NAME_WIDTH, TEXT);
}
