/**
 * ONNX Runtime as an executor. Each list of outputs is a session of its own,
 * made when it first runs; as many are kept as fit in a number of bytes, those
 * used last before others.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { isWhylensError, WhylensError } from '../../../errors.js';
import type { NdArray } from '../../../explanation.js';
import { evaluate } from '../../graph/evaluate.js';
import { optimise } from '../../graph/passes.js';
import type { Value } from '../../graph/value.js';
import { engineFailed, engineLost, isOutOfMemory, isTrap, outOfMemory } from '../../memory.js';
import type { Compiled, EngineFacts, Executor, Feeds } from '../executor.js';
import { runsInOnnx, writeOnnx, type Written } from './write.js';

/** A copy of the library that loaded, and how sessions of it are to be made. */
export interface OpenRuntime {
  readonly runtime: OnnxRuntime;
  readonly options: SessionOptions;
}

/** What the packages for Node and for the web have in common. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor;
}

export interface SessionOptions {
  /** Threads of one operation; default: as many as the library takes. */
  readonly threads?: number;
  /** Bytes of models whose sessions are kept. Default 512 MiB. */
  readonly memory?: number;
  readonly executionProviders?: readonly string[];
  /** Bytes that values may take at once, if the machine is not the limit. */
  readonly values?: number;
  /** Starts the library anew if its instance was lost; undefined if that is not possible. */
  readonly renew?: () => Promise<OnnxRuntime | undefined>;
  /** Of the library: what `facts` says. */
  readonly version?: string;
}

const DEFAULT_MEMORY = 512 * 1024 * 1024;
/** A session costs more than its weights. */
const OVERHEAD = 256 * 1024;
/** Errors only: the library's advice is of no use to users. */
const QUIET = 3;

/** Instances that were lost, and those that replaced them: one for all executors. */
const lost = new WeakMap<OnnxRuntime, Promise<OnnxRuntime | undefined>>();

interface Entry {
  readonly written: Promise<{ session: InferenceSession; plan: Plan; bytes: number }>;
  bytes: number;
  running: number;
}
interface Plan extends Omit<Written, 'bytes' | 'files'> {
  /** The values asked for, after rewriting. */
  readonly outputs: readonly Value[];
}

