/** Many rows in one picture: one line for each feature, one dot for each row. */
import type { FeatureWeight, FeatureWeightsExplanation } from '../../src/explanation.js';
import { greatest } from '../../src/maths/extremes.js';
import { plain, short } from '../shared/numbers.js';
import { truncate, widest } from './font.js';
import type { Block, Palette, Shape } from './scene.js';

const ROW = 34;
const DOT = 5;
const LENGTH = 420;
const NAME_WIDTH = 200;
const TEXT = { size: 12 };
const SMALL = { size: 10.5 };
/** Dots of the least and the largest value of a feature. */
const LOW = [44, 110, 214] as const;
const HIGH = [214, 51, 108] as const;

interface Swarm {
  readonly feature: string;
  /** Mean of the sizes of its weights over all rows. */
  readonly mean: number;
  readonly dots: readonly { readonly weight: number; readonly value: FeatureWeight['value'] }[];
}

/**
 * The features that weigh most over all records, each with its weight in
 * every one. If a record left a feature out, it counts as 0 there.
 */
export function swarmsOf(
  records: readonly FeatureWeightsExplanation[],
  target: number,
  top: number,
): { readonly shown: readonly Swarm[]; readonly more: number } {
  const found = new Map<string, { weight: number; value: FeatureWeight['value'] }[]>();
  for (const { targets } of records) {
    const { pos, neg } = targets[target].featureWeights;
    for (const { feature, weight, value } of [...pos, ...neg]) {
      if (feature === '<BIAS>') continue;
      const dots = found.get(feature);
      if (dots === undefined) found.set(feature, [{ weight, value }]);
      else dots.push({ weight, value });
    }
  }
  const all = Array.from(found, ([feature, dots]) => ({
    feature,
    dots,
    mean: dots.reduce((sum, { weight }) => sum + Math.abs(weight), 0) / records.length,
  })).sort((a, b) => b.mean - a.mean);
  return { shown: all.slice(0, top), more: Math.max(0, all.length - top) };
}

/** Dots that would cover each other are moved up and down. */
export function swarmBlock(swarms: readonly Swarm[], more: number, palette: Palette): Block {
  const weights = swarms.flatMap(({ dots }) => dots.map(({ weight }) => weight));
  const reach = greatest(weights.map(Math.abs), 0) || 1;
  const names = swarms.map(({ feature }) => truncate(feature, NAME_WIDTH, TEXT));
  const left = widest(names, TEXT, 60) + 12;
  const at = (weight: number): number => left + ((weight / reach + 1) / 2) * LENGTH;
  const bottom = swarms.length * ROW;
  const shapes: Shape[] = [
    line(at(0), 0, at(0), bottom, palette.soft),
    ...swarms.map((_, i) =>
      line(left, (i + 0.5) * ROW, left + LENGTH, (i + 0.5) * ROW, palette.line),
    ),
  ];
  swarms.forEach(({ dots, mean }, i) => {
    const middle = (i + 0.5) * ROW;
    shapes.push(
      text(names[i], left - 12, middle + 4, palette.ink, TEXT, 'end'),
      text(`mean ${plain(mean, 3)}`, left + LENGTH + 10, middle + 4, palette.soft, SMALL),
    );
    const shade = shadeOf(dots.map(({ value }) => value));
    const taken: { x: number; y: number }[] = [];
    for (const [d, { weight }] of dots.entries()) {
      const x = at(weight);
      const y = free(taken, x);
      taken.push({ x, y });
      shapes.push({
        kind: 'box',
        x: x - DOT / 2,
        y: middle + y - DOT / 2,
        width: DOT,
        height: DOT,
        radius: DOT / 2,
        fill: shade(d) ?? palette.soft,
        opacity: 0.85,
      });
    }
  });
  for (const weight of [-reach, 0, reach]) {
    shapes.push(text(short(weight, 3), at(weight), bottom + 16, palette.soft, SMALL, 'middle'));
  }
  shapes.push(
    text('lowers the score', left, bottom + 34, palette.soft, SMALL),
    text('raises the score', left + LENGTH, bottom + 34, palette.soft, SMALL, 'end'),
  );
  legend(left + LENGTH / 2, bottom + 30, palette, shapes);
  if (more > 0)
    shapes.push(text(`… ${more} more`, left - 12, bottom + 34, palette.soft, SMALL, 'end'));
  return { width: left + LENGTH + 10 + 80, height: bottom + 40, shapes };
}

/** Blue for the least value of the feature, red for the largest; none for values that are not numbers. */
function shadeOf(values: readonly FeatureWeight['value'][]): (d: number) => string | undefined {
  const numbers = values.filter((v): v is number => typeof v === 'number' && Number.isFinite(v));
  const sorted = [...numbers].sort((a, b) => a - b);
  // ranks, so that one far value does not take all the colour
  return (d) => {
    const value = values[d];
    if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
    const first = sorted.indexOf(value);
    const share =
      sorted.length < 2 ? 0.5 : (first + sorted.lastIndexOf(value)) / 2 / (sorted.length - 1);
    return colourAt(share);
  };
}

function colourAt(share: number): string {
  const parts = LOW.map((low, c) => Math.round(low + share * (HIGH[c] - low)));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** The free place nearest to the line; the edge of the line's room if no place is free. */
function free(taken: readonly { x: number; y: number }[], x: number): number {
  const near = taken.filter((dot) => Math.abs(dot.x - x) < DOT);
  const step = DOT * 0.8;
  const most = ROW / 2 - DOT;
  for (let k = 0; k * step <= most; k++) {
    for (const y of k === 0 ? [0] : [k * step, -k * step]) {
      if (near.every((dot) => Math.hypot(dot.x - x, dot.y - y) >= DOT * 0.8)) return y;
    }
  }
  return (near.length % 2 === 0 ? 1 : -1) * most;
}

function legend(x: number, y: number, palette: Palette, shapes: Shape[]): void {
  const width = 60;
  for (let i = 0; i < 20; i++) {
    const part = { width: width / 20 + 0.5, height: 6 };
    shapes.push({
      kind: 'box',
      x: x - width / 2 + (i * width) / 20,
      y: y - 2,
      ...part,
      fill: colourAt(i / 19),
    });
  }
  shapes.push(
    text('low value', x - width / 2 - 5, y + 4, palette.soft, SMALL, 'end'),
    text('high', x + width / 2 + 5, y + 4, palette.soft, SMALL),
  );
}

const line = (x: number, y: number, toX: number, toY: number, stroke: string): Shape => ({
  kind: 'line',
  points: [
    [x, y],
    [toX, toY],
  ],
  stroke,
  width: 1,
});

const text = (
  words: string,
  x: number,
  y: number,
  fill: string,
  { size }: { readonly size: number },
  anchor: 'start' | 'middle' | 'end' = 'start',
): Shape => ({ kind: 'text', x, y, text: words, size, fill, anchor });
