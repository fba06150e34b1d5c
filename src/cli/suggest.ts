/** What commander says about a wrong command line, in our words and with what may have been meant. */
import type { Command } from 'commander';
import { nearestNames } from '../did-you-mean.js';

const FLAG = /^error: unknown option '(--?[^'=]+)/;
const COMMAND = /^error: unknown command '([^']*)'/;
const CHOICE = /argument '([^']*)' is invalid\. Allowed choices are (.*)\.$/;

/** The message, with near names below it: flags of the command, commands, or choices of the flag. */
export function withSuggestion(message: string, program: Command, args: readonly string[]): string {
  const text = message.trimEnd();
  const near = nearestOf(text, program, args);
  const said = text.replace(/^error: /, 'whylens: ');
  return near.length === 0 ? `${said}\n` : `${said}\n(Did you mean ${near.join(' or ')}?)\n`;
}

function nearestOf(text: string, program: Command, args: readonly string[]): string[] {
  const [, unknownFlag] = FLAG.exec(text) ?? [];
  if (unknownFlag !== undefined) {
    const command = program.commands.find((one) => one.name() === args[0]) ?? program;
    return nearestNames(unknownFlag, [
      '--help',
      ...command.options.flatMap(({ long }) => long ?? []),
    ]);
  }
  const [, unknownCommand] = COMMAND.exec(text) ?? [];
  if (unknownCommand !== undefined) {
    return nearestNames(unknownCommand, [...program.commands.map((one) => one.name()), 'help']);
  }
  const [, value, choices] = CHOICE.exec(text) ?? [];
  return value === undefined ? [] : nearestNames(value, choices.split(', '));
}
