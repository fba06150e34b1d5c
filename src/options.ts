/**
 * Options of explainers and formatters, declared once: validation, help texts,
 * documentation and the command's flags all derive from these declarations.
 */
import { didYouMean } from './did-you-mean.js';
import { describeValue, WhylensError } from './errors.js';
import { isPromise, remedyFor } from './mistaken.js';

interface Common<T> {
  /** Undefined: left out unless given, or inferred (say from what in `help`). */
  readonly default: T | undefined;
  /** One line. */
  readonly help: string;
}

export interface NumberOption extends Common<number> {
  readonly type: 'number';
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly unit?: string;
  /** True if the model is called the more often the larger the number is. */
  readonly calls?: boolean;
}

export interface BooleanOption extends Common<boolean> {
  readonly type: 'boolean';
}

export interface ChoiceOption extends Common<string> {
  readonly type: 'choice';
  readonly choices: readonly string[];
}

export interface StringOption extends Common<string> {
  readonly type: 'string';
}

/** A list of numbers or of strings; on the command line separated by commas. */
export interface ListOption extends Common<readonly (number | string)[]> {
  readonly type: 'list';
  readonly of: 'number' | 'string';
}

/** A value that only code can give (a function, a picture, an array), or one of several shapes. */
export interface ValueOption extends Common<unknown> {
  readonly type: 'value';
  /** What is allowed, for messages: "a number, or an array like the input". */
  readonly expects: string;
  readonly check: (value: unknown) => boolean;
  /** How a command-line string becomes the value; without it the command cannot set it. */
  readonly parse?: (text: string) => unknown;
}

export type OptionSpec =
  NumberOption | BooleanOption | ChoiceOption | StringOption | ListOption | ValueOption;

/** Declared options by name. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The type of the value of an option. */
type ValueOf<S extends OptionSpec> = S extends { readonly type: 'number' }
  ? number
  : S extends { readonly type: 'boolean' }
    ? boolean
    : S extends { readonly type: 'choice'; readonly choices: readonly (infer C)[] }
      ? C
      : S extends { readonly type: 'string' }
        ? string
        : S extends { readonly type: 'list'; readonly of: 'number' }
          ? readonly number[]
          : S extends { readonly type: 'list' }
            ? readonly string[]
            : S extends { readonly check: (value: unknown) => value is infer V }
              ? V
              : unknown;

/**
 * The values of declared options, defaults filled in: what `validateOptions`
 * gives. An option without a default may be undefined. The type of a `value`
 * option is what its `check` asserts (`value is …`).
 *
 * @example
 * const options = { n: { type: 'number', default: 25, help: '' } } as const satisfies OptionSpecs;
 * type Values = OptionValues<typeof options>; // { readonly n: number }
 */
export type OptionValues<T extends OptionSpecs> = {
  readonly [K in keyof T]: T[K]['default'] extends undefined
    ? ValueOf<T[K]> | undefined
    : ValueOf<T[K]>;
};

/** Declared options as a caller gives them: each may be left out. */
export type GivenOptions<T extends OptionSpecs> = {
  readonly [K in keyof T]?: ValueOf<T[K]> | undefined;
};

/** Names that may be meant although they are not declared: for "did you mean". */
export interface OptionsBeside {
  readonly names: readonly string[];
  /** How a name that belongs elsewhere is written, say `--target`. Left out: the names may stand here too. */
  readonly show?: (name: string) => string;
}

/** Fills in defaults and checks type and range; throws on the first thing that is wrong. */
export function validateOptions<const T extends OptionSpecs>(
  owner: string,
  specs: T,
  given: Readonly<Record<string, unknown>>,
  beside: readonly OptionsBeside[] = [],
): OptionValues<T> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(specs, name)) {
      throw unknownOption(owner, name, Object.keys(specs), beside);
    }
    const problem = problemOf(specs[name], value);
    if (problem !== undefined) {
      throw new WhylensError(
        'INVALID_OPTION',
        `option '${name}' of ${owner} must be ${problem}, got ${show(value)}${misspelt(specs[name], value)}`,
        { facts: { option: name, value: show(value) } },
      );
    }
    result[name] = value;
  }
  for (const [name, spec] of Object.entries(specs)) {
    if (result[name] === undefined && spec.default !== undefined) result[name] = spec.default;
  }
  return result as OptionValues<T>;
}

