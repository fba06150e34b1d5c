/**
 * HTML that escapes by default: `markup` is a template whose holes are text; only values that are
 * `Markup` already go in unchanged. Nothing else makes markup.
 */

/** A piece of finished HTML. */
export class Markup {
  constructor(readonly source: string) {}

  toString(): string {
    return this.source;
  }
}

/** What may fill a hole: text and numbers are escaped, lists are joined, `undefined` and `false` are left out. */
export type Hole = Markup | string | number | false | null | undefined | readonly Hole[];

/**
 * @example markup`<p title="${label}">${label}</p>`
 */
export function markup(parts: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  let source = parts[0];
  holes.forEach((hole, i) => (source += render(hole) + parts[i + 1]));
  return new Markup(source);
}

/** Safe in element content and in quoted attributes; control characters become visible. */
function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/gu, (char) => `&#${char.codePointAt(0)};`);
}

/**
 * Control characters, direction overrides and lone surrogates as signs that can
 * be seen, so that no label can hide a part of itself or turn the text after it.
 * One UTF-16 unit becomes one. Tabs and line breaks stay.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => {
    const code = char.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}

/** The same on one line: for titles and labels. */
export const oneLine = (text: string): string =>
  visible(text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' '));

/** A string from outside that may run in any direction, kept apart from what surrounds it. */
export const outside = (text: string): Markup => markup`<bdi>${oneLine(text)}</bdi>`;

/** JSON that can stand in a script element: nothing in it can end the element or open a comment. */
export function jsonBlock(kind: string, value: unknown): Markup {
  const json = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new Markup(`<script type="application/json" data-${kind}>${json}</script>`);
}

// everything called control but tab and line breaks, direction marks and overrides, the BOM, lone surrogates
const UNSEEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]/gu;

function render(hole: Hole): string {
  if (hole instanceof Markup) return hole.source;
  if (hole === undefined || hole === null || hole === false) return '';
  if (typeof hole === 'object') return hole.map(render).join('');
  return escapeHtml(String(hole));
}
