/**
 * Takes the place of `src/model/executors/onnxruntime/import-web.ts` in a browser
 * (see `browser` in package.json). Bundlers see the two names and make chunks of
 * them, fetched when a model asks for the engine; where the package is not
 * installed they leave something that fails.
 */
import type { WebBackend } from '../model/engines.js';

export async function importWeb(backend: WebBackend): Promise<unknown> {
  try {
    if (backend === 'webgpu') return await import('onnxruntime-web/webgpu');
    return await import('onnxruntime-web/wasm');
  } catch (cause) {
    // what such an import throws differs from bundler to bundler
    throw Object.assign(new Error("the page's bundle holds no onnxruntime-web", { cause }), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
  }
}
