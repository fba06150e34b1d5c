/**
 * The screenshots of the readme: the page and the terminal's picture of one
 * explanation, by a Chromium that is there. Run by `npm run docs:screenshots`.
 */
import { env } from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import {
  explainPrediction,
  formatAsHtml,
  formatAsText,
  loadImage,
  loadModel,
} from '../build/src/index.js';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const model = await loadModel(at('demo/model'), {
  labels: at('demo/model/labels.json'),
  preprocess: 'tf',
});
const picture = await loadImage(at('demo/scenes/banana-and-dog.png'));
const expl = await explainPrediction(model, picture, { targets: ['dog', 'banana'] });
const one = await explainPrediction(model, picture, { targets: 'dog' });
model.dispose();

const browser = await chromium.launch({
  executablePath: env.WHYLENS_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
const shoot = async (html, width, height, clip) => {
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 1.5 });
  await page.setContent(html);
  await page.waitForLoadState('load');
  const element = clip === undefined ? page : page.locator(clip);
  const png = await element.screenshot();
  await page.close();
  return png;
};
const page = await shoot(formatAsHtml(expl), 760, 640);
await sharp(page).resize({ width: 760 }).jpeg({ quality: 88 }).toFile(at('docs/images/page.jpg'));

const ansi = formatAsText(one, { color: 'truecolor', width: 64, show: ['targets', 'map'] });
const terminal = await shoot(
  `<pre id="t" style="margin:0;padding:16px;display:inline-block;background:#16181d;color:#e6e6e6;font:14px/16px 'DejaVu Sans Mono',monospace">${toHtml(ansi)}</pre>`,
  900,
  900,
  '#t',
);
await sharp(terminal)
  .resize({ width: 760 })
  .png({ palette: true })
  .toFile(at('docs/images/terminal.png'));
await browser.close();

/** Escape sequences for 24-bit colours, bold and dim as spans. */
function toHtml(text) {
  let style = {};
  let html = '';
  // eslint-disable-next-line no-control-regex -- escape sequences begin with this character
  for (const part of text.split(/(\u001b\[[\d;]*m)/)) {
    // eslint-disable-next-line no-control-regex
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes === undefined) {
      const css = Object.entries(style)
        .map(([name, value]) => `${name}:${value}`)
        .join(';');
      const safe = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      html += css === '' ? safe : `<span style="${css}">${safe}</span>`;
      continue;
    }
    const list = codes.split(';').map(Number);
    for (let i = 0; i < list.length; i++) {
      const code = list[i];
      if (code === 0) style = {};
      else if (code === 1) style['font-weight'] = 'bold';
      else if (code === 2) style.opacity = 0.65;
      else if (code === 22) style = { ...style, 'font-weight': 'normal', opacity: 1 };
      else if (code === 39) delete style.color;
      else if (code === 49) delete style.background;
      else if (code === 38 || code === 48) {
        style[code === 38 ? 'color' : 'background'] = `rgb(${list.slice(i + 2, i + 5).join(',')})`;
        i += 4;
      }
    }
  }
  return html;
}
