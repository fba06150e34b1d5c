import { Argument, type Command } from 'commander';
import { registryOf } from '../../container/container.js';
import type { CommandContext } from '../commands.js';
import { completionScript, SHELLS, type Shell } from '../completion.js';

/** `whylens completion bash`: a script that completes subcommands, flags and their values. */
export function define(command: Command, context: CommandContext): void {
  command.addArgument(new Argument('<shell>', 'The shell that reads the script.').choices(SHELLS));
  context.addLongHelp(command, EXAMPLES);
  command.action(async (shell: Shell) => {
    const { explainers, formatters } = registryOf(await context.container());
    const names = { method: [...explainers.keys()], as: [...formatters.keys()] };
    context.io.stdout.write(completionScript(shell, await context.declared(), names));
  });
}

const EXAMPLES = `
Examples:
  $ source <(whylens completion bash)                 # in ~/.bashrc
  $ source <(whylens completion zsh)                  # in ~/.zshrc, after compinit
  $ whylens completion fish > ~/.config/fish/completions/whylens.fish`;
