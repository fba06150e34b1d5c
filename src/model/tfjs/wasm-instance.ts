/**
 * The WebAssembly instance of TensorFlow.js: it is not asked for more memory than it has, and if
 * it stops working all the same, another takes over its tensors, so that the other models of the
 * process go on.
 */
import { engine, getBackend, setBackend, util } from '@tensorflow/tfjs-core';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { engineLost, isOutOfMemory, isTrap, outOfMemory } from '../memory.js';
import { isWhylensError, type WhylensError } from '../../errors.js';

export const WASM = 'wasm';
/** Smaller values are not worth asking about before. */
const LARGE = 16 * 2 ** 20;
/** No value is larger: sizes are numbers of 32 bits with a sign. */
const LARGEST = 2 ** 31 - 1;

interface Memory {
  readonly _malloc: (bytes: number) => number;
  readonly _free: (at: number) => void;
}
interface WasmBackend extends KernelBackend {
  readonly wasm?: Memory;
}
const backendNow = (): WasmBackend | undefined =>
  (engine().registry as Record<string, WasmBackend | undefined>)[WASM];

const guarded = new WeakSet<object>();
const lost = new WeakSet<object>();
let restarting: Promise<void> | undefined;
let generation = 0;

/** How many instances were lost so far: what was uploaded before belongs to another. */
export const wasmGeneration = (): number => generation;

/** Makes the instance refuse values for which it has no memory, since it does not check that itself. */
export function guardWasm(): void {
  const backend = backendNow();
  const memory = backend?.wasm;
  if (backend === undefined || memory === undefined || guarded.has(backend)) return;
  guarded.add(backend);
  const move = backend.move.bind(backend);
  backend.move = (id, values, shape, dtype, refCount) => {
    const bytes = dtype === 'string' ? 0 : util.sizeFromShape(shape) * util.bytesPerElement(dtype);
    if (bytes > LARGE) requireMemory(memory, bytes, shape);
    move(id, values, shape, dtype, refCount);
  };
}

function requireMemory(memory: Memory, bytes: number, shape: readonly number[]): void {
  if (bytes <= LARGEST) {
    const at = memory._malloc(bytes) >>> 0;
    if (at !== 0) return memory._free(at);
  }
  const value = `a value of shape [${shape.join(', ')}]`;
  throw outOfMemory(new Error(`it has no ${bytes} bytes for ${value}`), WASM);
}

/**
 * An error of the backend as one for callers: a lost instance or too little
 * memory, typed; undefined for every other. To be called before tensors are
 * freed, since a lost instance frees nothing.
 */
export function failureOf(error: unknown): WhylensError | undefined {
  const name = getBackend();
  const backend = backendNow();
  if (isWhylensError(error)) {
    return error.code === 'TOO_LARGE' || error.code === 'ENGINE_LOST' ? error : undefined;
  }
  if (name === WASM && backend !== undefined && (isTrap(error) || lost.has(backend))) {
    replace(backend);
    return engineLost(error, WASM, true);
  }
  return isOutOfMemory(error) ? outOfMemory(error, name) : undefined;
}

/** Resolves when there is an instance that can compute. */
export async function wasmReady(): Promise<void> {
  while (restarting !== undefined) await restarting;
}

function replace(broken: WasmBackend): void {
  if (lost.has(broken)) return;
  lost.add(broken);
  generation++;
  // its memory goes as a whole, once nothing points to it any more
  broken.disposeData = () => true;
  restarting = start().finally(() => (restarting = undefined));
  // callers that wait get the error
  restarting.catch(() => undefined);
}

async function start(): Promise<void> {
  const { registry, registryFactory } = engine();
  const fresh = await registryFactory[WASM].factory();
  const isCurrent = getBackend() === WASM;
  registry[WASM] = fresh;
  guardWasm();
  // tensors of the old instance are read from its memory when they are next used
  if (isCurrent) await setBackend(WASM);
}
