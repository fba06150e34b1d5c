/** Texts with their words highlighted, broken into lines. */
import type { WeightedSpansExplanation } from '../../src/explanation.js';
import { largestWeight } from '../html/weights.js';
import { directionOf, visualOrder, type Direction } from './direction.js';
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
    return { ...block, title: titleOf(target, expl.targets), titled: true };
  });
}

interface Piece {
  readonly text: string;
  readonly weight?: number;
}

/** A piece on its line: where it begins is known when the line is full. */
interface Placed extends Piece {
  readonly advance: number;
  /** Number of the word on the line. */
  readonly word: number;
}

function textBlock(runs: readonly Run[], most: number, { palette, cellSize }: PanelOptions): Block {
  const width = Math.max(360, cellSize * 2);
  const shapes: Shape[] = [];
  const words = wordsOf(runs);
  let line: Placed[] = [];
  let [x, y] = [0, 0];
  let base = baseOf(words, 0);
  const endLine = (): void => {
    for (const { piece, at } of inOrder(line, base, width)) {
      paint(shapes, piece, at, y, most, palette);
    }
    line = [];
    [x, y] = [0, y + LEADING];
  };
  words.forEach((word, i) => {
    if (word === 'break') {
      endLine();
      base = baseOf(words, i + 1);
      return;
    }
    const full = word.reduce((sum, { text }) => sum + widthOf(text.trimEnd(), STYLE), 0);
    if (x > 0 && x + full > width) endLine();
    for (const piece of word) {
      for (const text of fitting(piece.text, width - (x > 0 && full > width ? x : 0), width)) {
        const advance = widthOf(text, STYLE);
        if (x > 0 && x + widthOf(text.trimEnd(), STYLE) > width + 0.01) endLine();
        line.push({ ...piece, text, advance, word: i });
        x += advance;
      }
    }
  });
  endLine();
  return { width, height: y, shapes };
}

/** Of the paragraph that begins with the word at this place: that of its first letter. */
function baseOf(words: readonly (Piece[] | 'break')[], from: number): Direction {
  for (let i = from; i < words.length; i++) {
    const word = words[i];
    if (word === 'break') break;
    const found = directionOf(word.map(({ text }) => text).join(''));
    if (found !== undefined) return found;
  }
  return 'ltr';
}

/** The pieces of a line with their places; a paragraph from right to left begins at the right. */
function inOrder(
  line: readonly Placed[],
  base: Direction,
  width: number,
): { readonly piece: Placed; readonly at: number }[] {
  const words: Placed[][] = [];
  for (const piece of line) {
    const last = words.at(-1);
    if (last?.[0].word === piece.word) last.push(piece);
    else words.push([piece]);
  }
  const directions = words.map((word) => directionOf(word.map(({ text }) => text).join('')));
  const used = line.reduce((sum, { advance }) => sum + advance, 0);
  let at = base === 'rtl' ? width - used : 0;
  return visualOrder(directions, base).flatMap(({ word, direction }) => {
    const own = words[word];
    const pieces = direction === 'rtl' ? [...own].reverse() : own;
    const last = own.at(-1)!;
    // the blank after a word lies on the side to which the paragraph runs
    const blank =
      base === 'ltr' && direction === 'ltr'
        ? 0
        : last.advance - widthOf(last.text.trimEnd(), STYLE);
    if (base === 'rtl') at += blank;
    const placed = pieces.map((piece) => {
      const advance = piece.advance - (piece === last ? blank : 0);
      const found = { piece: { ...piece, advance }, at };
      at += advance;
      return found;
    });
    if (base === 'ltr') at += blank;
    return placed;
  });
}

function paint(
  shapes: Shape[],
  { text, weight = 0, advance }: Placed,
  x: number,
  y: number,
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
  shapes.push({
    kind: 'text',
    x,
    y: baseline,
    text: shown,
    ...STYLE,
    fill: palette.ink,
  });
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
