/**
 * Where the tokens of a tokenizer stand in the text as written.
 *
 * The library gives tokens without places, and what it cuts into tokens is no
 * longer the text: it is in small letters, without accents, composed otherwise
 * (NFKC), or spelled byte by byte. So both are folded to one form (NFKD, small
 * letters) and walked side by side; characters that only one of them has are skipped.
 */

/** A word as the tokenizer cut it, in the spelling of its vocabulary, with its tokens. */
export interface TokenizedWord {
  readonly word: string;
  readonly tokens: readonly string[];
}

export interface Spelling {
  /** Begins a token that continues a word: `##`. */
  readonly prefix?: string;
  /** Ends the last token of a word: `</w>`. */
  readonly suffix?: string;
  readonly unknown?: string;
  /** True if a character of the vocabulary stands for a byte (GPT-2, RoBERTa). */
  readonly bytes: boolean;
}

export type Span = readonly [start: number, end: number];

/** How far the two may run apart at one place. */
const WINDOW = 64;

/** One span for each token, in UTF-16 units of `text`; empty for a token without a place in it. */
export function alignTokens(
  text: string,
  words: readonly TokenizedWord[],
  spelling: Spelling,
): Span[] {
  const characters: string[] = [];
  const ranges: Span[] = [];
  for (const { word, tokens } of words) {
    const { chars, found } = spelling.bytes
      ? rangesOfBytes(word, tokens)
      : rangesOf(word, tokens, spelling);
    const first = characters.length;
    chars.forEach((char) => characters.push(char));
    found.forEach(([start, end]) => ranges.push([first + start, first + end]));
  }
  const places = placesOf(characters, text);
  let last = 0;
  return ranges.map(([start, end]) => {
    let from = Infinity;
    let to = -1;
    for (let i = start; i < end; i++) {
      const place = places[i];
      if (place === undefined) continue;
      from = Math.min(from, place[0]);
      to = Math.max(to, place[1]);
    }
    if (to < 0) return [last, last];
    last = withMarks(text, to);
    // a blank that belongs to a token is not shown as part of it
    const own = text.slice(from, last);
    return own.trim() === ''
      ? [last, last]
      : [from + own.length - own.trimStart().length, last - own.length + own.trimEnd().length];
  });
}

/** Accents that were taken off a letter are shown with it. */
function withMarks(text: string, end: number): number {
  const marks = /\p{M}+/uy;
  marks.lastIndex = end;
  return marks.test(text) ? marks.lastIndex : end;
}

/** Which characters of the word each token holds. Characters that the vocabulary lacks share the gap between their neighbours. */
function rangesOf(
  word: string,
  tokens: readonly string[],
  { prefix, suffix, unknown }: Spelling,
): { chars: string[]; found: Span[] } {
  const chars = [...word];
  const found: Span[] = [];
  let pending: number[] = [];
  let at = 0;
  const fill = (end: number): void => {
    for (const token of pending) found[token] = [at, end];
    pending = [];
  };
  tokens.forEach((token, i) => {
    let own = token;
    if (prefix !== undefined && at > 0 && own.startsWith(prefix)) own = own.slice(prefix.length);
    if (suffix !== undefined && own.endsWith(suffix)) own = own.slice(0, -suffix.length);
    const letters = [...own];
    const isUnknown = own === unknown && own !== word;
    const start = isUnknown ? -1 : indexIn(chars, letters, at, pending.length > 0);
    if (start < 0) {
      pending.push(i);
      return;
    }
    fill(start);
    at = start + letters.length;
    found[i] = [start, at];
  });
  fill(chars.length);
  return { chars, found };
}

/** Where the letters stand: here, or further on if something unknown lies between. */
function indexIn(chars: readonly string[], letters: readonly string[], from: number, far: boolean) {
  if (letters.length === 0) return -1;
  const last = far ? chars.length - letters.length : Math.min(from, chars.length - letters.length);
  for (let start = from; start <= last; start++) {
    if (letters.every((letter, k) => chars[start + k] === letter)) return start;
  }
  return -1;
}

