/** Weights that lie in tensors of a live model: numbers are read when they are asked for, the tensor serves as it is. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Weight } from '../graph/primitives.js';

const byData = new WeakMap<object, Weight>();
const tensors = new WeakMap<Weight, Tensor>();

/** The same weight for the same data: training a model gives its variables new data. */
export function liveWeight(source: Tensor): Weight {
  const known = byData.get(source.dataId);
  if (known !== undefined && tensorOf(known) !== undefined) return known;
  let numbers: Float32Array | undefined;
  const weight: Weight = {
    shape: source.shape,
    get data() {
      return (numbers ??= Float32Array.from(source.dataSync()));
    },
  };
  byData.set(source.dataId, weight);
  tensors.set(weight, source);
  return weight;
}

/** The tensor that holds a weight's numbers, if it belongs to a live model and is not freed; its shape may be another. */
export function tensorOf(weight: Weight): Tensor | undefined {
  const found = tensors.get(weight) ?? (weight.of === undefined ? undefined : tensorOf(weight.of));
  return found?.isDisposed === false ? found : undefined;
}
