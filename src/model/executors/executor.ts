/** The interface of an engine: it compiles values and runs them over batches. */
import type { NdArray } from '../../explanation.js';
import type { Name } from '../graph/primitives.js';
import type { Value } from '../graph/value.js';

/** Arrays `[N, …sample]` by input. N may differ between inputs if one of the two is 1. */
export type Feeds = ReadonlyMap<Value, NdArray>;

export interface Compiled {
  /** One array `[N, …]` per output, in their order; N is 1 for what depends on inputs of one sample alone. */
  run(feeds: Feeds): Promise<readonly NdArray[]>;
  /** Frees what it holds; it must not run afterwards. */
  release(): void;
}

/** The facts about an engine that are part of every record. */
export interface EngineFacts {
  readonly version?: string;
  /** Threads of one operation, if that is known. */
  readonly threads?: number;
  /** What computes inside it: a backend of TensorFlow.js, `webgpu`. */
  readonly backend?: string;
}

export interface Executor {
  /** `onnxruntime`, `onnxruntime-web`, `tfjs`, `reference`. */
  readonly id: string;
  /** Bytes that values may take at once; left out if the machine is the limit. */
  readonly memory?: number;
  readonly facts?: EngineFacts;
  /** True where what is fed is read before a run ends and no result shares memory with it: it may be written over then. */
  readonly leavesFeeds?: boolean;
  /** How many samples it runs best together; default: as many as fit the processor's caches. */
  readonly chunk?: number;
  /** Whether it can run this primitive at all. */
  runs(primitive: Name): boolean;
  /** The same outputs twice give the same thing: executors keep what they compiled. */
  compile(outputs: readonly Value[]): Promise<Compiled>;
  /** Called after each request: frees what was made for it alone. */
  rest?(): void;
  /** Frees all that was compiled. */
  release(): void;
}
