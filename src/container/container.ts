import 'reflect-metadata';
import { Container, ContainerModule } from 'inversify';
import { builtInExplainers } from '../../explainers/index.js';
import { builtInFormatters } from '../../formatters/index.js';
import { WhylensError } from '../errors.js';
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

/** Loads a plugin and checks at once that the registry still stands; a bad one is taken out again. */
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
  container.load(plugin);
  try {
    registryOf(container);
  } catch (error) {
    container.unload(plugin);
    throw error;
  }
}

const registries = new WeakMap<
  Container,
  { readonly plugins: readonly unknown[]; readonly registry: Registry }
>();

/** What the container holds now: made afresh where plugins came or went since it was last asked. */
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

/** The container used where none is passed. */
export function getDefaultContainer(): Container {
  return (defaultContainer ??= createContainer());
}

/** Makes `container` the one used where none is passed; `undefined` goes back to the built-in one. */
export function setDefaultContainer(container: Container | undefined): void {
  defaultContainer = container;
}
