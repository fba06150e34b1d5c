/** Files of models in a page, on every engine that a page has, against Node. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chromium } from 'playwright-core';
import { explainPrediction, loadModel } from '../../src/index.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { browserFor, chromiumPath, closeBrowser } from '../helpers/browser.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';
import { openPage, openSite, type Site } from '../helpers/page.js';
import { sharedFile } from '../helpers/shared.js';
import type { Found } from './engines-entry.js';

const METHODS = ['grad-cam', 'saliency'];
const SHAPE = [1, 3, 10, 8];

let site: Site;

test.before(async () => {
  site = await openSite({ engines: resolve('build/test/browser/engines-entry.js') });
  await writeFile(join(site.folder, 'own.onnx'), network());
});

test.after.always(async () => {
  await closeBrowser();
  await site?.close();
});

/** Two convolutions, the second with a stride, so that gradients pad and scatter. */
function network(): Uint8Array {
  const numbers = (count: number, scale: number): number[] =>
    Array.from({ length: count }, (_, i) => scale * Math.cos(1.7 * i + 0.3));
  return joined(
    encodeOnnx(
      onnxModel({
        inputs: { picture: SHAPE },
        outputs: ['scores'],
        nodes: [
          node('Conv', ['picture', 'w'], ['c'], {
            attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
          }),
          node('Relu', ['c'], ['r']),
          node('Conv', ['r', 'v'], ['d'], {
            attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 1, 0] },
          }),
          node('Clip', ['d', 'low', 'high'], ['s']),
          node('MaxPool', ['s'], ['p'], {
            attributes: { kernel_shape: [2, 2], strides: [1, 1] },
          }),
          node('GlobalAveragePool', ['p'], ['m']),
          node('Flatten', ['m'], ['scores']),
        ],
        initializers: [
          floats('w', [4, 3, 3, 3], numbers(108, 0.5)),
          floats('v', [3, 4, 3, 3], numbers(108, 0.4)),
          floats('low', [], [0]),
          floats('high', [], [6]),
        ],
      }),
    ),
  );
}

const sines = (shape: readonly number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
});

/** The maps as Node has them in TensorFlow.js, which is no engine of the page's ONNX Runtime. */
async function inNode(file: string, shape: readonly number[]): Promise<Record<string, number[]>> {
  const model = await loadModel(file, { engine: 'tfjs', backend: 'cpu' });
  const maps: Record<string, number[]> = {};
  for (const method of METHODS) {
    const expl = await explainPrediction(model, sines(shape), { method, targets: 1 });
    if (expl.kind === 'image') maps[method] = [...expl.targets[0].heatmap.data];
  }
  model.dispose();
  return maps;
}

function agree(
  t: ExecutionContext,
  found: Found['maps'],
  expected: Record<string, readonly number[]>,
  where: string,
): void {
  for (const method of METHODS) {
    const [ours, theirs] = [found[method], expected[method]];
    const most = Math.max(...theirs.map(Math.abs));
    t.true(most > 0);
    t.is(ours.length, theirs.length);
    const apart = Math.max(...theirs.map((value, i) => Math.abs(value - ours[i])));
    t.true(apart <= 1e-4 * most, `${where}, ${method}: ${apart / most} of the maximum apart`);
  }
}

type Call = (...args: unknown[]) => Promise<Found | string>;

/** `explainAs` in a page at this place, and what its console says. */
async function pageAt(
  t: ExecutionContext,
  path = '/blank.html',
): Promise<{ call: Call; trouble: string[] } | undefined> {
  const browser = await browserFor(t);
  if (browser === undefined) return undefined;
  const page = await browser.newPage();
  t.teardown(() => page.close());
  const trouble = await openPage(page, site.address, path);
  await page.addScriptTag({ type: 'module', url: `${site.address}/engines.js` });
  await page.waitForFunction('typeof explainAs === "function"');
  const call: Call = (...args) =>
    page.evaluate<Found | string>(
      `explainAs(${args.map((one) => JSON.stringify(one)).join(', ')})`,
    );
  return { call, trouble };
}

function made(found: Found | string): Found {
  if (typeof found === 'string') throw new Error(found);
  return found;
}

test('an ONNX file runs in ONNX Runtime, in every form that a page has', async (t) => {
  const opened = await pageAt(t);
  if (opened === undefined) return;
  const expected = await inNode(join(site.folder, 'own.onnx'), SHAPE);
  for (const form of [
    'address',
    'URL',
    'bytes',
    'buffer',
    'Blob',
    'File',
    'files',
    'blob address',
  ]) {
    const found = made(await opened.call(form, '/own.onnx', SHAPE, METHODS));
    t.is(found.engine, 'onnxruntime-web', form);
    t.is(found.recorded, 'onnxruntime-web', form);
    t.is(found.reason, 'the fastest that can');
    t.is(found.backend, undefined);
    if (form === 'files') t.deepEqual(found.labels, ['left', 'right']);
    agree(t, found.maps, expected, form);
  }
  t.deepEqual(opened.trouble, []);
});

