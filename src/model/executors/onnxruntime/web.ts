/**
 * ONNX Runtime in WebAssembly, in a page or in Node. A page serves the files
 * `ort-wasm-simd-threaded.wasm` and `.mjs` of the package and says where
 * (`wasmPaths`).
 */
import { WhylensError } from '../../../errors.js';
import { WASM_MEMORY } from '../../memory.js';
import type { Executor } from '../executor.js';
import { onnxExecutor, type OnnxRuntime, type SessionOptions } from './sessions.js';

const PACKAGE = 'onnxruntime-web';

export interface WebOptions extends SessionOptions {
  /** Address of the folder that holds the WebAssembly files, with a slash at the end. */
  readonly wasmPaths?: string;
  /** The library, where the page has imported it already (that for WebGPU, say). */
  readonly runtime?: OnnxRuntime;
}

interface Environment {
  readonly env: {
    logLevel?: string;
    readonly versions?: { readonly web?: string; readonly common?: string };
    readonly wasm: { numThreads?: number; wasmPaths?: unknown };
  };
}

export async function importOnnxRuntimeWeb(): Promise<
  | { readonly runtime: OnnxRuntime; readonly version: string | undefined }
  | { readonly problem: string; readonly cause: unknown }
> {
  // not a literal: an optional package, which no compiler may look for
  const specifier = `${PACKAGE}/wasm`;
  try {
    const runtime = (await import(specifier)) as OnnxRuntime & Environment;
    return { runtime, version: runtime.env.versions?.web ?? runtime.env.versions?.common };
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    const missing = code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(PACKAGE);
    return {
      problem: missing
        ? `${PACKAGE} is not installed`
        : `${PACKAGE} does not load: ${String(message)}`,
      cause,
    };
  }
}

/** @throws `BACKEND` where the package is not there, with the way to get it. */
export async function onnxRuntimeWeb(options: WebOptions = {}): Promise<Executor> {
  const { threads, wasmPaths } = options;
  const found =
    options.runtime === undefined ? await importOnnxRuntimeWeb() : { runtime: options.runtime };
  if (!('runtime' in found)) {
    throw new WhylensError(
      'BACKEND',
      `engine 'onnxruntime-web' cannot be used, since ${found.problem}. Install it (npm install ${PACKAGE}) or take engine 'tfjs'`,
      { cause: found.cause, facts: { engine: 'onnxruntime-web' } },
    );
  }
  // read once, when the first session is made
  const { env } = found.runtime as OnnxRuntime & Environment;
  env.logLevel = 'error';
  // always said: the library's own way to count cores does not work in Node
  env.wasm.numThreads = threads ?? cores();
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  return onnxExecutor('onnxruntime-web', found.runtime, {
    executionProviders: ['wasm'],
    values: WASM_MEMORY,
    ...(options.runtime === undefined ? { renew: anotherInstance } : {}),
    ...options,
  });
}

let instances = 1;
/** The package once more, under another address, with an instance of its own: only Node tells where it lies. */
export async function anotherInstance(): Promise<OnnxRuntime | undefined> {
  if (typeof process !== 'object' || process.versions?.node === undefined) return undefined;
  const address = import.meta.resolve(`${PACKAGE}/wasm`);
  const runtime = (await import(`${address}?instance=${++instances}`)) as OnnxRuntime & Environment;
  runtime.env.logLevel = 'error';
  runtime.env.wasm.numThreads = 1;
  return runtime;
}

/** In a page that is not isolated from other origins the library takes one thread, whatever is asked. */
function cores(): number {
  const { navigator, process } = globalThis as {
    navigator?: { hardwareConcurrency?: number };
    process?: { versions?: { node?: string } };
  };
  // the workers of its bundle fetch files, which Node does not do for file: addresses
  return process?.versions?.node === undefined ? (navigator?.hardwareConcurrency ?? 1) : 1;
}
