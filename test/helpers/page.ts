/** The example page's bundle with a test's own scripts, and a server for it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, normalize, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildResult, Metafile } from 'esbuild';
import type { Page } from 'playwright-core';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.bin': 'application/octet-stream',
};

/** The icon keeps the browser from asking for one. */
const BLANK = '<!doctype html><link rel="icon" href="data:," /><title>test</title>';

export interface Site {
  readonly folder: string;
  readonly metafile: Metafile;
  readonly address: string;
  close(): Promise<void>;
}

/** `blank.html` lies in the folder of the scripts and in `elsewhere`. */
export async function openSite(entries: Readonly<Record<string, string>>): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-page-'));
  // the example's own script, so that what people copy is what is tested
  const script: string = pathToFileURL(resolve('examples/browser/serve.mjs')).href;
  const { bundle } = (await import(script)) as {
    bundle(folder: string, entries: object): Promise<BuildResult & { metafile: Metafile }>;
  };
  const { metafile } = await bundle(folder, entries);
  await mkdir(join(folder, 'elsewhere'));
  for (const place of ['.', 'elsewhere']) {
    await writeFile(join(folder, place, 'blank.html'), BLANK);
  }
  const server = serverOf(folder);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    folder,
    metafile,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Serves the files of a folder. */
export function serverOf(folder: string): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname));
    readFile(path).then(
      (bytes) => {
        response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' });
        response.end(bytes);
      },
      () => {
        response.writeHead(404);
        response.end();
      },
    );
  });
}

/** Opens a page of the site; its errors, console and failed requests are collected. */
export async function openPage(page: Page, address: string, path: string): Promise<string[]> {
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(message.text()));
  page.on('pageerror', (error) => trouble.push(error.message));
  page.on('response', (response) => {
    const ownIcon = response.url().endsWith('/favicon.ico');
    if (!response.ok() && !ownIcon) trouble.push(`${response.status()} ${response.url()}`);
  });
  page.on('request', (request) => {
    const { protocol } = new URL(request.url());
    const isOwn = request.url().startsWith(address) || protocol === 'blob:';
    if (!isOwn) trouble.push(`asked for ${request.url()}`);
  });
  await page.goto(address + path);
  return trouble;
}
