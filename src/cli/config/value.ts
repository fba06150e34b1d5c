/** What a flag may be in the configuration file, and the value that commander would make of it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { WhylensError, describeValue } from '../../errors.js';
import { collect } from '../flags/shared.js';
import type { ConfigFile } from './file.js';

/**
 * - `switch`: on or off;
 * - `pairs`: an object of options by name, or texts such as `patch=16`;
 * - `list`: one or several;
 * - `boolean`: a flag with yes or no as its value;
 * - `single`: a text or a number.
 */
export type Shape = 'switch' | 'pairs' | 'list' | 'boolean' | 'single';

type Plain = string | number | boolean;

const EXPECTED: Readonly<Record<Shape, string>> = {
  switch: 'true or false',
  pairs: 'an object of texts, numbers and booleans by name, or a list of texts such as "patch=16"',
  list: 'a text or a list of texts',
  boolean: 'true or false',
  single: 'a text or a number',
};
const ADDRESS = /^[a-z][a-z0-9+.-]+:/i;
/** Flags that name files; relative paths are relative to the folder of the configuration. */
const PATHS = new Set([
  ...['model', 'labels', 'plugin', 'background'],
  ...['mask', 'boxes', 'row', 'image', 'input', 'out'],
]);

export function shapeOf(option: Option): Shape {
  if (!option.required && !option.optional) return 'switch';
  if (option.flags.includes('<name=value>')) return 'pairs';
  if (option.variadic || option.parseArg === collect) return 'list';
  return option.optional ? 'boolean' : 'single';
}

/** The value of `option` that `given` stands for; throws `INVALID_OPTION`. */
export function valueOf(option: Option, given: unknown, { path, folder }: ConfigFile): unknown {
  const name = option.attributeName();
  const shape = shapeOf(option);
  const wrong = (expected: string, cause?: unknown): WhylensError =>
    new WhylensError(
      'INVALID_OPTION',
      `'${name}' in '${path}' must be ${expected}, got ${isPlain(given) ? JSON.stringify(given) : describeValue(given)}`,
      { cause, facts: { option: name, path } },
    );
  if (shape === 'switch' || shape === 'boolean') {
    if (typeof given !== 'boolean') throw wrong(EXPECTED[shape]);
    return shape === 'switch' ? given : String(given);
  }
  const texts = textsOf(shape, given);
  if (texts === undefined) throw wrong(EXPECTED[shape]);
  const placed = PATHS.has(name) ? texts.map((text) => placeOf(option, text, folder)) : texts;
  if (option.argChoices !== undefined && !option.argChoices.includes(placed[0])) {
    throw wrong(`one of ${option.argChoices.join(', ')}`);
  }
  if (shape !== 'single') return placed;
  try {
    return option.parseArg === undefined ? placed[0] : option.parseArg(placed[0], undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw wrong(error.message.replace(/^It must be /, '').replace(/[.]$/, ''), error);
  }
}

/** The plugins of the file, which are loaded before a command says which flags it has. */
export function pluginsIn(config: ConfigFile | undefined): string[] {
  const given = config?.values.plugin;
  if (config === undefined || given === undefined) return [];
  return valueOf(new Option('--plugin <module...>'), given, config) as string[];
}

/** The texts that would stand on the command line; none if `given` is of another kind. */
function textsOf(shape: Shape, given: unknown): string[] | undefined {
  if (shape === 'pairs' && typeof given === 'object' && given !== null && !Array.isArray(given)) {
    const pairs = Object.entries(given);
    return pairs.every((pair): pair is [string, Plain] => isPlain(pair[1]))
      ? pairs.map(([name, value]) => `${name}=${value}`)
      : undefined;
  }
  const all: unknown[] = shape !== 'single' && Array.isArray(given) ? given : [given];
  const fits = (one: unknown): one is string | number =>
    typeof one === 'string' || typeof one === 'number';
  return all.every(fits) ? all.map(String) : undefined;
}

function isPlain(value: unknown): value is Plain {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function placeOf(option: Option, text: string, folder: string): string {
  // several models in one text
  if (option.flags.includes('<paths>')) {
    return text
      .split(',')
      .map((part) => place(part.trim()))
      .join(',');
  }
  const input = option.variadic ? /^([\w.:/-]+)=(.+)$/.exec(text) : null;
  return input === null ? place(text) : `${input[1]}=${place(input[2])}`;

  function place(name: string): string {
    if (name === '' || name === '-' || ADDRESS.test(name)) return name;
    const path = resolve(folder, name);
    // a plugin may be a package too
    const isPackage =
      option.attributeName() === 'plugin' && !/^[.]|[.][cm]?[jt]s$/.test(name) && !existsSync(path);
    return isPackage ? name : path;
  }
}
