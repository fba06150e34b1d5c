/** Plugins named on the command line: modules whose default export is a container module, or several. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Container } from 'inversify';
import { loadPlugin, registryOf, type Plugin } from '../container/container.js';
import { isWhylensError, WhylensError } from '../errors.js';
import { abortable } from '../reading/abort.js';

/** Loads `./file.js` or an installed package into the container; throws `INVALID_PLUGIN`, `DUPLICATE_PLUGIN`. */
export async function loadPluginFile(
  container: Container,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const plugins = await defaultExport(container, name, signal);
  for (const plugin of Array.isArray(plugins) ? plugins : [plugins]) {
    try {
      loadPlugin(container, plugin as Plugin);
    } catch (error) {
      if (isWhylensError(error)) {
        throw new WhylensError(error.code, `plugin '${name}': ${error.message}`, {
          cause: error,
          facts: error.facts,
        });
      }
      throw failed(container, name, error);
    }
  }
}

async function defaultExport(
  container: Container,
  name: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  let module: { default?: unknown };
  try {
    const loading = import(locate(name)) as Promise<{ default?: unknown }>;
    module = await abortable(loading, signal, `loading plugin '${name}'`);
  } catch (error) {
    if (isWhylensError(error, 'ABORTED')) throw error;
    throw failed(container, name, error);
  }
  if (module.default === undefined) {
    throw new WhylensError(
      'INVALID_PLUGIN',
      `plugin '${name}' has no default export; it must export a ContainerModule (or an array of them) as default. ${registered(container)}`,
    );
  }
  return module.default;
}

function locate(name: string): string {
  const path = resolve(name);
  if (existsSync(path)) return pathToFileURL(path).href;
  if (/^[./]|[.][cm]?[jt]s$/.test(name)) throw new Error('there is no such file');
  // a package of the folder where the command runs
  return pathToFileURL(createRequire(join(process.cwd(), 'package.json')).resolve(name)).href;
}

function failed(container: Container, name: string, cause: unknown): WhylensError {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new WhylensError(
    'INVALID_PLUGIN',
    `plugin '${name}' does not load: ${why}. ${registered(container)}`,
    { cause, facts: { plugin: name } },
  );
}

function registered(container: Container): string {
  const { explainers, formatters, adapters } = registryOf(container);
  return `Registered methods: ${[...explainers.keys()].join(', ')}; formatters: ${[...formatters.keys()].join(', ') || 'none'}; model adapters: ${[...adapters.keys()].join(', ') || 'none'}`;
}
