/** A text in parts that can be taken out: words or characters, at their places. */
import { graphemes } from '../../../src/graphemes.js';
import type { OptionSpecs } from '../../../src/options.js';

/** Letters with their marks, digits and underscores of any script. */
const WORD = /[\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*/gu;

export interface TextPart {
  readonly text: string;
  /** In UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Which tokens of a transformer it is made of. */
  readonly tokens?: readonly number[];
}

export const UNIT_OPTIONS = {
  unit: {
    type: 'choice',
    choices: ['word', 'char', 'token'],
    default: 'word',
    help: 'what is taken out: words, characters (without blanks), or the tokens of a transformer',
  },
  replaceWith: {
    type: 'string',
    default: undefined,
    help: 'what replaces the parts that are taken out: any text; for a transformer also mask, pad (its tokens) or attention (hidden by its mask)',
  },
} as const satisfies OptionSpecs;

/** Words, or characters as they are seen (a letter with its marks is one). */
export function partsOf(text: string, unit: string): TextPart[] {
  if (unit === 'word') return places(text);
  return graphemes(text)
    .map(({ text: part, at }) => ({ text: part, start: at, end: at + part.length }))
    .filter(({ text: part }) => part.trim() !== '');
}

/** Every character as it is seen, blanks too, in small letters; two blanks or more are one, as scikit-learn reads them. */
export function lettersOf(text: string): TextPart[] {
  const letters: TextPart[] = [];
  for (const { text: letter, at } of graphemes(text)) {
    const end = at + letter.length;
    const last = letters.at(-1);
    const isBlank = letter.trim() === '';
    if (isBlank && last?.text.trim() === '') {
      letters[letters.length - 1] = { text: ' ', start: last.start, end };
    } else if (isBlank && letter.length > 1) letters.push({ text: ' ', start: at, end });
    else letters.push({ text: letter.toLowerCase(), start: at, end });
  }
  return letters;
}

function places(text: string): TextPart[] {
  return Array.from(text.matchAll(WORD), (match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The text with the parts for which `shown` is 0 replaced. */
export function without(
  text: string,
  parts: readonly TextPart[],
  shown: ArrayLike<number>,
  replaceWith: string,
): string {
  let result = '';
  let at = 0;
  parts.forEach(({ start, end }, i) => {
    if (shown[i] !== 0) return;
    result += text.slice(at, start) + replaceWith;
    at = end;
  });
  return result + text.slice(at);
}

/** Names that differ: the second `the` is `the #2`. */
export function partNames(parts: readonly TextPart[]): string[] {
  const counts = new Map<string, number>();
  return parts.map(({ text }) => {
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    return count === 1 ? text : `${text} #${count}`;
  });
}
