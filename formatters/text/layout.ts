/** Columns, wrapping and cleaning of text for terminals and plain files. */
import stringWidth from 'string-width';
import { greatest } from '../../src/maths/extremes.js';
import { graphemes, STRETCH } from '../../src/graphemes.js';

export { graphemes };

/**
 * Text from outside made harmless for a terminal: line breaks and tabs become
 * spaces, other control characters, escape sequences and direction overrides
 * become visible, so that a class name can neither clear the screen nor
 * pretend to be something else.
 */
export function clean(text: string): string {
  return text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' ').replace(INVISIBLE, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

// everything the Unicode standard calls control, direction marks and embeddings, lone surrogates, the BOM
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]/gu;

/** Columns a text takes: wide characters two, combining ones none. */
export function widthOf(text: string): number {
  if (text.length <= STRETCH) return stringWidth(text);
  let columns = 0;
  for (const { text: part } of graphemes(text)) columns += stringWidth(part);
  return columns;
}

export type Align = 'left' | 'right';

/** Filled with spaces up to `width` columns. */
export function pad(text: string, width: number, align: Align = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + space : space + text;
}

/** In the middle of `width` columns; wider text begins at the margin. */
export function centred(text: string, width: number): string {
  return ' '.repeat(Math.max(0, Math.floor((width - widthOf(text)) / 2))) + text;
}

/** Cut to `width` columns, never through a character; `mark` shows that something was cut. */
export function truncate(text: string, width: number, mark: string): string {
  if (widthOf(text) <= width) return text;
  const room = width - widthOf(mark);
  let kept = '';
  let used = 0;
  for (const { text: part } of graphemes(text)) {
    used += widthOf(part);
    if (used > room) break;
    kept += part;
  }
  return kept + mark;
}

/** Lines of at most `width` columns, broken at spaces, and inside a word only if it does not fit. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  // columns are added up: measuring the line again for each character takes the square of its length
  let used = 0;
  for (const word of text.split(' ')) {
    const columns = widthOf(word);
    const gap = line === '' ? 0 : 1;
    if (used + gap + columns <= width) {
      line += gap === 0 ? word : ` ${word}`;
      used += gap + columns;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    used = 0;
    for (const { text: part } of graphemes(word)) {
      const own = widthOf(part);
      if (line !== '' && used + own > width) {
        lines.push(line);
        line = '';
        used = 0;
      }
      line += part;
      used += own;
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** `Label      text that goes on under itself`. */
export function labelled(label: string, text: string, width: number, column = 12): string[] {
  return wrap(text, Math.max(12, width - column)).map((line, index) =>
    `${pad(index === 0 ? label : '', column)}${line}`.trimEnd(),
  );
}

export interface Column {
  readonly title: string;
  readonly align?: Align;
  /** Text that may be cut when the table is too wide; numbers never are. */
  readonly flexible?: boolean;
}

/** A table with a ruled head; `paint` colours the cells of a row after they are padded. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  mark: string,
  paint: (row: number, column: number, cell: string) => string = (_row, _column, cell) => cell,
): string[] {
  const widths = columns.map(({ title }, at) =>
    greatest(
      rows.map((row) => widthOf(row[at])),
      widthOf(title),
    ),
  );
  const gaps = 2 * (columns.length - 1);
  const fixed = widths.reduce((sum, w, at) => sum + (columns[at].flexible === true ? 0 : w), gaps);
  const flexible = columns.filter((column) => column.flexible).length;
  columns.forEach((column, at) => {
    if (column.flexible !== true) return;
    widths[at] = Math.min(widths[at], Math.max(6, Math.floor((width - fixed) / flexible)));
  });
  const cell = (text: string, at: number): string =>
    pad(truncate(text, widths[at], mark), widths[at], columns[at].align);
  return [
    columns.map(({ title }, at) => cell(title, at)).join('  '),
    widths.map((w) => '-'.repeat(w)).join('  '),
    ...rows.map((row, r) => row.map((text, at) => paint(r, at, cell(text, at))).join('  ')),
  ].map((line) => line.trimEnd());
}
