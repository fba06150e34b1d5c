/** `npm run bench gallery`: a page of 10,000 documents in Chromium: opened, sorted, filtered, scrolled. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../test/helpers/browser.js';
import { choose, writeGallery } from '../test/helpers/gallery.js';

const COUNT = 10_000;

export async function run(): Promise<void> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    console.log('NOT MEASURED: no Chromium on this machine (set WHYLENS_CHROMIUM)');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'whylens-bench-'));
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    const path = await writeGallery(folder, COUNT);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const start = performance.now();
    await page.goto(pathToFileURL(path).href);
    await page.waitForFunction(() =>
      [...document.images].every((image) => image.complete && image.naturalWidth > 0),
    );
    const seconds = (performance.now() - start) / 1000;
    const megabytes = (await stat(path)).size / 1e6;
    console.log(
      `${COUNT} documents, a page of ${megabytes.toFixed(1)} MB: opened with its pictures in ${seconds.toFixed(2)} s, ${await page.locator('.tile').count()} tiles in it`,
    );
    for (const [what, id, value] of [
      ['sorted by score', 'sort', 'score'],
      ['sorted by name', 'sort', 'name'],
      ['sorted by error', 'sort', 'error'],
      ['filtered by class', 'label', 'dog'],
      ['filtered by name', 'find', '0099'],
    ] as const) {
      console.log(
        `${what.padEnd(20)} ${(await choose(page, id, value)).toFixed(0)} ms until it is drawn`,
      );
    }
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}
