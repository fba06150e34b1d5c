/**
 * Which tfjs backend computes. In order: the native one (tfjs-node), WebAssembly,
 * plain JavaScript; each is imported only when its turn comes.
 *
 * In a browser the WebAssembly files are fetched from the page's own folder; a
 * page that serves them elsewhere calls `setWasmPaths` of
 * `@tensorflow/tfjs-backend-wasm` first.
 */
import { didYouMean } from '../../did-you-mean.js';
import { WhylensError } from '../../errors.js';
import { announce } from '../announce.js';
import { quietly } from './quietly.js';

/** In order of preference. */
export const BACKENDS = ['tensorflow', 'wasm', 'cpu'] as const;
const VARIABLE = 'WHYLENS_BACKEND';
const NATIVE_PACKAGE = '@tensorflow/tfjs-node';
const NOT_INSTALLED = `${NATIVE_PACKAGE} is not installed`;

export interface BackendOptions {
  /** Called once in a process with the backend that runs, if a faster one is missing. Default: that of `announceTo`. */
  readonly announce?: (message: string) => void;
  /** Imports the native package; for tests and for hosts that find it elsewhere. */
  readonly importNative?: () => Promise<unknown>;
  /** Environment variables; default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const WITHOUT_WASM =
  "whylens: running on 'cpu', many times slower than WebAssembly, since its files were not found: copy *.wasm of @tensorflow/tfjs-backend-wasm/dist into the page's folder, or call setWasmPaths('/their/folder/') of that package before loadModel. backend: 'cpu' silences this.";

let announced = false;
let last: Promise<unknown> = Promise.resolve();

/** Why a backend was taken without being named, so that a second model says the same. */
const chosen = new Map<string, string>();

/** A backend that is current, and who chose it, in words. */
export interface BackendChoice {
  readonly backend: string;
  readonly reason: string;
}

/** Makes a backend the current one, as {@link chooseBackend} does, and returns its name. */
export async function selectBackend(name?: string, options: BackendOptions = {}): Promise<string> {
  return (await chooseBackend(name, options)).backend;
}

/**
 * Makes a backend the current one and returns its name and who chose it. `name` comes first, then
 * the environment variable WHYLENS_BACKEND, then a backend that the
 * process has already set up, then the first of {@link BACKENDS} that loads.
 *
 * @throws `BACKEND` for an unknown name and for a named one that does not load.
 */
export function chooseBackend(name?: string, options: BackendOptions = {}): Promise<BackendChoice> {
  // one after the other: tfjs has one current backend
  const result = last.then(() => select(name, options));
  last = result.catch(() => undefined);
  return result;
}

async function select(name: string | undefined, options: BackendOptions): Promise<BackendChoice> {
  const tf = await import('@tensorflow/tfjs-core');
  const variable = (options.environment ?? environment())[VARIABLE];
  const wanted = name ?? (variable === '' ? undefined : variable);
  if (wanted !== undefined) {
    const source = name === undefined ? `the environment variable ${VARIABLE}` : `option 'backend'`;
    const backend = await useNamed(wanted, source, options);
    return { backend, reason: `${source} says so` };
  }
  const current = tf.getBackend() as string | undefined;
  if (current !== undefined && current !== '') {
    await started(current);
    return { backend: current, reason: chosen.get(current) ?? 'the process had set it up' };
  }

  const failures: string[] = [];
  for (const candidate of BACKENDS) {
    const problem = await use(candidate, options);
    if (problem === undefined) {
      announceSlower(candidate, failures, options);
      const reason = failures.length === 0 ? 'the fastest' : 'the fastest of those that load';
      chosen.set(candidate, reason);
      return { backend: candidate, reason };
    }
    failures.push(problem.message);
  }
  throw new WhylensError('BACKEND', `no backend could be started: ${failures.join('; ')}`);
}

async function useNamed(wanted: string, source: string, options: BackendOptions): Promise<string> {
  const tf = await import('@tensorflow/tfjs-core');
  // a backend that the process has registered is used too (webgl, webgpu)
  const registered = Object.keys(tf.engine().registryFactory);
  if (!(BACKENDS as readonly string[]).includes(wanted) && !registered.includes(wanted)) {
    const allowed = [...new Set([...BACKENDS, ...registered])];
    throw new WhylensError(
      'BACKEND',
      `${source} names an unknown backend '${wanted}'${didYouMean(wanted, allowed)} Allowed: ${allowed.join(', ')}`,
      { facts: { backend: wanted, allowed } },
    );
  }
  const problem = await use(wanted, options);
  if (problem === undefined) return wanted;
  throw new WhylensError(
    'BACKEND',
    `${source} asks for backend '${wanted}', but ${problem.message}. ${wanted === 'tensorflow' ? `Install it (${howToGetNative()}) or take` : 'Take'} another one: ${BACKENDS.filter((other) => other !== wanted).join(', ')}`,
    { cause: problem.cause, facts: { backend: wanted, allowed: [...BACKENDS] } },
  );
}

interface Problem {
  readonly message: string;
  readonly cause?: unknown;
}

/** Makes `name` current; gives the problem if that fails. */
async function use(name: string, options: BackendOptions): Promise<Problem | undefined> {
  const tf = await import('@tensorflow/tfjs-core');
  if (tf.getBackend() === name) {
    await started(name);
    return undefined;
  }
  const before = tf.getBackend() as string | undefined;
  try {
    const isCurrent = await quietly(async () => {
      if (!Object.hasOwn(tf.engine().registryFactory, name)) await load(name, options);
      return tf.setBackend(name);
    });
    if (isCurrent) {
      // the cpu backend greets on stderr with an advice that `announce` has given already
      if (name === 'cpu') (tf.backend() as { firstUse?: boolean }).firstUse = false;
      await started(name);
      return undefined;
    }
  } catch (cause) {
    await restore(before);
    return { message: problemOf(name, cause), cause };
  }
  await restore(before);
  const hint =
    name === 'wasm' && !isNode()
      ? " (its .wasm files must lie in the page's folder, or where setWasmPaths of @tensorflow/tfjs-backend-wasm says)"
      : '';
  return { message: `the '${name}' backend did not start${hint}` };
}

/** Also if other code has set it up, WebAssembly is not asked for more memory than it has. */
async function started(name: string): Promise<void> {
  if (name !== 'wasm') return;
  const { guardWasm, wasmReady } = await import('./wasm-instance.js');
  await wasmReady();
  guardWasm();
}

async function load(name: string, options: BackendOptions): Promise<void> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'wasm') await loadWasm();
  else await (options.importNative ?? importNative)();
}

