/** The library as a bundler and a browser see it, on the backend that runs there. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { build, type Metafile } from 'esbuild';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { explainPrediction, formatAsImage, loadImage, loadModel } from '../../src/index.js';
import { decodePng, encodePng } from '../../src/images/png.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { browserFor, closeBrowser } from '../helpers/browser.js';
import { openPage, openSite, type Site } from '../helpers/page.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';
import type { Answer } from './entry.js';

const KILO = 1024;
let folder: string;
let metafile: Metafile;
let site: Site;

test.before(async () => {
  site = await openSite({
    main: resolve('examples/browser/main.ts'),
    entry: resolve('build/test/browser/entry.js'),
  });
  ({ folder, metafile } = site);
});

test.after.always(async () => {
  await closeBrowser();
  await site?.close();
});

const address = (): string => site.address;
const open = (page: Page, path: string): Promise<string[]> => openPage(page, site.address, path);

test('the bundle holds nothing of Node', (t) => {
  const inputs = Object.keys(metafile.inputs);
  const foreign = inputs.filter((path) =>
    /^node:|build\/src\/(node|cli)\/|node_modules\/(sharp|commander|cli-progress)\/|pngjs\/lib\//.test(
      path,
    ),
  );
  t.deepEqual(foreign, []);
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external === true).map(({ path }) => path),
  );
  // the native package is asked for by a name that no bundler sees
  t.deepEqual(outside, []);
  t.true(inputs.some((path) => path.endsWith('build/src/browser/load-model.js')));
  t.true(inputs.some((path) => path.endsWith('build/src/browser/load-image.js')));
});

test('TensorFlow.js is fetched when a model is loaded, not before', async (t) => {
  const [name] = Object.entries(metafile.outputs).find(([, { entryPoint }]) =>
    entryPoint?.endsWith('main.ts'),
  )!;
  const first = reachedFrom(name);
  const inputs = first.flatMap((path) => Object.keys(metafile.outputs[path].inputs));
  t.deepEqual(
    inputs.filter((path) => path.includes('@tensorflow')),
    [],
  );
  const bytes = await Promise.all(
    first.map((path) => readFile(join(folder, path.split('/').at(-1)!))),
  );
  const zipped = bytes.reduce((sum, part) => sum + gzipSync(part).length, 0);
  t.log(`first script: ${Math.round(zipped / KILO)} KB gzipped`);
  t.true(zipped < 400 * KILO, String(zipped));
});

test('the pure functions come alone and small', async (t) => {
  const { outputFiles, metafile: pure } = await build({
    stdin: { contents: "export * from 'whylens/maths'", resolveDir: process.cwd() },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    metafile: true,
    write: false,
  });
  const rooms = Object.keys(pure.inputs).filter((path) => path !== '<stdin>');
  t.deepEqual(
    rooms.filter((path) => !/build\/src\/(maths\/|errors\.js|did-you-mean\.js)/.test(path)),
    [],
  );
  const zipped = gzipSync(outputFiles[0].contents).length;
  t.log(`whylens/maths: ${Math.round(zipped / KILO)} KB gzipped`);
  t.true(zipped < 20 * KILO, String(zipped));
});

for (const [format, code] of [
  ['image', 'formatAsImage(explanationFromJson(value))'],
  ['svg', 'formatAsSvg(value)'],
  ['html', 'formatAsHtml(value)'],
  ['json', 'formatAsJson(value)'],
] as const) {
  test(`a page that only formats as ${format} carries no outlines, pngjs, container or model loader`, async (t) => {
    const { outputFiles, metafile: formats } = await build({
      stdin: {
        contents: `import * as format from 'whylens/format';
          globalThis.draw = (value) => format.${code.replace('(explanation', '(format.explanation')};`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      minify: true,
      metafile: true,
      write: false,
    });
    const [{ contents }] = outputFiles;
    const carried = Object.values(formats.outputs).flatMap(({ inputs }) => Object.keys(inputs));
    t.deepEqual(
      carried.filter((path) =>
        /font-(data|outlines)|pngjs|inversify|reflect-metadata|load-|tfjs|explainers/.test(path),
      ),
      [],
    );
    if (!code.includes('FromJson')) {
      t.deepEqual(
        carried.filter((path) => path.includes('png_decoder')),
        [],
      );
    }
    t.log(`${contents.length} bytes, ${gzipSync(contents).length} gzipped`);
    t.true(contents.length < 150_000, String(contents.length));
    t.true(gzipSync(contents).length < 50_000, String(gzipSync(contents).length));
  });
}

test('a page computes the heat that Node computes, and paints it', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const scene = 'demo/scenes/banana-and-dog.png';
  const targets = [1, 10];
  const model = await loadModel('demo/model', {
    labels: 'demo/model/labels.json',
    preprocess: 'tf',
    backend: 'wasm',
  });
  t.teardown(() => model.dispose());
  const expected = await explainPrediction(model, await loadImage(scene), { targets });
  if (expected.kind !== 'image') return t.fail(expected.kind);

  const page = await browser.newPage();
  const trouble = await open(page, '/blank.html');
  await page.addScriptTag({ type: 'module', url: `${address()}/entry.js` });
  await page.waitForFunction('typeof explain === "function"');
  const answer = await page.evaluate<Answer>(
    `explain('${address()}/model/model.json', '${address()}/model/labels.json', '${address()}/scenes/banana-and-dog.png', ${JSON.stringify(targets)})`,
  );

  t.is(answer.backend, 'wasm');
  t.deepEqual(answer.shape, [...expected.targets[0].heatmap.shape]);
  expected.targets.forEach(({ heatmap, score }, k) => {
    const most = heatmap.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    t.true(most > 0);
    const apart = heatmap.data.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - answer.maps[k][i])),
      0,
    );
    t.true(apart <= 1e-4 * most, `map ${k}: ${apart / most} of its maximum apart`);
    t.true(Math.abs(score - answer.scores[k]) <= 1e-4 * Math.abs(score));
  });

  const picture = formatAsImage(expected, { target: targets[0] });
  t.is(picture.mode, 'RGBA');
  const painted = Buffer.from(answer.picture, 'base64');
  t.is(painted.length, picture.data.length);
  const differing = picture.data.filter((value, i) => Math.abs(value - painted[i]) > 1);
  t.is(differing.length, 0, 'the pictures differ by more than rounding');
  t.true(answer.canvas === answer.picture, 'an opaque picture comes back as it was put');
  t.regex(answer.text, /dog/);
  t.regex(answer.html, /^<!doctype html>/i);
  t.deepEqual(trouble, []);
  await page.close();
});

test('a worker computes the same, and the page stays free', async (t) => {
  const opened = await library(t);
  if (opened === undefined) return;
  await writeFile(
    join(folder, 'worker.js'),
    `import './entry.js';
    onmessage = ({ data }) => explain(...data).then(postMessage, (e) => postMessage(String(e)));`,
  );
  const call = `['model/model.json', 'model/labels.json', 'scenes/guitar-and-cat.png', [0]]`;
  const [here, there] = await opened.call<readonly Answer[]>(`Promise.all([
    explain(...${call}),
    new Promise((done) => {
      const worker = new Worker('worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = ({ message }) => done(message);
      worker.postMessage(${call});
    }),
  ])`);
  t.is(there.backend, 'wasm', String(there));
  t.deepEqual(there.maps, here.maps);
  t.true(there.canvas === here.canvas);
});

test('without the .wasm files the error says where they must lie', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const page = await browser.newPage();
  await open(page, '/elsewhere/blank.html');
  await page.addScriptTag({ type: 'module', url: `${address()}/entry.js` });
  await page.waitForFunction('typeof explain === "function"');
  const error = await t.throwsAsync(
    page.evaluate(`explain('../model/model.json', '../model/labels.json', 'x.png', [1])`),
  );
  t.regex(error.message, /'wasm' backend did not start \(its \.wasm files must lie/);
  await page.close();
});

test('without the .wasm files a page computes all the same, and one line says what to do', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  for (const [place, backend] of [
    ['elsewhere/', 'cpu'],
    ['', 'wasm'],
  ]) {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(`${address()}/${place}blank.html`);
    await page.addScriptTag({ type: 'module', url: `${address()}/entry.js` });
    await page.waitForFunction('typeof backendOf === "function"');
    t.is(await page.evaluate(`backendOf('${address()}/model/model.json')`), backend);
    // the browser itself says that the files are not there
    const own = said.filter((line) => !/^Failed to load resource/.test(line));
    t.is(own.length, backend === 'cpu' ? 1 : 0, own.join('\n'));
    if (backend === 'cpu') t.regex(own[0], /copy \*\.wasm .* page's folder, or call setWasmPaths/);
    await page.close();
  }
});

// serial: a build holds the server up that the other tests ask
test.serial('Vite makes a page that runs on WebAssembly, by the recipe of the docs', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const root = await mkdtemp(join(tmpdir(), 'whylens-vite-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  // what Vite calls "public" lands in the page's folder as it is
  await mkdir(join(root, 'public'));
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
    const from = resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist', name);
    await writeFile(join(root, 'public', name), await readFile(from));
  }
  const entry = JSON.stringify(resolve('build/src/index.js'));
  await writeFile(
    join(root, 'index.html'),
    '<!doctype html><title>t</title><script type="module" src="./main.js"></script>',
  );
  await writeFile(
    join(root, 'main.js'),
    `import { loadModel } from 'whylens';
    Promise.all([
      loadModel('/model/model.json'),
      loadModel('/own.onnx', { engine: 'onnxruntime-web' }),
    ]).then(
      (models) => (document.title = models.map(({ backend, engine }) => backend ?? engine).join()),
      (error) => (document.title = String(error)),
    );`,
  );
  await writeFile(join(folder, 'own.onnx'), network());
  const vite = 'vite' as string;
  const { build: viteBuild } = (await import(vite)) as {
    build(config: object): Promise<unknown>;
  };
  await viteBuild({
    root,
    configFile: false,
    logLevel: 'error',
    base: '/vite/',
    resolve: { alias: { whylens: JSON.parse(entry) as string } },
    build: {
      outDir: join(folder, 'vite'),
      emptyOutDir: true,
      target: 'es2022',
      // half of the time, and nothing of what is tested
      minify: false,
      reportCompressedSize: false,
    },
  });
  const page = await browser.newPage();
  await page.goto(`${address()}/vite/index.html`);
  await page.waitForFunction('document.title !== "t"');
  // ONNX Runtime's file is found by Vite itself
  t.is(await page.title(), 'wasm,onnxruntime-web');
  await page.close();
});

/** A page with the library's functions as globals, and a way to call them. */
async function library(
  t: ExecutionContext,
): Promise<{ page: Page; call: <T>(code: string) => Promise<T> } | undefined> {
  const browser = await browserFor(t);
  if (browser === undefined) return undefined;
  const page = await browser.newPage();
  t.teardown(() => page.close());
  await open(page, '/blank.html');
  await page.addScriptTag({ type: 'module', url: `${address()}/entry.js` });
  await page.waitForFunction('typeof explain === "function"');
  return { page, call: (code) => page.evaluate(code) };
}

