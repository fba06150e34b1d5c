/** Refuses a `tokenizer.json` that is damaged or made to do harm, before a library reads it. */
import { WhylensError } from '../../errors.js';

type Json = Readonly<Record<string, unknown>>;

/** Numbers of tokens are indices of a table in memory. */
const LARGEST_ID = 2 ** 24;
const DEEPEST = 16;

/** The content with the parts that older files leave out. */
export function checkTokenizerFile(json: unknown, file: string): Json {
  const wrong = (what: string): WhylensError =>
    new WhylensError(
      'MODEL_LOAD',
      `'${file}' is not a tokenizer.json as Hugging Face's tokenizers write it: ${what}`,
      { facts: { file } },
    );
  if (!isObject(json)) throw wrong('it must be an object');
  const { model, added_tokens: added = [] } = json;
  if (!isObject(model)) throw wrong("'model' must be an object");
  checkVocabulary(model, wrong);
  if (!Array.isArray(added)) throw wrong("'added_tokens' must be a list");
  added.forEach((token: unknown, i) => {
    const fine =
      isObject(token) &&
      typeof token.content === 'string' &&
      token.content !== '' &&
      isId(token.id);
    if (!fine) throw wrong(`added_tokens[${i}] must have a text and a number`);
  });
  const { normalizer = null, pre_tokenizer: before = null } = json;
  const { post_processor: after = null, decoder = null } = json;
  const parts = {
    normalizer,
    pre_tokenizer: before,
    post_processor: after,
    decoder,
    added_tokens: added,
  };
  for (const [name, part] of Object.entries(parts)) {
    if (part !== null && typeof part !== 'object') throw wrong(`'${name}' must be an object`);
    checkSteps(part, name, 0, wrong);
  }
  return { ...json, ...parts };
}

function checkVocabulary(model: Json, wrong: (what: string) => WhylensError): void {
  const { vocab, merges } = model;
  if (Array.isArray(vocab)) {
    const bad = vocab.findIndex(
      (entry: unknown) =>
        !Array.isArray(entry) || typeof entry[0] !== 'string' || typeof entry[1] !== 'number',
    );
    if (vocab.length === 0 || bad !== -1) {
      throw wrong(`model.vocab[${Math.max(0, bad)}] must be a token and its score`);
    }
    if (!isId(model.unk_id) || model.unk_id >= vocab.length) {
      throw wrong('model.unk_id must be the number of the token for what is not known');
    }
  } else if (isObject(vocab)) {
    const entries = Object.entries(vocab);
    const bad = entries.find(([, id]) => !isId(id));
    if (entries.length === 0) throw wrong('model.vocab is empty');
    if (bad !== undefined) throw wrong(`model.vocab['${bad[0]}'] must be a whole number`);
  } else throw wrong('model.vocab must be an object or a list');
  if (model.type !== 'BPE' && merges === undefined) return;
  const isMerge = (merge: unknown): boolean =>
    typeof merge === 'string' ||
    (Array.isArray(merge) && merge.length === 2 && merge.every((m) => typeof m === 'string'));
  if (!Array.isArray(merges) || !merges.every(isMerge)) {
    throw wrong('model.merges must be a list of pairs');
  }
}

function checkSteps(
  part: unknown,
  path: string,
  depth: number,
  wrong: (what: string) => WhylensError,
): void {
  if (depth > DEEPEST) throw wrong(`${path} is nested deeper than any tokenizer needs`);
  if (typeof part === 'string') {
    if (path.endsWith('.Regex') && canExplode(part)) {
      throw wrong(`${path} repeats what is repeated already, and could run without end`);
    }
    return;
  }
  if (typeof part !== 'object' || part === null) return;
  for (const [name, inner] of Object.entries(part)) {
    // texts of tokens are data
    if (path === 'added_tokens' && depth === 0) return;
    checkSteps(inner, `${path}.${name}`, depth + 1, wrong);
  }
}

/** True for a pattern with a repetition inside a repeated group, whose matching can take exponential time. */
export function canExplode(pattern: string): boolean {
  const inner: boolean[] = [];
  let repeats = false;
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '(') {
      inner.push(repeats);
      repeats = false;
    } else if (char === ')') {
      const own: boolean = repeats;
      if (own && /^(?:[*+]|\{\d+,)/.test(pattern.slice(i + 1))) return true;
      repeats = (inner.pop() ?? false) || own;
    } else if (char === '*' || char === '+' || /^\{\d+,\d*\}/.test(pattern.slice(i))) {
      repeats = true;
    }
  }
  return false;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < LARGEST_ID;
}
