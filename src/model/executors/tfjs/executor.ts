/** TensorFlow.js as an executor: value by value on its current back end. The only one that runs opaque layers. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../../errors.js';
import type { NdArray } from '../../../explanation.js';
import { evaluate } from '../../graph/evaluate.js';
import { optimise } from '../../graph/passes.js';
import type { Weight } from '../../graph/primitives.js';
import { ordered, type Value } from '../../graph/value.js';
import { WASM_MEMORY } from '../../memory.js';
import { chooseBackend } from '../../tfjs/backend.js';
import { failureOf, WASM, wasmGeneration, wasmReady } from '../../tfjs/wasm-instance.js';
import type { Compiled, Executor, Feeds } from '../executor.js';
import { KERNELS } from './kernels.js';

export interface TfjsOptions {
  /** `tensorflow`, `wasm`, `cpu`, or one the process has registered; default the fastest that loads. */
  readonly backend?: string;
}

export async function tfjsExecutor({ backend }: TfjsOptions = {}): Promise<Executor> {
  const chosen = await chooseBackend(backend);
  /** Weights on the back end, until the executor is released. */
  const resident = new Map<Weight, Tensor>();
  let released = false;
  const upload = (v: Value<'constant'>): Tensor => {
    const { weight } = v.attrs;
    let tensor = resident.get(weight);
    if (tensor === undefined) {
      const data = Float32Array.from(weight.data);
      tensor = tf.keep(tf.tensor(data, [...weight.shape], 'float32'));
      resident.set(weight, tensor);
    }
    return tensor;
  };

  let generation = wasmGeneration();
  const forget = (): void => {
    generation = wasmGeneration();
    for (const tensor of resident.values()) tensor.dispose();
    resident.clear();
  };

  function run(plan: Plan, feeds: Feeds): NdArray[] {
    if (released) throw new WhylensError('BACKEND', 'the model was released already');
    if (generation !== wasmGeneration()) forget();
    let arrays: NdArray[] = [];
    tf.tidy(() => {
      const done = new Map<Value, Tensor>();
      try {
        plan.order.forEach((v, at) => {
          done.set(v, compute(v, done, feeds, upload));
          for (const x of plan.lastUsed[at]) if (x.op !== 'constant') done.get(x)!.dispose();
        });
        arrays = plan.outputs.map((v) => (v.live ? arrayOf(done.get(v)!) : constantOf(v)));
      } catch (error) {
        throw failureOf(error) ?? error;
      }
    });
    return arrays;
  }

  return {
    id: 'tfjs',
    ...(chosen.backend === WASM ? { memory: WASM_MEMORY } : {}),
    facts: { version: tf.version_core, backend: chosen.backend },
    runs: () => true,
    compile: async (outputs): Promise<Compiled> => {
      const plan = planOf(optimise(outputs));
      // the core knows no gradient of an operation by itself: the layers bring them all
      if (plan.order.some(({ op }) => op === 'opaqueGradient')) {
        await import('@tensorflow/tfjs-layers');
      }
      return {
        run: async (feeds) => {
          await wasmReady();
          return run(plan, feeds);
        },
        release: () => undefined,
      };
    },
    release: () => {
      released = true;
      forget();
    },
  };
}

interface Plan {
  readonly outputs: readonly Value[];
  readonly order: readonly Value[];
  /** What is not needed any more once the value of that place is computed. */
  readonly lastUsed: readonly (readonly Value[])[];
}

function planOf(outputs: readonly Value[]): Plan {
  const order = ordered(outputs.filter((v) => v.live));
  const lastUsed: Value[][] = order.map(() => []);
  const kept = new Set(outputs);
  for (let at = order.length - 1; at >= 0; at--) {
    for (const x of new Set(order[at].inputs)) {
      if (kept.has(x)) continue;
      kept.add(x);
      lastUsed[at].push(x);
    }
  }
  return { outputs, order, lastUsed };
}

function compute(
  v: Value,
  done: ReadonlyMap<Value, Tensor>,
  feeds: Feeds,
  upload: (v: Value<'constant'>) => Tensor,
): Tensor {
  if (v.op === 'constant') return upload(v);
  if (v.op === 'input') {
    const fed = feeds.get(v);
    if (fed === undefined) {
      throw new WhylensError('INVALID_DOCUMENT', `nothing was given for input '${v.attrs.name}'`);
    }
    return tf.tensor(fed.data, [...fed.shape], 'float32');
  }
  const kernel = KERNELS[v.op] as (inputs: readonly Tensor[], v: Value) => Tensor;
  const inputs = v.inputs.map((x) => done.get(x)!);
  const y = kernel(inputs, v);
  // what came through unchanged is disposed of under its own name
  return inputs.includes(y) ? tf.clone(y) : y;
}

function arrayOf(tensor: Tensor): NdArray {
  const data = tensor.dataSync();
  return {
    shape: [...tensor.shape],
    // a back end may hand out its own memory
    data: data instanceof Float32Array ? data.slice() : Float32Array.from(data),
  };
}

const constantOf = (v: Value): NdArray => ({
  shape: [1, ...v.shape],
  data: Float32Array.from(evaluate([v])[0]),
});
