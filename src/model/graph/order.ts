/** Numbers with their axes in another order. */
import { range, same } from './build.js';
import { copied, strideOf } from './evaluate.js';
import type { Shape } from './primitives.js';

/** Axis `order[i]` of what is given becomes axis `i`; the array itself where no number moves. */
export function reordered(
  data: Float32Array | Float64Array,
  shape: Shape,
  order: Shape,
): Float32Array | Float64Array {
  if (liesAlike(range(shape.length), order, shape)) return data;
  const strides = strideOf(shape);
  return copied(
    data,
    new Float32Array(data.length),
    order.map((a) => shape[a]),
    order.map((a) => strides[a]),
  );
}

/** Equal but for the places of axes of size 1: the numbers lie alike. */
export function liesAlike(a: Shape, b: Shape, shape: Shape): boolean {
  const wide = (order: Shape): number[] => order.filter((axis) => shape[axis] !== 1);
  return same(wide(a), wide(b));
}
