/** What the files beside a transformer say about it: classes, longest text, special tokens. */
import { isWhylensError, WhylensError } from '../../errors.js';
import { requireShallow } from '../../reading/nesting.js';
import { broken, Field } from '../tabular/fields.js';
import type { Link } from '../tabular/interface.js';

/** The parsed files; those that are not there are undefined. */
export interface TransformerFiles {
  readonly tokenizer: unknown;
  readonly config?: unknown;
  readonly tokenizerConfig?: unknown;
  readonly specialTokens?: unknown;
}

export interface TransformerSettings {
  readonly kind: string;
  readonly classNames?: readonly string[];
  /** What the logits are, if the configuration says so. */
  readonly problem?: 'regression' | 'single_label_classification' | 'multi_label_classification';
  /** Undefined if nothing limits it. */
  readonly maxLength?: number;
  /** The same, in words: where the limit is from. */
  readonly limitedBy?: string;
  readonly padToken?: string;
  readonly maskToken?: string;
  readonly padId?: number;
  /** Positions are counted from here: RoBERTa's begin after the padding token's number. */
  readonly firstPosition: number;
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
}

/** Model types whose positions begin at the padding token's number plus one. */
const SHIFTED = ['roberta', 'xlm-roberta', 'camembert', 'longformer', 'mpnet', 'roformer', 'esm'];
/** Tokenizers without a limit write a number near this. */
const NO_LIMIT = 1e6;
const PROBLEMS = ['regression', 'single_label_classification', 'multi_label_classification'];

export function readSettings(files: TransformerFiles, folder: string): TransformerSettings {
  const field = (value: unknown, name: string): Field => {
    const found = new Field(value ?? {}, `${folder}${name}`);
    if (!found.isObject()) throw broken(found.file, 'it must be an object');
    return found;
  };
  const config = field(files.config, 'config.json');
  const own = field(files.tokenizerConfig, 'tokenizer_config.json');
  const special = field(files.specialTokens, 'special_tokens_map.json');
  const tokenizer = field(files.tokenizer, 'tokenizer.json');
  const kind = config.has('model_type') ? config.get('model_type').text() : 'transformer';
  const padToken = tokenNamed('pad_token', own, special) ?? paddingOf(tokenizer);
  const maskToken = tokenNamed('mask_token', own, special);
  const padId = config.has('pad_token_id')
    ? config.get('pad_token_id').count(0, 2 ** 31)
    : undefined;
  const firstPosition = SHIFTED.includes(kind) ? (padId ?? 1) + 1 : 0;
  const classNames = labelsIn(config);
  const problem = config.has('problem_type') ? config.get('problem_type').text() : undefined;
  if (problem !== undefined && !PROBLEMS.includes(problem)) {
    throw config.get('problem_type').wrong(`one of ${PROBLEMS.join(', ')}`);
  }
  return {
    kind,
    ...(classNames !== undefined && { classNames }),
    ...(problem !== undefined && { problem: problem as TransformerSettings['problem'] }),
    ...limitOf(config, own, tokenizer, firstPosition),
    ...(padToken !== undefined && { padToken }),
    ...(maskToken !== undefined && { maskToken }),
    ...(padId !== undefined && { padId }),
    firstPosition,
    tokenizerConfig: own.value as Readonly<Record<string, unknown>>,
  };
}

/** The smallest of what the files say. */
function limitOf(
  config: Field,
  own: Field,
  tokenizer: Field,
  firstPosition: number,
): Pick<TransformerSettings, 'maxLength' | 'limitedBy'> {
  const told: [number, string][] = [];
  const take = (field: Field, less: number, name: string): void => {
    if (!field.exists) return;
    const length = field.number() - less;
    if (Number.isInteger(length) && length >= 3 && length < NO_LIMIT) told.push([length, name]);
    else if (length < 3) throw field.wrong('a number of tokens');
  };
  take(own.get('model_max_length'), 0, 'model_max_length of tokenizer_config.json');
  take(
    config.get('max_position_embeddings'),
    firstPosition,
    'max_position_embeddings of config.json',
  );
  take(tokenizer.get('truncation').get('max_length'), 0, 'truncation of tokenizer.json');
  const [smallest] = told.sort(([a], [b]) => a - b);
  return smallest === undefined ? {} : { maxLength: smallest[0], limitedBy: smallest[1] };
}

function tokenNamed(name: string, ...files: readonly Field[]): string | undefined {
  for (const file of files) {
    const field = file.get(name);
    if (!field.exists) continue;
    return field.isObject() ? field.get('content').text() : field.text();
  }
  return undefined;
}

function paddingOf(tokenizer: Field): string | undefined {
  const token = tokenizer.get('padding').get('pad_token');
  return token.exists ? token.text() : undefined;
}

/** `id2label`, whose keys are numbers as texts. */
function labelsIn(config: Field): string[] | undefined {
  const field = config.get('id2label');
  if (!field.exists) return undefined;
  const keys = field.keys();
  const names = keys.map((_, i) => field.get(String(i)));
  const missing = names.findIndex((name) => !name.exists);
  if (keys.length === 0) return undefined;
  if (missing !== -1) throw field.wrong(`a name for each class from 0 on (none for ${missing})`);
  return names.map((name) => name.text());
}

/** How logits become values, as in the pipelines of `transformers`, and what was guessed. */
export function linkOf(
  { problem }: TransformerSettings,
  columns: number,
  activation: 'softmax' | 'sigmoid' | 'linear',
): {
  readonly link: Link;
  readonly task: 'classification' | 'regression';
  readonly guess?: string;
} {
  if (activation !== 'linear') return { link: { kind: activation }, task: 'classification' };
  if (problem === 'regression') return { link: { kind: 'identity' }, task: 'regression' };
  if (problem === 'multi_label_classification') {
    return { link: { kind: 'sigmoid' }, task: 'classification' };
  }
  if (problem === 'single_label_classification') {
    return { link: { kind: columns === 1 ? 'logistic' : 'softmax' }, task: 'classification' };
  }
  if (columns === 1) {
    return {
      link: { kind: 'identity' },
      task: 'regression',
      guess:
        'config.json does not say what the one output is (problem_type): a regression was taken',
    };
  }
  return {
    link: { kind: 'softmax' },
    task: 'classification',
    guess:
      'config.json does not say what the outputs are (problem_type): classes that exclude each other were taken (softmax)',
  };
}

export function parseFile(bytes: Uint8Array, name: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    requireShallow(text, (why) => new WhylensError('MODEL_LOAD', `cannot read '${name}': ${why}`));
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (isWhylensError(cause)) throw cause;
    throw new WhylensError('MODEL_LOAD', `'${name}' is not JSON: it is damaged or cut short`, {
      cause,
      facts: { file: name },
    });
  }
}
