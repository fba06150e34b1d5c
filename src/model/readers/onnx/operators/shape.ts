/** Operators that move, cut and repeat values. */
import { sizeOf } from '../../../../maths/ndarray.js';
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import { ELEMENT } from '../../../files/onnx.js';
import { broken, refused } from '../attributes.js';
import {
  axesOf,
  broadcastDims,
  elementPlaces,
  ints,
  numbers,
  plainAxis,
  reducedAxes,
  reshapeDims,
  scatterRows,
  sliceBounds,
  splitSizes,
  unsqueezedDims,
} from '../fold.js';
import { gatherComputed, gatherElementsComputed } from './picking.js';
import { need, needKnown, needTraced, optionalKnown, type Operator } from '../site.js';
import {
  aligned,
  arranged,
  asTraced,
  dimsOf,
  flatValue,
  known,
  knownInts,
  range,
  requireSize,
  reshaped,
  traced,
  transposed,
  unflat,
  withAxis,
  withValue,
  type Dims,
  type Traced,
} from '../tensor.js';
import type { Value } from '../../../graph/value.js';

const reshape: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const shape = optionalKnown(inputs, 1, site);
  const wanted = shape === undefined ? (site.attributes.ints('shape') ?? []) : ints(shape);
  return [reshaped(x, reshapeDims(dimsOf(x), wanted, site.attributes))];
};
const flatten: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const dims = dimsOf(x);
  const axis = site.attributes.int('axis', 1);
  const cut = axis < 0 ? axis + dims.length : axis;
  return [reshaped(x, [sizeOf(dims.slice(0, cut)), sizeOf(dims.slice(cut))])];
};
const squeeze: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const dims = dimsOf(x);
  const axes = axesOf(optionalKnown(inputs, 1, site), site.attributes, dims.length);
  if (axes?.some((axis) => dims[axis] !== 1)) {
    throw broken(site.attributes.node, `squeezes axes ${axes.join(', ')} of [${dims.join(', ')}]`);
  }
  return [
    reshaped(
      x,
      dims.filter((n, i) => !(axes?.includes(i) ?? n === 1)),
    ),
  ];
};
const unsqueeze: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const given = optionalKnown(inputs, 1, site);
  const axes = given === undefined ? (site.attributes.ints('axes') ?? []) : ints(given);
  return [reshaped(x, unsqueezedDims(dimsOf(x), axes, site.attributes))];
};
const transpose: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const perm = site.attributes.ints('perm') ?? range(x.rank).reverse();
  if (String([...perm].sort((p, q) => p - q)) !== String(range(x.rank))) {
    throw broken(site.attributes.node, `puts ${x.rank} axes in the order ${perm.join(', ')}`);
  }
  return [transposed(x, perm)];
};

const concat: Operator = (inputs, site) => {
  const given = inputs
    .map((_, i) => need(inputs, i, site))
    .filter((x) => !dimsOf(x).includes(0))
    .map(asTraced);
  const axis = plainAxis(site.attributes.int('axis', 0), given[0].rank, site.attributes);
  const lead = given.reduce((p, q) =>
    Number(q.value.live) * sizeOf(q.value.shape) > Number(p.value.live) * sizeOf(p.value.shape)
      ? q
      : p,
  );
  if (given.some((x) => x.rank !== lead.rank)) {
    throw broken(site.attributes.node, 'puts tensors of different ranks together');
  }
  const wide = range(lead.rank).filter((a) => given.some((x) => dimsOf(x)[a] !== 1));
  const placed = withAxis(lead, axis).x;
  const order = [...placed.order];
  for (const a of wide) if (!order.includes(a)) order.unshift(a);
  const value = b.concat(
    given.map((x) => arranged(x, order)),
    order.indexOf(axis),
  );
  // a class token among tokens leaves them tokens
  return [
    traced(
      value,
      lead.rank,
      order,
      lead.axes.map((kind) => kind),
    ),
  ];
};

