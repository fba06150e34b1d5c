/** Documents with the weight of each character: coloured, or marked on a line beneath. */
import type { DocumentSpans } from '../../src/explanation.js';
import { shareOf } from '../display/scale.js';
import { wordTint, type Rgb } from '../display/tint.js';
import { clean, graphemes, widthOf, wrap } from './layout.js';
import type { Style } from './style.js';

/** Of the largest weight; stronger than this gets the strong mark. */
const STRONG = 0.5;
const FAINT = 0.02;
/** The ground behind a word. */
const PAPER: Rgb = [250, 250, 250];
const MARKS = { for: ['+', '#'], against: ['-', '='] };

interface Char {
  readonly text: string;
  readonly weight: number;
}

/** The text in lines of at most `style.width` columns. */
export function documentLines(document: DocumentSpans, style: Style): string[] {
  const weights = characterWeights(document);
  const largest = weights.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const lines = breakLines(document.document, weights, style.width);
  if (style.color === '256' || style.color === 'truecolor') {
    return lines.map((line) => line.map((char) => coloured(char, largest, style)).join(''));
  }
  const marked = lines.flatMap((line) => {
    const marks = line.map((char) => mark(char.weight, largest).repeat(widthOf(char.text)));
    const beneath = marks.join('').trimEnd();
    const text = line
      .map((char) => char.text)
      .join('')
      .trimEnd();
    return beneath === '' ? [text] : [text, beneath];
  });
  return largest === 0
    ? marked
    : [...marked, ...wrap('(+ for, # strongly for, - against, = strongly against)', style.width)];
}

/**
 * The sum of the weights over each UTF-16 unit. With `preserveDensity` a
 * feature's weight is shared by the units it covers, so that long n-grams do not stand out.
 */
export function characterWeights({
  document,
  spans,
  preserveDensity,
}: DocumentSpans): Float64Array {
  const weights = new Float64Array(document.length);
  for (const { spans: places, weight } of spans) {
    for (const [from, to] of places) {
      const each = preserveDensity === true ? weight / Math.max(1, to - from) : weight;
      for (let at = Math.max(0, from); at < Math.min(to, document.length); at++)
        weights[at] += each;
    }
  }
  return weights;
}

function breakLines(text: string, weights: Float64Array, width: number): Char[][] {
  const lines: Char[][] = [];
  let line: Char[] = [];
  let used = 0;
  const end = (): void => {
    lines.push(line);
    line = [];
    used = 0;
  };
  for (const { text: part, at } of graphemes(text)) {
    if (/^(\r\n|[\n\r\u0085\u2028\u2029])$/u.test(part)) {
      end();
      continue;
    }
    let weight = 0;
    for (let i = at; i < at + part.length; i++) {
      if (Math.abs(weights[i]) > Math.abs(weight)) weight = weights[i];
    }
    const shown = clean(part);
    const columns = widthOf(shown);
    if (used + columns > width) {
      // back to the last space, as long as that leaves half a line
      const space = line.findLastIndex((char) => char.text === ' ');
      const rest = space > line.length / 2 ? line.splice(space + 1) : [];
      end();
      line = rest;
      used = rest.reduce((sum, char) => sum + widthOf(char.text), 0);
    }
    line.push({ text: shown, weight });
    used += columns;
  }
  end();
  return lines;
}

function coloured({ text, weight }: Char, largest: number, style: Style): string {
  const share = shareOf(weight, largest);
  return Math.abs(share) < FAINT ? text : style.cell(text, [0, 0, 0], wordTint(PAPER, share));
}

function mark(weight: number, largest: number): string {
  const share = Math.abs(shareOf(weight, largest));
  if (share < FAINT) return ' ';
  return MARKS[weight > 0 ? 'for' : 'against'][share >= STRONG ? 1 : 0];
}
