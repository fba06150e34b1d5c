/**
 * Makes formatters/drawing/font-data.ts: the outlines of Inter (SIL Open Font
 * License, from @expo-google-fonts/inter) for Latin, Greek, Cyrillic,
 * punctuation, arrows and mathematical signs, in a few bytes each. And
 * font-widths.ts: how wide they are, for what sets text without drawing it.
 *
 *   node scripts/make-font.mjs
 *
 * A glyph is: distance to the code point before it (0 for a part of others,
 * which has none), advance, then commands with differences of coordinates,
 * 512 to the em, y upwards: 1 move, 2 line, 3 quadratic curve, 4 another glyph
 * by number and shift, 0 end. All numbers are varints, signed ones zigzagged.
 * Widths are runs of code points: distance from the end of the run before,
 * length, then the advance of each as the difference from the one before it.
 */
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { URL } from 'node:url';
import opentype from 'opentype.js';

const EM = 512;
const RANGES = [
  [0x20, 0x7e], // ASCII
  [0xa0, 0x24f], // Latin-1, Latin Extended-A and -B
  [0x2b0, 0x36f], // modifiers, combining marks
  [0x370, 0x3ff], // Greek
  [0x400, 0x52f], // Cyrillic
  [0x1e00, 0x1eff], // Latin Extended Additional
  [0x2000, 0x209f], // punctuation, superscripts, subscripts
  [0x20a0, 0x20bf], // currencies
  [0x2100, 0x218f], // letter-like, fractions
  [0x2190, 0x21ff], // arrows
  [0x2200, 0x22ff], // mathematics
  [0x25a0, 0x25ff], // shapes
  [0x2713, 0x2717], // ticks
  [0xfffd, 0xfffd],
];
const folder = dirname(
  createRequire(import.meta.url).resolve('@expo-google-fonts/inter/package.json'),
);
/** Titles are in letters; what the bold one lacks is taken from the regular one. */
const BOLD_RANGES = RANGES.filter(([from]) => from < 0x500 && from !== 0x2b0).concat([
  [0x2010, 0x2044],
]);
const weights = {
  REGULAR: { style: '400Regular', ranges: RANGES },
  BOLD: { style: '600SemiBold', ranges: BOLD_RANGES },
};

const licence = readFileSync(join(folder, 'LICENSE_FONT'), 'utf8').trim();
const header = `/**
 * Made by scripts/make-font.mjs, which says how the bytes are laid out; do not
 * edit. A part of the typeface Inter, under this licence:
 *
${licence
  .split('\n')
  .map((line) => ` * ${line}`.trimEnd())
  .join('\n')}
 */
`;
let source = header;
let widths = header;
let drawn = 0;
for (const [name, { style, ranges }] of Object.entries(weights)) {
  const bytes = readFileSync(join(folder, style, `Inter_${style}.ttf`));
  const font = opentype.parse(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  const scale = EM / font.unitsPerEm;
  const glyphs = [];
  const place = new Map();
  for (const [from, to] of ranges) {
    for (let code = from; code <= to; code++) {
      const index = font.charToGlyphIndex(String.fromCodePoint(code));
      if (index === 0) continue;
      const glyph = font.glyphs.get(index);
      if (!place.has(index)) place.set(index, glyphs.length);
      glyphs.push({ code, glyph });
    }
  }
  // parts that no code point of ours has come behind, as they are met
  for (const entry of glyphs) {
    entry.commands = entry.glyph.path.commands; // parses, and finds the components
    for (const { glyphIndex } of partsOf(entry.glyph) ?? []) {
      if (place.has(glyphIndex)) continue;
      place.set(glyphIndex, glyphs.length);
      glyphs.push({ code: undefined, glyph: font.glyphs.get(glyphIndex) });
    }
  }
  const out = [];
  let last = 0;
  for (const { code, glyph, commands } of glyphs) {
    varint(out, code === undefined ? 0 : code - last);
    last = code ?? last;
    varint(out, Math.round(glyph.advanceWidth * scale));
    const parts = partsOf(glyph);
    if (parts === undefined) outline(out, commands, scale);
    else {
      for (const { glyphIndex, dx, dy } of parts) {
        out.push(4);
        varint(out, place.get(glyphIndex));
        zigzag(out, Math.round(dx * scale));
        zigzag(out, Math.round(dy * scale));
      }
      out.push(0);
    }
    drawn++;
  }
  source += `
export const ${name} =
  '${Buffer.from(out).toString('base64')}';
`;
  if (name === 'REGULAR') {
    widths += `
/** Height above the baseline in 512ths of an em. */
export const ASCENT_UNITS = ${Math.round(font.ascender * scale)};
`;
  }
  widths += `
export const ${name}_WIDTHS =
  '${Buffer.from(widthsOf(glyphs, scale)).toString('base64')}';
`;
}
const target = new URL('../formatters/drawing/font-data.ts', import.meta.url);
writeFileSync(target, source);
writeFileSync(new URL('../formatters/drawing/font-widths.ts', import.meta.url), widths);
process.stdout.write(`${drawn} glyphs, ${source.length} bytes, widths ${widths.length} bytes\n`);

function widthsOf(glyphs, scale) {
  const out = [];
  const coded = glyphs.filter(({ code }) => code !== undefined);
  let [end, advance] = [0, 0];
  for (let i = 0; i < coded.length;) {
    let count = 1;
    while (coded[i + count]?.code === coded[i].code + count) count++;
    varint(out, coded[i].code - end);
    varint(out, count);
    for (const { glyph } of coded.slice(i, i + count)) {
      const own = Math.round(glyph.advanceWidth * scale);
      zigzag(out, own - advance);
      advance = own;
    }
    end = coded[i].code + count;
    i += count;
  }
  return out;
}

/** The glyphs this one is put together from, where they are only shifted. */
function partsOf({ components }) {
  if (components === undefined || components.length === 0) return undefined;
  const shifted = components.every(
    ({ xScale, yScale, scale01 = 0, scale10 = 0 }) =>
      xScale === 1 && yScale === 1 && scale01 === 0 && scale10 === 0,
  );
  return shifted ? components : undefined;
}

function outline(out, commands, scale) {
  let [lastX, lastY] = [0, 0];
  const point = (px, py) => {
    const [nx, ny] = [Math.round(px * scale), Math.round(py * scale)];
    zigzag(out, nx - lastX);
    zigzag(out, ny - lastY);
    [lastX, lastY] = [nx, ny];
  };
  for (const command of commands) {
    const { type, x, y } = command;
    if (type === 'Z') continue;
    if (type === 'C') throw new Error('a TrueType font has no cubic curves');
    out.push({ M: 1, L: 2, Q: 3 }[type]);
    if (type === 'Q') point(command.x1, command.y1);
    point(x, y);
  }
  out.push(0);
}

function varint(out, value) {
  for (; value > 127; value >>>= 7) out.push((value & 127) | 128);
  out.push(value);
}

function zigzag(out, value) {
  varint(out, value < 0 ? -value * 2 - 1 : value * 2);
}
