/** Every command with its flags, for code that needs all of them. */
import { Command, type Option } from 'commander';
import { COMMANDS, type CommandContext } from '../commands.js';

/** All commands as they are declared; none is run. This imports the modules of all. */
export async function declaredCommands(context: CommandContext): Promise<Command[]> {
  return Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      const command = new Command(name).summary(summary);
      await (await load()).define(command, context);
      return command;
    }),
  );
}

/** The flags of all commands by their names in camelCase, those of one name together. */
export function optionsByName(commands: readonly Command[]): Map<string, Option[]> {
  const all = new Map<string, Option[]>();
  for (const option of commands.flatMap(({ options }) => options)) {
    const name = option.attributeName();
    all.set(name, [...(all.get(name) ?? []), option]);
  }
  return all;
}
