import type { Formatter } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { remedyFor } from '../src/mistaken.js';
import { EXPLANATION_KINDS, type Explanation, type JsonValue } from '../src/explanation.js';
import { type GivenOptions, type OptionSpecs, validateOptions } from '../src/options.js';
import { decodePng, encodePng, readPngHeader } from '../src/images/png.js';
import { ROOT, type Way } from './json/codec.js';
import { refuseMistaken } from './shared/check.js';
import { explanation } from './json/record.js';
import { jsonText } from './shared/json-text.js';
import { requireShallow } from '../src/reading/nesting.js';
import { migrate, SCHEMA, VERSION } from './json/versions.js';

/** Larger pictures in a stored explanation are refused before they are decoded. */
const MAX_PIXELS = 100_000_000;
/** Longer texts are refused before they are parsed, in UTF-16 units. */
const MAX_LENGTH = 256 * 1024 * 1024;

const OPTIONS = {
  /**
   * Arrays as base64 of little-endian float32, or as plain numbers, which any
   * program reads at once. Both keep every value; plain numbers lose the sign
   * of zero. Default `'base64'`.
   */
  arrays: {
    type: 'choice',
    choices: ['base64', 'numbers'],
    default: 'base64',
    help: 'maps as base64 of float32, exact to the bit, or as plain numbers for other programs',
  },
  /** Spaces of indentation, 0 for one line. Default 2. */
  indent: {
    type: 'number',
    integer: true,
    min: 0,
    max: 10,
    default: 2,
    unit: 'spaces',
    help: 'indentation; 0 writes one line',
  },
} as const satisfies OptionSpecs;

/** Options of `formatAsDict`. */
export type DictOptions = Omit<JsonOptions, 'indent'>;

/** Options of `formatAsJson`. */
export type JsonOptions = GivenOptions<typeof OPTIONS>;

/** Options of reading a record. */
export interface ReadOptions {
  /** Larger pictures are refused. Default 100 million pixels. */
  readonly maxPixels?: number;
}

/** A record in its stored form, `{ schema, version, kind, … }`: anything JSON can hold. */
export type ExplanationDict = Readonly<Record<string, JsonValue>>;

/**
 * The record as plain JSON data, losslessly: arrays as base64 (or numbers),
 * pictures as PNG files, `schema` and `version` first.
 *
 * @throws WhylensError `INVALID_EXPLANATION` if a number is not finite, an array does not fit its
 * shape, or a field is unknown: a record that could not be read back is not written
 */
export function formatAsDict(expl: Explanation, options: DictOptions = {}): ExplanationDict {
  const { arrays } = validateOptions('dict', { arrays: OPTIONS.arrays }, { ...options });
  const way: Way = { direction: 'write', arrays, encode: encodePng };
  refuseMistaken(expl);
  const { kind, ...stored } = explanation(expl, ROOT, way) as unknown as ExplanationDict;
  return { schema: SCHEMA, version: VERSION, kind, ...stored };
}

/**
 * The record as a JSON text, the inverse of `explanationFromJson`. The layout
 * is described by the JSON Schema in `whylens/schema`.
 *
 * @example
 * await writeFile('expl.json', formatAsJson(expl));
 */
export function formatAsJson(expl: Explanation, options: JsonOptions = {}): string {
  const { indent, ...rest } = validateOptions('json', OPTIONS, { ...options });
  const dict = formatAsDict(expl, rest);
  const text = jsonText(dict, indent);
  // one line for each list of numbers; strings hold no raw line break, so that none can match
  return `${text.replace(/\[\s+((?:-?[\d.e+-]+,\s+)*-?[\d.e+-]+)\s+\]/g, (_, numbers: string) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`;
}

/**
 * Reads what `formatAsJson` wrote, in this or an older version. Everything is
 * checked: a damaged or hostile text gives an error and never a record that
 * would break a formatter.
 *
 * @throws WhylensError `INVALID_EXPLANATION`, or `UNSUPPORTED_VERSION` for a newer layout
 */
export function explanationFromJson(text: string, options: ReadOptions = {}): Explanation {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      typeof text === 'string'
        ? `a stored explanation may have ${MAX_LENGTH} characters, this one has ${text.length}`
        : `a stored explanation must be a string, got ${remedyFor('file', text) ?? `${typeof text}; for parsed JSON use explanationFromDict`}`,
    );
  }
  requireShallow(
    text,
    (why) => new WhylensError('INVALID_EXPLANATION', `a stored explanation cannot be read: ${why}`),
  );
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a stored explanation must be JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return explanationFromDict(parsed, options);
}

/** Reads what `formatAsDict` gave, or JSON that was parsed elsewhere. */
export function explanationFromDict(
  dict: unknown,
  { maxPixels = MAX_PIXELS }: ReadOptions = {},
): Explanation {
  const way: Way = { direction: 'read', maxPixels, header: readPngHeader, decode: decodePng };
  return explanation(migrate(dict), ROOT, way);
}

export class JsonFormatter implements Formatter<string> {
  readonly id = 'json';
  readonly description = 'The whole record as JSON: lossless, versioned, read back by the command.';
  readonly kinds = EXPLANATION_KINDS;
  readonly extensions = ['json'];
  readonly options: OptionSpecs = OPTIONS;

  format(record: Explanation, options: Readonly<Record<string, unknown>> = {}): string {
    return formatAsJson(record, options);
  }
}
