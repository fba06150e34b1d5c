/** A drawing of partial dependence: the mean curve of each class, and every row's own behind it. */
import { greatest, least } from '../../src/maths/extremes.js';
import { short } from '../shared/numbers.js';
import { widthOf } from './font.js';
import type { Block, Palette, Shape } from './scene.js';

const WIDTH = 420;
const HEIGHT = 220;
const SMALL = { size: 10.5 };
/** More rows than this would be an unreadable blot. */
const MOST_ROWS = 200;

/** What `partialDependence` gives: plain data. */
export interface Dependence {
  readonly features: readonly string[];
  /** The values of the grid, one list for each feature. */
  readonly grid: readonly (readonly number[])[];
  readonly rows: number;
  readonly score: 'logit' | 'output';
  readonly curves: readonly {
    readonly target: number;
    readonly label?: string;
    readonly average?: readonly number[];
    readonly individual?: readonly (readonly number[])[];
  }[];
}

/** Values of the feature to the right, the prediction upwards. */
export function curvesBlock(
  { features, grid: grids, curves, score }: Dependence,
  palette: Palette,
): Block {
  const [grid] = grids;
  const all = curves.flatMap(({ average = [], individual = [] }) => [
    ...average,
    ...individual.slice(0, MOST_ROWS).flat(),
  ]);
  const [low, high] = [least(all), greatest(all)];
  const [first, last] = [least(grid), greatest(grid)];
  const left = greatest([low, high].map((value) => widthOf(short(value), SMALL))) + 10;
  const x = (value: number) =>
    left + (last > first ? (value - first) / (last - first) : 0.5) * WIDTH;
  const y = (value: number) => HEIGHT - (high > low ? (value - low) / (high - low) : 0.5) * HEIGHT;
  const path = (values: readonly number[]) =>
    values.map((value, g) => [x(grid[g]), y(value)] as const);
  const shapes: Shape[] = [
    line([left, 0], [left, HEIGHT], palette.line),
    line([left, HEIGHT], [left + WIDTH, HEIGHT], palette.line),
  ];
  for (const { individual = [] } of curves) {
    for (const row of individual.slice(0, MOST_ROWS)) {
      shapes.push({ kind: 'line', points: path(row), stroke: palette.line, width: 1 });
    }
  }
  curves.forEach(({ average, label, target }, k) => {
    const stroke = palette.series[k % palette.series.length];
    if (average !== undefined) {
      shapes.push({ kind: 'line', points: path(average), stroke, width: 2.5 });
      for (const [px, py] of path(average)) {
        shapes.push({
          kind: 'box',
          x: px - 2,
          y: py - 2,
          width: 4,
          height: 4,
          radius: 2,
          fill: stroke,
        });
      }
    }
    const name = label ?? (curves.length === 1 ? 'mean' : `class ${target}`);
    shapes.push(word(name, left + WIDTH + 12, 12 + k * 16, stroke, 'start'));
  });
  for (const value of grid)
    shapes.push(line([x(value), HEIGHT], [x(value), HEIGHT + 4], palette.soft));
  shapes.push(
    word(short(high), left - 6, 8, palette.soft, 'end'),
    word(short(low), left - 6, HEIGHT, palette.soft, 'end'),
    word(short(first), left, HEIGHT + 18, palette.soft, 'start'),
    word(short(last), left + WIDTH, HEIGHT + 18, palette.soft, 'end'),
    word(features[0], left + WIDTH / 2, HEIGHT + 18, palette.ink, 'middle'),
    word(score === 'logit' ? 'margin' : 'prediction', left + 6, 10, palette.soft, 'start'),
  );
  return { width: left + WIDTH + 120, height: HEIGHT + 24, shapes };
}

const line = (
  from: readonly [number, number],
  to: readonly [number, number],
  stroke: string,
): Shape => ({ kind: 'line', points: [from, to], stroke, width: 1 });

const word = (
  text: string,
  x: number,
  y: number,
  fill: string,
  anchor: 'start' | 'middle' | 'end',
): Shape => ({ kind: 'text', x, y, text, ...SMALL, fill, anchor });