const split: Operator = (inputs, site) => {
  const x0 = needTraced(inputs, 0, site);
  const axis = plainAxis(site.attributes.int('axis', 0), x0.rank, site.attributes);
  const { x, at } = withAxis(x0, axis);
  const sizes = splitSizes(dimsOf(x)[axis], optionalKnown(inputs, 1, site), site.attributes);
  let start = 0;
  return sizes.map((size) => {
    const part = b.sliceAxis(x.value, at, start, start + size);
    start += size;
    return withValue(x, part);
  });
};

const slice: Operator = (inputs, site) => {
  let x = needTraced(inputs, 0, site);
  const rest = [1, 2, 3, 4].map((i) => optionalKnown(inputs, i, site));
  const bounds = sliceBounds(dimsOf(x), rest, site.attributes);
  const left = bounds.map(({ size }) => size);
  // a roll by nothing puts nothing and everything together
  if (left.includes(0)) return [known(left, [], ELEMENT.float)];
  bounds.forEach(({ start, step, size }, axis) => {
    if (start === 0 && step === 1 && size === dimsOf(x)[axis]) return;
    const placed = withAxis(x, axis);
    const rows = range(size).map((i) => start + i * step);
    const backwards = step < 0;
    const value = b.gather(placed.x.value, placed.at, backwards ? rows.reverse() : rows);
    x = withValue(placed.x, backwards ? b.reverse(value, [placed.at]) : value);
  });
  return [x];
};

const gather: Operator = (inputs, site) => {
  const x0 = needTraced(inputs, 0, site);
  const axis = plainAxis(site.attributes.int('axis', 0), x0.rank, site.attributes);
  const told = need(inputs, 1, site);
  if (told.kind === 'traced') return [gatherComputed(x0, told, axis)];
  const indices = told;
  const { x, at } = withAxis(x0, axis);
  const n = dimsOf(x)[axis];
  const rows = ints(indices).map((i) => (i < 0 ? i + n : i));
  if (!rows.every((i) => Number.isInteger(i) && i >= 0 && i < n)) {
    throw broken(site.attributes.node, `takes a row beyond the ${n} there are`);
  }
  const y = withValue(x, b.gather(x.value, at, rows));
  const dims = dimsOf(x);
  const shape = [...dims.slice(0, axis), ...dimsOf(indices), ...dims.slice(axis + 1)];
  return [dimsOf(indices).length === 1 ? y : reshaped(y, shape)];
};

const gatherNd: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const indices = needKnown(inputs, 1, site);
  if (site.attributes.int('batch_dims', 0) !== 0) {
    throw refused(site.attributes.node, 'has batch_dims other than 0, which whylens does not read');
  }
  const depth = dimsOf(indices).at(-1) ?? 1;
  const tail = dimsOf(x).slice(depth);
  const width = sizeOf(tail);
  const rows = scatterRows(dimsOf(x), indices, site.attributes).map((at) => at / width);
  const flat = b.reshape(flatValue(x), [sizeOf(dimsOf(x)) / width, width]);
  return [unflat(b.gather(flat, 0, rows), [...dimsOf(indices).slice(0, -1), ...tail])];
};

const gatherElements: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const axis = plainAxis(site.attributes.int('axis', 0), x.rank, site.attributes);
  const indices = need(inputs, 1, site);
  if (indices.kind === 'traced') return [gatherElementsComputed(x, indices, axis)];
  const places = elementPlaces(dimsOf(x), indices, axis, site.attributes);
  return [unflat(b.gather(flatValue(x), 0, places), dimsOf(indices))];
};

const scatterNd: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const indices = needKnown(inputs, 1, site);
  const updates = needTraced(inputs, 2, site);
  const depth = dimsOf(indices).at(-1) ?? 1;
  const width = sizeOf(dimsOf(x).slice(depth));
  const count = sizeOf(dimsOf(x)) / width;
  const rows = scatterRows(dimsOf(x), indices, site.attributes).map((at) => at / width);
  const old = b.reshape(flatValue(x), [count, width]);
  const fresh = b.reshape(flatValue(updates), [rows.length, width]);
  const reduction = site.attributes.text('reduction', 'none');
  if (reduction === 'add') {
    requireSize([count, rows.length]);
    const spread = c.matrixOf(count, rows.length, (i, j) => Number(rows[j] === i));
    return [unflat(b.add(old, b.along(fresh, 0, spread)), dimsOf(x))];
  }
  if (reduction !== 'none') {
    throw refused(site.attributes.node, `scatters with reduction '${reduction}'`);
  }
  const source = range(count);
  rows.forEach((row, i) => (source[row] = count + i));
  return [unflat(b.gather(b.concat([old, fresh], 0), 0, source), dimsOf(x))];
};

