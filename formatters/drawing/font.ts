/** How wide text is, without fonts of the machine: the advances of the typeface that ships with the program. */
import { greatest } from '../../src/maths/extremes.js';
import { ASCENT_UNITS, BOLD_WIDTHS, REGULAR_WIDTHS } from './font-widths.js';
import { Varints } from './varints.js';

/** Units of an em in which advances and outlines are kept. */
export const EM = 512;
/** What stands in for a character without outline: a box with its code point, in em. */
export const BOX = { side: 0.1, digit: 0.42, height: 0.8 };

export interface TextStyle {
  /** Height of the em. */
  readonly size: number;
  readonly bold?: boolean;
}

/** Ascent in em, the same for both weights. */
export const ASCENT = ASCENT_UNITS / EM;

const widths = new Map<boolean, ReadonlyMap<number, number>>();

/** Width of a line of text. */
export function widthOf(text: string, { size, bold = false }: TextStyle): number {
  let width = 0;
  for (const code of codesOf(text)) if (!isMark(code, bold)) width += advanceOf(code, bold);
  return width * size;
}

/** Width of the longest of the lines, and at least `atLeast`. */
export const widest = (lines: readonly string[], style: TextStyle, atLeast: number): number =>
  greatest(
    lines.map((line) => widthOf(line, style)),
    atLeast,
  );

/** The text cut at `width`, with an ellipsis where something is missing. */
export function truncate(text: string, width: number, style: TextStyle): string {
  if (widthOf(text, style) <= width) return text;
  const letters = [...text];
  let [low, high] = [0, letters.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${letters.slice(0, middle).join('').trimEnd()}…`, style) <= width) low = middle;
    else high = middle - 1;
  }
  return `${letters.slice(0, low).join('').trimEnd()}…`;
}

/** The text in at most `most` lines; words that are too long are broken, what is too much is cut. */
export function wrap(text: string, width: number, style: TextStyle, most = Infinity): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/u).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer, style) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const letters = [...word];
    let at = 0;
    for (;;) {
      const count = fitting(letters, at, width, style);
      if (at + count === letters.length || lines.length > most) break;
      lines.push(letters.slice(at, at + count).join(''));
      at += count;
    }
    line = letters.slice(at).join('');
    // what comes after is cut anyway
    if (lines.length > most) break;
  }
  if (line !== '') lines.push(line);
  if (lines.length <= most) return lines;
  const last = lines.slice(most - 1, most + 1).join(' ');
  return [...lines.slice(0, most - 1), truncate(last, width, style)];
}

/** How many letters from `at` on fit into one line, at least one. Found without measuring all that is left. */
function fitting(letters: readonly string[], at: number, width: number, style: TextStyle): number {
  const left = letters.length - at;
  const fits = (count: number): boolean =>
    widthOf(letters.slice(at, at + count).join(''), style) <= width;
  let high = 1;
  while (high < left && fits(high)) high *= 2;
  high = Math.min(high, left);
  let low = 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Code points as they are drawn: composed if there is one sign for it, white space as spaces. */
export function* codesOf(text: string): Generator<number> {
  for (const char of text.normalize('NFC')) {
    const code = char.codePointAt(0)!;
    // joiners, directions and variation selectors change nothing that this font could draw
    if (/\p{Default_Ignorable_Code_Point}/u.test(char) || code === 0xfeff) continue;
    yield /[\s\u0085]/u.test(char) ? 0x20 : code;
  }
}

/** A mark that is drawn over the letter before it; one without outline is a box like any other. */
export function isMark(code: number, bold: boolean): boolean {
  if (code < 0x300 || !/\p{Mn}/u.test(String.fromCodePoint(code))) return false;
  return unitsOf(code, bold) !== undefined;
}

/** How far the next letter is from this one, in em. */
export function advanceOf(code: number, bold: boolean): number {
  const units = unitsOf(code, bold);
  if (units !== undefined) return units / EM;
  return Math.ceil(hexOf(code).length / 2) * BOX.digit + 3 * BOX.side;
}

/** True if every character has a sign in this typeface; if not, the reader's own font draws the text with other widths. */
export function isKnown(text: string, { bold = false }: Pick<TextStyle, 'bold'> = {}): boolean {
  for (const code of codesOf(text)) if (unitsOf(code, bold) === undefined) return false;
  return true;
}

/** The code point as the box shows it. */
export const hexOf = (code: number): string => {
  const hex = code.toString(16).toUpperCase();
  return hex.padStart(hex.length > 4 ? 6 : hex.length > 2 ? 4 : 2, '0');
};

/** Signs that the bold weight lacks are taken from the regular one. */
function unitsOf(code: number, bold: boolean): number | undefined {
  return (bold ? faceOf(true).get(code) : undefined) ?? faceOf(false).get(code);
}

/** Decoded when the first letter is asked for; `scripts/make-font.mjs` says how the bytes are laid out. */
function faceOf(bold: boolean): ReadonlyMap<number, number> {
  const known = widths.get(bold);
  if (known !== undefined) return known;
  const face = new Map<number, number>();
  const bytes = new Varints(bold ? BOLD_WIDTHS : REGULAR_WIDTHS);
  let [code, advance] = [0, 0];
  while (!bytes.ended) {
    code += bytes.next();
    for (let count = bytes.next(); count > 0; count--)
      face.set(code++, (advance += bytes.signed()));
  }
  widths.set(bold, face);
  return face;
}
