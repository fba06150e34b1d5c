/** The library for the web, as Node finds it; `src/browser/import-onnxruntime-web.ts` is a page's way. */
import type { WebBackend } from '../../engines.js';

/** Rejects where the package is not there. `backend` says which of its entries a page needs. */
export function importWeb(_backend: WebBackend): Promise<unknown> {
  // not a literal: an optional package, which no compiler may look for. Threads in
  // Node need the package's own entry for it: the others fetch their files
  const specifier = 'onnxruntime-web' as string;
  return import(specifier);
}
