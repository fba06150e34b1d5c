/** `examples/serve` as a person uses it: a picture is chosen, the answer is shown. */
import { resolve } from 'node:path';
import test from 'ava';
import { createContainer, registryOf } from '../../../src/container/container.js';
import { buildServer } from '../../../src/cli/serve/server.js';
import { browserFor, closeBrowser } from '../../helpers/browser.js';
import { launch, until } from '../../helpers/processes.js';

test.after.always(closeBrowser);

test('the example page uploads a picture and shows the answer, or says what is wrong', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const server = await buildServer({
    settings: {
      models: [{ id: 'demo', path: resolve('demo/model') }],
      flags: {},
      plugins: [],
      maxPixels: 1e6,
    },
    registry: registryOf(createContainer()),
    ...{ workers: 1, queue: 8, timeout: 60_000, jobTimeout: 60_000 },
    ...{ maxBody: 2 ** 20, maxTargets: 3, maxSamples: 1000 },
  });
  t.teardown(() => server.close());
  const address = await server.listen({ port: 0, host: '127.0.0.1' });
  const page = launch(process.execPath, [resolve('examples/serve/page.mjs'), '0', address]);
  t.teardown(() => page.kill());
  await until('the page does not say where it is', () => page.stdout().includes('\n'));
  const tab = await browser.newPage();
  await tab.goto(page.stdout().trim());
  await tab.setInputFiles('input[type=file]', resolve('demo/scenes/banana-and-dog.png'));
  await tab.fill('input[name=target]', 'banana');
  await tab.click('button');
  await tab.waitForFunction(() => {
    const image = document.querySelector('img')!;
    return !image.hidden && image.complete && image.naturalWidth > 0;
  });
  t.is(await tab.textContent('p'), '');
  await tab.fill('input[name=target]', 'neither');
  await tab.click('button');
  await tab.waitForFunction(() => document.querySelector('p')!.textContent!.includes('neither'));
  t.regex(String(await tab.textContent('p')), /no class is called 'neither'/);
  await tab.close();
});
