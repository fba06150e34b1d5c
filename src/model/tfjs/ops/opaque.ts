/**
 * A piece of a model that is not translated (a custom layer, a recurrent one):
 * run as it is, differentiated by tfjs' own tape over this piece alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ActivationInfo } from '../../interface.js';
import type { Op } from '../program.js';
import { withGradientKernels } from './gradient-kernels.js';

export function opaqueOp(
  kind: string,
  run: (inputs: Tensor[]) => Tensor | Tensor[],
  about: { readonly activation?: ActivationInfo } = {},
): Op {
  const forward = (inputs: readonly Tensor[]): Tensor[] => {
    const result = run([...inputs]);
    // a layer may hand its input through; the executor frees what it is given
    return (Array.isArray(result) ? result : [result]).map((y) => y.clone());
  };
  return {
    kind,
    ...about,
    saves: { inputs: true },
    forward,
    backward: (dys, { inputs }, want) => {
      const at = inputs.flatMap((_, i) => (want[i] ? [i] : []));
      const gradient = tf.grads((...moving: Tensor[]) => {
        const all = inputs.map((x, i) => (want[i] ? moving[at.indexOf(i)] : x));
        const parts = forward(all).flatMap((y, i) => {
          const dy = dys[i];
          return dy === undefined ? [] : [tf.sum(tf.mul(tf.cast(y, 'float32'), dy))];
        });
        return parts.reduce((sum, part) => tf.add(sum, part));
      });
      const found = cleaningUp(() => withGradientKernels(() => gradient(at.map((i) => inputs[i]))));
      return inputs.map((_, i) => (want[i] ? found[at.indexOf(i)] : undefined));
    },
  };
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
