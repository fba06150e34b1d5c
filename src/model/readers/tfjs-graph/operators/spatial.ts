/** Operations that slide a window, and resizing. Values have their channels last, whatever the order in the file. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import {
  arranged,
  asTraced,
  dimsOf,
  range,
  requireSize,
  reshaped,
  traced,
  transposed as transposedBy,
  withAxis,
  withValue,
  type Dims,
  type Operand,
  type Traced,
} from '../../onnx/tensor.js';
import { broken, need, numbersAt, refused, settled, type Operation, type Site } from '../site.js';
import { fused } from './fused.js';

/** The positions of an operation's axes in the file. */
interface Layout {
  readonly space: Dims;
  readonly channel: number;
  readonly format: string;
}

function layoutOf(x: Operand, site: Site): Layout {
  const rank = dimsOf(x).length;
  if (rank < 3) throw broken(site, `needs an input with space, got ${rank} axes`);
  const format = site.attributes.choice('data_format', 'NHWC');
  return /^NC/.test(format)
    ? { space: range(rank - 2, 2), channel: 1, format }
    : { space: range(rank - 2, 1), channel: rank - 1, format };
}

/** A picture or several pieces of one, channels last. */
interface Picture {
  readonly value: Value;
  /** Whether a first axis counts pieces: they are computed as slices of a volume. */
  readonly pieces: boolean;
  readonly layout: Layout;
  readonly source: Traced;
}

function pictureOf(x: Operand, site: Site): Picture {
  const layout = layoutOf(x, site);
  const pieces = dimsOf(x)[0] !== 1;
  const order = [...(pieces ? [0] : []), ...layout.space, layout.channel];
  return { value: arranged(x, order), pieces, layout, source: asTraced(x) };
}
/** A value with the axes of a picture; a window over channels or tokens does not make them space. */
function placed(value: Value, { pieces, layout, source }: Picture): Traced {
  const { space, channel } = layout;
  const axes = range(source.rank).map((axis) => {
    if (axis === channel) return 'channels';
    if (axis === 0) return undefined;
    return source.axes[axis] ?? 'space';
  });
  return traced(value, source.rank, [...(pieces ? [0] : []), ...space, channel], axes);
}

/** The window, per axis of the value before its channels. */
interface Sliding {
  readonly window: number[];
  readonly strides: number[];
  readonly dilations: number[];
  readonly low: number[];
  readonly high: number[];
}

const spaceOf = ({ value, pieces }: Picture): number[] => value.shape.slice(pieces ? 1 : 0, -1);

function perAxis(site: Site, names: readonly string[], { layout }: Picture): number[] {
  const { attributes } = site;
  const name = names.find((one) => attributes.has(one));
  const list = name === undefined ? undefined : attributes.ints(name);
  const all = layout.space.length + 2;
  const single = name === undefined ? 1 : attributes.int(name, 1);
  const sizes = list ?? [];
  const found =
    sizes.length === all
      ? layout.space.map((axis) => sizes[axis])
      : sizes.length === layout.space.length
        ? sizes
        : layout.space.map(() => sizes[0] ?? single);
  if (found.every((n) => Number.isInteger(n) && n >= 1)) return found;
  throw broken(site, `has ${name} [${found.join(', ')}]`);
}

function slidingOf(window: number[], picture: Picture, site: Site): Sliding {
  const strides = perAxis(site, ['strides', 'stride'], picture);
  const dilations = perAxis(site, ['dilations', 'dilation'], picture);
  const space = spaceOf(picture);
  if (window.length !== space.length || !window.every((n) => n >= 1)) {
    throw broken(site, `slides a window [${window.join(', ')}] over [${space.join(', ')}]`);
  }
  const { low, high } = paddingOf(space, window, strides, dilations, picture, site);
  requireSize(space.map((n, i) => n + low[i] + high[i]));
  if (!picture.pieces) return { window, strides, dilations, low, high };
  return {
    window: [1, ...window],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    low: [0, ...low],
    high: [0, ...high],
  };
}

