/** Flags for the options of formatters, derived from what the formatters declare. */
import { Option, type Command } from 'commander';
import type { Formatter } from '../../container/plugin.js';
import type { Registry } from '../../container/registry.js';
import { WhylensError } from '../../errors.js';
import {
  describeOption,
  parseOption,
  validateOptions,
  type OptionsBeside,
  type OptionSpec,
} from '../../options.js';
import { isTaken } from '../config/taken.js';
import { collect } from './shared.js';

const GROUP = 'Options of the output:';

/** Adds one flag for each option that any formatter has and the command itself has not. */
export function addFormatOptions(
  command: Command,
  { formatters }: Pick<Registry, 'formatters'>,
): void {
  const own = new Set(command.options.map((option) => option.attributeName()));
  const flags = new Map<string, { spec: OptionSpec; owners: string[] }>();
  for (const { id, options } of formatters.values()) {
    for (const [name, spec] of Object.entries(options)) {
      if (own.has(name) || (spec.type === 'value' && spec.parse === undefined)) continue;
      const known = flags.get(name);
      if (known === undefined) flags.set(name, { spec, owners: [id] });
      else known.owners.push(id);
    }
  }
  for (const [name, { spec, owners }] of flags) {
    const value = spec.type === 'boolean' ? '[boolean]' : '<value>';
    const option = new Option(`${flagName(name)} ${value}`, helpOf(spec, owners));
    if (spec.type === 'boolean') option.preset('true');
    command.addOption(option.helpGroup(GROUP));
  }
  command.addOption(
    new Option(
      '--format-opt <name=value>',
      'Any option of the formatter, by name. May be repeated.',
    )
      .argParser<string[]>(collect)
      .helpGroup(GROUP),
  );
}

/** The options of `formatter` among the parsed flags, checked, defaults filled in. */
export function formatOptions(
  formatter: Formatter,
  { formatters }: Pick<Registry, 'formatters'>,
  flags: Readonly<Record<string, unknown>>,
  own: ReadonlySet<string>,
  ending = '',
): Record<string, unknown> {
  const owner = `formatter '${formatter.id}'`;
  const names = new Set([...formatters.values()].flatMap(({ options }) => Object.keys(options)));
  const given: Record<string, unknown> = {};
  for (const name of names) {
    const text = flags[name];
    if (own.has(name) || typeof text !== 'string') continue;
    // the project's configuration is for all formatters
    if (isTaken(flags, name) && !Object.hasOwn(formatter.options, name)) continue;
    given[name] = text;
  }
  for (const pair of (flags.formatOpt as string[] | undefined) ?? []) {
    const [name, text] = splitPair('--format-opt', pair);
    given[name] = text;
  }
  // a formatter of several file formats takes the one that the file's name asks for
  const { format } = formatter.options;
  if (format?.type === 'choice' && format.choices.includes(ending)) given.format ??= ending;
  return validateOptions(owner, formatter.options, parseTexts(owner, formatter.options, given), [
    ...otherFormatters(formatter, formatters),
    { names: [...own], show: flagName },
  ]);
}

/** `name=value` pairs of `--opt` as a method's options; a wrapper has those of the method it wraps too. */
export function methodOptions(
  registry: Registry,
  method: string,
  pairs: readonly string[],
  beside: readonly OptionsBeside[] = [],
): Record<string, unknown> {
  const given = Object.fromEntries(pairs.map((pair) => splitPair('--opt', pair)));
  const { options } = registry.explainerFor(method, given);
  const owner = `method '${method}'`;
  const texts = parseTexts(owner, options, given);
  return validateOptions(owner, options, texts, beside);
}

/** The flags of a command, one of which may be meant if a method does not have an option. */
export function flagsBeside({ options }: Command): OptionsBeside[] {
  return [{ names: options.map((option) => option.attributeName()), show: flagName }];
}

/** Options that this formatter does not have, each with a formatter that has it. */
function otherFormatters(
  { id }: Formatter,
  formatters: ReadonlyMap<string, Formatter>,
): OptionsBeside[] {
  return [...formatters.values()]
    .filter((other) => other.id !== id)
    .map((other) => ({
      names: Object.keys(other.options),
      show: (name) => `${flagName(name)} of '${other.id}' (--as ${other.id})`,
    }));
}

/** `forInput` as it is written: `--for-input`. */
export const flagName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Texts as the values of options; those of other names stay as they are. */
export function parseTexts(
  owner: string,
  specs: Readonly<Record<string, OptionSpec>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => [
      name,
      Object.hasOwn(specs, name) ? parseOption(owner, name, specs[name], String(text)) : text,
    ]),
  );
}

export function splitPair(flag: string, pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1)];
  throw new WhylensError('USAGE', `${flag} must be name=value, got '${pair}'`);
}

/** What an option does, its possible values, its default, and whose it is: one sentence each. */
function helpOf(spec: OptionSpec, owners: readonly string[]): string {
  const preset = spec.default === undefined ? '' : ` Default: ${String(spec.default)}.`;
  return `${asSentence(spec.help)} ${asSentence(describeOption(spec))}${preset} For ${owners.join(', ')}.`;
}

/** With a capital and a full stop; a list of values, as in `over: …; add: …`, begins as it is written. */
export function asSentence(text: string): string {
  const start = /^[a-z]+:.*; [a-z]+:/.test(text)
    ? text
    : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
