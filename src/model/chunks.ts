/**
 * Splitting a batch into chunks: how many samples run together, checking the abort signal and
 * reporting progress between them, and putting the results back
 * together. Pure; every adapter uses it, so that they all behave alike.
 */
import { abortable } from '../reading/abort.js';
import { AbortedError, WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { sizeOf } from '../maths/ndarray.js';
import type {
  BatchOptions,
  ChunkPosition,
  DifferentiateResult,
  RunRequest,
  RunResult,
  Samples,
} from './interface.js';
import { append } from '../maths/extremes.js';

/** Bytes of activations that may live at once, if the caller does not say. */
export const DEFAULT_MEMORY_BUDGET = 256 * 1024 * 1024;

export interface ChunkOptions extends BatchOptions {
  /** Samples in all. */
  readonly count: number;
  /** What one sample costs while it runs, in bytes. */
  readonly bytesPerSample: number;
  /** Never more than this many together, whatever the budget allows; `batchSize` overrules it. */
  readonly largest?: number;
}

/** Samples run together: `batchSize` if given, else what the memory budget allows; at least one. */
export function chunkSize(options: ChunkOptions): number {
  const { count, bytesPerSample, batchSize, memoryBudget = DEFAULT_MEMORY_BUDGET } = options;
  if (batchSize !== undefined) {
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new WhylensError(
        'INVALID_OPTION',
        `batchSize must be a whole number of at least 1, got ${batchSize}; leave it out to have it chosen by memoryBudget`,
      );
    }
    return Math.min(batchSize, count);
  }
  if (!(memoryBudget > 0)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `memoryBudget must be a number of bytes above 0, got ${memoryBudget}; left out it is ${DEFAULT_MEMORY_BUDGET}`,
    );
  }
  const fitting = Math.floor(memoryBudget / Math.max(1, bytesPerSample));
  return Math.max(1, Math.min(fitting, options.largest ?? count, count));
}

/**
 * Runs `evaluate` for each chunk in order. Without `onChunk` the results are
 * collected into whole `[N, …]` arrays; with it each chunk is passed on and arrays with no samples
 * (`[0, …]`) are returned.
 *
 * Between chunks other work gets a turn, `onProgress` is called, and a signal
 * that has fired throws {@link AbortedError}.
 */
export async function runChunks<R extends RunResult>(
  options: ChunkOptions,
  evaluate: (chunk: ChunkPosition) => R | Promise<R>,
  onChunk?: (chunk: R & ChunkPosition) => void,
): Promise<R> {
  const { count, signal, onProgress } = options;
  const size = chunkSize(options);
  const stopIfAborted = (done: number): void => {
    if (signal?.aborted === true) throw new AbortedError(done, count, signal.reason);
  };
  stopIfAborted(0);
  let collected: R | undefined;
  for (let offset = 0; offset < count;) {
    const chunk = { offset, count: Math.min(size, count - offset) };
    const result = await abortable(evaluate(chunk), signal, 'the model').catch((error: unknown) => {
      // a model that never answers is left alone
      stopIfAborted(offset);
      throw error;
    });
    stopIfAborted(offset);
    if (onChunk !== undefined) {
      onChunk({ ...result, ...chunk });
      collected ??= withRoomFor(result, 0);
    } else if (chunk.count === count) {
      collected = result;
    } else {
      collected ??= withRoomFor(result, count);
      copyInto(collected, result, chunk);
    }
    offset += chunk.count;
    onProgress?.(offset, count);
    // signals and progress bars only get a turn if the loop pauses
    await nextTurn();
    stopIfAborted(offset);
  }
  return collected!;
}

/** How many samples a request has: that of its inputs, or of the variants it runs on from. */
export function countSamples(request: Pick<RunRequest, 'inputs' | 'from'>): number {
  const counts = request.inputs.map(({ count }) => count);
  const count = request.from?.activations.count ?? counts[0] ?? 0;
  if (count < 1) {
    throw new WhylensError('INVALID_DOCUMENT', `a batch must hold at least 1 sample, got ${count}`);
  }
  const wrong = counts.findIndex((n) => n !== count && !(request.from !== undefined && n === 1));
  if (wrong !== -1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      request.from === undefined
        ? `all inputs must hold the same number of samples, got ${counts.join(', ')}`
        : `input ${wrong} must hold 1 sample or one for each of the ${count} variants of layer '${request.from.layer}', got ${counts[wrong]}`,
    );
  }
  return count;
}

/** The samples of one chunk as an array `[count, …]`, to be read only; written into `room` where they are written at all. */
export function takeSamples(
  samples: Samples,
  { offset, count }: ChunkPosition,
  room?: Float32Array,
): NdArray {
  const size = sizeOf(samples.shape);
  const shape = [count, ...samples.shape];
  if (samples.array !== undefined) {
    return { shape, data: samples.array.data.subarray(offset * size, (offset + count) * size) };
  }
  const data = room?.length === count * size ? room : new Float32Array(count * size);
  for (let n = 0; n < count; n++) {
    samples.write(offset + n, data.subarray(n * size, (n + 1) * size));
  }
  return { shape, data };
}

/** The common form of `RunResult` and `DifferentiateResult`, for the code that copies them. */
type Copied = RunResult & Partial<Pick<DifferentiateResult, 'scores' | 'gradients'>>;

/** The same result with `count` empty samples. */
function withRoomFor<R extends RunResult>(result: R, count: number): R {
  const room = ({ shape }: NdArray): NdArray => ({
    shape: [count, ...shape.slice(1)],
    data: new Float32Array(count * sizeOf(shape.slice(1))),
  });
  const { scores, gradients } = result as Copied;
  return {
    ...result,
    outputs: result.outputs.map((output) => {
      const logits = room(output.logits);
      return {
        ...output,
        logits,
        values: output.values === output.logits ? logits : room(output.values),
      };
    }),
    activations: mapValues(result.activations, room),
    ...(scores === undefined ? {} : { scores: [] }),
    ...(gradients === undefined
      ? {}
      : { gradients: mapValues(gradients, (arrays) => arrays.map(room)) }),
  };
}

function copyInto<R extends RunResult>(whole: R, part: R, chunk: ChunkPosition): void {
  const copy = (to: NdArray, from: NdArray): void => {
    const size = sizeOf(to.shape.slice(1));
    if (from.data.length !== chunk.count * size) {
      throw new WhylensError(
        'MODEL_OUTPUT',
        `the model must give arrays [${[chunk.count, ...to.shape.slice(1)].join(', ')}] for samples ${chunk.offset} to ${chunk.offset + chunk.count - 1} as it did before, got [${from.shape.join(', ')}]`,
      );
    }
    to.data.set(from.data, chunk.offset * size);
  };
  whole.outputs.forEach((output, index) => {
    copy(output.logits, part.outputs[index].logits);
    if (output.values !== output.logits) copy(output.values, part.outputs[index].values);
  });
  for (const [path, array] of Object.entries(whole.activations)) {
    copy(array, part.activations[path]);
  }
  const to = whole as Copied;
  const from = part as Copied;
  if (to.scores !== undefined) append(to.scores as (readonly number[])[], from.scores ?? []);
  for (const [path, arrays] of Object.entries(to.gradients ?? {})) {
    arrays.forEach((array, target) => copy(array, from.gradients![path][target]));
  }
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  map: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** Resolves after pending events; a timer would cost a browser 4 ms for each chunk. */
function nextTurn(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((done) => setImmediate(done));
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}
