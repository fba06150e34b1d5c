import { pathToFileURL } from 'node:url';
import test from 'ava';
import { browserFor, closeBrowser } from '../../helpers/browser.js';
import { emptyFolder } from '../../helpers/command.js';
import { choose, writeGallery } from '../../helpers/gallery.js';

test.after.always(closeBrowser);

test('a page of 2,000 holds only what is seen, sorts and filters', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const path = await writeGallery(await emptyFolder(t), 2000);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  await page.goto(pathToFileURL(path).href);
  await page.waitForFunction(() =>
    [...document.images].every((image) => image.complete && image.naturalWidth > 0),
  );
  const tiles = page.locator('.tile');
  t.true((await tiles.count()) < 60, 'only what can be seen');
  const texts = () => page.locator('.tile b').allTextContents();
  const count = () => page.locator('#count').textContent();
  t.is(await count(), '2000 of 2000');
  await choose(page, 'sort', 'score');
  await choose(page, 'down', true);
  t.regex((await texts())[0], /, 100 %$/);
  await choose(page, 'sort', 'error');
  await choose(page, 'down', false);
  t.is(await page.locator('.tile.failed').count(), 8);
  await choose(page, 'state', 'failed');
  t.is(await count(), '8 of 2000');
  await choose(page, 'state', '');
  await choose(page, 'label', 'tiger cat');
  t.is(await count(), '500 of 2000');
  t.true((await texts()).every((text) => text.startsWith('tiger cat, ')));
  await choose(page, 'label', '');
  await choose(page, 'find', '0199');
  t.is(await count(), '11 of 2000');
  await choose(page, 'find', '');
  await choose(page, 'sort', 'order');
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.waitForFunction(() => document.body.innerText.includes('picture-01999'));
  t.true((await tiles.count()) < 60, 'what is left behind is taken out');
  t.deepEqual(said, []);
  await page.close();
});
