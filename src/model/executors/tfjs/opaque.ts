/**
 * A piece of a model that is not translated (a custom layer, a recurrent one):
 * run as it is, differentiated by tfjs' own tape over this piece alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isWhylensError, WhylensError } from '../../../errors.js';
import type { OpaqueLayer } from '../../graph/primitives.js';
import { failureOf } from '../../tfjs/wasm-instance.js';
import { withGradientKernels } from './gradient-kernels.js';
import { repeated } from './repeat.js';

/** What the TensorFlow.js side puts into an opaque layer. */
export interface OpaqueTfjs {
  /** The layer in words, for messages. */
  readonly where: string;
  readonly apply: (inputs: readonly Tensor[]) => readonly Tensor[];
}

const ownOf = ({ own }: OpaqueLayer): OpaqueTfjs => own as OpaqueTfjs;

export function runOpaque(layer: OpaqueLayer, inputs: readonly Tensor[], output: number): Tensor {
  const own = ownOf(layer);
  const all = sameBatch(inputs);
  return guarded(own, 'run', () => asFloat(own.apply(all)[output]));
}

/** The gradient at input `index`, from that at an output. */
export function differentiateOpaque(
  layer: OpaqueLayer,
  given: readonly Tensor[],
  output: number,
  index: number,
): Tensor {
  const own = ownOf(layer);
  const all = sameBatch(given);
  const [inputs, dy] = [all.slice(0, -1), all[all.length - 1]];
  const gradient = tf.grad((moving: Tensor) => {
    const moved = inputs.map((x, i) => (i === index ? moving : x));
    return asFloat(own.apply(moved)[output]);
  });
  return guarded(own, 'differentiate', () =>
    cleaningUp(() => withGradientKernels(() => gradient(inputs[index], dy))),
  );
}

/** A layer may return its input; the executor frees what it is given. */
const asFloat = (y: Tensor): Tensor =>
  y.dtype === 'float32' ? tf.clone(y) : tf.cast(y, 'float32');

/** Targets of one sample come as a batch: the sample is then repeated. */
function sameBatch(all: readonly Tensor[]): Tensor[] {
  const count = Math.max(...all.map(({ shape }) => shape[0]));
  return all.map((x) =>
    x.shape[0] === count ? x : repeated(x, [count, ...x.shape.slice(1).map(() => 1)]),
  );
}

/** Names the layer if a backend cannot do something. */
function guarded<T>({ where }: OpaqueTfjs, verb: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const failure = failureOf(error);
    if (failure !== undefined || isWhylensError(error)) throw failure ?? error;
    const backend = tf.getBackend();
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `cannot ${verb} ${where} on the '${backend}' backend: ${(error as Error).message}. Try another backend, a layer nearer to the output, or a method without gradients such as occlusion or rise`,
      { cause: error, facts: { layer: where, backend } },
    );
  }
}

/** When a gradient is missing tfjs throws and leaves its tape, with what it saved, behind. */
function cleaningUp<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { state } = tf.engine() as unknown as {
      state: { gradientDepth: number; activeTape: { saved?: Tensor[] }[] | null };
    };
    if (state.gradientDepth === 0 && state.activeTape !== null && state.activeTape !== undefined) {
      for (const { saved = [] } of state.activeTape) saved.forEach((tensor) => tensor.dispose());
      state.activeTape = null;
    }
    throw error;
  }
}
