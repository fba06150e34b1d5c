/** A `tokenizer.json` of Hugging Face at work: texts to tokens with their places, cut if they are too long. */
import { isWhylensError, WhylensError } from '../../errors.js';
import { textTime, withinTime } from '../../reading/in-time.js';
import type { SpecialToken, TextTokens } from '../tabular/interface.js';
import { alignTokens, type Spelling, type TokenizedWord } from './align.js';
import { checkTokenizerFile } from './check-tokenizer.js';

export interface TextTokenizer {
  /** `WordPiece, 30522 tokens`. */
  readonly source: string;
  /** Its number in the vocabulary. */
  idOf(token: string): number | undefined;
  encode(text: string, maxLength: number): TextTokens;
}

/** What the library offers that is used here; its model is a function of words. */
interface Library {
  readonly Tokenizer: new (json: object, config: object) => LibraryTokenizer;
}
interface LibraryTokenizer {
  model: ((words: string[]) => string[]) | null;
  encode(
    text: string,
    options: { return_token_type_ids: true },
  ): { ids: (number | undefined)[]; tokens: string[]; token_type_ids?: number[] };
  tokenize(text: string): string[];
  token_to_id(token: string): number | undefined;
}

/**
 * @param json content of `tokenizer.json`; @param config content of `tokenizer_config.json`
 * @throws `MODEL_LOAD` for a file that is not a tokenizer, is damaged, or is of an unknown kind
 */
export async function openTokenizer(
  json: unknown,
  config: Readonly<Record<string, unknown>>,
  file: string,
): Promise<TextTokenizer> {
  const content = checkTokenizerFile(json, file);
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as Library;
  let tokenizer: LibraryTokenizer;
  try {
    tokenizer = new Tokenizer(content, { ...config });
  } catch (cause) {
    throw new WhylensError(
      'MODEL_LOAD',
      `'${file}' is not a tokenizer that can be read here (${String((cause as Error).message ?? cause)}); save it anew with tokenizer.save_pretrained`,
      { cause, facts: { file } },
    );
  }
  const own = tokenizer.model!;
  /** What the model of the tokenizer was asked while a text is cut: its words, in order. */
  let seen: TokenizedWord[][] = [];
  tokenizer.model = new Proxy(own, {
    apply: (_, self, [words]: [string[]]): string[] => {
      const tokens = Reflect.apply(own, self, [words]);
      seen.push(byWord(words, tokens, (word) => Reflect.apply(own, self, [[word]])));
      return tokens;
    },
  });
  const spelling = spellingOf(content);
  const added = new Set(
    (content.added_tokens as { content: string }[]).map(({ content: text }) => text),
  );
  const { type, vocab } = content.model as { type?: string; vocab: object };
  const size = Array.isArray(vocab) ? vocab.length : Object.keys(vocab).length;
  const encoded = (text: string, maxLength: number): TextTokens => {
    seen = [];
    const tokens = tokenizer.tokenize(text);
    const words = allWords(tokens, seen, added);
    const spans = alignTokens(text, words, spelling);
    seen = [];
    const whole = tokenizer.encode(text, { return_token_type_ids: true });
    return cutToLength(text, whole, tokens.length, words, spans, maxLength);
  };
  const hasPatterns = [content.pre_tokenizer, content.normalizer].some(hasRegex);
  const inTime = <T>(text: string, work: () => T): T =>
    withinTime(
      work,
      textTime(text.length),
      () =>
        new WhylensError(
          'INVALID_DOCUMENT',
          `cutting a text of ${text.length} characters into tokens has not come to an end after ${textTime(text.length) / 1000} s: a regular expression of '${file}' tries every way of matching it`,
          { facts: { file, characters: text.length } },
        ),
    );
  return {
    source: `${type ?? 'unnamed'} tokenizer, ${size} tokens`,
    idOf: (token) => tokenizer.token_to_id(token),
    encode: (text, maxLength) => {
      try {
        return hasPatterns
          ? inTime(text, () => encoded(text, maxLength))
          : encoded(text, maxLength);
      } catch (cause) {
        if (isWhylensError(cause)) throw cause;
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `the tokenizer '${file}' fails at the text: ${String((cause as Error).message ?? cause)}`,
          { cause, facts: { file } },
        );
      }
    },
  };
}

/** The tokens of each word; of all words together if the model joins tokens over words. */
function byWord(
  words: readonly string[],
  tokens: readonly string[],
  tokenize: (word: string) => string[],
): TokenizedWord[] {
  const single = words.map((word) => ({ word, tokens: tokenize(word) }));
  const joined = single.flatMap((word) => word.tokens);
  const same = joined.length === tokens.length && joined.every((token, i) => token === tokens[i]);
  return same ? single : [{ word: words.join(''), tokens }];
}