async function loadWasm(): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-wasm');
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const listeners = () => events.map((event) => (isNode() ? process.rawListeners(event) : []));
  const before = listeners();
  await tf.setBackend('wasm');
  // its loader listens for every error of the process, prints its own source and throws again
  listeners().forEach((now, i) => {
    for (const listener of now) {
      const added = !before[i].includes(listener);
      if (added && /ExitStatus|throw reason/.test(String(listener))) {
        process.off(events[i], listener as (error: unknown) => void);
      }
    }
  });
}

/** Loading the native package makes it current at once, so a failure halfway is undone. */
async function restore(before: string | undefined): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  if (before !== undefined && before !== '' && tf.getBackend() !== before) {
    await tf.setBackend(before);
  }
}

async function importNative(): Promise<unknown> {
  if (typeof process !== 'object' || process.versions?.node === undefined) {
    throw new Error('it only runs in Node');
  }
  // read once, when the library starts; one thread is faster for single pictures
  for (const [variable, value] of [
    ['TF_CPP_MIN_LOG_LEVEL', '2'],
    ['TF_NUM_INTRAOP_THREADS', '1'],
    ['TF_NUM_INTEROP_THREADS', '1'],
  ]) {
    process.env[variable] ??= value;
  }
  restoreOldUtilities();
  // not a literal: an optional package, which no compiler or bundler may look for
  const specifier: string = NATIVE_PACKAGE;
  return import(specifier);
}

/** tfjs-node 4.22 calls two functions of `node:util` that Node 23 took away. */
function restoreOldUtilities(): void {
  const util = process.getBuiltinModule?.('node:util') as unknown as
    Record<string, unknown> | undefined;
  if (util === undefined) return;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

function problemOf(name: string, cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const missing = code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(NATIVE_PACKAGE);
  if (name === 'tensorflow' && missing) return NOT_INSTALLED;
  const [line] = String(message ?? cause).split('\n');
  return `the '${name}' backend could not be loaded (${line})`;
}

/** One short line that also says how to silence it. */
function announceSlower(name: string, failures: readonly string[], options: BackendOptions): void {
  if (announced || failures.length === 0) return;
  if (!isNode()) {
    // in a page there is no native backend to miss, only the files of this one
    if (name === 'cpu') (options.announce ?? announce)(WITHOUT_WASM);
    announced = true;
    return;
  }
  announced = true;
  const missing = failures[0] === NOT_INSTALLED;
  const why = missing ? `; faster with '${howToGetNative()}'` : `, since ${failures[0]}`;
  (options.announce ?? announce)(
    `whylens: running on '${name}'${why}. ${VARIABLE}=${name} silences this.`,
  );
}

/** Where package managers keep what is installed globally, and the command that adds to it. */
const GLOBAL: readonly (readonly [folder: RegExp, command: string])[] = [
  [/[\\/]pnpm[\\/]global[\\/]/, 'pnpm add -g'],
  [/[\\/]yarn[\\/](Data[\\/])?global[\\/]/i, 'yarn global add'],
  [/[\\/]\.bun[\\/]install[\\/]global[\\/]/, 'bun add -g'],
  [/[\\/](lib|npm|nodejs)[\\/]node_modules[\\/]whylens[\\/]/, 'npm install -g'],
];

/** A package that is installed globally finds only what is installed globally too. `at` is where this file lies. */
export function howToGetNative(at: string = import.meta.url): string {
  const command = GLOBAL.find(([folder]) => folder.test(decodeURI(at)))?.[1] ?? 'npm install';
  return `${command} ${NATIVE_PACKAGE}`;
}

function isNode(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined;
}

function environment(): Readonly<Record<string, string | undefined>> {
  return isNode() ? process.env : {};
}