function paddingOf(
  space: Dims,
  window: Dims,
  strides: Dims,
  dilations: Dims,
  { layout }: Picture,
  site: Site,
): { low: number[]; high: number[] } {
  const kind = site.attributes.choice('padding', 'VALID');
  if (kind === 'SAME') return c.samePadding(space, window, strides, dilations);
  if (kind === 'VALID') return { low: space.map(() => 0), high: space.map(() => 0) };
  const flat = site.attributes.ints('explicit_paddings') ?? [];
  if (kind !== 'EXPLICIT' || flat.length !== 2 * (space.length + 2) || flat.some((n) => n < 0)) {
    throw broken(site, `has padding '${kind}' [${flat.join(', ')}]`);
  }
  return {
    low: layout.space.map((axis) => flat[2 * axis]),
    high: layout.space.map((axis) => flat[2 * axis + 1]),
  };
}

/** Kernel `[…window, in, out]` in the file's own order. */
const kernelOf = (kernel: Operand): Value => arranged(kernel, range(dimsOf(kernel).length));
const forPieces = (kernel: Value, { pieces }: Picture): Value =>
  pieces ? b.reshape(kernel, [1, ...kernel.shape]) : kernel;

function requireConstant(kernel: Operand, site: Site): void {
  if (kernel.kind === 'known' || !kernel.value.live) return;
  throw refused(site, 'has a kernel that is computed from the picture');
}

const convolution =
  (depthwise: boolean): Operation =>
  (inputs, site) => {
    const given = need(inputs, 0, site);
    const kernel = need(inputs, 1, site);
    requireConstant(kernel, site);
    const spread = spreadOf(given, site);
    const picture = pictureOf(spread?.x ?? given, site);
    const window = dimsOf(kernel).slice(0, -2);
    const plain = slidingOf(window, picture, site);
    // between the rows of every piece lie those of the others
    const sliding =
      spread === undefined
        ? plain
        : { ...plain, dilations: plain.dilations.map((n, i) => n * spread.block[i]) };
    const weights = kernelOf(kernel);
    const own = depthwise ? c.depthwiseKernel(weights) : weights;
    const channels = picture.value.shape[picture.value.shape.length - 1];
    const groups = channels / own.shape[own.shape.length - 2];
    if (!Number.isInteger(groups)) {
      throw broken(
        site,
        `slides a kernel [${dimsOf(kernel).join(', ')}] over [${dimsOf(given).join(', ')}]`,
      );
    }
    const y = c.convolution(picture.value, forPieces(own, picture), undefined, {
      ...sliding,
      groups,
    });
    const whole = fused(placed(y, picture), inputs.slice(2), site, picture.layout.format);
    return [spread === undefined ? whole : spreadOut(whole, spread.block, site)];
  };

/** A transposed convolution: the sizes of its output are given, since several would fit. */
const transposed: Operation = (inputs, site) => {
  const sizes = numbersAt(inputs, 0, site);
  const kernel = need(inputs, 1, site);
  requireConstant(kernel, site);
  const picture = pictureOf(need(inputs, 2, site), site);
  const { layout } = picture;
  const told = sizes.length === layout.space.length ? sizes : layout.space.map((a) => sizes[a]);
  const window = dimsOf(kernel).slice(0, -2);
  const strides = perAxis(site, ['strides'], picture);
  const dilations = perAxis(site, ['dilations'], picture);
  const { low } = paddingOf(told, window, strides, dilations, picture, site);
  requireSize(told);
  const rest = spaceOf(picture).map(
    (n, i) => (n - 1) * strides[i] + (window[i] - 1) * dilations[i] + 1 - low[i] - told[i],
  );
  const first = picture.pieces ? [0] : [];
  const y = c.convTranspose(picture.value, forPieces(kernelOf(kernel), picture), undefined, {
    strides: [...first.map(() => 1), ...strides],
    dilations: [...first.map(() => 1), ...dilations],
    low: [...first, ...low],
    high: [...first, ...rest.map((n) => Math.max(n, 0))],
    outputPadding: [...first, ...rest.map((n) => Math.max(-n, 0))],
  });
  return [placed(y, picture)];
};

