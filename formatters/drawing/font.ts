/** Text without fonts of the machine: outlines and widths of the typeface that ships with the program. */
import { greatest, least } from '../../src/maths/extremes.js';
import { BOLD, REGULAR, REGULAR_METRICS } from './font-data.js';

/** Units of an em in which outlines are kept. */
const EM = 512;
/** What stands in for a character without outline: a box with its code point, in em. */
const BOX = { side: 0.1, digit: 0.42, height: 0.8 };

/** A closed outline, straight pieces only, in em, y downwards from the baseline. */
export type Contour = readonly (readonly [x: number, y: number])[];

interface Glyph {
  readonly advance: number;
  readonly commands: readonly number[];
  contours?: readonly Contour[];
}

interface Face {
  readonly glyphs: readonly Glyph[];
  readonly byCode: ReadonlyMap<number, Glyph>;
}

export interface TextStyle {
  /** Height of the em. */
  readonly size: number;
  readonly bold?: boolean;
}

/** One character where it belongs: an outline, or a box with digits. */
export interface Placed {
  readonly x: number;
  readonly contours: readonly Contour[];
}

const faces = new Map<boolean, Face>();

/** Ascent and descent in em, the same for both weights. */
export const ASCENT = REGULAR_METRICS.ascent / EM;

/** Width of a line of text. */
export function widthOf(text: string, { size, bold = false }: TextStyle): number {
  let width = 0;
  for (const code of codesOf(text)) if (!isMark(code, bold)) width += advanceOf(code, bold);
  return width * size;
}

/** Outlines of a line of text from x = 0 on the baseline y = 0. */
export function outlineOf(text: string, { size, bold = false }: TextStyle): readonly Placed[] {
  const placed: Placed[] = [];
  let x = 0;
  let last = 0;
  for (const code of codesOf(text)) {
    const glyph = glyphOf(code, bold);
    if (glyph !== undefined && isMark(code, bold)) {
      const mark = centred(contoursOf(glyph), x - last / 2);
      if (mark.length > 0) placed.push({ x: 0, contours: scaled(mark, size) });
      continue;
    }
    const contours = glyph === undefined ? boxOf(code) : contoursOf(glyph);
    if (contours.length > 0) {
      placed.push({
        x: x * size,
        contours: scaled(contours, size),
      });
    }
    x += last = advanceOf(code, bold);
  }
  return placed;
}

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

/** How many letters from `at` on stand in one line: at least one, and found without measuring all that is left. */
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

/** Code points as they are drawn: composed where there is one sign for it, white space as spaces. */
function* codesOf(text: string): Generator<number> {
  for (const char of text.normalize('NFC')) {
    const code = char.codePointAt(0)!;
    // joiners, directions and variation selectors ask for nothing that this font could do
    if (/\p{Default_Ignorable_Code_Point}/u.test(char) || code === 0xfeff) continue;
    yield /[\s\u0085]/u.test(char) ? 0x20 : code;
  }
}

/** A mark that is drawn over the letter before it; one without outline is a box like any other. */
function isMark(code: number, bold: boolean): boolean {
  if (code < 0x300 || !/\p{Mn}/u.test(String.fromCodePoint(code))) return false;
  return glyphOf(code, bold) !== undefined;
}

const scaled = (contours: readonly Contour[], size: number): readonly Contour[] =>
  contours.map((contour) => contour.map(([x, y]) => [x * size, y * size]));

/** The outline moved so that its middle is at `x`. */
function centred(contours: readonly Contour[], x: number): readonly Contour[] {
  const all = contours.flat().map(([px]) => px);
  if (all.length === 0) return [];
  const middle = (least(all) + greatest(all)) / 2;
  return contours.map((contour) => contour.map(([px, py]) => [px - middle + x, py]));
}

function advanceOf(code: number, bold: boolean): number {
  const found = glyphOf(code, bold);
  if (found !== undefined) return found.glyph.advance / EM;
  return Math.ceil(hexOf(code).length / 2) * BOX.digit + 3 * BOX.side;
}

interface Found {
  readonly face: Face;
  readonly glyph: Glyph;
}

