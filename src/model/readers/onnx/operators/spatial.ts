/** Operators over space: convolutions, pools, resizing. Values have their channels last. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { broken, refused, type Attributes } from '../attributes.js';
import { numbers, plainAxis, ints } from '../fold.js';
import { need, needTraced, optionalKnown, type Operator, type Site } from '../site.js';
import {
  arranged,
  asTraced,
  dimsOf,
  range,
  requireSize,
  traced,
  withAxis,
  withValue,
  type Dims,
  type Operand,
  type Traced,
} from '../tensor.js';

/** The value of a picture or signal, channels last; more than one of them is refused. */
export function channelsLast(x: Operand, site: Site): Value {
  const dims = dimsOf(x);
  if (dims.length < 3) {
    throw broken(site.attributes.node, `needs an input with space, got [${dims.join(', ')}]`);
  }
  if (dims[0] !== 1) {
    throw refused(site.attributes.node, `works on ${dims[0]} pieces of a picture at a time`);
  }
  return arranged(x, [...range(dims.length - 2, 2), 1]);
}
export function spatial(value: Value): Traced {
  const rank = value.shape.length + 1;
  return traced(
    value,
    rank,
    [...range(rank - 2, 2), 1],
    [undefined, 'channels', ...range(rank - 2).map(() => 'space' as const)],
  );
}

interface Sliding {
  readonly window: number[];
  readonly strides: number[];
  readonly dilations: number[];
  readonly low: number[];
  readonly high: number[];
}

/** Strides, dilations and padding, the automatic kinds worked out. */
function sliding(space: Dims, window: number[], attributes: Attributes): Sliding {
  const ones = window.map(() => 1);
  const strides = attributes.ints('strides') ?? ones;
  const dilations = attributes.ints('dilations') ?? ones;
  const pads = attributes.ints('pads') ?? [];
  const bad =
    space.length !== window.length ||
    [window, strides, dilations].some(
      (list) => list.length !== window.length || !list.every((n) => Number.isInteger(n) && n > 0),
    ) ||
    pads.some((n) => n < 0);
  if (bad) {
    throw broken(
      attributes.node,
      `slides a window [${window.join(', ')}] by [${strides.join(', ')}] over [${space.join(', ')}]`,
    );
  }
  const auto = attributes.text('auto_pad', 'NOTSET');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const { low, high } = c.samePadding(space, window, strides, dilations);
    return auto === 'SAME_UPPER'
      ? { window, strides, dilations, low, high }
      : { window, strides, dilations, low: high, high: low };
  }
  const none = auto === 'VALID' || pads.length === 0;
  const low = window.map((_, i) => (none ? 0 : pads[i]));
  const high = window.map((_, i) => (none ? 0 : pads[i + window.length]));
  requireSize(space.map((n, i) => n + low[i] + high[i]));
  return { window, strides, dilations, low, high };
}

/** Rows added after, so that the last window of a pool that rounds up has a place. */
function roundedUp(space: Dims, s: Sliding, attributes: Attributes): number[] {
  return space.map((n, i) => {
    if (attributes.int('ceil_mode', 0) !== 1) return 0;
    const reach = (s.window[i] - 1) * s.dilations[i] + 1;
    const total = n + s.low[i] + s.high[i];
    let count = Math.ceil((total - reach) / s.strides[i]) + 1;
    // no window starts in the padding after
    if ((count - 1) * s.strides[i] >= n + s.low[i]) count -= 1;
    return Math.max(0, (count - 1) * s.strides[i] + reach - total);
  });
}

const kernelValue = (w: Operand): Value => {
  const rank = dimsOf(w).length;
  return arranged(w, [...range(rank - 2, 2), 1, 0]);
};
const biasValue = (bias: Operand | undefined): Value | undefined =>
  bias === undefined ? undefined : arranged(bias, [0]);

/** A convolution of what is given, for the quantised and fused forms too. */
export function convolve(
  x: Operand,
  kernel: Operand,
  bias: Operand | undefined,
  site: Site,
): Traced {
  const { attributes } = site;
  const value = channelsLast(x, site);
  const weights = asTraced(kernel);
  if (weights.rank !== dimsOf(x).length) {
    throw broken(attributes.node, `has a kernel of shape [${dimsOf(kernel).join(', ')}]`);
  }
  const window = dimsOf(weights).slice(2);
  const options = sliding(value.shape.slice(0, -1), window, attributes);
  const groups = attributes.int('group', 1);
  return spatial(
    c.convolution(value, kernelValue(kernel), biasValue(bias), { ...options, groups }),
  );
}

const conv: Operator = (inputs, site) => [
  convolve(need(inputs, 0, site), need(inputs, 1, site), inputs[2], site),
];

const convTranspose: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = channelsLast(need(inputs, 0, site), site);
  const kernel = need(inputs, 1, site);
  const groups = attributes.int('group', 1);
  const window = dimsOf(kernel).slice(2);
  const strides = attributes.ints('strides') ?? window.map(() => 1);
  const dilations = attributes.ints('dilations') ?? window.map(() => 1);
  const outputPadding = attributes.ints('output_padding') ?? window.map(() => 0);
  const pads = attributes.ints('pads') ?? [];
  const space = x.shape.slice(0, -1);
  const full = space.map(
    (n, i) => (n - 1) * strides[i] + (window[i] - 1) * dilations[i] + 1 + outputPadding[i],
  );
  const auto = attributes.text('auto_pad', 'NOTSET');
  const shape =
    attributes.ints('output_shape')?.slice(-window.length) ??
    (auto.startsWith('SAME') ? space.map((n, i) => n * strides[i]) : undefined);
  const cut = window.map((_, i) => {
    if (shape === undefined) return [pads[i] ?? 0, pads[i + window.length] ?? 0];
    const total = full[i] - shape[i];
    const half = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  requireSize(full);
  const value = c.convTranspose(x, kernelValue(kernel), biasValue(inputs[2]), {
    strides,
    dilations,
    low: cut.map(([low]) => low),
    high: cut.map(([, high]) => high),
    groups,
    outputPadding,
  });
  return [spatial(value)];
};

const maxPool: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = channelsLast(need(inputs, 0, site), site);
  const space = x.shape.slice(0, -1);
  const s = sliding(space, attributes.ints('kernel_shape') ?? [], attributes);
  const more = roundedUp(space, s, attributes);
  const high = s.high.map((n, i) => n + more[i]);
  return [spatial(c.maxPooling(x, s.window, { ...s, high }))];
};

