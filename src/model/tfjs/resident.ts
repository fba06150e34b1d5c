/**
 * Folded weights of models that `loadModel` made, kept on the back end between
 * calls: uploading and packing them takes as long as a small network's forward
 * pass. A model handed in by the caller has none, so that explaining it leaves
 * no tensor behind; a model trained after loading makes new ones.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TfjsModel } from './engine.js';
import type { Weight } from './weight.js';

const kept = new WeakMap<object, Map<Weight, Tensor>>();

export function residentWeights(native: object): ReadonlyMap<Weight, Tensor> | undefined {
  return kept.get(native);
}

/** Uploads what a forward pass of the model needs beside the caller's own tensors. */
export function keepWeights(native: object, adapted: TfjsModel): void {
  const weights = new Map<Weight, Tensor>();
  for (const weight of adapted.forwardWeights()) {
    if (weight.tensor !== undefined || weights.has(weight)) continue;
    weights.set(weight, tf.keep(tf.tensor(weight.data(), [...weight.shape], 'float32')));
  }
  freeWeights(native);
  kept.set(native, weights);
}

export function freeWeights(native: object): void {
  for (const tensor of kept.get(native)?.values() ?? []) tensor.dispose();
  kept.delete(native);
}
