/** The configuration file of a project: where it is, and what it says. */
import { dirname, resolve } from 'node:path';
import { WhylensError, describeValue } from '../../errors.js';
import { readFileBounded } from '../../node/read-file.js';
import { limitsOf } from '../../reading/limits.js';

export const CONFIG_NAME = 'whylens.config.json';
const VARIABLE = 'WHYLENS_CONFIG';
/** Larger files are refused: nobody writes them by hand. */
const MOST_BYTES = 2 ** 20;

export interface ConfigFile {
  readonly path: string;
  /** Relative paths in the file are relative to this folder. */
  readonly folder: string;
  /** Options by their names in camelCase, unchecked. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The file that counts for a command line: the one that `WHYLENS_CONFIG` names (none if that is
 * empty), else the nearest `whylens.config.json` from the working directory upwards; none with
 * `--no-config`. Throws `FILE` if it cannot be read and `USAGE` if it is not a JSON object.
 */
export async function configFor(
  args: readonly string[],
  signal: AbortSignal,
): Promise<ConfigFile | undefined> {
  const end = args.indexOf('--');
  const words = end === -1 ? args : args.slice(0, end);
  if (words.includes('--no-config')) return undefined;
  const named = process.env[VARIABLE];
  if (named === '') return undefined;
  if (named !== undefined) return read(resolve(named), signal);
  const { findUp } = await import('find-up-simple');
  const found = await findUp(CONFIG_NAME);
  return found === undefined ? undefined : read(found, signal);
}

async function read(path: string, signal: AbortSignal): Promise<ConfigFile> {
  const bytes = await readFileBounded(path, {
    limits: limitsOf('the configuration', { signal, maxBytes: MOST_BYTES }),
    named: false,
    fail: (reason, details) =>
      new WhylensError(
        'FILE',
        `cannot read the configuration '${path}': ${reason}. Go without it: --no-config, or an empty ${VARIABLE}`,
        details,
      ),
  });
  return { path, folder: dirname(path), values: parsed(path, new TextDecoder().decode(bytes)) };
}

function parsed(path: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new WhylensError(
      'USAGE',
      `the configuration '${path}' must be JSON, without comments: ${(cause as Error).message.split('\n')[0]}`,
      { cause, facts: { path } },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new WhylensError(
    'USAGE',
    `the configuration '${path}' must be a JSON object such as {"model": "model.json"}, got ${describeValue(value)}`,
    { facts: { path } },
  );
}
