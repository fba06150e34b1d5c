/** `-h` in short, `--help` in full, and how both look. */
import { Help, type Command, type HelpConfiguration, type Option } from 'commander';
import { WhylensError } from '../errors.js';
import { EXIT, EXIT_MEANINGS } from './io.js';

/** Values that are places of files. */
const NAMES_FILES = /<(file|path|paths|folder|module)/;

/** The command line with `-h` written as `--help`, and whether the short help is wanted. */
export function helpWanted(given: readonly string[]): { args: string[]; short: boolean } {
  const end = given.includes('--') ? given.indexOf('--') : given.length;
  const short = given.slice(0, end).includes('-h');
  const args = given.map((arg, i) => (i < end && arg === '-h' ? '--help' : arg));
  return { args, short };
}

/** The short help: the options without a heading of their own, one sentence each. */
export function helpStyle(short: boolean): HelpConfiguration {
  if (!short) return { sortSubcommands: false, optionDescription };
  const whole = new Help();
  return {
    sortSubcommands: false,
    visibleOptions: (command: Command) =>
      whole
        .visibleOptions(command)
        .filter(({ helpGroupHeading }) => helpGroupHeading === undefined),
    optionDescription: ({ description, defaultValue }: Option) =>
      `${firstSentence(description)}${defaultText(defaultValue)}`,
  };
}

/** The table of exit codes, for the long help. */
export function exitCodes(): string {
  const lines = (Object.keys(EXIT) as (keyof typeof EXIT)[]).map(
    (kind) => `  ${String(EXIT[kind]).padEnd(4)} ${EXIT_MEANINGS[kind]}`,
  );
  return `\nExit codes:\n${lines.join('\n')}`;
}

/**
 * A flag that may have a value (`--colorbar`, `--colorbar false`) takes only a
 * word that says yes or no, so that a picture after it stays a picture.
 */
export function withBooleans(args: readonly string[], options: readonly Option[]): string[] {
  const flags = new Set(options.filter(({ optional }) => optional).map(({ long }) => long));
  return args.map((arg, i) =>
    flags.has(arg) && !/^(true|false|yes|no|on|off|1|0)$/i.test(args[i + 1] ?? '')
      ? `${arg}=true`
      : arg,
  );
}

/**
 * A flag that needs a value does not take the next flag for one: `--json -o out.png`
 * would write a file named `-o`. `--json=-o` says that it is meant. Where a file
 * belongs, flags that the command does not know are none either.
 *
 * @throws WhylensError `USAGE`
 */
export function requireValues(args: readonly string[], options: readonly Option[]): void {
  const find = (arg: string): Option | undefined =>
    options.find(({ long, short }) => arg === long || arg === short);
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (let i = 1; i < end; i++) {
    const option = find(args[i]);
    if (option?.required !== true) continue;
    const value = args[++i] as string | undefined;
    const isFlag = (text: string): boolean =>
      find(text) !== undefined || (NAMES_FILES.test(option.flags) && /^--?[a-z]/i.test(text));
    if (value === undefined || i >= end || !isFlag(value)) continue;
    throw new WhylensError(
      'USAGE',
      `${option.long ?? option.flags} needs a value, got the flag '${value}'. If that is the value, write ${option.long ?? option.flags}=${value}`,
      { facts: { option: option.attributeName() } },
    );
  }
}

/** Choices and default as sentences; commander would put them into brackets. */
function optionDescription({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? '' : ` One of ${argChoices.join(', ')}.`;
  return `${description}${choices}${defaultText(defaultValue)}`;
}

function defaultText(value: unknown): string {
  return value === undefined ? '' : ` Default: ${String(value)}.`;
}

export function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}
