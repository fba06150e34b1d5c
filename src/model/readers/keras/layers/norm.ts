/** Normalisations, and layers that scale by weights. */
import { WhylensError } from '../../../../errors.js';
import {
  add,
  div,
  maximum,
  mul,
  reshape,
  scalar,
  sub,
  tensor,
  transpose,
} from '../../../graph/build.js';
import {
  batchNorm,
  groupNorm,
  layerNorm,
  reduceMean,
  reduceSumSquare,
  rmsNorm,
  sqrt,
  square,
} from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { only, sampleAxis, type BuildLayer, type Layer } from '../layer.js';

/** Axes of a sample that the setting names; it may hold one number or a list. */
function axesOf(layer: Layer, rank: number, preset: number): number[] {
  const list = layer.config.has('axis') ? layer.config.list('axis') : [preset];
  return list.map((axis) => sampleAxis(axis, rank));
}

/** A weight over some axes, shaped to meet the whole. */
function over(weight: Value, axes: readonly number[], x: Value): Value;
function over(weight: Value | undefined, axes: readonly number[], x: Value): Value | undefined;
function over(weight: Value | undefined, axes: readonly number[], x: Value): Value | undefined {
  if (weight === undefined) return undefined;
  const shape = x.shape.map((n, axis) => (axes.includes(axis) ? n : 1));
  return reshape(weight, shape);
}

export const batchNormalization: BuildLayer = (layer, args) => {
  const { config } = layer;
  const x = only(layer, args);
  const [gamma, beta, mean, variance] = layer.weights.as(
    config.flag('scale', true) && 'gamma',
    config.flag('center', true) && 'beta',
    'moving_mean',
    'moving_variance',
  );
  const axes = axesOf(layer, x.shape.length, -1);
  return batchNorm(
    x,
    over(gamma, axes, x),
    over(beta, axes, x),
    over(mean!, axes, x),
    over(variance!, axes, x),
    config.number('epsilon', 1e-3),
  );
};

export const layerNormalization: BuildLayer = (layer, args) => {
  const { config } = layer;
  const x = only(layer, args);
  const [gamma, beta] = layer.weights.as(
    config.flag('scale', true) && 'gamma',
    config.flag('center', true) && !config.flag('rms_scaling', false) && 'beta',
  );
  const axes = axesOf(layer, x.shape.length, -1).sort((a, b) => a - b);
  const epsilon = config.number('epsilon', 1e-3);
  if (config.flag('rms_scaling', false)) {
    const variance = reduceMean(square(sub(x, reduceMean(x, axes))), axes);
    const y = div(x, sqrt(add(variance, scalar(epsilon))));
    return gamma === undefined ? y : mul(y, over(gamma, axes, x));
  }
  return layerNorm(x, over(gamma, axes, x), over(beta, axes, x), epsilon, axes);
};

export const rmsNormalization: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const [scale] = layer.weights.as('scale|gamma');
  const axes = axesOf(layer, x.shape.length, -1).sort((a, b) => a - b);
  return rmsNorm(x, over(scale, axes, x), layer.config.number('epsilon', 1e-6), axes);
};

export const groupNormalization: BuildLayer = (layer, args) => {
  const { config } = layer;
  const x = only(layer, args);
  const rank = x.shape.length;
  const [axis] = axesOf(layer, rank, -1);
  const [gamma, beta] = layer.weights.as(
    config.flag('scale', true) && 'gamma',
    config.flag('center', true) && 'beta',
  );
  const given = config.number('groups', 32);
  const groups = given === -1 ? x.shape[axis] : given;
  if (groups < 1 || x.shape[axis] % groups !== 0) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `layer '${layer.name}': ${x.shape[axis]} channels do not fall into ${groups} groups`,
    );
  }
  const epsilon = config.number('epsilon', 1e-3);
  const order = [...x.shape.keys()].filter((a) => a !== axis).concat(axis);
  const y = groupNorm(transpose(x, order), groups, gamma, beta, epsilon);
  return transpose(
    y,
    order.map((_, i) => order.indexOf(i)),
  );
};

/** x / √max(Σ x², 1e-12). */
export const unitNormalization: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const axes = axesOf(layer, x.shape.length, -1);
  return div(x, sqrt(maximum(reduceSumSquare(x, axes), scalar(1e-12))));
};

/** (x − mean) / max(√variance, 1e-7), with what was adapted or what the configuration gives. */
export const normalization: BuildLayer = (layer, args) => {
  const { config, weights } = layer;
  const x = only(layer, args);
  const axes = config.has('axis') ? axesOf(layer, x.shape.length, -1) : [];
  const given = (name: string): Value => {
    const list = config.list(name);
    return list.length === 1 ? scalar(list[0]) : over(tensor([list.length], list), axes, x);
  };
  const [mean, variance] =
    weights.count > 0
      ? weights
          .as('mean', 'variance')
          .map((w) => (w!.shape.length === 0 ? reshape(w!, []) : over(w!, axes, x)))
      : [given('mean'), given('variance')];
  const spread = maximum(sqrt(variance), scalar(1e-7));
  return config.flag('invert', false) ? add(mean, mul(x, spread)) : div(sub(x, mean), spread);
};

/** ConvNeXt's: each channel times its own number. */
export const layerScale: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const [gamma] = layer.weights.as('gamma|layer_scale|variable|Variable|kernel');
  return mul(x, gamma!);
};

export const rescaling: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  const number = (name: string, preset: number): Value => {
    if (!layer.config.has(name)) return scalar(preset);
    const list = layer.config.list(name);
    return list.length === 1 ? scalar(list[0]) : tensor([list.length], list);
  };
  return add(mul(x, number('scale', 1)), number('offset', 0));
};
