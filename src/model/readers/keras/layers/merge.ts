/** Layers that join several values. */
import { WhylensError } from '../../../../errors.js';
import { sizeOf } from '../../../../maths/ndarray.js';
import {
  add,
  concat,
  matMul,
  maximum,
  minimum,
  mul,
  reshape,
  scalar,
  sub,
  sum,
  transpose,
} from '../../../graph/build.js';
import { unitNorm } from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { sampleAxis, valuesOf, type BuildLayer } from '../layer.js';

/** Of values of unequal rank the smaller gets axes of size 1 in front, as Keras does. */
const fold =
  (join: (a: Value, b: Value) => Value): BuildLayer =>
  (layer, args) => {
    const [first, ...rest] = valuesOf(args);
    if (first === undefined) {
      throw new WhylensError('UNSUPPORTED_MODEL', `layer '${layer.name}' joins nothing`);
    }
    return rest.reduce(join, first);
  };

export const addAll = fold(add);
export const multiplyAll = fold(mul);
export const maximumOf = fold(maximum);
export const minimumOf = fold(minimum);
export const subtract: BuildLayer = (_, args) => {
  const [a, b] = valuesOf(args);
  return sub(a, b);
};
export const average: BuildLayer = (_, args) => {
  const all = valuesOf(args);
  return mul(all.reduce(add), scalar(1 / all.length));
};
export const concatenate: BuildLayer = (layer, args) => {
  const all = valuesOf(args);
  const axis = layer.config.has('axis') ? layer.config.number('axis') : -1;
  return concat(all, sampleAxis(axis, all[0].shape.length));
};

/** Sums over one axis of each, samples apart. */
export const dot: BuildLayer = (layer, args) => {
  const given = valuesOf(args);
  const axes = layer.config.list('axes');
  const [i, j] = given.map((x, n) => sampleAxis(axes[n] ?? axes[0], x.shape.length));
  const [x, y] = layer.config.flag('normalize', false)
    ? [unitNorm(given[0], [i]), unitNorm(given[1], [j])]
    : given;
  if (x.shape.length === 1 && y.shape.length === 1) return sum(mul(x, y), [0]);
  const last = (v: Value, axis: number): Value =>
    transpose(v, [...v.shape.keys()].filter((a) => a !== axis).concat(axis));
  const [a, b] = [last(x, i), last(y, j)];
  const size = a.shape[a.shape.length - 1];
  const rows = (v: Value): Value => reshape(v, [sizeOf(v.shape) / size, size]);
  const product = matMul(rows(a), rows(b), false, true);
  return reshape(product, [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
};
