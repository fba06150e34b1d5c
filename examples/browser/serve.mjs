/**
 * Bundles the page with esbuild and serves it:
 *
 *     npm run build && node examples/browser/serve.mjs
 *
 * Any bundler will do. Two things matter: the bundler respects the `browser`
 * field of package.json, and the .wasm files lie beside the page.
 */
import { cp, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const DEMO = join(HERE, '../../demo');

/** Everything the page needs, in `folder`; returns what esbuild says of the bundle. */
export async function bundle(folder, entryPoints = [join(HERE, 'main.ts')]) {
  await mkdir(folder, { recursive: true });
  const result = await esbuild.build({
    entryPoints,
    outdir: folder,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    // what the page does not use at once becomes files that are fetched when needed
    splitting: true,
    minify: true,
    metafile: true,
  });
  const { resolve } = createRequire(import.meta.url);
  const backend = dirname(resolve('@tensorflow/tfjs-backend-wasm'));
  const onnx = dirname(resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  for (const [from, name] of [
    [backend, 'tfjs-backend-wasm.wasm'],
    [backend, 'tfjs-backend-wasm-simd.wasm'],
    // for ONNX and Keras files; without them those run on TensorFlow.js too
    [onnx, 'ort-wasm-simd-threaded.wasm'],
    // the same for graphics cards
    [onnx, 'ort-wasm-simd-threaded.asyncify.wasm'],
  ]) {
    await cp(join(from, name), join(folder, name));
  }
  await cp(join(HERE, 'index.html'), join(folder, 'index.html'));
  await cp(join(DEMO, 'model'), join(folder, 'model'), { recursive: true });
  await cp(join(DEMO, 'scenes'), join(folder, 'scenes'), { recursive: true });
  return result;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = join(HERE, '../../out/browser');
  await bundle(folder);
  const context = await esbuild.context({});
  const { port } = await context.serve({ servedir: folder, host: 'localhost' });
  process.stdout.write(`open http://localhost:${port} (Ctrl+C ends it)\n`);
}
