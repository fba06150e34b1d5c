/**
 * ONNX Runtime in WebAssembly, in a page or in Node. A page serves the files
 * `ort-wasm-simd-threaded.wasm` and `.mjs` of the package and says where
 * (`wasmPaths`).
 */
import { WhylensError } from '../../../errors.js';
import { WASM_MEMORY } from '../../memory.js';
import { coresHere, isNode } from '../cores.js';
import type { Executor } from '../executor.js';
import {
  onnxExecutor,
  type OnnxRuntime,
  type OpenRuntime,
  type SessionOptions,
} from './sessions.js';

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
  // not a literal: an optional package, which no compiler may look for. Threads in
  // Node need the package's own entry for it: the others fetch their files
  const specifier = isNode() ? PACKAGE : `${PACKAGE}/wasm`;
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
export async function openOnnxRuntimeWeb(options: WebOptions = {}): Promise<OpenRuntime> {
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
  // always said: the library's own way to count cores does not work in Node. The first wish holds
  const running = started.get(env) ?? possible(threads ?? coresHere());
  started.set(env, running);
  env.wasm.numThreads = running;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  const version = env.versions?.web ?? env.versions?.common;
  const { memory, executionProviders = ['wasm'] } = options;
  return {
    runtime: found.runtime,
    options: {
      version,
      memory,
      executionProviders,
      threads: running,
      values: WASM_MEMORY,
      ...(options.runtime === undefined ? { renew: anotherInstance } : {}),
    },
  };
}

/** The same as an executor. */
export async function onnxRuntimeWeb(given: WebOptions = {}): Promise<Executor> {
  const { runtime, options } = await openOnnxRuntimeWeb(given);
  return onnxExecutor('onnxruntime-web', runtime, options);
}

let instances = 1;
/** The package once more, under another address, with an instance of its own: only Node tells where it lies. */
export async function anotherInstance(): Promise<OnnxRuntime | undefined> {
  if (!isNode()) return undefined;
  const address = import.meta.resolve(`${PACKAGE}/wasm`);
  const runtime = (await import(`${address}?instance=${++instances}`)) as OnnxRuntime & Environment;
  runtime.env.logLevel = 'error';
  // threads of this entry fetch their files, which Node does not do
  runtime.env.wasm.numThreads = 1;
  return runtime;
}

/** Threads by copy of the library, which starts them once. */
const started = new WeakMap<object, number>();

/** A page that is not isolated from other origins shares no memory between threads, so it has one. */
function possible(threads: number): number {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return isNode() || crossOriginIsolated === true ? threads : 1;
}