function glyphOf(code: number, bold: boolean): Found | undefined {
  for (const weight of bold ? [true, false] : [false]) {
    const face = faceOf(weight);
    const glyph = face.byCode.get(code);
    if (glyph !== undefined) return { face, glyph };
  }
  return undefined;
}

/** Decoded when the first letter is asked for. */
function faceOf(bold: boolean): Face {
  let face = faces.get(bold);
  if (face === undefined) faces.set(bold, (face = decode(bold ? BOLD : REGULAR)));
  return face;
}

function decode(base64: string): Face {
  const bytes = atob(base64);
  const glyphs: Glyph[] = [];
  const byCode = new Map<number, Glyph>();
  let at = 0;
  let code = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.charCodeAt(at++);
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const step = number();
    const advance = number();
    const commands: number[] = [];
    for (let command = number(); command !== 0; command = number()) {
      commands.push(command);
      if (command === 4) commands.push(number());
      for (let i = command === 3 ? 4 : 2; i > 0; i--) commands.push(signed(number()));
    }
    const glyph = { advance, commands };
    glyphs.push(glyph);
    if (step > 0) byCode.set((code += step), glyph);
  }
  return { glyphs, byCode };
}

const signed = (value: number): number => (value & 1 ? -(value + 1) / 2 : value / 2);

function contoursOf({ face, glyph }: Found): readonly Contour[] {
  return (glyph.contours ??= trace(face, glyph));
}

/** Curves become short straight pieces, parts are put where they belong. */
function trace(face: Face, { commands }: Glyph): Contour[] {
  const contours: [number, number][][] = [];
  let [x, y] = [0, 0];
  for (let i = 0; i < commands.length;) {
    const command = commands[i++];
    if (command === 4) {
      const part = contoursOf({ face, glyph: face.glyphs[commands[i++]] });
      const [dx, dy] = [commands[i++] / EM, -commands[i++] / EM];
      for (const contour of part) contours.push(contour.map(([px, py]) => [px + dx, py + dy]));
      continue;
    }
    const [fromX, fromY] = [x, y];
    x += commands[i++];
    y += commands[i++];
    if (command === 1) contours.push([]);
    const contour = contours[contours.length - 1];
    if (command === 3) {
      const [bendX, bendY] = [x, y];
      x += commands[i++];
      y += commands[i++];
      for (let step = 1; step < CURVE_STEPS; step++) {
        const t = step / CURVE_STEPS;
        const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
        contour.push([(a * fromX + b * bendX + c * x) / EM, -(a * fromY + b * bendY + c * y) / EM]);
      }
    }
    contour.push([x / EM, -y / EM]);
  }
  return contours;
}

const CURVE_STEPS = 6;

const hexOf = (code: number): string => {
  const hex = code.toString(16).toUpperCase();
  return hex.padStart(hex.length > 4 ? 6 : hex.length > 2 ? 4 : 2, '0');
};

/** A frame with the code point in two rows of small digits: whoever reads it can look it up. */
function boxOf(code: number): Contour[] {
  const hex = hexOf(code);
  const columns = Math.ceil(hex.length / 2);
  const width = columns * BOX.digit + BOX.side;
  const [left, top, bottom] = [BOX.side, -BOX.height, 0.12];
  const line = 0.045;
  const frame = (inset: number): Contour => [
    [left + inset, top + inset],
    [left + width - inset, top + inset],
    [left + width - inset, bottom - inset],
    [left + inset, bottom - inset],
  ];
  const contours: Contour[] = [frame(0), [...frame(line)].reverse()];
  const size = 0.5;
  const rows = hex.length > 2 ? [hex.slice(0, columns), hex.slice(columns)] : [hex];
  rows.forEach((row, r) => {
    const baseline = rows.length === 1 ? -0.16 : r === 0 ? -0.4 : 0.03;
    [...row].forEach((digit, c) => {
      const found = glyphOf(digit.charCodeAt(0), false)!;
      const cell = (width - 2 * line) / row.length;
      const x = left + line + c * cell + (cell - (found.glyph.advance / EM) * size) / 2;
      for (const contour of contoursOf(found)) {
        contours.push(contour.map(([px, py]) => [x + px * size, baseline + py * size]));
      }
    });
  });
  return contours;
}
