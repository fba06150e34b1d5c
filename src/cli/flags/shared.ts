/** Flags that several commands have, written once. */
import { InvalidArgumentError, type Command } from 'commander';

export function addTalkOptions(command: Command): Command {
  return command
    .option('-q, --quiet', 'say nothing but errors')
    .option('-v, --verbose', 'say more; with an error, where it happened');
}

export function addPluginOption(command: Command): Command {
  return command.option(
    '--plugin <module>',
    'load a plugin first: a file or an installed package (repeatable)',
    collect<string>,
  );
}

/** For options that may be given several times. */
export function collect<T>(value: T, all: readonly T[] = []): T[] {
  return [...all, value];
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}
