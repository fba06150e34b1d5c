/** Whether a run fits: the sizes of all its values are known before anything runs. */
import { isWhylensError, WhylensError } from '../errors.js';
import { sizeOf } from '../maths/ndarray.js';
import { bytesInWords } from '../reading/limits.js';
import { optimise } from './graph/passes.js';
import { ordered, type Value } from './graph/value.js';

/** Bytes that values may take at once in WebAssembly, which addresses 4 GiB in all, scratch space and weights included. */
export const WASM_MEMORY = 2 * 2 ** 30;
/** The limit if it is not known how much the machine has. */
const UNKNOWN_MACHINE = 4 * 2 ** 30;
const BYTES = 4;

/** Bytes that values take at once while they are computed in order, each freed after its last use; weights included. */
export function peakBytes(
  values: readonly Value[],
  samplesOf: (input: Value<'input'>) => number,
): number {
  const order = ordered(values);
  const bytes = new Map<Value, number>();
  const samples = new Map<Value, number>();
  const lastUse = new Map<Value, number>();
  order.forEach((v, at) => {
    const count =
      v.op === 'input'
        ? samplesOf(v)
        : v.inputs.reduce((n, x) => Math.max(n, samples.get(x) ?? 1), 1);
    samples.set(v, count);
    bytes.set(v, BYTES * count * sizeOf(v.shape));
    for (const x of v.inputs) lastUse.set(x, at);
  });
  const kept = new Set(values);
  let [now, peak] = [0, 0];
  order.forEach((v, at) => {
    now += bytes.get(v)!;
    // a reshape reuses the memory of its input
    if (v.op !== 'reshape') peak = Math.max(peak, now);
    for (const x of new Set(v.inputs)) {
      if (lastUse.get(x) === at && x.live && !kept.has(x)) now -= bytes.get(x)!;
    }
  });
  return peak;
}

/** What is to run, and where. */
export interface Need {
  readonly model: string;
  readonly engine: string;
  readonly samples: number;
  /** Bytes available to the engine; default: those of the machine. */
  readonly memory?: number;
  /** The limit that the caller sets instead. */
  readonly maxMemory?: number;
}

/**
 * Refuses a run that does not fit, before anything is computed.
 *
 * @throws `TOO_LARGE` with the bytes needed, those allowed, and what would help
 */
export function requireRoom(
  values: readonly Value[],
  samplesOf: (input: Value<'input'>) => number,
  need: Need,
): void {
  const allowed = need.maxMemory ?? need.memory ?? machineMemory();
  // engines run the rewritten graph, which takes less: it is made only if it matters
  if (peakBytes(values, samplesOf) <= allowed) return;
  const bytes = peakBytes(optimise(values), samplesOf);
  if (bytes > allowed) throw tooLarge(bytes, allowed, need);
}

/** The error for what needs too much memory. */
function tooLarge(
  bytes: number,
  allowed: number,
  { model, engine, samples, memory, maxMemory }: Need,
): WhylensError {
  const limit =
    maxMemory !== undefined
      ? 'maxMemory allows'
      : memory === undefined
        ? 'the machine has'
        : `engine '${engine}' has for them`;
  const help = [
    ...(samples > 1 ? ['a smaller batchSize'] : []),
    'a smaller picture (inputShape, if the model leaves its size open)',
    ...(memory === undefined ? [] : ['a native engine (onnxruntime-node, @tensorflow/tfjs-node)']),
    'a larger maxMemory, in bytes',
  ];
  return new WhylensError(
    'TOO_LARGE',
    `model '${model}' needs ${bytesInWords(bytes)} of memory for the values of ${samples} sample${samples === 1 ? '' : 's'} at once, more than the ${bytesInWords(allowed)} that ${limit}. What helps: ${help.slice(0, -1).join(', ')} or ${help.at(-1)}`,
    { facts: { needed: bytes, allowed, engine, samples } },
  );
}

/**
 * What goes wrong with a model that was read before, at the sizes of one
 * input: it says something about this input, not about the file.
 */
export function atThisSize(
  error: unknown,
  model: string,
  shapes: readonly (readonly number[])[],
): unknown {
  if (!isWhylensError(error, 'MODEL_LOAD')) return error;
  const input = shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ');
  const { shape } = error.facts;
  if (!Array.isArray(shape)) {
    return new WhylensError(
      'INVALID_DOCUMENT',
      `model '${model}' takes no input of shape ${input}: ${error.message}`,
      { cause: error, facts: { ...error.facts, input: shapes } },
    );
  }
  const bytes = BYTES * sizeOf(shape as number[]);
  return new WhylensError(
    'TOO_LARGE',
    `model '${model}' would need ${bytesInWords(bytes)} for one value of shape [${shape.join(', ')}] with an input of shape ${input}. What helps: a smaller picture (inputShape)`,
    { cause: error, facts: { needed: bytes, shape } },
  );
}

/** The error for an engine that did not get the memory it asked for: the engine still works, the run failed. */
export function outOfMemory(cause: unknown, engine: string, model?: string): WhylensError {
  const what = model === undefined ? 'the model' : `model '${model}'`;
  return new WhylensError(
    'TOO_LARGE',
    `engine '${engine}' has too little memory left to run ${what}: ${messageOf(cause)}. What helps: a smaller picture (inputShape, if the model leaves its size open), a smaller batchSize or a native engine (onnxruntime-node, @tensorflow/tfjs-node)`,
    { cause, facts: { engine } },
  );
}

/** The error for an instance of an engine that cannot compute any more. */
export function engineLost(cause: unknown, engine: string, isReplaced: boolean): WhylensError {
  const next = isReplaced
    ? 'Another was started, so other models and pictures go on; this run needs a smaller picture, a smaller batchSize or a native engine'
    : 'Load the page anew, and take a smaller picture, a smaller batchSize or another engine';
  return new WhylensError(
    'ENGINE_LOST',
    `the instance of engine '${engine}' stopped working (${messageOf(cause)}) and is lost. ${next}`,
    { cause, facts: { engine, replaced: isReplaced } },
  );
}

/** The error for a run that an engine refuses for a reason of its own. */
export function engineFailed(cause: unknown, engine: string): WhylensError {
  return new WhylensError(
    'MODEL_OUTPUT',
    `engine '${engine}' cannot run the model on this input: ${messageOf(cause)}. Try another engine, or get or convert the model again`,
    { cause, facts: { engine } },
  );
}

/** True if WebAssembly stopped in the middle: its memory cannot be relied on any more. */
export function isTrap(error: unknown): boolean {
  return typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError;
}

/** True if memory was asked for and not given, and nothing else is wrong. */
export function isOutOfMemory(error: unknown): boolean {
  if (isWhylensError(error)) return error.code === 'TOO_LARGE';
  return (
    error instanceof Error &&
    /bad_alloc|array buffer allocation|invalid (typed )?array length|out of memory|OOM when allocating|Failed to allocate memory/i.test(
      error.message,
    )
  );
}

let machine: number | undefined;
/** Bytes that this process may take; measured once, since every run needs it. */
export function machineMemory(): number {
  return (machine ??= readMachineMemory());
}
function readMachineMemory(): number {
  if (typeof process !== 'object' || process.getBuiltinModule === undefined) return UNKNOWN_MACHINE;
  const total = process.getBuiltinModule('node:os').totalmem();
  const allowed = process.constrainedMemory?.() ?? 0;
  return allowed > 0 ? Math.min(allowed, total) : total;
}

const messageOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n')[0].slice(0, 200);
