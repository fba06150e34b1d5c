/** Letters as shapes: outlines of the typeface that ships with the program, for pictures. */
import { greatest, least } from '../../src/maths/extremes.js';
import { BOLD, REGULAR } from './font-data.js';
import { advanceOf, BOX, codesOf, EM, hexOf, isMark, type TextStyle } from './font.js';
import { Varints } from './varints.js';

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

/** One character where it belongs: an outline, or a box with digits. */
export interface Placed {
  readonly x: number;
  readonly contours: readonly Contour[];
}

const faces = new Map<boolean, Face>();

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

const scaled = (contours: readonly Contour[], size: number): readonly Contour[] =>
  contours.map((contour) => contour.map(([x, y]) => [x * size, y * size]));

/** The outline moved so that its middle is at `x`. */
function centred(contours: readonly Contour[], x: number): readonly Contour[] {
  const all = contours.flat().map(([px]) => px);
  if (all.length === 0) return [];
  const middle = (least(all) + greatest(all)) / 2;
  return contours.map((contour) => contour.map(([px, py]) => [px - middle + x, py]));
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
  const bytes = new Varints(base64);
  const glyphs: Glyph[] = [];
  const byCode = new Map<number, Glyph>();
  let code = 0;
  while (!bytes.ended) {
    const step = bytes.next();
    const advance = bytes.next();
    const commands: number[] = [];
    for (let command = bytes.next(); command !== 0; command = bytes.next()) {
      commands.push(command);
      if (command === 4) commands.push(bytes.next());
      for (let i = command === 3 ? 4 : 2; i > 0; i--) commands.push(bytes.signed());
    }
    const glyph = { advance, commands };
    glyphs.push(glyph);
    if (step > 0) byCode.set((code += step), glyph);
  }
  return { glyphs, byCode };
}

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
