/** The page in a real browser: nothing runs but its own script, nothing is fetched, everything can be used. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { formatAsHtml } from '../../formatters/html.js';
import { formatAsImage } from '../../formatters/image.js';
import { signed } from '../../formatters/shared/numbers.js';
import { formatAsSvg } from '../../formatters/svg.js';
import { EXPLANATION_KINDS, type ImageExplanation } from '../../src/explanation.js';
import { alphaComposite } from '../../src/images/composite.js';
import { resize } from '../../src/images/resample.js';
import { browserFor, closeBrowser } from '../helpers/browser.js';
import { hostile, imageRecord, records } from '../helpers/records.js';

test.after.always(closeBrowser);

interface Opened {
  readonly page: Page;
  /** Addresses asked for, policy violations and errors on the page: must stay empty. */
  readonly trouble: string[];
}

async function open(
  t: ExecutionContext,
  html: string,
  settings: { colorScheme?: 'light' | 'dark'; javaScriptEnabled?: boolean } = {},
  contentType = 'text/html; charset=utf-8',
): Promise<Opened | undefined> {
  const browser = await browserFor(t);
  if (browser === undefined) return undefined;
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...settings });
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(message.text()));
  page.on('pageerror', (error) => trouble.push(error.message));
  // a page of its own origin, so that the policy in it is the only one that counts
  await page.route('**', (route) => {
    const url = route.request().url();
    if (url === 'http://page.test/') {
      return route.fulfill({ body: html, contentType });
    }
    trouble.push(`asked for ${url}`);
    return route.abort();
  });
  await page.goto('http://page.test/');
  return { page, trouble };
}

const everything = EXPLANATION_KINDS.map((kind) => records[kind]);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test('hostile strings in every field: no script runs, nothing is fetched', async (t) => {
  const opened = await open(t, formatAsHtml(everything.map(hostile)));
  if (opened === undefined) return;
  const { page, trouble } = opened;
  // everything that could wake a handler: focus, pointer, every control
  for (const handle of await page.locator('button:visible, summary, select').all()) {
    await handle.focus();
  }
  await page.locator('.stage.probe:visible').first().hover();
  t.is(await page.evaluate('globalThis.__hacked'), undefined);
  t.is(await page.evaluate('({}).polluted'), undefined);
  t.is(await page.locator('main img[src="x"], main svg[onload], [onerror], [onfocus]').count(), 0);
  t.deepEqual(trouble, []);
  await page.context().close();
});

test('an svg with hostile strings, opened by itself: no script, no request, real text', async (t) => {
  for (const kind of EXPLANATION_KINDS) {
    const opened = await open(t, formatAsSvg(hostile(records[kind])), {}, 'image/svg+xml');
    if (opened === undefined) return;
    const { page, trouble } = opened;
    t.is(await page.evaluate('document.documentElement.localName'), 'svg', kind);
    t.is(await page.evaluate('document.querySelectorAll("parsererror, script, a").length'), 0);
    t.is(await page.evaluate('globalThis.__hacked'), undefined);
    t.true((await page.locator('text').count()) > 0);
    t.deepEqual(trouble, []);
    await page.context().close();
  }
});

test('the policy stops a script that got in', async (t) => {
  const html = formatAsHtml(imageRecord).replace(
    '</main>',
    '<script>globalThis.__hacked = 1</script><img src="http://page.test/leak.png"></main>',
  );
  const opened = await open(t, html);
  if (opened === undefined) return;
  const { page, trouble } = opened;
  t.is(await page.evaluate('globalThis.__hacked'), undefined);
  t.true(trouble.some((text) => /script/i.test(text) && /Content Security Policy/.test(text)));
  t.false(
    trouble.some((text) => text.startsWith('asked for')),
    'the picture was never asked for',
  );
  await page.context().close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing to complain about, ${colorScheme}`, async (t) => {
    const opened = await open(t, formatAsHtml(everything), { colorScheme });
    if (opened === undefined) return;
    const { page, trouble } = opened;
    await page
      .locator('details')
      .evaluateAll((all) =>
        all.forEach((one) => (one as HTMLDetailsElement).setAttribute('open', '')),
      );
    // evaluated through the debugger, which no policy stops
    await page.evaluate(axe);
    const found = await page.evaluate<string[]>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary).join(' | ')))`,
    );
    t.deepEqual(found, []);
    t.deepEqual(trouble, []);
    await page.context().close();
  });
}