const expand: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const dims = broadcastDims([dimsOf(x), ints(needKnown(inputs, 1, site))], site.attributes);
  return [spread(x, dims)];
};
function spread(x: Traced, dims: Dims): Traced {
  const lead = dims.length - x.rank;
  let y: Traced = lead === 0 ? x : reshaped(x, [...range(lead).map(() => 1), ...dimsOf(x)]);
  dims.forEach((n, axis) => {
    if (n !== 1 && !y.order.includes(axis)) y = withAxis(y, axis).x;
  });
  return withValue(
    y,
    b.expand(
      y.value,
      y.order.map((axis) => dims[axis]),
    ),
  );
}
const tile: Operator = (inputs, site) => {
  let x = needTraced(inputs, 0, site);
  ints(needKnown(inputs, 1, site)).forEach((times, axis) => {
    if (times === 1) return;
    requireSize([sizeOf(dimsOf(x)), times]);
    const placed = withAxis(x, axis);
    x = withValue(
      placed.x,
      c.tile(
        placed.x.value,
        placed.x.order.map((a) => (a === axis ? times : 1)),
      ),
    );
  });
  return [x];
};

const pad: Operator = (inputs, site) => {
  const { attributes } = site;
  let x = needTraced(inputs, 0, site);
  const given = optionalKnown(inputs, 1, site);
  const pads = given === undefined ? (attributes.ints('pads') ?? []) : ints(given);
  const named = optionalKnown(inputs, 3, site);
  const axes =
    named === undefined ? range(x.rank) : ints(named).map((a) => plainAxis(a, x.rank, attributes));
  const fill =
    inputs[2] === undefined
      ? attributes.float('value', 0)
      : (numbers(needKnown(inputs, 2, site))[0] ?? 0);
  const mode = attributes.text('mode', 'constant');
  const [low, high] = [0, 1].map((side) => {
    const all = range(x.rank).map(() => 0);
    axes.forEach((axis, i) => (all[axis] = pads[side * axes.length + i] ?? 0));
    return all;
  });
  range(x.rank).forEach((axis) => {
    if (low[axis] !== 0 || high[axis] !== 0) x = withAxis(x, axis).x;
  });
  const before = x.order.map((axis) => low[axis]);
  const after = x.order.map((axis) => high[axis]);
  requireSize(x.value.shape.map((n, i) => Math.max(1, n + before[i] + after[i])));
  if (mode === 'constant') return [withValue(x, b.pad(x.value, before, after, undefined, fill))];
  if (mode !== 'reflect' && mode !== 'edge' && mode !== 'wrap') {
    throw refused(attributes.node, `pads in the unknown mode '${mode}'`);
  }
  const cut = (list: Dims): number[] => list.map((n) => Math.min(n, 0));
  const added = (list: Dims): number[] => list.map((n) => Math.max(n, 0));
  const inner = b.pad(x.value, cut(before), cut(after));
  return [withValue(x, c.padRepeating(inner, added(before), added(after), mode))];
};

/** Reductions keep their axes or not; over none at all they do nothing. */
const reducing =
  (f: (x: Value, axes: Dims) => Value, plain: (x: Value) => Value = (x) => x): Operator =>
  (inputs, site) => {
    const x = needTraced(inputs, 0, site);
    const dims = dimsOf(x);
    const axes = reducedAxes(optionalKnown(inputs, 1, site), site.attributes, x.rank);
    if (axes === undefined) return [withValue(x, plain(x.value))];
    const at = axes.map((axis) => x.order.indexOf(axis)).filter((i) => i !== -1);
    const y = {
      ...withValue(x, f(x.value, at)),
      axes: x.axes.map((kind, axis) => (axes.includes(axis) ? undefined : kind)),
    };
    if (site.attributes.int('keepdims', 1) === 1) return [y];
    return [
      reshaped(
        y,
        dims.filter((_, axis) => !axes.includes(axis)),
      ),
    ];
  };