/** GPT-2's letters for the bytes that are not letters of their own. */
const BYTE_OF = ((): ReadonlyMap<string, number> => {
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const shown =
      (byte >= 0x21 && byte <= 0x7e) ||
      (byte >= 0xa1 && byte <= 0xac) ||
      (byte >= 0xae && byte <= 0xff);
    map.set(String.fromCodePoint(shown ? byte : next++), byte);
  }
  return map;
})();

function rangesOfBytes(
  word: string,
  tokens: readonly string[],
): { chars: string[]; found: Span[] } {
  const letters = [...word];
  const bytes = letters.map((letter) => BYTE_OF.get(letter));
  // an added token is written as it is
  if (bytes.includes(undefined)) return rangesOf(word, tokens, { bytes: false });
  const chars = [...new TextDecoder().decode(Uint8Array.from(bytes as number[]))];
  const owner: number[] = [];
  const encoder = new TextEncoder();
  chars.forEach((char, i) => encoder.encode(char).forEach(() => owner.push(i)));
  const { found } = rangesOf(word, tokens, { bytes: false });
  return {
    chars,
    found: found.map(([start, end]) =>
      start >= end ? [0, 0] : [owner[start] ?? 0, (owner[end - 1] ?? chars.length - 1) + 1],
    ),
  };
}

/** A folded character and the token or place that it belongs to. */
interface Folded {
  readonly folds: readonly string[];
  readonly owners: readonly number[];
}

/** For each character of the tokens its place in the text. */
function placesOf(characters: readonly string[], text: string): (Span | undefined)[] {
  const starts: number[] = [];
  const letters: string[] = [];
  for (let at = 0; at < text.length;) {
    const letter = String.fromCodePoint(text.codePointAt(at)!);
    starts.push(at);
    letters.push(letter);
    at += letter.length;
  }
  const own = folded(characters);
  const written = folded(letters);
  const places = new Array<Span | undefined>(characters.length).fill(undefined);
  let i = 0;
  let j = 0;
  while (i < own.folds.length && j < written.folds.length) {
    if (own.folds[i] === written.folds[j]) {
      const letter = written.owners[j];
      const [start, end] = [starts[letter], starts[letter] + letters[letter].length];
      const known = places[own.owners[i]];
      places[own.owners[i]] =
        known === undefined ? [start, end] : [Math.min(known[0], start), Math.max(known[1], end)];
      i++;
      j++;
    } else if (isLoose(written.folds[j])) j++;
    else if (isLoose(own.folds[i])) i++;
    else [i, j] = resumed(own.folds, written.folds, i, j);
  }
  return places;
}

function folded(characters: readonly string[]): Folded {
  const folds: string[] = [];
  const owners: number[] = [];
  characters.forEach((character, i) => {
    for (const fold of foldOf(character)) {
      folds.push(fold);
      owners.push(i);
    }
  });
  return { folds, owners };
}

const FOLDS = new Map<string, readonly string[]>();

function foldOf(character: string): readonly string[] {
  let fold = FOLDS.get(character);
  if (fold === undefined) {
    // decomposed after lower case too: a small dotted capital I is two characters
    const lower = character.normalize('NFKD').toLowerCase().normalize('NFKD');
    fold = [...lower.replaceAll('ς', 'σ').replaceAll('▁', ' ').replaceAll(/\s/gu, ' ')];
    if (FOLDS.size < 10_000) FOLDS.set(character, fold);
  }
  return fold;
}

/** Blanks, accents and control characters, which tokenizers drop and add. */
function isLoose(fold: string): boolean {
  return /^[\s\p{M}\p{C}]$/u.test(fold);
}

/** The nearest place where both go on alike; the token's character is given up if there is none. */
function resumed(
  own: readonly string[],
  written: readonly string[],
  i: number,
  j: number,
): [number, number] {
  for (let distance = 1; distance <= WINDOW; distance++) {
    for (let a = 0; a <= distance; a++) {
      const [x, y] = [i + a, j + distance - a];
      if (x >= own.length || y >= written.length || own[x] !== written[y]) continue;
      const ends = x + 1 >= own.length || y + 1 >= written.length;
      if (ends || own[x + 1] === written[y + 1]) return [x, y];
    }
  }
  return [i + 1, j];
}