test('the engine is chosen by name; one that a page cannot have says which it can', async (t) => {
  const opened = await pageAt(t);
  if (opened === undefined) return;
  const expected = await inNode(join(site.folder, 'own.onnx'), SHAPE);
  const own = ['address', '/own.onnx', SHAPE, METHODS];
  const tfjs = made(await opened.call(...own, { engine: 'tfjs', backend: 'wasm' }));
  t.deepEqual([tfjs.engine, tfjs.backend, tfjs.recorded], ['tfjs', 'wasm', 'tfjs']);
  agree(t, tfjs.maps, expected, 'tfjs');
  const named = made(await opened.call(...own, { engine: 'onnxruntime-web', backend: 'wasm' }));
  t.deepEqual([named.engine, named.reason], ['onnxruntime-web', "option 'engine' says so"]);
  agree(t, named.maps, expected, 'onnxruntime-web');
  const native = await opened.call(...own, { engine: 'onnxruntime' });
  t.regex(String(native), /^BACKEND: .*only runs in Node. Take engine 'onnxruntime-web' or 'tfjs'/);
  const wrong = await opened.call(...own, { engine: 'onnxruntime-web', backend: 'cpu' });
  t.regex(String(wrong), /^INVALID_OPTION: .*Allowed: wasm, webgpu/);
});

test('without its files one line says what to do, and TensorFlow.js computes; told where they are, it runs', async (t) => {
  // the scripts lie elsewhere, and nothing beside them
  for (const name of Object.keys(site.metafile.outputs)) {
    const file = name.split('/').at(-1)!;
    await copyFile(join(site.folder, file), join(site.folder, 'elsewhere', file));
  }
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const expected = await inNode(join(site.folder, 'own.onnx'), SHAPE);
  const at = async (options: object): Promise<{ found: Found | string; said: string[] }> => {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(`${site.address}/blank.html`);
    await page.addScriptTag({ type: 'module', url: `${site.address}/elsewhere/engines.js` });
    await page.waitForFunction('typeof explainAs === "function"');
    const args = ['address', '/own.onnx', SHAPE, METHODS, options];
    const code = `explainAs(${args.map((one) => JSON.stringify(one)).join(', ')})`;
    const found = await page.evaluate<Found | string>(code);
    await page.close();
    // the browser itself says that files are not there
    return { found, said: said.filter((line) => !/^Failed to load resource/.test(line)) };
  };
  const fallen = await at({});
  const taken = made(fallen.found);
  t.is(taken.engine, 'tfjs');
  agree(t, taken.maps, expected, 'tfjs');
  const line = fallen.said.filter((one) => one.includes('onnxruntime-web'));
  t.is(line.length, 1, fallen.said.join('\n'));
  t.regex(
    line[0],
    /Copy ort-wasm-simd-threaded\.wasm .* into the folder of the page's scripts, or .* wasmPaths/,
  );
  const named = await at({ engine: 'onnxruntime-web' });
  t.regex(String(named.found), /^BACKEND: .*Copy ort-wasm-simd-threaded\.wasm/);
  for (const wasmPaths of ['/', '../', site.address]) {
    const { found, said } = await at({ wasmPaths });
    t.is(made(found).engine, 'onnxruntime-web', wasmPaths);
    agree(t, made(found).maps, expected, wasmPaths);
    t.deepEqual(said, []);
  }
});

test('Keras files are read in a page', async (t) => {
  const files = ['plain.keras3.keras', 'plain.keras3.h5', 'plain.keras2.h5'];
  const folder = sharedFile(t, 'golden', 'keras');
  if (folder === undefined) return;
  const opened = await pageAt(t);
  if (opened === undefined) return;
  for (const file of files) {
    await copyFile(join(folder, file), join(site.folder, file));
    const model = await loadModel(join(folder, file), { engine: 'tfjs', backend: 'cpu' });
    const shape = [1, ...(model.inputShape as number[])];
    model.dispose();
    const expected = await inNode(join(folder, file), shape);
    for (const form of ['address', 'Blob']) {
      const found = made(await opened.call(form, `/${file}`, shape, METHODS));
      t.is(found.engine, 'onnxruntime-web');
      agree(t, found.maps, expected, file);
    }
  }
  t.deepEqual(opened.trouble, []);
});

test('if the browser has WebGPU, it computes the same', async (t) => {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    t.log('NOT CHECKED: no Chromium on this machine (set WHYLENS_CHROMIUM)');
    t.pass();
    return;
  }
  // an adapter that is computed by the processor: slow, and right
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-features=Vulkan',
    ],
  });
  try {
    const page = await browser.newPage();
    await openPage(page, site.address, '/blank.html');
    const adapter = await page.evaluate(
      `navigator.gpu?.requestAdapter().then((found) => found !== null)`,
    );
    if (adapter !== true) {
      t.log('NOT CHECKED: this browser has no WebGPU adapter');
      t.pass();
      return;
    }
    await page.addScriptTag({ type: 'module', url: `${site.address}/engines.js` });
    await page.waitForFunction('typeof explainAs === "function"');
    const expected = await inNode(join(site.folder, 'own.onnx'), SHAPE);
    const args = ['address', '/own.onnx', SHAPE, METHODS];
    const code = args.map((one) => JSON.stringify(one)).join(', ');
    const found = await page.evaluate<Found | string>(
      `explainAs(${code}, { engine: 'onnxruntime-web', backend: 'webgpu' })`,
    );
    const taken = made(found);
    t.deepEqual([taken.engine, taken.backend], ['onnxruntime-web', 'webgpu']);
    agree(t, taken.maps, expected, 'webgpu');
    // an imitation is slower than WebAssembly, so it is taken by name alone
    const unnamed = await page.evaluate<Found | string>(
      `explainAs(${code}, { engine: 'onnxruntime-web' })`,
    );
    t.is(made(unnamed).backend, undefined);
  } finally {
    await browser.close();
  }
});