export function averaged(x: Value, attributes: Attributes): Value {
  const space = x.shape.slice(0, -1);
  const s = sliding(space, attributes.ints('kernel_shape') ?? [], attributes);
  const more = roundedUp(space, s, attributes);
  const counted = attributes.int('count_include_pad', 0) === 1;
  const none = more.map(() => 0);
  // rows of the file's own padding may count; those that only rounding adds never do
  const wide = counted ? c.padSpace(x, s.low, s.high) : x;
  return c.averagePooling(wide, s.window, {
    ...s,
    low: counted ? none : s.low,
    high: counted ? more : s.high.map((n, i) => n + more[i]),
  });
}
const averagePool: Operator = (inputs, site) => [
  spatial(averaged(channelsLast(need(inputs, 0, site), site), site.attributes)),
];

const global =
  (pool: (x: Value, axes: readonly number[]) => Value): Operator =>
  (inputs, site) => {
    const x = channelsLast(need(inputs, 0, site), site);
    return [spatial(pool(x, range(x.shape.length - 1)))];
  };

const LP = (x: Value, axes: readonly number[], p: number): Value =>
  p === 1 ? c.reduceL1(x, axes) : c.reduceL2(x, axes);

const lrn: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = channelsLast(need(inputs, 0, site), site);
  return [
    spatial(
      c.localResponseNorm(
        x,
        attributes.int('size', 1),
        attributes.float('alpha', 0.0001),
        attributes.float('beta', 0.75),
        attributes.float('bias', 1),
      ),
    ),
  ];
};

const COORDINATES = {
  half_pixel: 'halfPixel',
  pytorch_half_pixel: 'pytorchHalfPixel',
  align_corners: 'alignCorners',
  asymmetric: 'asymmetric',
} as const;
const NEAREST = {
  round_prefer_floor: 'roundPreferFloor',
  round_prefer_ceil: 'roundPreferCeil',
  floor: 'floor',
  ceil: 'ceil',
} as const;

/** Upsample up to opset 9, Resize since; each axis is a matrix. */
const resize: Operator = (inputs, site) => {
  const { attributes, opset } = site;
  let x = needTraced(inputs, 0, site);
  const old = attributes.node.op === 'Upsample' || opset < 11;
  const scaleInput = optionalKnown(inputs, old ? 1 : 2, site);
  const sizeInput = old ? undefined : optionalKnown(inputs, 3, site);
  const scales = scaleInput === undefined ? attributes.floats('scales') : [...numbers(scaleInput)];
  const sizes = sizeInput === undefined ? undefined : ints(sizeInput);
  const axes =
    attributes.ints('axes')?.map((axis) => plainAxis(axis, x.rank, attributes)) ?? range(x.rank);
  const mode = attributes.text('mode', 'nearest');
  const method = { nearest: 'nearest', linear: 'linear', bilinear: 'linear', cubic: 'cubic' }[mode];
  const told = attributes.text('coordinate_transformation_mode', old ? 'asymmetric' : 'half_pixel');
  const coordinates = (COORDINATES as Record<string, c.ResizeOptions['coordinates']>)[told];
  if (method === undefined || coordinates === undefined) {
    throw refused(attributes.node, `resizes by '${mode}' with coordinates '${told}'`);
  }
  if (attributes.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw refused(attributes.node, 'chooses its size by a policy of aspect ratio');
  }
  const rounding = attributes.text('nearest_mode', old ? 'floor' : 'round_prefer_floor');
  const options: c.ResizeOptions = {
    method: method as c.Interpolation,
    coordinates,
    nearest: (NEAREST as Record<string, c.ResizeOptions['nearest']>)[rounding],
    cubicCoefficient: attributes.float('cubic_coeff_a', -0.75),
    excludeOutside: attributes.int('exclude_outside', 0) === 1,
    antialias: attributes.int('antialias', 0) === 1,
  };
  axes.forEach((axis, i) => {
    const from = dimsOf(x)[axis];
    const scale = sizes === undefined || sizes.length === 0 ? scales?.[i] : undefined;
    const to = scale === undefined ? sizes?.[i] : Math.floor(from * scale);
    if (to === undefined || !(to >= 1)) throw broken(attributes.node, 'does not tell its size');
    if (to === from && (scale ?? 1) === 1) return;
    requireSize([from, to]);
    const placed = withAxis(x, axis);
    const matrix = c.resizeMatrix(from, to, scale === undefined ? options : { ...options, scale });
    x = withValue(placed.x, b.along(placed.x.value, placed.at, matrix));
  });
  return [x];
};

export const SPATIAL: Readonly<Record<string, Operator>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: global((x, axes) => c.reduceMean(x, axes)),
  GlobalMaxPool: global((x, axes) => c.reduceMaximum(x, axes)),
  GlobalLpPool: (inputs, site) =>
    global((x, axes) => LP(x, axes, site.attributes.int('p', 2)))(inputs, site),
  LRN: lrn,
  Resize: resize,
  Upsample: resize,
};