test('PNG pictures are those of Node to the bit, alpha and grey too', async (t) => {
  const opened = await library(t);
  if (opened === undefined) return;
  const sizes = { L: 1, RGB: 3, RGBA: 4 } as const;
  for (const mode of ['L', 'RGB', 'RGBA'] as const) {
    const length = 7 * 3 * sizes[mode];
    const data = Uint8ClampedArray.from({ length }, (_, i) => (i * 37 + 5) % 256);
    const picture = { width: 7, height: 3, mode, data };
    await writeFile(join(folder, `${mode}.png`), encodePng(picture));
    t.deepEqual(await opened.call(`load('${mode}.png')`), { ...picture, data: [...data] });
  }
});

test('JPEG pictures stand upright; a missing file, a large one and one that is not a picture are errors', async (t) => {
  const opened = await library(t);
  if (opened === undefined) return;
  // 16 × 8, the left half white; turned by a quarter on display
  const row = Array.from({ length: 16 * 3 }, (_, i) => (i < 24 ? 255 : 0));
  const raw = Uint8Array.from(Array.from({ length: 8 }, () => row).flat());
  const jpeg = sharp(raw, { raw: { width: 16, height: 8, channels: 3 } });
  await jpeg.withMetadata({ orientation: 6 }).jpeg().toFile(join(folder, 'turned.jpg'));
  const turned = await opened.call<{ width: number; height: number; data: number[] }>(
    `load('turned.jpg')`,
  );
  t.deepEqual([turned.width, turned.height], [8, 16]);
  t.true(turned.data[0] > 250 && turned.data[(15 * 8 + 3) * 4] < 5, 'white above, black below');

  const large = { width: 100, height: 51, mode: 'L', data: new Uint8ClampedArray(5100) } as const;
  await writeFile(join(folder, 'large.png'), encodePng(large));
  await writeFile(join(folder, 'cut.png'), encodePng(large).subarray(0, 60));
  for (const [source, code] of [
    [`'large.png'`, 'PICTURE_TOO_LARGE'],
    [`'cut.png'`, 'PICTURE_TOO_LARGE'],
    [`'blank.html'`, 'INVALID_PICTURE'],
    [`'no-such.png'`, 'FILE'],
    [`new File([], 'empty.png')`, 'INVALID_PICTURE'],
  ]) {
    const answer = await opened.call<{ code: string; message: string }>(`load(${source})`);
    t.is(answer.code, code, answer.message);
  }
});

