import { injectable, multiInject, optional } from 'inversify';
import { didYouMean } from '../did-you-mean.js';
import { WhylensError, type ErrorCode } from '../errors.js';
import type { Explainer, Formatter, ModelAdapter } from './plugin.js';
import { TOKENS } from './tokens.js';

/** Everything a container knows, by id: the command, help and tests derive from it. */
@injectable()
export class Registry {
  readonly explainers: ReadonlyMap<string, Explainer>;
  readonly formatters: ReadonlyMap<string, Formatter>;
  readonly adapters: ReadonlyMap<string, ModelAdapter>;

  constructor(
    @multiInject(TOKENS.Explainer) @optional() explainers: Explainer[] = [],
    @multiInject(TOKENS.Formatter) @optional() formatters: Formatter[] = [],
    @multiInject(TOKENS.ModelAdapter) @optional() adapters: ModelAdapter[] = [],
  ) {
    this.explainers = byId('explainer', 'explain', explainers);
    this.formatters = byId('formatter', 'format', formatters);
    this.adapters = byId('model adapter', 'adapt', adapters);
  }

  explainer(id: string): Explainer {
    return find('method', 'UNKNOWN_METHOD', this.explainers, id);
  }

  /** The explainer as these options make it: a wrapper then has the options of what it wraps too. */
  explainerFor(id: string | Explainer, given: Readonly<Record<string, unknown>>): Explainer {
    const explainer = typeof id === 'string' ? this.explainer(id) : id;
    return explainer.specialise?.(given, (other) => this.explainer(other)) ?? explainer;
  }

  formatter(id: string): Formatter {
    return find('formatter', 'UNKNOWN_FORMATTER', this.formatters, id);
  }
}

function byId<T extends { readonly id: string }>(
  what: string,
  verb: string,
  plugins: readonly T[],
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const plugin of plugins) {
    const { id } = plugin;
    const work = (plugin as unknown as Record<string, unknown>)[verb];
    if (typeof id !== 'string' || id === '' || typeof work !== 'function') {
      throw new WhylensError(
        'INVALID_PLUGIN',
        `a plugin bound as ${what} must have a string 'id' and a function '${verb}', got id ${JSON.stringify(id)} and ${verb} of type ${typeof work}; registered so far: ${[...map.keys()].join(', ')}`,
        { facts: { registered: [...map.keys()] } },
      );
    }
    if (map.has(id)) {
      const registered = [...new Set(plugins.map((other) => other.id))];
      throw new WhylensError(
        'DUPLICATE_PLUGIN',
        `two ${what}s claim the id '${id}'; give one of them another id. Registered: ${registered.join(', ')}`,
        { facts: { id, registered } },
      );
    }
    map.set(id, plugin);
  }
  return map;
}

function find<T>(what: string, code: ErrorCode, map: ReadonlyMap<string, T>, id: string): T {
  const found = map.get(id);
  if (found === undefined) {
    const registered = [...map.keys()];
    throw new WhylensError(
      code,
      `unknown ${what} '${id}'${didYouMean(String(id), registered)} Registered: ${registered.join(', ') || 'none'}`,
      { facts: { id, registered } },
    );
  }
  return found;
}