export function onnxExecutor(
  id: string,
  runtime: OnnxRuntime,
  options: SessionOptions = {},
): Executor {
  const { memory = DEFAULT_MEMORY, values, renew } = options;
  /** Least recently used first. */
  const entries = new Map<string, Entry>();
  const ids = new WeakMap<Value, number>();
  let lastId = 0;
  let released = false;
  const idOf = (v: Value): number => {
    let number = ids.get(v);
    if (number === undefined) ids.set(v, (number = ++lastId));
    return number;
  };

  let current = runtime;
  /** The instance to compute with; sessions of a lost one are forgotten, since nothing can free them. */
  async function instance(): Promise<OnnxRuntime> {
    for (let next = lost.get(current); next !== undefined; next = lost.get(current)) {
      const found = await next;
      if (found === undefined) throw engineLost(new Error('it broke off before'), id, false);
      entries.clear();
      current = found;
    }
    return current;
  }
  /** An error of the library, as an error of ours if it is known. */
  async function failure(error: unknown, at: OnnxRuntime): Promise<unknown> {
    if (isWhylensError(error)) return error;
    if (isTrap(error) || lost.has(at)) {
      if (!lost.has(at))
        lost.set(at, renew?.().catch(() => undefined) ?? Promise.resolve(undefined));
      return engineLost(error, id, (await lost.get(at)) !== undefined);
    }
    return isOutOfMemory(error) ? outOfMemory(error, id) : error;
  }

  async function create(outputs: readonly Value[]): Promise<Awaited<Entry['written']>> {
    const rewritten = optimise(outputs);
    const { bytes, files, ...written } = writeOnnx(rewritten.filter((v) => v.live));
    try {
      const session = await current.InferenceSession.create(bytes, {
        ...sessionSettings(options),
        ...(files.length === 0 ? {} : { externalData: files }),
      });
      const held = files.reduce((sum, { data }) => sum + data.length, bytes.length);
      return { session, plan: { ...written, outputs: rewritten }, bytes: held };
    } catch (cause) {
      const found = await failure(cause, current);
      if (isWhylensError(found)) throw found;
      throw new WhylensError(
        'BACKEND',
        `${id} refuses the model's graph: ${String((cause as Error).message ?? cause)}. Take another engine, and please report the model`,
        { cause, facts: { engine: id } },
      );
    }
  }

  function entryOf(key: string, outputs: readonly Value[]): Entry {
    let entry = entries.get(key);
    if (entry === undefined) {
      const written = create(outputs);
      const made: Entry = { written, bytes: 0, running: 0 };
      written.then(
        ({ bytes }) => {
          made.bytes = bytes + OVERHEAD;
          tidy();
        },
        () => entries.delete(key),
      );
      entry = made;
    }
    // the newest is the last
    entries.delete(key);
    entries.set(key, entry);
    return entry;
  }
  function tidy(): void {
    let total = 0;
    const newestFirst = [...entries].reverse();
    newestFirst.forEach(([key, entry], place) => {
      total += entry.bytes;
      if (total <= memory || place === 0 || entry.running > 0) return;
      total -= entry.bytes;
      drop(key, entry);
    });
  }
  function drop(key: string, entry: Entry): void {
    entries.delete(key);
    void entry.written.then(({ session }) => session.release()).catch(() => undefined);
  }

  async function run(key: string, outputs: readonly Value[], feeds: Feeds): Promise<NdArray[]> {
    if (released) throw new WhylensError('BACKEND', 'the model was released already');
    const library = await instance();
    const entry = entryOf(key, outputs);
    entry.running++;
    try {
      const { session, plan } = await entry.written;
      const fed = Object.fromEntries(
        plan.inputs.map((v, i) => [`in_${i}`, tensorOf(library, v, feeds)]),
      );
      const found = plan.names.length === 0 ? {} : await session.run(fed);
      let at = 0;
      return plan.outputs.map((v) => (v.live ? arrayOf(found[plan.names[at++]]) : constantOf(v)));
    } catch (error) {
      const found = await failure(error, library);
      throw isWhylensError(found) ? found : engineFailed(found, id);
    } finally {
      entry.running--;
      if (released) drop(key, entry);
      else tidy();
    }
  }

  return {
    id,
    ...(values === undefined ? {} : { memory: values }),
    facts: factsOf(options),
    leavesFeeds: true,
    runs: runsInOnnx,
    compile: (outputs): Promise<Compiled> => {
      const key = outputs.map(idOf).join();
      return Promise.resolve({
        run: (feeds) => run(key, outputs, feeds),
        release: () => {
          const entry = entries.get(key);
          if (entry !== undefined && entry.running === 0) drop(key, entry);
        },
      });
    },
    release: () => {
      released = true;
      for (const [key, entry] of entries) if (entry.running === 0) drop(key, entry);
    },
  };
}

/** The options of a session. */
export function sessionSettings({
  threads,
  executionProviders,
}: SessionOptions): InferenceSession.SessionOptions {
  return {
    graphOptimizationLevel: 'all',
    logSeverityLevel: QUIET,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(executionProviders === undefined ? {} : { executionProviders }),
  };
}

/** The facts about sessions with these options. */
export function factsOf({ threads, executionProviders, version }: SessionOptions): EngineFacts {
  const [backend] = executionProviders ?? [];
  return {
    ...(version === undefined ? {} : { version }),
    ...(threads === undefined ? {} : { threads }),
    ...(backend === undefined || backend === 'wasm' ? {} : { backend }),
  };
}

function tensorOf(runtime: OnnxRuntime, v: Value<'input'>, feeds: Feeds): Tensor {
  const fed = feeds.get(v);
  if (fed === undefined) {
    throw new WhylensError('INVALID_DOCUMENT', `nothing was given for input '${v.attrs.name}'`);
  }
  return new runtime.Tensor('float32', fed.data, fed.shape);
}

function arrayOf(tensor: Tensor): NdArray {
  return { shape: [...tensor.dims], data: tensor.data as Float32Array };
}

const constantOf = (v: Value): NdArray => ({
  shape: [1, ...v.shape],
  data: Float32Array.from(evaluate([v])[0]),
});