test('images, canvases, bitmaps and frames of videos are documents', async (t) => {
  const opened = await library(t);
  if (opened === undefined) return;
  const { closed, unloaded, shown, ...given } =
    await opened.call<Record<string, number[] | string>>('drawables()');
  const rgba = Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : i * 10));
  const rgb = rgba.filter((_, i) => i % 4 !== 3);
  t.deepEqual(Object.keys(given), ['img', 'canvas', 'bitmap', 'offscreen', 'frame']);
  for (const [name, pixels] of Object.entries(given)) t.deepEqual(pixels, rgb, name);
  t.deepEqual(shown, rgba);
  t.regex(closed as string, /^INVALID_DOCUMENT: the pixels of the ImageBitmap .* closed/);
  t.regex(unloaded as string, /^INVALID_DOCUMENT: .* HTMLImageElement .*await img\.decode\(\)/);
});

test('a picture is saved as a download', async (t) => {
  const opened = await library(t);
  if (opened === undefined) return;
  for (const [name, start] of [
    ['dog.png', [0x89, 0x50]],
    ['dog.jpg', [0xff, 0xd8]],
  ] as const) {
    const download = opened.page.waitForEvent('download');
    await opened.call(`save('folder/${name}')`);
    const file = await download;
    t.is(file.suggestedFilename(), name);
    const bytes = await readFile(await file.path());
    t.deepEqual([...bytes.subarray(0, 2)], [...start]);
    if (name === 'dog.png') t.is(decodePng(bytes).data[3], 128);
  }
  await t.throwsAsync(opened.call(`save('dog.tiff')`), { message: /must end in .png/ });
});