test('tabs, slider, choices and the probe, by keyboard', async (t) => {
  const opened = await open(t, formatAsHtml(imageRecord));
  if (opened === undefined) return;
  const { page, trouble } = opened;
  const [dog, cat] = [page.locator('#e0-panel-0'), page.locator('#e0-panel-1')];
  const pixels = (panel = dog): Promise<string> =>
    panel.locator('canvas.heat').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

  t.true(await dog.isVisible());
  t.false(await cat.isVisible());
  await page.getByRole('tab', { name: 'bull mastiff' }).focus();
  await page.keyboard.press('ArrowRight');
  t.true(await cat.isVisible());
  t.false(await dog.isVisible());
  t.regex(
    String(await page.getByRole('tab', { selected: true }).textContent()),
    /^\s*tiger cat\s*3.1 %\s*$/,
  );
  await page.keyboard.press('ArrowRight');
  t.true(await dog.isVisible(), 'the tabs go round');
  await page.keyboard.press('End');
  t.true(await cat.isVisible());
  await page.keyboard.press('Home');
  t.true(await dog.isVisible());

  const before = await pixels();
  await page.getByRole('slider', { name: 'Opacity' }).focus();
  for (let i = 0; i < 15; i++) await page.keyboard.press('ArrowRight');
  t.is(await page.locator('[data-opacity]').textContent(), '80 %');
  const stronger = await pixels();
  t.not(stronger, before);

  await page.getByLabel('Colours').selectOption('magma');
  const magma = await pixels();
  t.not(magma, stronger);
  await page.getByLabel('Filter between cells').selectOption('nearest');
  const blocks = await pixels();
  t.not(blocks, magma);

  await page.getByRole('radio', { name: 'For' }).focus();
  await page.keyboard.press('ArrowRight');
  t.not(await pixels(), blocks);
  t.regex(
    String(await dog.locator('[data-high]').textContent()),
    /^−0\.\d{4}$/,
    'evidence against is read with its sign',
  );
  await page.keyboard.press('ArrowRight');
  t.is(await page.getByLabel('Colours').inputValue(), 'RdBu_r', 'both sides take a middle');
  await page.keyboard.press('ArrowLeft');
  t.is(await page.getByLabel('Colours').inputValue(), 'magma', 'and give it back');

  await page.getByRole('radio', { name: 'Picture', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  const under = dog.locator('.stage.probe > svg');
  t.is(await under.evaluate((svg) => getComputedStyle(svg).filter), 'grayscale(1)');
  const over = await pixels();
  await page.keyboard.press('ArrowRight');
  t.is(await under.evaluate((svg) => getComputedStyle(svg).visibility), 'hidden');
  t.not(await pixels(), over, 'alone, the map is not transparent');

  t.true(await dog.locator('.original').isVisible());
  await page.getByLabel('Original beside it').focus();
  await page.keyboard.press('Space');
  t.false(await dog.locator('.original').isVisible());

  const { heatmap } = imageRecord.targets[0];
  const said = (row: number, column: number): RegExp =>
    new RegExp(
      `Row ${row + 1} of 6, column ${column + 1} of 8: ${signed(heatmap.data[row * 8 + column]).replace('+', '\\+')}`,
    );
  const map = dog.getByRole('application');
  await map.focus();
  await page.keyboard.press('ArrowDown');
  t.regex(
    String(await dog.locator('.read').textContent()),
    said(3, 2),
    'starts at the strongest cell',
  );
  await page.keyboard.press('End');
  t.regex(String(await dog.locator('.read').textContent()), said(3, 7));
  await page.keyboard.press('Shift+ArrowUp');
  t.regex(String(await dog.locator('.read').textContent()), said(0, 7));
  const box = (await map.boundingBox())!;
  await page.mouse.move(box.x + (6.5 / 8) * box.width, box.y + (4.5 / 6) * box.height);
  t.regex(String(await dog.locator('.read').textContent()), said(4, 6));
  await page.keyboard.press('Escape');
  t.is(await dog.locator('.read').textContent(), '');
  t.deepEqual(trouble, []);
  await page.context().close();
});

test('the live drawing is the one formatAsImage makes', async (t) => {
  const large: ImageExplanation = {
    ...imageRecord,
    image: resize(imageRecord.image, { width: 448, height: 336, filter: 'nearest' }),
  };
  const opened = await open(t, formatAsHtml(large));
  if (opened === undefined) return;
  const { page } = opened;
  const drawn = await page.locator('#e0-panel-0 canvas.heat').evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const context = (canvas as HTMLCanvasElement).getContext('2d')!;
    return { width, height, data: [...context.getImageData(0, 0, width, height).data] };
  });
  t.deepEqual([drawn.width, drawn.height], [448, 336]);
  const mine = alphaComposite(large.image, {
    width: 448,
    height: 336,
    mode: 'RGBA',
    data: Uint8ClampedArray.from(drawn.data),
  });
  const reference = formatAsImage(large, { target: 243 });
  let most = 0;
  reference.data.forEach((value, i) => (most = Math.max(most, Math.abs(value - mine.data[i]))));
  // a canvas keeps premultiplied bytes, so faint colours come back rounded
  t.true(most <= 6, `differs by ${most} of 255`);
  await page.context().close();
});

