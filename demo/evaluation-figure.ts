/** The table as a picture: a row a method, a column a metric, each value with its interval. */
import { PALETTES, type Scene, type Shape } from '../formatters/drawing/scene.js';
import { METRICS } from '../src/entry/evaluate.js';
import type { Estimate } from '../src/maths/index.js';
import {
  arrow,
  COLUMNS,
  passesText,
  timeText,
  type EvaluationTable,
  type MethodResult,
} from './evaluation.js';

const ROW = 22;
const NAMES = 168;
const COLUMN = 84;
const GAP = 14;
const TOP = 92;
const MARGIN = 20;
const COST = 118;
const TEXT = 12;
const SMALL = 10;
/** What the dashed line stands for. */
const BASELINE = 'random-cam';
const FAMILIES = ['cam', 'gradient', 'perturbation', 'tabular', 'wrapper', 'other'] as const;

const { ink, soft, line, page, series } = PALETTES.light;
const [GOOD, , BAD] = series;

export function evaluationFigure(table: EvaluationTable): Scene {
  const methods = [...table.methods].sort(
    (a, b) => FAMILIES.indexOf(a.family) - FAMILIES.indexOf(b.family),
  );
  const shapes: Shape[] = [];
  const columns = COLUMNS.length + 1;
  const left = (column: number): number => MARGIN + NAMES + column * (COLUMN + GAP);
  const width = left(columns) + COST + MARGIN;
  const rowAt = rowPlaces(methods);
  const bottom = rowAt[rowAt.length - 1] + ROW / 2;
  const height = bottom + 66;

  text(shapes, MARGIN, 28, 'Which method to trust, and what it costs', { size: 17, bold: true });
  const n = methods.map((method) => method.n);
  text(
    shapes,
    MARGIN,
    48,
    `The demo's classifier on ${Math.min(...n)} to ${Math.max(...n)} unseen scenes; dots are means, bars 95 % intervals, the grey line is ${BASELINE}, which knows nothing of the class.`,
    { size: TEXT, fill: soft },
  );

  methods.forEach((method, i) => {
    const y = rowAt[i];
    if (i % 2 === 0) {
      const stripe = { x: MARGIN - 8, y: y - ROW / 2, width: width - 2 * MARGIN + 16 };
      shapes.push({ kind: 'box', ...stripe, height: ROW, fill: '#f6f5f1', radius: 3 });
    }
    const fill = method.randomisation.passed ? ink : BAD;
    text(shapes, MARGIN, y + 4, method.id, { size: TEXT, fill, bold: true });
    const cost = `${passesText(method)}  ·  ${timeText(method.milliseconds)}`;
    text(shapes, width - MARGIN, y + 4, cost, { size: TEXT, fill: soft, anchor: 'end' });
  });
  text(shapes, width - MARGIN, TOP - 24, 'passes · time', {
    size: TEXT,
    bold: true,
    anchor: 'end',
  });

  COLUMNS.forEach(({ metric, title }, column) => {
    const estimates = methods.map((method) => method.metrics[metric]);
    drawColumn(shapes, `${title} ${arrow(METRICS[metric])}`, left(column), estimates, methods);
  });
  drawColumn(
    shapes,
    'randomised ↓',
    left(COLUMNS.length),
    methods.map(({ randomisation: { mean, n: count } }) => ({
      mean,
      low: mean,
      high: mean,
      n: count,
    })),
    methods,
    [-0.25, 1],
  );
  text(
    shapes,
    MARGIN,
    bottom + 34,
    'Red: fails the model-randomisation check, the map survives although the weights it should explain were re-drawn.',
    { size: TEXT, fill: BAD },
  );
  text(
    shapes,
    MARGIN,
    bottom + 52,
    'Passes: forwards + back. A map that is the same everywhere scores ' +
      `${table.boxes.toFixed(2)} at pointing, energy and IoU. What lies beyond the end of a column stands at its end.`,
    { size: TEXT, fill: soft },
  );
  return { width, height, shapes, background: page, title: 'Which method to trust' };

  function drawColumn(
    into: Shape[],
    title: string,
    x: number,
    estimates: readonly (Estimate | undefined)[],
    of: readonly MethodResult[],
    range?: readonly [number, number],
  ): void {
    const [low, high] = range ?? rangeOf(estimates);
    const at = (value: number): number =>
      x + (COLUMN * (Math.min(Math.max(value, low), high) - low)) / (high - low);
    text(into, x + COLUMN / 2, TOP - 24, title, { size: TEXT, bold: true, anchor: 'middle' });
    for (const [value, anchor] of [
      [low, 'start'],
      [high, 'end'],
    ] as const) {
      text(into, at(value), TOP - 8, tick(value), { size: SMALL, fill: soft, anchor });
    }
    const chance = estimates[of.findIndex(({ id }) => id === BASELINE)];
    if (chance !== undefined) {
      const points = [
        [at(chance.mean), TOP],
        [at(chance.mean), bottom],
      ] as const;
      into.push({ kind: 'line', points, stroke: line, width: 1.5 });
    }
    estimates.forEach((found, i) => {
      if (found === undefined) return;
      const y = rowAt[i];
      const stroke = of[i].randomisation.passed ? GOOD : BAD;
      const bar = [
        [at(found.low), y],
        [at(found.high), y],
      ] as const;
      into.push({ kind: 'line', points: bar, stroke, width: 1.6 });
      into.push({ kind: 'line', points: [[at(found.mean), y]], stroke, width: 7 });
    });
  }
}

/** Middles of the rows, a little room between families. */
function rowPlaces(methods: readonly MethodResult[]): number[] {
  let y = TOP + ROW / 2;
  return methods.map(({ family }, i) => {
    if (i > 0) y += ROW + (methods[i - 1].family === family ? 0 : 8);
    return y;
  });
}

function rangeOf(estimates: readonly (Estimate | undefined)[]): [number, number] {
  const known = estimates.filter((found) => found !== undefined);
  if (known.length === 0) return [0, 1];
  const low = Math.min(0, ...known.map((found) => found.low));
  // a few extreme methods must not press all others together
  const highs = known.map((found) => found.high).sort((a, b) => a - b);
  const most = highs[Math.floor(0.9 * (highs.length - 1))];
  const high =
    highs[highs.length - 1] <= 1 ? Math.min(1, nice(highs[highs.length - 1])) : nice(most);
  return [low < 0 ? -nice(-low) : 0, high];
}

/** The next of 1, 2, 2.5 or 5 times a power of ten, tenths in between for small steps. */
function nice(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value - 1e-9)!;
}

function tick(value: number): string {
  return String(Number(value.toPrecision(2))).replace('-', '−');
}

function text(
  into: Shape[],
  x: number,
  y: number,
  content: string,
  {
    size,
    fill = ink,
    bold,
    anchor,
  }: { size: number; fill?: string; bold?: boolean; anchor?: 'start' | 'middle' | 'end' },
): void {
  into.push({
    kind: 'text',
    x,
    y,
    text: content,
    size,
    fill,
    ...(bold !== undefined && { bold }),
    ...(anchor !== undefined && { anchor }),
  });
}
