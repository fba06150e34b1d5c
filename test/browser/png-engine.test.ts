/** PNG files read and written in a browser as in Node, whatever kind they are. */
import test from 'ava';
import sharp, { type Sharp } from 'sharp';
import * as browser from '../../src/browser/png-engine.js';
import * as node from '../../src/images/png-engine.js';

const [width, height] = [13, 7];

/** A gradient of colours with alpha, asymmetric. */
function picture(channels: 1 | 2 | 3 | 4): Sharp {
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (i * 37 + (i % 5) * 11) % 256,
  );
  return sharp(data, { raw: { width, height, channels } });
}

const FILES: readonly [string, () => Promise<Buffer>][] = [
  ['grey', () => picture(1).toColourspace('b-w').png().toBuffer()],
  ['grey with alpha', () => picture(2).toColourspace('b-w').png().toBuffer()],
  ['colour', () => picture(3).png().toBuffer()],
  ['colour with alpha', () => picture(4).png().toBuffer()],
  ['palette of 16', () => picture(3).png({ palette: true, colours: 16 }).toBuffer()],
  ['palette of 4', () => picture(3).png({ palette: true, colours: 4 }).toBuffer()],
  ['palette with alpha', () => picture(4).png({ palette: true, colours: 200 }).toBuffer()],
  ['interlaced', () => picture(3).png({ progressive: true }).toBuffer()],
  ['16 bits', () => picture(3).toColourspace('rgb16').png().toBuffer()],
];

for (const [kind, file] of FILES) {
  test(`a browser reads ${kind} as Node does`, async (t) => {
    const bytes = new Uint8Array(await file());
    const here = node.readPixels(bytes);
    const there = browser.readPixels(bytes);
    t.deepEqual([...there.data], [...here.data]);
    t.is(there.alpha, here.alpha);
  });
}

test('what a browser writes Node reads', (t) => {
  for (const [colourType, channels] of [
    [0, 1],
    [2, 3],
    [6, 4],
  ] as const) {
    const data = Uint8ClampedArray.from({ length: width * height * channels }, (_, i) => i * 29);
    const size = { width, height };
    const read = node.readPixels(browser.writePixels(data, size, colourType));
    t.deepEqual(read, node.readPixels(node.writePixels(data, size, colourType)));
  }
});
