/** The documentation as a site: every link leads somewhere, search finds, nothing is asked of another host. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { browserFor, closeBrowser } from '../helpers/browser.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whylens-site-'));
  await promisify(execFile)(process.execPath, [
    'node_modules/vitepress/bin/vitepress.js',
    ...['build', 'docs', '--outDir', folder],
  ]);
});
test.after.always(async () => {
  await closeBrowser();
  await rm(folder, { recursive: true, force: true });
});

test('every page of docs/ is there, and its links lead to pages that are', async (t) => {
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith('.html'),
  );
  const sources = (await readdir('docs', { recursive: true })).filter((name) =>
    name.endsWith('.md'),
  );
  t.is(names.length, sources.length + 1, 'one page for each, and one for what is not found');
  let count = 0;
  for (const name of names) {
    if (name === '404.html') continue;
    const html = await readFile(join(folder, name), 'utf8');
    for (const [, link] of html.matchAll(/<a[^>]* href="([^"]+)"/g)) {
      if (/^([a-z]+:|#)/.test(link)) continue;
      const { pathname } = new URL(link, `http://site/${name}`);
      const path = decodeURI(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
      t.true(
        existsSync(join(folder, path)) || existsSync(join(folder, `${path}.html`)),
        `${name}: ${link}`,
      );
      count++;
    }
  }
  t.true(count > 500, String(count));
});

test('it opens, searches, and asks no other host', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const server = createServer((request, response) => {
    const path = decodeURI(new URL(request.url!, 'http://site').pathname);
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    readFile(existsSync(file) ? file : `${file}.html`).then(
      (bytes) => response.setHeader('content-type', TYPES[extname(file)] ?? 'text/html').end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const home = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const elsewhere: string[] = [];
  const broken: string[] = [];
  try {
    const page = await browser.newPage();
    page.on('request', (one) => {
      if (!one.url().startsWith(home) && !one.url().startsWith('data:')) elsewhere.push(one.url());
    });
    page.on('response', (one) => {
      if (one.status() >= 400) broken.push(one.url());
    });
    page.on('pageerror', (error) => broken.push(error.message));
    await page.goto(home);
    t.regex(await page.locator('h1').first().innerText(), /^Documentation/);
    await page.keyboard.press('Control+k');
    await page.locator('input[type=search]').fill('integrated gradients');
    const hit = page.locator('.VPLocalSearchBox a.result').first();
    await hit.waitFor();
    t.regex((await hit.getAttribute('href'))!, /integrated-gradients/);
    await hit.click();
    await page.locator('h1', { hasText: 'integrated-gradients' }).waitFor();
    await page.close();
  } finally {
    server.close();
  }
  t.deepEqual(elsewhere, []);
  t.deepEqual(broken, []);
});
