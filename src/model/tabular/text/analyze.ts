/** The n-grams of a text with their places, as scikit-learn's analysers make them. */
import { WhylensError } from '../../../errors.js';
import { textTime, withinTime } from '../../../reading/in-time.js';
import { processText, type Processed, type ProcessOptions } from './processed.js';
import { SPACE } from './token-pattern.js';

export interface AnalyzeOptions extends ProcessOptions {
  readonly analyzer: 'word' | 'char' | 'char_wb';
  readonly ngrams: readonly [shortest: number, longest: number];
  /** What a token is; of words only. */
  readonly pattern: RegExp;
  /** True where the pattern is the file's own, which could take for ever on some texts. */
  readonly ownPattern?: boolean;
  readonly stopWords: ReadonlySet<string>;
}

export interface Ngram {
  readonly term: string;
  readonly spans: readonly (readonly [number, number])[];
}

const SPACES = new RegExp(`^[${SPACE}]$`, 'u');

/** In the order in which scikit-learn lists them. */
export function analyzeText(text: string, options: AnalyzeOptions): Ngram[] {
  const processed = processText(text, options);
  if (options.analyzer === 'word') return wordNgrams(processed, options);
  const collapsed = collapseSpaces(processed);
  return options.analyzer === 'char'
    ? charNgrams(collapsed, options.ngrams)
    : boundNgrams(collapsed, options.ngrams);
}

const PLAIN = /^[\0-\x7f]*$/;

/**
 * The n-grams alone, without their places: what counting needs. Words of plain
 * letters are found without looking at every character.
 */
export function termsOf(text: string, options: AnalyzeOptions): string[] {
  if (options.analyzer !== 'word' || !PLAIN.test(text)) {
    return analyzeText(text, options).map(({ term }) => term);
  }
  const { ngrams, stopWords, lowercase } = options;
  const words: string[] = [];
  for (const match of matchesIn(lowercase ? text.toLowerCase() : text, options)) {
    const word = match.length > 1 ? (match[1] ?? '') : match[0];
    if (!stopWords.has(word)) words.push(word);
  }
  if (ngrams[0] === 1 && ngrams[1] === 1) return words;
  const found: string[] = [];
  for (let n = ngrams[0]; n <= Math.min(ngrams[1], words.length); n++) {
    for (let i = 0; i + n <= words.length; i++) found.push(words.slice(i, i + n).join(' '));
  }
  return found;
}

interface Token {
  readonly text: string;
  readonly span: readonly [number, number];
}

function wordNgrams(processed: Processed, options: AnalyzeOptions): Ngram[] {
  const { ngrams, stopWords } = options;
  const tokens = tokensOf(processed, options).filter(({ text }) => !stopWords.has(text));
  const found: Ngram[] = [];
  for (let n = ngrams[0]; n <= Math.min(ngrams[1], tokens.length); n++) {
    for (let i = 0; i + n <= tokens.length; i++) {
      const run = tokens.slice(i, i + n);
      found.push({
        term: n === 1 ? run[0].text : run.map(({ text }) => text).join(' '),
        spans: run.map(({ span }) => span),
      });
    }
  }
  return found;
}

/** What the pattern finds; given up where that has no end. */
function matchesIn(
  text: string,
  { pattern, ownPattern = false }: Pick<AnalyzeOptions, 'pattern' | 'ownPattern'>,
): Iterable<RegExpExecArray> {
  if (!ownPattern) return text.matchAll(pattern);
  return withinTime(
    () => [...text.matchAll(pattern)],
    textTime(text.length),
    () =>
      new WhylensError(
        'INVALID_DOCUMENT',
        `cutting a text of ${text.length} characters into words has not come to an end after ${textTime(text.length) / 1000} s: the model's token_pattern ${String(pattern).slice(0, 100)} tries every way of matching it. Give the vectorizer a simpler pattern`,
        { facts: { characters: text.length } },
      ),
  );
}

function tokensOf({ chars, starts, ends }: Processed, options: AnalyzeOptions): Token[] {
  const text = chars.join('');
  // matches are told in UTF-16 units, places are kept by code point
  const at = new Int32Array(text.length + 1);
  let unit = 0;
  chars.forEach((char, i) => {
    at.fill(i, unit, unit + char.length);
    unit += char.length;
  });
  at[unit] = chars.length;
  const tokens: Token[] = [];
  for (const match of matchesIn(text, options)) {
    // a pattern with a group means the group
    const token = match.length > 1 ? (match[1] ?? '') : match[0];
    const from = match.index + (match.length > 1 ? Math.max(0, match[0].indexOf(token)) : 0);
    const [first, last] = [at[from], at[from + token.length] - 1];
    tokens.push({
      text: token,
      span: token === '' ? [0, 0] : [starts[first], ends[last]],
    });
  }
  return tokens;
}

/** Two or more white spaces become one blank; a single one stays as it is. */
function collapseSpaces({ chars, starts, ends }: Processed): Processed {
  const kept: string[] = [];
  const [from, to]: [number[], number[]] = [[], []];
  for (let i = 0; i < chars.length; i++) {
    let last = i;
    if (SPACES.test(chars[i]))
      while (last + 1 < chars.length && SPACES.test(chars[last + 1])) last++;
    kept.push(last > i ? ' ' : chars[i]);
    from.push(starts[i]);
    to.push(ends[last]);
    i = last;
  }
  return { chars: kept, starts: Int32Array.from(from), ends: Int32Array.from(to) };
}

function charNgrams({ chars, starts, ends }: Processed, [least, most]: readonly [number, number]) {
  const found: Ngram[] = [];
  for (let n = least; n <= Math.min(most, chars.length); n++) {
    for (let i = 0; i + n <= chars.length; i++) {
      found.push({ term: chars.slice(i, i + n).join(''), spans: [[starts[i], ends[i + n - 1]]] });
    }
  }
  return found;
}

/** Within words, each with a blank on either side; one shorter than `n` counts once. */
function boundNgrams({ chars, starts, ends }: Processed, [least, most]: readonly [number, number]) {
  const found: Ngram[] = [];
  for (let i = 0; i < chars.length; i++) {
    if (SPACES.test(chars[i])) continue;
    let end = i;
    while (end < chars.length && !SPACES.test(chars[end])) end++;
    const word = [' ', ...chars.slice(i, end), ' '];
    for (let n = least; n <= most; n++) {
      const last = Math.max(0, word.length - n);
      for (let offset = 0; offset <= last; offset++) {
        // blanks stand for the white space beside the word, where there is any
        const first = Math.max(0, i + offset - 1);
        const behind = Math.min(chars.length, i + offset + n - 1, end + 1);
        found.push({
          term: word.slice(offset, offset + n).join(''),
          spans: behind > first ? [[starts[first], ends[behind - 1]]] : [],
        });
      }
      if (last === 0) break;
    }
    i = end;
  }
  return found;
}
