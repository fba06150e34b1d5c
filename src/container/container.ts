import 'reflect-metadata';
import { Container, ContainerModule } from 'inversify';
import { builtInExplainers } from '../../explainers/index.js';
import { builtInFormatters } from '../../formatters/index.js';
import { isWhylensError, WhylensError } from '../errors.js';
import { builtInAdapters } from '../model/adapters.js';
import { Registry } from './registry.js';
import { TOKENS } from './tokens.js';

/** A plugin is an inversify container module that binds to the tokens. */
export type Plugin = ContainerModule;

/**
 * A container with everything built in; `load(plugin)` adds to it.
 *
 * @example
 * const container = createContainer();
 * container.load(myPlugin);
 * const expl = await explainPrediction(model, doc, { container, method: 'mine' });
 */
export function createContainer(...plugins: readonly Plugin[]): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(builtInAdapters, builtInExplainers, builtInFormatters);
  for (const plugin of plugins) loadPlugin(container, plugin);
  return container;
}

/** Loads a plugin and checks at once that the registry is still valid; a bad plugin is removed again. */
export function loadPlugin(container: Container, plugin: Plugin): void {
  if (
    !(plugin instanceof ContainerModule) &&
    typeof (plugin as { load?: unknown })?.load !== 'function'
  ) {
    throw new WhylensError(
      'INVALID_PLUGIN',
      `a plugin must be an inversify ContainerModule, got ${plugin === null ? 'null' : typeof plugin}. Registered methods: ${[...registryOf(container).explainers.keys()].join(', ')}`,
    );
  }
  try {
    container.load(forgiving(plugin));
    registryOf(container);
  } catch (error) {
    container.unload(plugin);
    throw error;
  }
}

/**
 * The plugin, with the value that its function returns ignored: `({ bind }) => bind(…).to(…)`
 * returns what inversify takes for a promise. A promise is refused: its plugin would come too late.
 */
function forgiving(plugin: Plugin): Plugin {
  const load: Plugin['load'] = (options) => {
    let returned: unknown;
    try {
      returned = plugin.load(options);
    } catch (cause) {
      if (isWhylensError(cause)) throw cause;
      const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      throw new WhylensError(
        'INVALID_PLUGIN',
        `the function of a plugin's ContainerModule failed: ${why}. It takes one object: new ContainerModule(({ bind }) => { bind(TOKENS.Explainer).to(MyExplainer); })`,
        { cause },
      );
    }
    if (typeof (returned as { then?: unknown } | undefined)?.then !== 'function') return;
    Promise.resolve(returned).catch(() => undefined);
    throw new WhylensError(
      'INVALID_PLUGIN',
      "the function of a plugin's ContainerModule must not be async: await what it needs before, and bind in a plain function, new ContainerModule(({ bind }) => { bind(TOKENS.Explainer).to(MyExplainer); })",
    );
  };
  return { id: plugin.id, load } as Plugin;
}

const registries = new WeakMap<
  Container,
  { readonly plugins: readonly unknown[]; readonly registry: Registry }
>();

/** What the container holds now: made anew if plugins were added or removed since it was last asked. */
export function registryOf(container: Container): Registry {
  const plugins = Object.values(TOKENS).flatMap((token) =>
    container.getAll<unknown>(token, { optional: true }),
  );
  const known = registries.get(container);
  if (
    known?.plugins.length === plugins.length &&
    plugins.every((plugin, i) => plugin === known.plugins[i])
  ) {
    return known.registry;
  }
  const scope = new Container({ parent: container });
  scope.bind(Registry).toSelf();
  const registry = scope.get(Registry);
  registries.set(container, { plugins, registry });
  return registry;
}

let defaultContainer: Container | undefined;

/** The container that is used if none is passed. */
export function getDefaultContainer(): Container {
  return (defaultContainer ??= createContainer());
}

/** Makes `container` the one that is used if none is passed; `undefined` goes back to the built-in one. */
export function setDefaultContainer(container: Container | undefined): void {
  defaultContainer = container;
}
