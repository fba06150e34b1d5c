/** Texts with their words highlighted, broken into lines. */
import type { WeightedSpansExplanation } from '../../src/explanation.js';
import { largestWeight } from '../html/weights.js';
import { ASCENT, widthOf } from './font.js';
import type { Panel, PanelOptions } from './panels.js';
import { weightBlock } from './panel-weights.js';
import { stack, type Block, type Shape } from './scene.js';
import { runsOf, type Run } from './spans.js';
import { lines, titleOf } from './titles.js';

const STYLE = { size: 13 };
const LEADING = 22;

export function spanPanels(expl: WeightedSpansExplanation, options: PanelOptions): Panel[] {
  const { palette, scheme, preserveDensity } = options;
  const most = largestWeight(
    expl.targets.flatMap(({ featureWeights, weightedSpans }) => [
      featureWeights,
      weightedSpans.other,
    ]),
  );
  return expl.targets.map((target) => {
    const { documents, other } = target.weightedSpans;
    const table = target.featureWeights ?? other;
    const block = stack(
      [
        ...documents.map((document) => {
          const { runs, most: strongest } = runsOf(document, scheme, preserveDensity);
          return textBlock(runs, strongest, options);
        }),
        ...(table === undefined
          ? []
          : [
              lines([table === other ? 'Not in the text' : 'All features'], {
                size: 11,
                fill: palette.soft,
              }),
              weightBlock(table, most, options),
            ]),
      ],
      12,
    );
    return { ...block, title: titleOf(target), titled: true };
  });
}

interface Piece {
  readonly text: string;
  readonly weight?: number;
}

function textBlock(runs: readonly Run[], most: number, { palette, cellSize }: PanelOptions): Block {
  const width = Math.max(360, cellSize * 2);
  const shapes: Shape[] = [];
  let [x, y] = [0, 0];
  for (const word of wordsOf(runs)) {
    if (word === 'break') {
      [x, y] = [0, y + LEADING];
      continue;
    }
    const full = word.reduce((sum, { text }) => sum + widthOf(text.trimEnd(), STYLE), 0);
    if (x > 0 && x + full > width) [x, y] = [0, y + LEADING];
    for (const piece of word) {
      for (const text of fitting(piece.text, width - (x > 0 && full > width ? x : 0), width)) {
        const advance = widthOf(text, STYLE);
        if (x > 0 && x + widthOf(text.trimEnd(), STYLE) > width + 0.01) [x, y] = [0, y + LEADING];
        paint(shapes, { ...piece, text }, x, y, advance, most, palette);
        x += advance;
      }
    }
  }
  return { width, height: y + LEADING, shapes };
}

function paint(
  shapes: Shape[],
  { text, weight = 0 }: Piece,
  x: number,
  y: number,
  advance: number,
  most: number,
  palette: PanelOptions['palette'],
): void {
  if (weight !== 0 && most > 0) {
    shapes.push({
      kind: 'box',
      x,
      y: y + 1,
      width: advance,
      height: LEADING - 4,
      fill: weight < 0 ? palette.neg : palette.pos,
      opacity: Math.abs(weight) / most,
      radius: 2,
    });
  }
  if (text.trim() === '') return;
  const shown = text.trimEnd();
  const baseline = y + (LEADING - STYLE.size) / 2 + STYLE.size * ASCENT - 2;
  shapes.push({ kind: 'text', x, y: baseline, text: shown, ...STYLE, fill: palette.ink });
}

/** Words with the space after them, each in pieces of one weight; line breaks between. */
function wordsOf(runs: readonly Run[]): (Piece[] | 'break')[] {
  const words: (Piece[] | 'break')[] = [];
  let open = false;
  for (const { text, weight } of runs) {
    for (const part of text.match(
      /\r\n|[\n\r\u2028\u2029]|[^\s]+[^\S\n\r\u2028\u2029]*|[^\S\n\r\u2028\u2029]+/gu,
    ) ?? []) {
      if (/^[\n\r\u2028\u2029]/u.test(part)) {
        words.push('break');
        open = false;
        continue;
      }
      const piece = { text: part, ...(weight !== undefined && { weight }) };
      const last = words.at(-1);
      if (open && last !== undefined && last !== 'break') last.push(piece);
      else words.push([piece]);
      open = !/\s$/u.test(part);
    }
  }
  return words;
}

/** A piece that is wider than a line, in parts that are not. */
function fitting(text: string, first: number, width: number): string[] {
  if (widthOf(text.trimEnd(), STYLE) <= first) return [text];
  const parts: string[] = [];
  let part = '';
  let used = 0;
  let room = first;
  for (const char of text) {
    const advance = widthOf(char, STYLE);
    if (part !== '' && used + advance > room) {
      parts.push(part);
      part = '';
      used = 0;
      room = width;
    }
    part += char;
    used += advance;
  }
  return [...parts, part];
}
