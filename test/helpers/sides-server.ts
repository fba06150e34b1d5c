/** The HTTP server with the sides model and the example's method, closed after the test. */
import type { ExecutionContext } from 'ava';
import type { FastifyInstance } from 'fastify';
import { createContainer, registryOf } from '../../src/container/container.js';
import { loadPluginFile } from '../../src/cli/plugins.js';
import { buildServer, type ServerOptions } from '../../src/cli/serve/server.js';
import { MODULES } from './command.js';

export async function sidesServer(
  t: ExecutionContext,
  more: Partial<ServerOptions> = {},
): Promise<FastifyInstance> {
  const container = createContainer();
  await loadPluginFile(container, MODULES.explainer);
  const server = await buildServer({
    settings: {
      models: [{ id: 'sides', path: MODULES.sidesModel }],
      flags: {},
      plugins: [MODULES.explainer],
      maxPixels: 1e6,
    },
    registry: registryOf(container),
    workers: 1,
    queue: 8,
    timeout: 60_000,
    jobTimeout: 60_000,
    maxBody: 2 ** 20,
    maxTargets: 3,
    maxSamples: 100,
    ...more,
  });
  t.teardown(() => server.close());
  return server;
}