const pool =
  (kind: 'max' | 'average'): Operation =>
  (inputs, site) => {
    const picture = pictureOf(need(inputs, 0, site), site);
    const window = perAxis(site, ['ksize', 'kernelSize'], picture);
    const sliding = slidingOf(window, picture, site);
    const { value } = picture;
    const whole =
      [...sliding.low, ...sliding.high].every((n) => n === 0) &&
      sliding.window.every((n, i) => n === value.shape[i]);
    if (kind === 'max') return [placed(c.maxPooling(value, sliding.window, sliding), picture)];
    // over all of it: a head is recognised by this
    if (whole) return [placed(c.reduceMean(value, range(value.shape.length - 1)), picture)];
    return [placed(c.averagePooling(value, sliding.window, sliding), picture)];
  };

const resize =
  (nearest: boolean): Operation =>
  (inputs, site) => {
    const sizes = numbersAt(inputs, 1, site);
    const corners = site.attributes.bool('align_corners');
    const centres = site.attributes.bool('half_pixel_centers');
    let x = asTraced(need(inputs, 0, site));
    sizes.forEach((to, i) => {
      const from = dimsOf(x)[i + 1];
      if (to === from) return;
      if (!(to >= 1)) throw broken(site, `resizes to [${sizes.join(', ')}]`);
      requireSize([from, to]);
      const at = withAxis(x, i + 1);
      const matrix = nearest
        ? nearestMatrix(from, to, corners, centres)
        : c.resizeMatrix(from, to, {
            method: 'linear',
            coordinates: corners && to > 1 ? 'alignCorners' : centres ? 'halfPixel' : 'asymmetric',
          });
      x = withValue(at.x, b.along(at.x.value, at.at, matrix));
    });
    return [settled(x)];
  };

/** In single precision, as TensorFlow places its rows. */
function nearestMatrix(from: number, to: number, corners: boolean, centres: boolean): Value {
  const aligned = corners && to > 1;
  const scale = Math.fround(aligned ? (from - 1) / (to - 1) : from / to);
  const rows = range(to).map((i) => {
    const at = Math.fround(Math.fround(centres ? i + 0.5 : i) * scale);
    return Math.min(aligned ? Math.floor(at + 0.5) : Math.floor(at), from - 1);
  });
  return c.matrixOf(to, from, (i, j) => Number(rows[i] === j));
}

const localResponse: Operation = (inputs, site) => {
  const { attributes } = site;
  const x = asTraced(need(inputs, 0, site));
  const picture: Picture = {
    ...pictureOf(x, site),
    layout: { space: range(x.rank - 2, 1), channel: x.rank - 1, format: 'NHWC' },
  };
  const size = 2 * attributes.int('depth_radius', 5) + 1;
  const [bias, alpha, beta] = [
    attributes.float('bias', 1),
    attributes.float('alpha', 1),
    attributes.float('beta', 0.5),
  ];
  return [placed(c.localResponseNorm(picture.value, size, alpha, beta, bias, false), picture)];
};

// ---- dilation by pieces

/** Pieces that a picture was cut into, row by row in turn, by the value that holds them. */
const cutInto = new WeakMap<Value, { readonly x: Traced; readonly block: Dims }>();

/** The picture behind pieces, if a window of stride 1 and without padding slides over them. */
function spreadOf(
  x: Operand,
  site: Site,
): { readonly x: Traced; readonly block: Dims } | undefined {
  const found = x.kind === 'traced' ? cutInto.get(x.value) : undefined;
  const { attributes } = site;
  const strides = attributes.ints('strides') ?? [];
  const plain = attributes.choice('padding', 'VALID') === 'VALID' && strides.every((n) => n === 1);
  const last = !/^NC/.test(attributes.choice('data_format', 'NHWC'));
  return plain && last && found?.block.length === dimsOf(x).length - 2 ? found : undefined;
}

