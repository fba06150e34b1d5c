/** Normalisations, those of training data and those of the sample itself. */
import { sizeOf } from '../../../../maths/ndarray.js';
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { broken } from '../attributes.js';
import { plainAxis } from '../fold.js';
import { need, needTraced, type Inputs, type Operator, type Site } from '../site.js';
import {
  asTraced,
  dimsOf,
  range,
  reshaped,
  traced,
  withValue,
  type Operand,
  type Traced,
} from '../tensor.js';
import { joined } from './pointwise.js';

/** One number for each channel, to go with axis 1 of `rank` axes. */
const perChannel = (x: Operand, rank: number): Traced => {
  const t = asTraced(x);
  const size = sizeOf(dimsOf(t));
  return reshaped(t, [size, ...range(Math.max(rank - 2, 0)).map(() => 1)]);
};

const batchNorm: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const own = [1, 2, 3, 4].map((i) => perChannel(need(inputs, i, site), x.rank));
  const epsilon = site.attributes.float('epsilon', 1e-5);
  const fixed = own.every((t) => !t.value.live);
  const y = joined([x, ...own], ([v, gamma, beta, mean, variance]) => {
    if (fixed) return c.batchNorm(v, gamma, beta, mean, variance, epsilon);
    // statistics of the sample: the gradient goes through them
    const deviation = c.sqrt(b.add(variance, b.scalar(epsilon)));
    return b.add(b.mul(b.div(b.sub(v, mean), deviation), gamma), beta);
  });
  return [y];
};

/** Over the last axes from `axis` on. */
function layerNormalised(
  x: Traced,
  gamma: Operand | undefined,
  beta: Operand | undefined,
  epsilon: number,
  axis: number,
  centred = true,
): Traced {
  const at = range(x.rank)
    .slice(axis)
    .map((a) => x.order.indexOf(a))
    .filter((i) => i !== -1);
  const norm = (v: Value): Value =>
    centred
      ? c.normalise(v, at, epsilon)
      : b.div(v, c.sqrt(b.add(c.reduceMean(c.square(v), at), b.scalar(epsilon))));
  let y: Traced = withValue(x, norm(x.value));
  if (gamma !== undefined) y = joined([y, gamma], ([v, g]) => b.mul(v, g));
  if (beta !== undefined) y = joined([y, beta], ([v, w]) => b.add(v, w));
  return { ...y, axes: x.axes };
}

const layerNorm: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = needTraced(inputs, 0, site);
  const axis = plainAxis(attributes.int('axis', -1), x.rank, attributes);
  const epsilon = attributes.float('epsilon', 1e-5);
  const y = layerNormalised(x, inputs[1], inputs[2], epsilon, axis);
  const at = range(x.rank)
    .slice(axis)
    .map((a) => x.order.indexOf(a))
    .filter((i) => i !== -1);
  const mean = c.reduceMean(x.value, at);
  const variance = c.reduceMean(c.square(b.sub(x.value, mean)), at);
  const inverse = b.unary('reciprocal', c.sqrt(b.add(variance, b.scalar(epsilon))));
  return [y, withValue(x, mean), withValue(x, inverse)];
};

const rmsNorm: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = needTraced(inputs, 0, site);
  const axis = plainAxis(attributes.int('axis', -1), x.rank, attributes);
  return [layerNormalised(x, inputs[1], undefined, attributes.float('epsilon', 1e-5), axis, false)];
};

