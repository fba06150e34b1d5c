/**
 * ONNX Runtime in a page: on the graphics card or in WebAssembly, with files of
 * its own that the page serves. Whether they are there shows when the first
 * session is made, so a small one is.
 */
import { isWhylensError, WhylensError } from '../../../errors.js';
import { input, relu } from '../../graph/build.js';
import { WASM_MEMORY } from '../../memory.js';
import type { WebBackend } from '../../engines.js';
import { coresHere } from '../cores.js';
import { importWeb } from './import-web.js';
import { sessionSettings, type OnnxRuntime, type OpenRuntime } from './sessions.js';
import { writeOnnx } from './write.js';

export interface PageOptions {
  /** Default: WebAssembly; see `prefersCard`. */
  readonly backend?: WebBackend;
  /** Takes the graphics card where the browser has one that is no imitation. */
  readonly prefersCard?: boolean;
  readonly threads?: number;
  readonly wasmPaths?: string;
  readonly memory?: number;
}

interface Environment {
  readonly env: {
    logLevel?: string;
    readonly versions?: { readonly web?: string; readonly common?: string };
    readonly wasm: { numThreads?: number; wasmPaths?: unknown };
  };
}

/** Without ending. */
const FILES: Readonly<Record<WebBackend, string>> = {
  wasm: 'ort-wasm-simd-threaded',
  webgpu: 'ort-wasm-simd-threaded.asyncify',
};

/** The library starts once, with what it is told first. */
const opened = new Map<WebBackend, Promise<OpenRuntime>>();

/** @throws `BACKEND` where the bundle does not hold the package, its files are not found, or there is no graphics card */
export async function openInPage(options: PageOptions = {}): Promise<OpenRuntime> {
  if (options.backend !== undefined) return open(options.backend, options);
  if (options.prefersCard === true && (await hasGraphicsCard())) {
    try {
      return await open('webgpu', options);
    } catch (error) {
      // its files are others: those of WebAssembly may be there
      if (!isWhylensError(error, 'BACKEND')) throw error;
    }
  }
  return open('wasm', options);
}

function open(backend: WebBackend, options: PageOptions): Promise<OpenRuntime> {
  let started = opened.get(backend);
  if (started === undefined) opened.set(backend, (started = start(backend, options)));
  return started.then((found) => ({
    ...found,
    options: { ...found.options, memory: options.memory },
  }));
}

async function start(
  backend: WebBackend,
  { threads, wasmPaths }: PageOptions,
): Promise<OpenRuntime> {
  if (backend === 'webgpu' && (await adapterHere()) === undefined) {
    throw unusable('this browser offers no graphics card (navigator.gpu)', "backend: 'wasm'");
  }
  let runtime: OnnxRuntime & Environment;
  try {
    runtime = (await importWeb(backend)) as OnnxRuntime & Environment;
  } catch (cause) {
    const way = "Install it (npm install onnxruntime-web), bundle anew, or take engine 'tfjs'";
    throw unusable((cause as Error).message, way, { cause });
  }
  const { env } = runtime;
  env.logLevel = 'error';
  const folder = wasmPaths ?? env.wasm.wasmPaths;
  const running = possible(threads ?? coresHere(), folder);
  env.wasm.numThreads = running;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = placeOf(wasmPaths, backend, running);
  const found: OpenRuntime = {
    runtime,
    options: {
      version: env.versions?.web ?? env.versions?.common,
      executionProviders: [backend],
      threads: running,
      values: WASM_MEMORY,
    },
  };
  try {
    await compute(found);
  } catch (cause) {
    const file = FILES[backend];
    throw unusable(
      `its WebAssembly did not start (${String((cause as Error).message ?? cause).split('\n')[0]})`,
      `Copy ${file}.wasm and ${file}.mjs of onnxruntime-web/dist into the folder of the page's scripts, or say where they are: loadModel(file, { wasmPaths: '/their/folder/' })`,
      { cause, facts: { missing: 'files' } },
    );
  }
  return found;
}

/** Something small, to see that it works. */
async function compute({ runtime, options }: OpenRuntime): Promise<void> {
  const { bytes, names } = writeOnnx([relu(input('x', [2]))]);
  const session = await runtime.InferenceSession.create(bytes, sessionSettings(options));
  const fed = new runtime.Tensor('float32', Float32Array.of(-1, 2), [1, 2]);
  const found = await session.run({ [session.inputNames[0]]: fed });
  const [low, high] = found[names[0]].data as Float32Array;
  await session.release();
  if (low !== 0 || high !== 2) throw new Error('it computes something wrong');
}

/** With one thread the rest of the library is in the bundle; more of them load it by themselves. */
function placeOf(folder: string, backend: WebBackend, threads: number): unknown {
  const slash = folder.endsWith('/') ? folder : `${folder}/`;
  const address = new URL(slash, globalThis.location?.href).href;
  return threads > 1 ? address : { wasm: `${address}${FILES[backend]}.wasm` };
}

/**
 * A page that is not isolated from other origins shares no memory between
 * threads; and a thread would start the page's own bundle where nobody says
 * which folder holds the library's files.
 */
function possible(threads: number, folder: unknown): number {
  return globalThis.crossOriginIsolated === true && typeof folder === 'string' ? threads : 1;
}

interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

async function adapterHere(): Promise<Adapter | undefined> {
  const { gpu } = globalThis.navigator as {
    gpu?: { requestAdapter(): Promise<Adapter | null> };
  };
  return (await gpu?.requestAdapter().catch(() => null)) ?? undefined;
}

/** One that is not computed by the processor. */
async function hasGraphicsCard(): Promise<boolean> {
  const adapter = await adapterHere();
  return adapter !== undefined && (adapter.info ?? adapter).isFallbackAdapter !== true;
}

function unusable(
  why: string,
  what: string,
  details: { cause?: unknown; facts?: Record<string, string> } = {},
): WhylensError {
  return new WhylensError(
    'BACKEND',
    `engine 'onnxruntime-web' cannot be used, since ${why}. ${what}`,
    {
      ...details,
      facts: { engine: 'onnxruntime-web', ...details.facts },
    },
  );
}
