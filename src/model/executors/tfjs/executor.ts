/** TensorFlow.js as an executor: value by value on its current backend. The only one that runs opaque layers. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isWhylensError, WhylensError } from '../../../errors.js';
import type { NdArray } from '../../../explanation.js';
import { evaluate } from '../../graph/evaluate.js';
import { optimise } from '../../graph/passes.js';
import type { Weight } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { engineFailed, WASM_MEMORY } from '../../memory.js';
import { chooseBackend } from '../../tfjs/backend.js';
import { tensorOf } from '../../tfjs/live-weight.js';
import { failureOf, WASM, wasmGeneration, wasmReady } from '../../tfjs/wasm-instance.js';
import type { Compiled, Executor, Feeds } from '../executor.js';
import { PASSING } from './passing.js';
import { planOf, type Plan, type Step } from './plan.js';

/** Each operation costs something by itself; larger chunks gain nothing more on the backends measured. */
const CHUNK = 8;

export interface TfjsOptions {
  /** `tensorflow`, `wasm`, `cpu`, or one the process has registered; default the fastest that loads. */
  readonly backend?: string;
  /**
   * Whether weights stay on the backend until the executor is released, which
   * is faster, or only as long as a request; default true.
   */
  readonly keepsWeights?: boolean;
}

export async function tfjsExecutor(options: TfjsOptions = {}): Promise<Executor> {
  const { backend, keepsWeights = true } = options;
  const chosen = await chooseBackend(backend);
  const resident = new Map<Weight, Tensor>();
  let released = false;
  const upload = (v: Value<'constant'>): Tensor => {
    const { weight } = v.attrs;
    const live = tensorOf(weight);
    if (live !== undefined)
      return sameShape(live, weight) ? live : tf.reshape(live, [...weight.shape]);
    const found = resident.get(weight);
    if (found !== undefined) return found;
    const data = Float32Array.from(weight.data);
    const made = tf.keep(tf.tensor(data, [...weight.shape], 'float32'));
    resident.set(weight, made);
    return made;
  };
  const free = (): void => {
    for (const tensor of resident.values()) tensor.dispose();
    resident.clear();
  };

  let generation = wasmGeneration();

  function run(plan: Plan, feeds: Feeds): NdArray[] {
    if (released) throw new WhylensError('BACKEND', 'the model was released already');
    if (generation !== wasmGeneration()) {
      generation = wasmGeneration();
      free();
    }
    let arrays: NdArray[] = [];
    tf.tidy(() => {
      const done = new Map<Value, Tensor>();
      const tensorAt = (v: Value): Tensor => {
        if (v.op === 'constant') return upload(v);
        let tensor = done.get(v);
        if (tensor === undefined) done.set(v, (tensor = fed(v, feeds)));
        return tensor;
      };
      try {
        for (const step of plan.steps) {
          done.set(step.value, computed(step, step.inputs.map(tensorAt)));
          for (const x of step.last) done.get(x)!.dispose();
        }
        arrays = plan.outputs.map((v) => (v.live ? arrayOf(tensorAt(v)) : constantOf(v)));
      } catch (error) {
        // a lost instance is noticed before its tensors are freed
        throw failureOf(error) ?? (isWhylensError(error) ? error : engineFailed(error, 'tfjs'));
      }
    });
    return arrays;
  }

  return {
    id: 'tfjs',
    ...(chosen.backend === WASM ? { memory: WASM_MEMORY } : {}),
    facts: { version: tf.version_core, backend: chosen.backend },
    chunk: CHUNK,
    runs: () => true,
    compile: async (outputs): Promise<Compiled> => {
      const plan = planOf(optimise(outputs, keepsWeights ? undefined : PASSING));
      // the core knows no gradient of an operation by itself: the layers bring them all
      if (plan.usesTape) await import('@tensorflow/tfjs-layers');
      return {
        run: async (feeds) => {
          await wasmReady();
          return run(plan, feeds);
        },
        release: () => undefined,
      };
    },
    rest: () => {
      if (!keepsWeights) free();
    },
    release: () => {
      released = true;
      free();
    },
  };
}

const sameShape = (x: Tensor, { shape }: Weight): boolean => shape.join() === x.shape.join();

function fed(v: Value, feeds: Feeds): Tensor {
  const array = feeds.get(v);
  if (array !== undefined) return tf.tensor(array.data, [...array.shape], 'float32');
  const name = v.op === 'input' ? v.attrs.name : v.op;
  throw new WhylensError('INVALID_DOCUMENT', `nothing was given for input '${name}'`);
}

/** One step; what it needs in between is freed with it. */
function computed({ value, run }: Step, inputs: readonly Tensor[]): Tensor {
  try {
    return tf.tidy(() => {
      const y = run(inputs);
      // what came through unchanged is disposed of under its own name
      return inputs.includes(y) ? tf.clone(y) : y;
    });
  } catch (error) {
    const failure = failureOf(error);
    if (failure !== undefined || isWhylensError(error)) throw failure ?? error;
    const backend = tf.getBackend();
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `cannot compute '${value.op}' on the '${backend}' backend: ${(error as Error).message}. Try another backend, a layer nearer to the output, or a method without gradients such as occlusion or rise`,
      { cause: error, facts: { operation: value.op, backend } },
    );
  }
}

function arrayOf(tensor: Tensor): NdArray {
  const data = tensor.dataSync();
  return {
    shape: [...tensor.shape],
    // a backend may return its own memory
    data: data instanceof Float32Array ? data.slice() : Float32Array.from(data),
  };
}

const constantOf = (v: Value): NdArray => ({
  shape: [1, ...v.shape],
  data: Float32Array.from(evaluate([v])[0]),
});
