/**
 * Rewrites for weights that are on the backend only as long as a request: a live model's own
 * tensors are used as they are if computing new ones would cost more than it saves.
 */
import { matMul, reshape, sizeOf } from '../../graph/build.js';
import { foldConstants, foldCrop, foldScaleBefore, type Pass } from '../../graph/passes.js';
import type { Shape } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';

/** The product with a turned kernel at a single place, as one with the kernel as it lies there. */
const turnedProduct: Pass = (v) => {
  if (v.op !== 'conv' || v.attrs.groups !== 1) return undefined;
  const [x, kernel] = v.inputs;
  const channels = x.shape.at(-1)!;
  const filters = v.shape.at(-1)!;
  if (sizeOf(x.shape) !== channels || sizeOf(v.shape) !== filters) return undefined;
  if (sizeOf(kernel.shape) !== channels * filters) return undefined;
  let turns = 0;
  let source: Value = kernel;
  for (; ['reshape', 'transpose', 'reverse'].includes(source.op); [source] = source.inputs) {
    if (source.op === 'transpose') turns += isTurn(source.attrs.order) ? 1 : NaN;
  }
  const [from, to] = source.shape.slice(-2);
  if (source.op !== 'constant' || turns !== 1 || from !== filters || to !== channels) {
    return undefined;
  }
  const y = matMul(reshape(x, [1, channels]), reshape(source, [from, to]), false, true);
  return reshape(y, v.shape);
};

/** The move in `turned`: in and out exchanged, with the groups between them. */
const isTurn = (order: Shape): boolean =>
  order.every((from, at) => from === (at < order.length - 3 ? at : 2 * order.length - 4 - at));

/** A factor on few numbers is cheaper than one on many weights. */
const unless =
  (pass: Pass, isLarge: (v: Value) => boolean): Pass =>
  (v, uses) =>
    isLarge(v) ? undefined : pass(v, uses);
const weightsBehind = (v: Value): number =>
  Math.max(0, ...v.inputs.map((x) => (x.live ? 0 : sizeOf(x.shape))));

const scaleBefore = unless(foldScaleBefore, (v) => {
  return v.op === 'conv' && weightsBehind(v) > sizeOf(v.inputs[0].shape);
});

/**
 * A normalisation's factor stays beside its convolution: taken into the weights it is rounded once
 * more, and units at their corner then fall to the other side than in TensorFlow and PyTorch.
 */
export const PASSING: readonly Pass[] = [
  turnedProduct,
  foldConstants,
  scaleBefore,
  foldCrop,
  foldConstants,
];
