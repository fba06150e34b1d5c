/** Gives a command what the configuration file says, below flags and variables. */
import type { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { didYouMean } from '../../did-you-mean.js';
import { WhylensError } from '../../errors.js';
import type { CommandContext } from '../commands.js';
import { clean } from '../clean.js';
import { declaredCommands, optionsByName } from './all-options.js';
import type { ConfigFile } from './file.js';
import { rememberTaken } from './taken.js';
import { valueOf } from './value.js';

/** Not a flag: names the schema, for editors. */
const SCHEMA_KEY = '$schema';
/** If the first is given elsewhere than in the file, these settings of the file do not belong to it. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  model: ['labels', 'preprocess', 'layer', 'background'],
  method: ['opt'],
  engine: ['backend'],
  backend: ['engine'],
};
/** The engine to which a backend belongs. */
const WITH_BACKENDS = 'tfjs';

/**
 * Sets the options of `command` that `config` names. Flags and environment variables replace them,
 * lists too. Throws `UNKNOWN_OPTION` for a name that is a flag of no command; flags of other
 * commands are left out.
 */
export async function applyConfig(
  command: Command,
  config: ConfigFile,
  context: CommandContext,
): Promise<void> {
  const own = new Map(command.options.map((option) => [option.attributeName(), option]));
  const names = Object.keys(config.values).filter((name) => name !== SCHEMA_KEY);
  if (names.some((name) => !own.has(name))) await checkNames(names, config, own, context);
  const said = new Map<string, unknown>();
  for (const name of names) {
    const option = own.get(name);
    if (option === undefined) continue;
    const value = valueOf(option, config.values[name], config);
    said.set(name, value);
    if (option.envVar === undefined && variableOf(name) !== undefined) continue;
    command.setOptionValueWithSource(name, value, 'config');
    // a flag that may be repeated would add to the value
    const events = command as unknown as EventEmitter;
    events.prependListener(`option:${option.name()}`, () => takeBack(command, name));
  }
  command.hook('preAction', () => {
    for (const name of outOfPlace(command, said)) takeBack(command, name);
    const flags = command.opts<Record<string, unknown>>();
    const taken = [...said.keys()].filter((name) => isConfigured(command, name));
    rememberTaken(flags, taken);
    if (flags.verbose !== true) return;
    const list = taken.map((name) => `${name} ${JSON.stringify(flags[name])}`).join(', ');
    context.io.stderr.write(`${clean(`${config.path}: ${list || 'nothing'} taken`)}\n`);
  });
}

async function checkNames(
  names: readonly string[],
  { path }: ConfigFile,
  own: ReadonlyMap<string, Option>,
  context: CommandContext,
): Promise<void> {
  const known = [...optionsByName(await declaredCommands(context)).keys(), ...own.keys()];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new WhylensError(
    'UNKNOWN_OPTION',
    `'${unknown}' in '${path}' is a flag of no command${didYouMean(unknown, known)} Names are written as "batchSize" for --batch-size`,
    { facts: { option: unknown, path } },
  );
}

/** `WHYLENS_ENGINE` for `engine`: variables that the command line reads, and those that are read later. */
function variableOf(name: string): string | undefined {
  const value = process.env[`WHYLENS_${name.toUpperCase()}`];
  return value === '' ? undefined : value;
}

/** Removes settings of the file that belong to something which now comes from elsewhere, such as labels of another model. */
function outOfPlace(command: Command, said: ReadonlyMap<string, unknown>): string[] {
  return Object.entries(TOGETHER).flatMap(([leader, followers]) => {
    const given = givenValue(command, leader);
    if (given === undefined) return [];
    if (leader === 'backend') return followers;
    if (leader === 'engine') return given === WITH_BACKENDS ? [] : followers;
    if (!said.has(leader)) return [];
    const same = [given, said.get(leader)].map((value) =>
      leader === 'model' ? resolve(String(value)) : value,
    );
    return same[0] === same[1] ? [] : followers;
  });
}

/** The value that an argument, a flag or a variable gives; none if only the file or a default does. */
function givenValue(command: Command, name: string): unknown {
  const [argument] = command.registeredArguments;
  if (argument?.name() === name && command.processedArgs[0] !== undefined) {
    return command.processedArgs[0];
  }
  if (['cli', 'env'].includes(command.getOptionValueSource(name) ?? '')) {
    return command.getOptionValue(name);
  }
  return name === 'engine' ? variableOf(name) : undefined;
}

function isConfigured(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === 'config';
}

/** As if the file did not say it. */
function takeBack(command: Command, name: string): void {
  if (!isConfigured(command, name)) return;
  const option = command.options.find((one) => one.attributeName() === name);
  const { defaultValue } = option as { defaultValue?: unknown };
  // commander has no source for an option that nobody gave
  const source = (defaultValue === undefined ? undefined : 'default') as 'default';
  command.setOptionValueWithSource(name, defaultValue, source);
}
