/** A limit for nesting: deeper values overflow the stack of code that walks through them. */
import type { Fail } from './fetch.js';

/** Brackets open at once. Keras, dumps of trees and stored explanations stay far below. */
const MAX_NESTING = 1000;

/** Says that a JSON text is nested too deeply, before it is parsed; throws what `fail` makes. */
export function requireShallow(text: string, fail: Fail): void {
  const depth = nestingOf(text);
  if (depth <= MAX_NESTING) return;
  throw fail(
    `its lists and objects are nested ${depth} levels deep; at most ${MAX_NESTING} levels are read. No exporter writes such a file: it is damaged or made to do harm`,
    { facts: { depth, limit: MAX_NESTING } },
  );
}

/** How many brackets are open at once, without those inside texts. */
function nestingOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfText(text, i);
    else if (code === BRACKET || code === BRACE) most = Math.max(most, ++depth);
    else if (code === BRACKET + 2 || code === BRACE + 2) depth--;
  }
  return most;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** Where the closing quotation mark is; the end of the whole if there is none. */
function endOfText(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
