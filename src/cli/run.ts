import { Command, CommanderError, type Option } from 'commander';
import type { Container } from 'inversify';
import { COMMANDS, type CommandContext } from './commands.js';
import { declaredCommands } from './config/all-options.js';
import { applyConfig } from './config/apply.js';
import { CONFIG_NAME, configFor } from './config/file.js';
import { pluginsIn } from './config/value.js';
import { more } from './flags/shared.js';
import { exitCodes, helpStyle, helpWanted, requireValues, withBooleans } from './help.js';
import { clean } from './clean.js';
import { errorText, EXIT, exitCodeOf, type Io } from './io.js';
import { withSuggestion } from './suggest.js';
import { version } from './version.js';

/** Runs one command line; gives its exit code, one of `EXIT`. */
export async function run(given: readonly string[], io: Io): Promise<number> {
  const { args, short } = helpWanted(given);
  const program = new Command('whylens')
    .description(
      'Why did the model say that? Explanations of predictions: pictures, texts, rows of tables.',
    )
    .version(version(), '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Show help: -h in short, --help with every option.')
    .helpCommand('help [command]', 'Show the help of a command.')
    .configureHelp(helpStyle(short))
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(clean(text)),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      outputError: (text, write) => write(withSuggestion(text, program, args)),
    })
    .showSuggestionAfterError(false)
    .exitOverride();

  let container: Promise<Container> | undefined;
  let plugins = pluginArguments(args);
  let code: number = EXIT.ok;
  const context: CommandContext = {
    io,
    addLongHelp: (command: Command, text: string) => {
      if (!short) command.addHelpText('after', text);
    },
    exitWith: (wanted: number) => {
      code = wanted;
    },
    declared: async () =>
      (await declaredCommands(context)).map((command) => command.addOption(noConfig())),
    // an interrupt before the first plugin is reported by the command, which knows what it keeps
    container: () =>
      (container ??= containerWith(plugins, io.signal.aborted ? undefined : io.signal)),
  };

  try {
    const asked = new Set(args);
    const runs = COMMANDS.some(({ name }) => name === args[0]) && !args.includes('--help');
    const config = runs ? await configFor(args, io.signal) : undefined;
    if (plugins.length === 0) plugins = pluginsIn(config);
    for (const { name, summary, load } of COMMANDS) {
      const command = program.command(name).summary(summary).description(summary);
      command.showHelpAfterError(`See 'whylens ${name} --help'.`);
      if (!asked.has(name)) continue;
      await (await load()).define(command, context);
      if (config !== undefined && name === args[0]) await applyConfig(command, config, context);
      command.addOption(noConfig());
      if (short) command.addHelpText('after', `\nAll options and examples: whylens ${name} --help`);
    }
    if (!short) program.addHelpText('after', exitCodes());
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.ok;
    }
    const command = program.commands.find((one) => one.name() === args[0]);
    requireValues(args, command?.options ?? []);
    await program.parseAsync(withBooleans(args, command?.options ?? []), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const verbose = args.includes('--verbose') || args.includes('-v');
    io.stderr.write(`whylens: ${clean(errorText(error, verbose))}\n`);
    return exitCodeOf(error);
  }
}

function noConfig(): Option {
  return more('--no-config', `Ignore ${CONFIG_NAME}.`);
}

async function containerWith(
  plugins: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Container> {
  const { createContainer } = await import('../container/container.js');
  const container = createContainer();
  if (plugins.length > 0) {
    const { loadPluginFile } = await import('./plugins.js');
    for (const plugin of plugins) await loadPluginFile(container, plugin, signal);
  }
  return container;
}

/** The values of `--plugin` before the command line is parsed, since the choices it offers depend on them. */
function pluginArguments(args: readonly string[]): string[] {
  const names: string[] = [];
  for (let i = 0; i < args.length && args[i] !== '--'; i++) {
    if (args[i] === '--plugin' && i + 1 < args.length) names.push(args[++i]);
    else if (args[i].startsWith('--plugin=')) names.push(args[i].slice('--plugin='.length));
  }
  return names;
}
