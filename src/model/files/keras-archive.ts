/** `.keras`: a zip of the configuration (JSON) and the weights (HDF5), entries stored as they are. */
import { WhylensError } from '../../errors.js';
import { requireShallow } from '../../reading/nesting.js';

export interface KerasArchive {
  readonly config: unknown;
  readonly weights: Uint8Array;
}

/** How much a zip may grow; weights are not compressed, so an honest file stays close to its own size. */
const MAX_CONFIG = 64 * 2 ** 20;

/**
 * @throws WhylensError `MODEL_LOAD` for what is not a zip, lacks an entry, or grows beyond any honest file
 */
export async function readKerasArchive(bytes: Uint8Array, name: string): Promise<KerasArchive> {
  const { unzipSync } = await import('fflate');
  const sizes: Record<string, number> = {};
  const wanted = (entry: { name: string; originalSize: number; size: number }): boolean => {
    sizes[entry.name] = entry.originalSize;
    const limit = entry.name === 'config.json' ? MAX_CONFIG : 8 * bytes.length + MAX_CONFIG;
    if (entry.originalSize > limit) {
      throw new WhylensError(
        'MODEL_LOAD',
        `'${name}' is refused: its entry '${entry.name}' of ${entry.size} bytes claims to hold ${entry.originalSize}`,
        { facts: { file: name, entry: entry.name } },
      );
    }
    return entry.name === 'config.json' || entry.name === 'model.weights.h5';
  };
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, { filter: wanted });
  } catch (cause) {
    if (cause instanceof WhylensError) throw cause;
    throw new WhylensError(
      'MODEL_LOAD',
      `cannot read '${name}': it is not a .keras file (a zip), or it is damaged or cut short`,
      { cause, facts: { file: name } },
    );
  }
  const { 'config.json': config, 'model.weights.h5': weights } = entries;
  if (config === undefined || weights === undefined) {
    throw new WhylensError(
      'MODEL_LOAD',
      `'${name}' lacks ${config === undefined ? 'config.json' : 'model.weights.h5'}; a .keras file is what model.save('name.keras') writes. Found: ${Object.keys(sizes).slice(0, 10).join(', ') || 'nothing'}`,
      { facts: { file: name } },
    );
  }
  return { config: parseConfig(new TextDecoder().decode(config), name), weights };
}

/** JSON as Python writes it: `Infinity` and `NaN` may stand in it. */
export function parseConfig(text: string, name: string): unknown {
  requireShallow(text, (why) => new WhylensError('MODEL_LOAD', `cannot read '${name}': ${why}`));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    try {
      const quoted = text.replace(
        /("(?:[^"\\]|\\.)*")|(-?Infinity|NaN)/g,
        (all, string: string | undefined) => string ?? `"${all}"`,
      );
      return JSON.parse(quoted) as unknown;
    } catch (cause) {
      throw new WhylensError('MODEL_LOAD', `the configuration in '${name}' is not JSON`, {
        cause,
        facts: { file: name },
      });
    }
  }
}