/** `[n, s₁, …]` as `[b₁·…·n, s₁ / b₁, …]`: every b-th row is a piece of its own. */
function spreadOut(x: Operand, block: Dims, site: Site): Traced {
  const t = asTraced(x);
  const dims = dimsOf(t);
  const m = block.length;
  const parts = [dims[0], ...block.flatMap((n, i) => [dims[i + 1] / n, n]), ...dims.slice(m + 1)];
  if (!parts.every(Number.isInteger)) {
    throw broken(site, `cuts [${dims.join(', ')}] into blocks of [${block.join(', ')}]`);
  }
  const rest = range(parts.length - 2 * m - 1, 2 * m + 1);
  const perm = [...range(m).map((i) => 2 * i + 2), 0, ...range(m).map((i) => 2 * i + 1), ...rest];
  const count = block.reduce((p, q) => p * q, dims[0]);
  const shape = [count, ...block.map((n, i) => dims[i + 1] / n), ...dims.slice(m + 1)];
  const cut = reshaped(transposedBy(reshaped(t, parts), perm), shape);
  cutInto.set(cut.value, { x: t, block });
  return { ...cut, axes: t.axes };
}

const spaceToBatch: Operation = (inputs, site) => {
  const block = numbersAt(inputs, 1, site);
  const pads = numbersAt(inputs, 2, site);
  const x = asTraced(need(inputs, 0, site));
  const pair = (side: number): number[] =>
    range(x.rank).map((axis) =>
      axis >= 1 && axis <= block.length ? pads[2 * (axis - 1) + side] : 0,
    );
  return [spreadOut(paddedBy(x, pair(0), pair(1)), block, site)];
};

const batchToSpace: Operation = (inputs, site) => {
  const block = numbersAt(inputs, 1, site);
  const crops = numbersAt(inputs, 2, site);
  const pieces = asTraced(need(inputs, 0, site));
  const m = block.length;
  const dims = dimsOf(pieces);
  const known = cutInto.get(pieces.value);
  const count = dims[0] / block.reduce((p, q) => p * q, 1);
  if (!Number.isInteger(count)) throw broken(site, `puts ${dims[0]} pieces together`);
  let x: Traced;
  if (known !== undefined && String(known.block) === String(block)) ({ x } = known);
  else {
    const split = reshaped(pieces, [...block, count, ...dims.slice(1)]);
    const perm = [
      m,
      ...range(m).flatMap((i) => [m + 1 + i, i]),
      ...range(dims.length - m - 1, 2 * m + 1),
    ];
    const shape = [count, ...block.map((n, i) => dims[i + 1] * n), ...dims.slice(m + 1)];
    x = { ...reshaped(transposedBy(split, perm), shape), axes: pieces.axes };
  }
  const side = (s: number): number[] =>
    range(x.rank).map((axis) => (axis >= 1 && axis <= m ? -crops[2 * (axis - 1) + s] : 0));
  return [paddedBy(x, side(0), side(1))];
};

function paddedBy(x: Traced, low: Dims, high: Dims): Traced {
  let y = x;
  range(x.rank).forEach((axis) => {
    if (low[axis] !== 0 || high[axis] !== 0) y = withAxis(y, axis).x;
  });
  const pick = (list: Dims): number[] => y.order.map((axis) => list[axis]);
  return withValue(y, b.pad(y.value, pick(low), pick(high)));
}

export const SPATIAL: Readonly<Record<string, Operation>> = {
  Conv1D: convolution(false),
  Conv2D: convolution(false),
  _FusedConv2D: convolution(false),
  FusedConv2D: convolution(false),
  Conv3D: convolution(false),
  DepthwiseConv2d: convolution(true),
  DepthwiseConv2dNative: convolution(true),
  _FusedDepthwiseConv2dNative: convolution(true),
  FusedDepthwiseConv2dNative: convolution(true),
  Conv2DBackpropInput: transposed,
  Conv3DBackpropInputV2: transposed,
  MaxPool: pool('max'),
  MaxPoolWithArgmax: pool('max'),
  MaxPool3D: pool('max'),
  AvgPool: pool('average'),
  AvgPool3D: pool('average'),
  ResizeBilinear: resize(false),
  ResizeNearestNeighbor: resize(true),
  LRN: localResponse,
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
};