/** If no name of that place is near, other places are searched: an option of a formatter is misplaced, not misspelt. */
function unknownOption(
  owner: string,
  name: string,
  allowed: readonly string[],
  beside: readonly OptionsBeside[],
): WhylensError {
  const here = beside.filter(({ show }) => show === undefined).flatMap(({ names }) => names);
  let near = didYouMean(name, [...allowed, ...here]);
  if (near === '.') {
    const shown = new Map<string, string>();
    for (const { names, show } of beside) {
      for (const candidate of names) {
        if (!shown.has(candidate)) shown.set(candidate, show?.(candidate) ?? candidate);
      }
    }
    near = didYouMean(name, shown.keys(), (candidate) => shown.get(candidate)!);
  }
  const own =
    allowed.length === 0 ? 'It has none of its own' : `Its options are ${allowed.join(', ')}`;
  return new WhylensError('UNKNOWN_OPTION', `${owner} has no option '${name}'${near} ${own}`, {
    facts: { option: name, allowed },
  });
}

/** Turns a command-line string into an option's value; the result still goes through `validateOptions`. */
export function parseOption(owner: string, name: string, spec: OptionSpec, text: string): unknown {
  switch (spec.type) {
    case 'number':
      // a text that is not a number is kept as it is written, so that the message can name it
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      if (/^(true|yes|on|1)$/i.test(text)) return true;
      if (/^(false|no|off|0)$/i.test(text)) return false;
      return text;
    case 'list': {
      const parts = text.split(',').map((part) => part.trim());
      return spec.of === 'number'
        ? parts.map((part) => (part === '' || Number.isNaN(Number(part)) ? part : Number(part)))
        : parts;
    }
    case 'value':
      if (spec.parse === undefined) {
        throw new WhylensError(
          'INVALID_OPTION',
          `option '${name}' of ${owner} takes ${spec.expects} and can only be set from code`,
        );
      }
      return spec.parse(text);
    default:
      return text;
  }
}

/** What an option allows, in words: for help and documentation. */
export function describeOption(spec: OptionSpec): string {
  switch (spec.type) {
    case 'number': {
      const what = spec.integer === true ? 'a whole number' : 'a number';
      const unit = spec.unit === undefined ? '' : ` (${spec.unit})`;
      if (spec.min !== undefined && spec.max !== undefined) {
        return `${what} from ${spec.min} to ${spec.max}${unit}`;
      }
      if (spec.min !== undefined) return `${what} of at least ${spec.min}${unit}`;
      if (spec.max !== undefined) return `${what} of at most ${spec.max}${unit}`;
      return what + unit;
    }
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${spec.choices.join(', ')}`;
    case 'string':
      return 'a string';
    case 'list':
      return `a list of ${spec.of}s`;
    case 'value':
      return spec.expects;
  }
}

function problemOf(spec: OptionSpec, value: unknown): string | undefined {
  const bad = describeOption(spec);
  switch (spec.type) {
    case 'number':
      return typeof value === 'number' &&
        Number.isFinite(value) &&
        (spec.integer !== true || Number.isInteger(value)) &&
        (spec.min === undefined || value >= spec.min) &&
        (spec.max === undefined || value <= spec.max)
        ? undefined
        : bad;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : bad;
    case 'choice':
      return typeof value === 'string' && spec.choices.includes(value) ? undefined : bad;
    case 'string':
      return typeof value === 'string' ? undefined : bad;
    case 'list':
      return Array.isArray(value) &&
        value.every((item) =>
          spec.of === 'number' ? Number.isFinite(item) : typeof item === 'string',
        )
        ? undefined
        : bad;
    case 'value':
      return spec.check(value) ? undefined : bad;
  }
}

/** The suggestion for a choice that is nearly one of those allowed. */
function misspelt(spec: OptionSpec, value: unknown): string {
  if (spec.type !== 'choice' || typeof value !== 'string') return '';
  const near = didYouMean(value, spec.choices);
  return near === '.' ? '' : near;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (isPromise(value)) return remedyFor('value', value)!;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  } catch {
    // a value that holds itself, is nested without end or has big integers is not JSON
    return describeValue(value);
  }
}