/** Words and added tokens in the order of the text. */
function allWords(
  content: readonly string[],
  seen: readonly (readonly TokenizedWord[])[],
  added: ReadonlySet<string>,
): TokenizedWord[] {
  const words: TokenizedWord[] = [];
  let at = 0;
  let next = 0;
  while (at < content.length) {
    const run = seen[next]?.flatMap(({ tokens }) => tokens) ?? [];
    const fits = next < seen.length && run.every((token, i) => content[at + i] === token);
    if (fits) {
      words.push(...seen[next++]);
      at += run.length;
    } else {
      // what is neither is taken as it is: its place is looked for like that of any word
      words.push({ word: content[at], tokens: [content[at]] });
      if (!added.has(content[at]) && next < seen.length) next++;
      at++;
    }
  }
  return words;
}

function spellingOf(content: Readonly<Record<string, unknown>>): Spelling {
  const model = content.model as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined;
  const isUnigram = Array.isArray(model.vocab);
  const unknown = isUnigram
    ? (model.vocab as [string, number][])[Number(model.unk_id)]?.[0]
    : text(model.unk_token);
  const prefix =
    text(model.continuing_subword_prefix) ?? (model.type === 'WordPiece' ? '##' : undefined);
  const suffix = text(model.end_of_word_suffix);
  return {
    ...(prefix !== undefined && { prefix }),
    ...(suffix !== undefined && { suffix }),
    ...(unknown !== undefined && { unknown }),
    bytes: [content.pre_tokenizer, content.normalizer].some((part) => hasType(part, 'ByteLevel')),
  };
}

/** True if a step, or one in a sequence of steps, is of that type. */
function hasType(part: unknown, type: string): boolean {
  if (Array.isArray(part)) return part.some((one) => hasType(one, type));
  if (typeof part !== 'object' || part === null) return false;
  const { type: own, pretokenizers, normalizers } = part as Readonly<Record<string, unknown>>;
  return own === type || hasType(pretokenizers, type) || hasType(normalizers, type);
}

/** True for steps with a pattern of the file's own. */
function hasRegex(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(([name, inner]) => name === 'Regex' || hasRegex(inner));
}

/** Special tokens stay, the end of the text goes. */
function cutToLength(
  text: string,
  whole: {
    readonly ids: readonly (number | undefined)[];
    readonly tokens: readonly string[];
    readonly token_type_ids?: readonly number[];
  },
  count: number,
  words: readonly TokenizedWord[],
  spans: TextTokens['spans'],
  maxLength: number,
): TextTokens {
  const before = Math.max(0, startOf(whole.tokens, words));
  const after = whole.tokens.length - before - count;
  const kept = Math.max(0, Math.min(count, maxLength - before - after));
  const chosen = whole.tokens.flatMap((_, i) =>
    i < before + kept || i >= before + count ? [i] : [],
  );
  const numbers = wordNumbers(text, words, spans);
  const isSpecial = (i: number): boolean => i < before || i >= before + count;
  return {
    ids: Int32Array.from(chosen, (i) => {
      const id = whole.ids[i];
      if (id !== undefined) return id;
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `the tokenizer has no number for '${whole.tokens[i]}' and no token for what it does not know`,
      );
    }),
    types: Int32Array.from(chosen, (i) => whole.token_type_ids?.[i] ?? 0),
    tokens: chosen.map((i) => whole.tokens[i]),
    spans: chosen.map((i) => (isSpecial(i) ? ([0, 0] as const) : spans[i - before])),
    special: Uint8Array.from(chosen, (i) => Number(isSpecial(i))),
    words: Int32Array.from(chosen, (i) => (isSpecial(i) ? -1 : numbers[i - before])),
    cut: count - kept,
  };
}

/** How many tokens the tokenizer adds before the text. */
function startOf(all: readonly string[], words: readonly TokenizedWord[]): number {
  const own = words.flatMap(({ tokens }) => tokens);
  if (own.length === 0) return Math.ceil(all.length / 2);
  for (let start = 0; start + own.length <= all.length; start++) {
    if (own.every((token, i) => all[start + i] === token)) return start;
  }
  throw new WhylensError(
    'UNSUPPORTED_MODEL',
    'the tokenizer changes tokens after it has cut the text (its post-processor), so their places are not known',
  );
}

/** A word of the tokenizer, ended by blanks too: some cut nothing but take a whole text for a word. */
function wordNumbers(
  text: string,
  words: readonly TokenizedWord[],
  spans: TextTokens['spans'],
): number[] {
  const numbers: number[] = [];
  let number = -1;
  for (const { tokens } of words) {
    tokens.forEach((_, i) => {
      const at = numbers.length;
      const gap = i > 0 && /\s/u.test(text.slice(spans[at - 1][1], spans[at][0]));
      if (i === 0 || gap) number++;
      numbers.push(number);
    });
  }
  return numbers;
}

/** A special token by its text, if the vocabulary has it. */
export function specialToken(
  tokenizer: TextTokenizer,
  token: string | undefined,
): SpecialToken | undefined {
  const id = token === undefined ? undefined : tokenizer.idOf(token);
  return id === undefined ? undefined : { id, token: token! };
}