test('a model from files that the page holds', async (t) => {
  const opened = await library(t);
  if (opened === undefined) return;
  await opened.page.setContent('<input type="file" multiple>');
  const names = ['model.json', 'weights.bin', 'labels.json'];
  await opened.page.setInputFiles(
    'input',
    names.map((name) => join('demo/model', name)),
  );
  const [name, labels, label, score] = await opened.call<unknown[]>('predictFiles()');
  const model = await loadModel('demo/model', {
    labels: 'demo/model/labels.json',
    backend: 'wasm',
  });
  t.teardown(() => model.dispose());
  const zeros = { shape: [1, 128, 128, 3], data: new Float32Array(128 * 128 * 3) };
  const expl = await explainPrediction(model, zeros);
  if (expl.kind !== 'image') return t.fail(expl.kind);
  t.deepEqual([name, labels, label], [model.name, 12, expl.targets[0].label]);
  t.true(Math.abs((score as number) - expl.targets[0].score) < 1e-4);
});

test('the example page explains its first picture, and another method', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const page = await browser.newPage();
  const trouble = await open(page, '/');
  const captions = page.locator('figcaption');
  await page.locator('#status', { hasText: /^grad-cam on the wasm backend/ }).waitFor();
  t.deepEqual((await captions.allTextContents()).map((text) => text.split(':')[0]).sort(), [
    'banana',
    'dog',
  ]);
  await page.selectOption('#method', 'layer-cam');
  await page.locator('#status', { hasText: /^layer-cam on the wasm backend/ }).waitFor();
  // a model of one file takes the place of the page's own
  await page.setInputFiles('#file', {
    name: 'own.onnx',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(network()),
  });
  await captions.filter({ hasText: /^class 0: / }).waitFor();
  t.is(await captions.count(), 2);
  await page.setInputFiles('#file', {
    name: 'broken.png',
    mimeType: 'image/png',
    buffer: Buffer.from('no picture'),
  });
  await page.locator('#status', { hasText: /cannot load the picture 'broken.png'/ }).waitFor();
  t.deepEqual(trouble, []);
  await page.close();
});

/** A little classifier as an ONNX file. */
function network(): Uint8Array {
  return joined(
    encodeOnnx(
      onnxModel({
        inputs: { picture: [1, 3, 8, 8] },
        outputs: ['scores'],
        nodes: [
          node('Conv', ['picture', 'w'], ['c']),
          node('Relu', ['c'], ['r']),
          node('GlobalAveragePool', ['r'], ['m']),
          node('Flatten', ['m'], ['scores']),
        ],
        initializers: [floats('w', [2, 3, 1, 1], [1, 0.5, 0, 0, 0.25, 1])],
      }),
    ),
  );
}

/** An output and what it imports at once. */
function reachedFrom(output: string, seen = new Set<string>()): string[] {
  if (seen.has(output)) return [...seen];
  seen.add(output);
  for (const { path, kind } of metafile.outputs[output].imports) {
    if (kind === 'import-statement') reachedFrom(path, seen);
  }
  return [...seen];
}
