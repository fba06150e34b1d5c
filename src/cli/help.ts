/** `-h` in short, `--help` in full, and how both look. */
import { Help, type Command, type HelpConfiguration, type Option } from 'commander';
import { EXIT, EXIT_MEANINGS } from './io.js';

/** The command line with `-h` written as `--help`, and whether the short help is wanted. */
export function helpWanted(given: readonly string[]): { args: string[]; short: boolean } {
  const end = given.includes('--') ? given.indexOf('--') : given.length;
  const short = given.slice(0, end).includes('-h');
  const args = given.map((arg, i) => (i < end && arg === '-h' ? '--help' : arg));
  return { args, short };
}

/** In short: the options without a heading of their own, a sentence each. */
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

/** Choices and default as sentences, where commander puts them into brackets. */
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
