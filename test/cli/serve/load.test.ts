/** A small version of `npm run bench serve`: good and hostile clients at once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { createContainer, registryOf } from '../../../src/container/container.js';
import { loadPluginFile } from '../../../src/cli/plugins.js';
import { buildServer } from '../../../src/cli/serve/server.js';
import { SIDES } from '../../helpers/batch.js';
import { emptyFolder, MODULES, whylens, writePicture } from '../../helpers/command.js';
import { load } from '../../helpers/load.js';

test('among hostile clients everybody else is answered as ever', async (t) => {
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
    queue: 64,
    timeout: 60_000,
    jobTimeout: 60_000,
    patience: 1500,
    maxBody: 2 ** 20,
    maxTargets: 3,
    maxSamples: 100,
  });
  t.teardown(() => server.close());
  const address = new URL(await server.listen({ port: 0, host: '127.0.0.1' }));
  const folder = await emptyFolder(t);
  const path = await writePicture(join(folder, 'a.png'), (x) => x < 20);
  const image = (await readFile(path)).toString('base64');
  const good = [];
  for (const [type, ending] of [
    ['application/json', 'json'],
    ['image/png', 'png'],
  ]) {
    const out = join(folder, `out.${ending}`);
    t.is((await whylens(['explain', ...SIDES, path, '-t', '1', '-o', out, '-q'])).code, 0);
    good.push({
      body: Buffer.from(JSON.stringify({ image, method: 'grid-occlusion', target: 1 })),
      headers: { 'content-type': 'application/json', accept: type },
      expected: await readFile(out),
    });
  }
  const { answers, wrong, waits } = await load({
    ...{ address, good },
    ...{ requests: 120, connections: 12, hostileEvery: 5 },
  });
  t.deepEqual(wrong, []);
  t.is(waits.length, 96, JSON.stringify(answers));
  t.is(answers['slow 408'], 4);
  t.is(answers['huge 413'], 4);
  t.is(answers['truncated 422'], 4);
});
