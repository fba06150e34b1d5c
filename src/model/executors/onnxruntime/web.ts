/** ONNX Runtime in WebAssembly, in Node; what is different in a page is in `page.ts`. */
import { WhylensError } from '../../../errors.js';
import { WASM_MEMORY } from '../../memory.js';
import type { WebBackend } from '../../engines.js';
import { coresHere, isNode } from '../cores.js';
import type { Executor } from '../executor.js';
import { importWeb } from './import-web.js';
import {
  onnxExecutor,
  type OnnxRuntime,
  type OpenRuntime,
  type SessionOptions,
} from './sessions.js';

const PACKAGE = 'onnxruntime-web';

export interface WebOptions extends SessionOptions {
  /** What computes; default `wasm`. */
  readonly backend?: WebBackend;
  /** Takes `webgpu` by itself in a page with a graphics card. */
  readonly prefersCard?: boolean;
  /** Address of the folder that holds the WebAssembly files, in a page. */
  readonly wasmPaths?: string;
  /** The library, if the page has imported it already (that for WebGPU, say). */
  readonly runtime?: OnnxRuntime;
}

interface Environment {
  readonly env: {
    logLevel?: string;
    readonly versions?: { readonly web?: string; readonly common?: string };
    readonly wasm: { numThreads?: number };
  };
}

export async function importOnnxRuntimeWeb(): Promise<
  | { readonly runtime: OnnxRuntime; readonly version: string | undefined }
  | { readonly problem: string; readonly cause: unknown }
> {
  try {
    const runtime = (await importWeb('wasm')) as OnnxRuntime & Environment;
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

/** @throws `BACKEND` if the package is not installed, with the way to get it. */
export async function openOnnxRuntimeWeb(options: WebOptions = {}): Promise<OpenRuntime> {
  const { threads, backend } = options;
  if (!isNode() && options.runtime === undefined) {
    // a module of its own, since it can write graphs
    const { openInPage } = await import('./page.js');
    return openInPage(options);
  }
  if (backend === 'webgpu') {
    throw new WhylensError(
      'BACKEND',
      "engine 'onnxruntime-web' has its backend 'webgpu' in a page alone; in Node take backend 'wasm', or engine 'onnxruntime'",
      { facts: { engine: 'onnxruntime-web', backend } },
    );
  }
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
  // always given, since the library cannot count cores in Node. Only the first value has an effect
  const running = started.get(env) ?? threads ?? coresHere();
  started.set(env, running);
  env.wasm.numThreads = running;
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
/** The package once more, under another address, with an instance of its own: only Node can tell where it is. */
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