test('a map that shows nothing says so, as far as it shows nothing', async (t) => {
  const heatmap = { shape: [2, 2], data: Float32Array.of(-1, -2, -3, 0) };
  const empty = { ...imageRecord, targets: [{ ...imageRecord.targets[0], heatmap }] };
  const opened = await open(t, formatAsHtml(empty));
  if (opened === undefined) return;
  const { page, trouble } = opened;
  const note = page.locator('.empty');
  t.is(await note.textContent(), 'Empty map: nothing speaks for it');
  await page.getByRole('radio', { name: 'For' }).focus();
  await page.keyboard.press('ArrowRight');
  t.true(await note.isHidden());
  t.deepEqual(trouble, []);
  await page.context().close();
});

test('a volume is looked through slice by slice', async (t) => {
  const opened = await open(t, formatAsHtml(records.volume));
  if (opened === undefined) return;
  const { page, trouble } = opened;
  const base = (): Promise<string> =>
    page
      .locator('.probe canvas.base')
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const slider = page.getByRole('slider', { name: 'Slice' });
  const before = await base();
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  t.not(await base(), before);
  await page.keyboard.press('End');
  t.is(await page.locator('[data-slice]').textContent(), '6 of 6');
  t.deepEqual(trouble, []);
  await page.context().close();
});

test('without scripts every target is there, and on paper too', async (t) => {
  const opened = await open(t, formatAsHtml(imageRecord), { javaScriptEnabled: false });
  if (opened === undefined) return;
  t.is(await opened.page.locator('.panel:visible').count(), 2);
  t.is(await opened.page.locator('img.heat:visible').count(), 2);
  t.false(await opened.page.locator('.controls').isVisible());
  await opened.page.context().close();
  const live = (await open(t, formatAsHtml(imageRecord)))!;
  await live.page.emulateMedia({ media: 'print' });
  t.is(await live.page.locator('.panel:visible').count(), 2);
  t.false(await live.page.locator('.controls').isVisible());
  await live.page.context().close();
});

test('on a phone the controls stay with the map; the box follows its control', async (t) => {
  const opened = await open(t, formatAsHtml(records.image));
  if (opened === undefined) return;
  const { page, trouble } = opened;
  await page.setViewportSize({ width: 390, height: 844 });
  const stage = page.locator('.stage.probe:visible').first();
  await stage.scrollIntoViewIfNeeded();
  const map = (await stage.boundingBox())!;
  const controls = (await page.locator('.controls').boundingBox())!;
  t.true(map.y >= 0 && controls.y >= map.y, 'the map is seen');
  t.true(controls.y + 100 < 844 && controls.y + controls.height <= 844, 'and so are the controls');
  t.true(controls.height < 0.2 * 844, 'which leave room for it');
  // the whole map is seen above the controls, also while a control is used
  await stage.evaluate((one) => window.scrollBy(0, one.getBoundingClientRect().top - 10));
  const whole = (await stage.boundingBox())!;
  t.true(whole.y >= 0 && whole.y + whole.height < controls.y, 'the whole map is seen');
  t.false(await page.locator('[data-control=box]').isVisible());
  await page.locator('.more').click();
  const unfolded = (await page.locator('.controls').boundingBox())!;
  t.true(unfolded.height < 0.4 * 844 && whole.y + whole.height < unfolded.y);
  const half = page.locator('svg.half:visible');
  t.is(await half.count(), 1);
  await page.locator('[data-control=box]').uncheck();
  t.is(await half.count(), 0);
  await page.locator('[data-control=box]').check();
  await page.locator('[data-control=filter][value=negative]').check({ force: true });
  t.is(await half.count(), 0, 'it is about positive evidence');
  t.deepEqual(trouble, []);
});
