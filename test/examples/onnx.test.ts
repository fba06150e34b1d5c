/** The ten lines for Node and those for a page draw the same map of the same files. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { decodePng, encodePng } from '../../src/images/png.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { browserFor, closeBrowser } from '../helpers/browser.js';
import { emptyFolder } from '../helpers/command.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';
import { openSite } from '../helpers/page.js';

test.after.always(closeBrowser);

/** A classifier of what is bright and what is green. */
const network = joined(
  encodeOnnx(
    onnxModel({
      inputs: { picture: [1, 3, 24, 32] },
      outputs: ['scores'],
      nodes: [
        node('Conv', ['picture', 'w'], ['c'], {
          attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0] },
        }),
        node('Relu', ['c'], ['r']),
        node('GlobalAveragePool', ['r'], ['m']),
        node('Flatten', ['m'], ['scores']),
      ],
      initializers: [
        floats(
          'w',
          [2, 3, 3, 3],
          Array.from({ length: 54 }, (_, i) => Math.cos(0.7 * i) / 99),
        ),
      ],
    }),
  ),
);
const picture = encodePng({
  width: 64,
  height: 48,
  mode: 'RGB',
  data: Uint8ClampedArray.from({ length: 64 * 48 * 3 }, (_, i) => 127 + 120 * Math.sin(i / 50)),
});

test('an ONNX classifier in Node, and the same in a page', async (t) => {
  const folder = await emptyFolder(t);
  const paths = ['model.onnx', 'picture.png', 'map.png'].map((name) => join(folder, name));
  const [model, image, map] = paths;
  await writeFile(model, network);
  await writeFile(image, picture);
  // the command's way: a process of its own
  const lines = resolve('build/examples/onnx.js');
  await promisify(execFile)(process.execPath, [lines, ...paths], { timeout: 60_000 });
  const drawn = decodePng(await readFile(map));
  t.deepEqual([drawn.width, drawn.height], [64, 48]);
  t.true(new Set(drawn.data).size > 20);

  const browser = await browserFor(t);
  if (browser === undefined) return;
  const site = await openSite({ onnx: resolve('build/examples/onnx-page.js') });
  t.teardown(() => site.close());
  await writeFile(
    join(site.folder, 'onnx.html'),
    '<!doctype html><input type="file" multiple><input type="file"><canvas width="0"></canvas><script type="module" src="onnx.js"></script>',
  );
  const page = await browser.newPage();
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(error.message));
  await page.goto(`${site.address}/onnx.html`);
  await page.locator('input').nth(0).setInputFiles(model);
  await page.locator('input').nth(1).setInputFiles(image);
  await page.waitForFunction('document.querySelector("canvas").width === 64');
  const shown = await page.evaluate<number[]>(
    `[...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 64, 48).data]`,
  );
  const apart = shown.filter((value, i) => Math.abs(value - drawn.data[i]) > 1);
  t.is(drawn.mode, 'RGBA');
  t.is(apart.length, 0, `${apart.length} values differ by more than rounding`);
  t.deepEqual(trouble, []);
  await page.close();
});
