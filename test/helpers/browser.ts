/** Debian's Chromium, or any other, for tests that need a real browser; they skip loudly without one. */
import { existsSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  process.env.WHYLENS_CHROMIUM,
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

let browser: Promise<Browser> | undefined;

/** Where it lies, if it is here. */
export function chromiumPath(): string | undefined {
  return PLACES.find((path) => path !== undefined && existsSync(path));
}

/** The one browser of a test file, or undefined after telling that the test checks nothing here. */
export async function browserFor(t: ExecutionContext): Promise<Browser | undefined> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    t.log('NOT CHECKED: no Chromium on this machine (set WHYLENS_CHROMIUM)');
    t.pass();
    return undefined;
  }
  browser ??= chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
