/** A small version of `npm run bench serve`: good and hostile clients at once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SIDES } from '../../helpers/batch.js';
import { emptyFolder, whylens, writePicture } from '../../helpers/command.js';
import { load } from '../../helpers/load.js';
import { sidesServer } from '../../helpers/sides-server.js';

test('among hostile clients everybody else is answered as ever', async (t) => {
  const server = await sidesServer(t, { queue: 64, patience: 1500 });
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