/** Each channel over its space. A group norm is written as one between two reshapes: it is read as a group norm. */
const instanceNorm: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const epsilon = site.attributes.float('epsilon', 1e-5);
  const groups = dimsOf(x)[1];
  const source = x.origin;
  const whole =
    source !== undefined &&
    source.rank > 3 &&
    dimsOf(source)[0] === 1 &&
    dimsOf(source)[1] % groups === 0 &&
    x.rank === 3 &&
    source.axes[1] === 'channels';
  const scale = perChannel(need(inputs, 1, site), x.rank);
  const shift = perChannel(need(inputs, 2, site), x.rank);
  if (whole) {
    const y = inGroups(source, groups, epsilon);
    const [g, s] = [scale, shift].map((t) => repeated(t, dimsOf(source)[1] / groups, source.rank));
    const all = joined([y, g, s], ([v, p, q]) => b.add(b.mul(v, p), q));
    return [{ ...reshaped(all, dimsOf(x)), origin: all }];
  }
  const at = range(x.rank)
    .slice(2)
    .map((a) => x.order.indexOf(a))
    .filter((i) => i !== -1);
  const y = withValue(x, c.normalise(x.value, at, epsilon));
  return [joined([y, scale, shift], ([v, p, q]) => b.add(b.mul(v, p), q))];
};

/** One number for each group, as one for each channel. */
function repeated(t: Traced, count: number, rank: number): Traced {
  const size = dimsOf(t)[0];
  const flat = b.reshape(t.value, [size, 1]);
  const channels = b.reshape(b.expand(flat, [size, count]), [size * count]);
  return reshaped(traced(channels, 1, [0]), [size * count, ...range(rank - 2).map(() => 1)]);
}

/** Groups of channels with their space brought to mean 0 and deviation 1. */
function inGroups(x: Traced, groups: number, epsilon: number): Traced {
  const dims = dimsOf(x);
  const split = reshaped(x, [dims[0], groups, dims[1] / groups, ...dims.slice(2)]);
  const at = range(split.rank)
    .slice(2)
    .map((a) => split.order.indexOf(a))
    .filter((i) => i !== -1);
  const y = withValue(split, c.normalise(split.value, at, epsilon));
  return { ...reshaped(y, dims), axes: x.axes };
}

const groupNorm: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = needTraced(inputs, 0, site);
  const groups = attributes.int('num_groups', 1);
  const channels = dimsOf(x)[1];
  if (channels % groups !== 0) {
    throw broken(attributes.node, `splits ${channels} channels into ${groups} groups`);
  }
  const y = inGroups(x, groups, attributes.float('epsilon', 1e-5));
  const own = [1, 2].map((i) => {
    const t = perChannel(need(inputs, i, site), x.rank);
    return dimsOf(t)[0] === groups ? repeated(t, channels / groups, x.rank) : t;
  });
  return [joined([y, ...own], ([v, p, q]) => b.add(b.mul(v, p), q))];
};

const lpNormalization: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const axis = plainAxis(site.attributes.int('axis', -1), x.rank, site.attributes);
  const at = [x.order.indexOf(axis)].filter((i) => i !== -1);
  const norm =
    site.attributes.int('p', 2) === 1 ? c.reduceL1(x.value, at) : c.reduceL2(x.value, at);
  return [withValue(x, b.div(x.value, norm))];
};

/** ONNX Runtime's: the sum of a layer and its shortcut, normalised. */
export const skipLayerNorm =
  (centred: boolean): Operator =>
  (inputs: Inputs, site: Site) => {
    const sum = joined([need(inputs, 0, site), need(inputs, 1, site)], ([p, q]) => b.add(p, q));
    const bias = inputs[centred ? 4 : 3];
    const x = bias === undefined ? sum : joined([sum, bias], ([p, q]) => b.add(p, q));
    const beta = centred ? inputs[3] : undefined;
    const epsilon = site.attributes.float('epsilon', 1e-12);
    const y = layerNormalised(x, inputs[2], beta, epsilon, x.rank - 1, centred);
    // the fourth output is the sum itself
    return [y, y, y, x];
  };

export const NORMALISE: Readonly<Record<string, Operator>> = {
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  RMSNormalization: rmsNorm,
  SimplifiedLayerNormalization: rmsNorm,
  InstanceNormalization: instanceNorm,
  GroupNormalization: groupNorm,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: (inputs, site) => {
    const x = needTraced(inputs, 0, site);
    const axes = site.attributes.ints('axes') ?? [0, 2, 3];
    const at = axes.map((a) => x.order.indexOf(a)).filter((i) => i !== -1);
    return [withValue(x, c.normalise(x.value, at, 1e-9))];
  },
};
