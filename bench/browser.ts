/** Every method over one forward pass of the same network in plain onnxruntime-web, in a page of a headless browser. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../test/helpers/browser.js';
import { serverOf } from '../test/helpers/page.js';
import type { Setting } from './browser-page.js';
import {
  goalOf,
  judged,
  NETWORKS,
  networkBytes,
  printTable,
  ROWS,
  type Cells,
  type NetworkName,
} from './engine-rows.js';

const PAGE = fileURLToPath(new URL('browser-page.js', import.meta.url));
const TARGET = 282;
const SEVERAL = {
  'ten targets over one, grad-cam': 1.5,
  '32 in a batch over 32 singles': 0.7,
} as const;
/** What a page serves beside its scripts. */
const FILES = [
  'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm',
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
];
const ENGINES = [
  ['onnxruntime-web', 'wasm'],
  ['tfjs', 'wasm'],
] as const;

export async function run({ quick = false } = {}): Promise<void> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    console.log('NOT MEASURED: no Chromium on this machine (set WHYLENS_CHROMIUM)');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'whylens-bench-'));
  const server = serverOf(folder);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    await bundle(folder);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [engine, backend] of ENGINES) {
      const cells: Cells = new Map();
      for (const name of NETWORKS) {
        const bytes = networkBytes(name);
        if (bytes === undefined) continue;
        const network = `${name.replace(' ', '-')}.onnx`;
        await writeFile(join(folder, network), bytes);
        // a page of its own, so that no engine has what another left
        const page = await browser.newPage();
        page.on('pageerror', (error) => console.log(error.message));
        await page.goto(`${address}/page.html`);
        await page.waitForFunction('typeof openNetwork === "function"');
        const setting = { network: `/${network}`, engine, backend, target: TARGET };
        await timeNetwork(page, name, setting, quick, cells);
        await page.close();
      }
      console.log(`\n${engine} (${backend})`);
      printTable(cells, SEVERAL);
    }
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeNetwork(
  page: Page,
  name: NetworkName,
  setting: Setting,
  quick: boolean,
  cells: Cells,
): Promise<void> {
  const say = (row: string, cell: string): void => {
    cells.set(row, { ...cells.get(row), [name]: cell });
    console.log(`${name.padEnd(15)} ${row.padEnd(50)} ${cell}`);
  };
  const call = <T>(code: string): Promise<T> => page.evaluate<T>(code);
  const { first, engine, forward } = await call<{ first: number; engine: string; forward: number }>(
    `openNetwork(${JSON.stringify(setting)})`,
  );
  console.log(`${name}: ${engine}, one forward pass ${forward.toFixed(1)} ms`);
  say('from the address to the first map, ms', first.toFixed(0));
  for (const [row, how] of Object.entries(ROWS)) {
    // hundreds of runs of the large networks take minutes in WebAssembly
    if (quick && how.long === true && name !== 'MobileNet 0.25') continue;
    const rounds = how.long === true ? (quick ? 1 : 3) : quick ? 5 : 11;
    await call<number>(`time(${JSON.stringify(how)}, ${TARGET}, ${rounds})`).then(
      (ratio) => say(row, judged(ratio, goalOf(row, name))),
      (error: Error) => say(row, `fails: ${error.message.split('\n')[0]}`),
    );
  }
  const [ten, batch] = await call<number[]>(`timeSeveral(${TARGET}, ${quick ? 3 : 9})`);
  say('ten targets over one, grad-cam', judged(ten, 1.5));
  say('32 in a batch over 32 singles', judged(batch, 0.7));
}

async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: [PAGE],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    logLevel: 'error',
  });
  for (const file of FILES) await cp(join('node_modules', file), join(folder, basename(file)));
  await writeFile(
    join(folder, 'page.html'),
    '<!doctype html><title>bench</title><script type="module" src="browser-page.js"></script>',
  );
}