const cumSum: Operator = (inputs, site) => {
  const axis = plainAxis(
    numbers(needKnown(inputs, 1, site))[0],
    needTraced(inputs, 0, site).rank,
    site.attributes,
  );
  const { x, at } = withAxis(needTraced(inputs, 0, site), axis);
  requireSize([dimsOf(x)[axis], dimsOf(x)[axis]]);
  const { attributes } = site;
  return [
    withValue(
      x,
      c.cumulativeSum(
        x.value,
        at,
        attributes.int('exclusive', 0) === 1,
        attributes.int('reverse', 0) === 1,
      ),
    ),
  ];
};

/** Blocks of channels laid out in space, and back: axes split, change places, and merge. */
const depthToSpace: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const [n, channels, height, width] = dimsOf(x);
  const block = site.attributes.int('blocksize', 1);
  const depth = channels / block ** 2;
  if (!Number.isInteger(depth)) throw broken(site.attributes.node, `splits ${channels} channels`);
  const crd = site.attributes.text('mode', 'DCR') === 'CRD';
  const parts = crd
    ? [n, depth, block, block, height, width]
    : [n, block, block, depth, height, width];
  const moved = transposed(reshaped(x, parts), crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return [picture(reshaped(moved, [n, depth, height * block, width * block]))];
};
const spaceToDepth: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const [n, channels, height, width] = dimsOf(x);
  const block = site.attributes.int('blocksize', 1);
  if (height % block !== 0 || width % block !== 0) {
    throw broken(site.attributes.node, `splits ${height} × ${width} into blocks of ${block}`);
  }
  const parts = [n, channels, height / block, block, width / block, block];
  const moved = transposed(reshaped(x, parts), [0, 3, 5, 1, 2, 4]);
  return [picture(reshaped(moved, [n, channels * block ** 2, height / block, width / block]))];
};
const picture = (x: Traced): Traced => ({
  ...x,
  axes: [undefined, 'channels', ...range(x.rank - 2).map(() => 'space' as const)],
});

const trilu: Operator = (inputs, site) => {
  const x = needTraced(inputs, 0, site);
  const by = inputs[1] === undefined ? 0 : numbers(needKnown(inputs, 1, site))[0];
  const upper = site.attributes.int('upper', 1) === 1;
  const [rows, columns] = dimsOf(x).slice(-2);
  const mask = c.matrixOf(rows, columns, (i, j) => Number(upper ? j - i >= by : j - i <= by));
  const { values, order, rank, axes } = aligned([x, traced(mask, 2, [0, 1])]);
  return [traced(b.mul(values[0], values[1]), rank, order, axes)];
};

export const SHAPE: Readonly<Record<string, Operator>> = {
  Shape: (inputs, site) => {
    const dims = dimsOf(need(inputs, 0, site));
    return [knownInts(dims.slice(site.attributes.int('start', 0), site.attributes.int('end')))];
  },
  Size: (inputs, site) => {
    const size = knownInts([sizeOf(dimsOf(need(inputs, 0, site)))]);
    return [{ ...size, weight: { ...size.weight, shape: [] } }];
  },
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherND: gatherNd,
  GatherElements: gatherElements,
  ScatterND: scatterNd,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  CumSum: cumSum,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
  ReduceMean: reducing((x, axes) => c.reduceMean(x, axes)),
  ReduceSum: reducing((x, axes) => c.reduceSum(x, axes)),
  ReduceMax: reducing((x, axes) => c.reduceMaximum(x, axes)),
  ReduceMin: reducing((x, axes) => c.reduceMinimum(x, axes)),
  ReduceProd: reducing((x, axes) => c.reduceProduct(x, axes)),
  ReduceL1: reducing((x, axes) => c.reduceL1(x, axes), c.abs),
  ReduceL2: reducing((x, axes) => c.reduceL2(x, axes), c.abs),
  ReduceSumSquare: reducing((x, axes) => c.reduceSumSquare(x, axes), c.square),
  ReduceLogSum: reducing((x, axes) => c.reduceLogSum(x, axes), c.log),
  ReduceLogSumExp: reducing((x, axes) => c.reduceLogSumExp(x, axes)),
};
