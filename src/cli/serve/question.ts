/** A request to the server as plain data, checked before it goes to a thread. */
import { didYouMean } from '../../did-you-mean.js';
import { WhylensError } from '../../errors.js';

export interface Question {
  readonly what: 'explain' | 'predict' | 'evaluate' | 'layers';
  readonly model: string;
  /** The bytes of a picture file, a text, or a row: one of them. */
  readonly image?: Uint8Array;
  readonly text?: string;
  readonly row?: unknown;
  readonly method?: string;
  /** Options of the method. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** As on the command line. */
  readonly targets?: readonly string[];
  readonly layer?: string;
  readonly score?: 'logit' | 'output';
  readonly seed?: number;
  readonly top?: number;
  readonly metrics?: readonly string[];
  /** Id of the formatter. */
  readonly as: string;
  /** Options of the formatter. */
  readonly format?: Readonly<Record<string, unknown>>;
}

export interface QuestionLimits {
  readonly maxTargets: number;
  /** Most samples, masks, steps or copies that a request may ask for. */
  readonly maxSamples: number;
}

/** Fields that a body may have; others are refused, since they would have no effect. */
const FIELDS = [
  'model',
  'image',
  'text',
  'row',
  'method',
  'options',
  'target',
  'layer',
  'score',
  'seed',
  'top',
  'metrics',
  'format',
  'as',
] as const;

/** Lists and objects inside one another, in a row or in options. */
const DEEPEST = 32;

/** Names of options that say how often a model is run. */
const COUNTS =
  /^(samples|masks|steps|n|count|permutations|repeats|perturbations|candidates|cells|iterations|copies)$/;

/** Throws `USAGE` with the field that is wrong. */
export function questionOf(
  what: Question['what'],
  fields: Readonly<Record<string, unknown>>,
  { maxTargets, maxSamples }: QuestionLimits,
): Omit<Question, 'as' | 'model'> & { readonly model?: string; readonly as?: string } {
  const unknown = Object.keys(fields).find((name) => !(FIELDS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new WhylensError(
      'USAGE',
      `there is no field '${unknown}'${didYouMean(unknown, FIELDS)} The fields are ${FIELDS.join(', ')}`,
      { facts: { field: unknown } },
    );
  }
  const given = ['image', 'text', 'row'].filter((name) => fields[name] !== undefined);
  if (given.length !== 1) {
    throw new WhylensError(
      'USAGE',
      `a request needs one of image, text and row, got ${given.join(' and ') || 'none'}`,
    );
  }
  const image = imageOf(fields.image);
  const text = stringOf(fields, 'text');
  const row = valueOf(fields.row, 'row');
  if (row !== undefined && (row === null || typeof row !== 'object')) {
    throw wrong('row', 'an object by feature name, or a list');
  }
  requireFlat(row, 'row');
  const targets = listOf(fields.target, 'target');
  if (targets !== undefined && targets.length > maxTargets) {
    throw wrong('target', `at most ${maxTargets} targets`);
  }
  const options = recordOf(fields.options, 'options');
  for (const [name, value] of Object.entries(options ?? {})) {
    if (COUNTS.test(name) && (Number(value) > maxSamples || value === 'all')) {
      throw wrong(`options.${name}`, `at most ${maxSamples} on this server`);
    }
  }
  const score = stringOf(fields, 'score');
  if (score !== undefined && score !== 'logit' && score !== 'output') {
    throw wrong('score', 'logit or output');
  }
  return {
    what,
    ...(image !== undefined && { image }),
    ...(text !== undefined && { text }),
    ...(row !== undefined && { row }),
    ...defined({
      model: stringOf(fields, 'model'),
      method: stringOf(fields, 'method'),
      options,
      targets,
      layer: stringOf(fields, 'layer'),
      score,
      seed: wholeOf(fields.seed, 'seed', -Number.MAX_SAFE_INTEGER),
      top: wholeOf(fields.top, 'top', 1),
      metrics: listOf(fields.metrics, 'metrics'),
      as: stringOf(fields, 'as'),
      format: recordOf(fields.format, 'format'),
    }),
  };
}

/** In JSON a picture is base64; in a form it is the file. */
function imageOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value;
  // an address is not fetched: a client must not choose what this server asks for
  if (typeof value !== 'string' || /^[a-z]+:/i.test(value)) {
    throw wrong(
      'image',
      'the bytes of a picture file, in JSON as base64; addresses are not fetched',
    );
  }
  // line breaks may stand anywhere; no pattern here may look at a place twice
  const plain = value.replace(/\s/g, '');
  if (/[^A-Za-z0-9+/=]/.test(plain) || /=[^=]/.test(plain) || plain.endsWith('===')) {
    throw wrong('image', 'base64');
  }
  return new Uint8Array(Buffer.from(plain, 'base64'));
}

function stringOf(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw wrong(name, 'a text');
}

function listOf(value: unknown, name: string): string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.map((one) => (typeof one === 'number' ? String(one) : one));
  if (texts.every((one) => typeof one === 'string')) return texts;
  throw wrong(name, 'a text, a number, or a list of them');
}

function wholeOf(value: unknown, name: string, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least) return number;
  throw wrong(name, `a whole number${least > 0 ? ` of at least ${least}` : ''}`);
}

/** In a form, values other than texts are JSON. */
function valueOf(value: unknown, name: string): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch (cause) {
    throw wrong(name, `JSON (${(cause as Error).message})`);
  }
}

function recordOf(value: unknown, name: string): Record<string, unknown> | undefined {
  const record = valueOf(value, name);
  if (record === undefined) return undefined;
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) {
    requireFlat(record, name);
    return record as Record<string, unknown>;
  }
  throw wrong(name, 'an object of options by name');
}

/** What is nested deeply overflows the stack of whoever copies it from thread to thread. */
function requireFlat(value: unknown, name: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) throw wrong(name, `nested at most ${DEEPEST} levels deep`);
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
}

function wrong(field: string, expected: string): WhylensError {
  return new WhylensError('USAGE', `field '${field}' must be ${expected}`, { facts: { field } });
}

function defined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
