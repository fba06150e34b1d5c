/** Operations that move, cut, repeat and make tensors. */
import { sizeOf } from '../../../../maths/ndarray.js';
import { ELEMENT } from '../../../files/onnx.js';
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import { joined } from '../../onnx/operators/pointwise.js';
import {
  asTraced,
  dimsOf,
  everywhere,
  known,
  knownInts,
  range,
  requireSize,
  transposed,
  withAxis,
  withValue,
  type Dims,
  type Known,
  type Operand,
  type Traced,
} from '../../onnx/tensor.js';
import { isWholeType } from '../attributes.js';
import {
  broken,
  need,
  numberAt,
  numbersAt,
  onnx,
  plainAxis,
  refused,
  settled,
  type Operation,
  type Site,
} from '../site.js';

const asInt = (n: number): Known => known([], [n], ELEMENT.int32);
/** Other axes over the same numbers. */
const shaped = (x: Operand, dims: Dims, site: Site): Operand =>
  onnx('Reshape', [x, knownInts(dims)], site, { allowzero: 1 })[0];

const reshape: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const [first, ...rest] = numbersAt(inputs, 1, site);
  const isBatch = first === site.batch && sizeOf(rest) * first !== sizeOf(dimsOf(x));
  return [shaped(x, first === undefined ? [] : [isBatch ? 1 : first, ...rest], site)];
};
const expandDims: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const axis = plainAxis(numberAt(inputs, 1, site), dims.length + 1, site);
  return [shaped(x, [...dims.slice(0, axis), 1, ...dims.slice(axis)], site)];
};
const squeeze: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const { attributes } = site;
  const told = attributes.ints('squeeze_dims') ?? attributes.ints('axis') ?? [];
  const axes = told.map((axis) => plainAxis(axis, dims.length, site));
  if (axes.some((axis) => dims[axis] !== 1)) {
    throw broken(site, `squeezes axes ${axes.join(', ')} of [${dims.join(', ')}]`);
  }
  // the batch is not an axis of size 1 to the file
  const gone = (n: number, axis: number): boolean =>
    axes.length > 0 ? axes.includes(axis) : n === 1 && axis > 0;
  return [
    shaped(
      x,
      dims.filter((n, axis) => !gone(n, axis)),
      site,
    ),
  ];
};
const transpose: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const rank = dimsOf(x).length;
  const perm = inputs.length > 1 ? numbersAt(inputs, 1, site) : range(rank).reverse();
  return onnx('Transpose', [x], site, { perm: perm.map((axis) => plainAxis(axis, rank, site)) });
};

const concat = (all: readonly Operand[], axis: number, site: Site): Operand[] => {
  if (all.length === 0) throw broken(site, 'puts nothing together');
  // ranks tell what an empty list has
  const rank = dimsOf(all[0]).length;
  return onnx('Concat', all, site, { axis: plainAxis(axis, rank, site) });
};
const pack: Operation = (inputs, site) => {
  const all = inputs.map((_, i) => need(inputs, i, site));
  const dims = dimsOf(all[0]);
  const axis = plainAxis(site.attributes.int('axis', 0), dims.length + 1, site);
  const wide = [...dims.slice(0, axis), 1, ...dims.slice(axis)];
  return concat(
    all.map((x) => shaped(x, wide, site)),
    axis,
    site,
  );
};
const unpack: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const axis = plainAxis(site.attributes.int('axis', 0), dims.length, site);
  const rest = dims.filter((_, a) => a !== axis);
  return cut(
    x,
    axis,
    range(dims[axis]).map(() => 1),
    site,
  ).map((part) => shaped(part, rest, site));
};
/** Parts one after the other along an axis. */
function cut(x: Operand, axis: number, sizes: Dims, site: Site): Operand[] {
  return onnx('Split', [x], site, { axis, split: sizes }, sizes.length);
}
const split: Operation = (inputs, site) => {
  const x = need(inputs, 1, site);
  const dims = dimsOf(x);
  const axis = plainAxis(numberAt(inputs, 0, site), dims.length, site);
  const count = site.attributes.int('num_split', 1);
  const size = dims[axis] / count;
  if (!Number.isInteger(size)) throw broken(site, `splits ${dims[axis]} rows in ${count}`);
  return cut(
    x,
    axis,
    range(count).map(() => size),
    site,
  );
};
const splitV: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const axis = plainAxis(numberAt(inputs, 2, site), dims.length, site);
  const told = numbersAt(inputs, 1, site);
  const rest = told.reduce((n, size) => n - Math.max(size, 0), dims[axis]);
  return cut(
    x,
    axis,
    told.map((size) => (size === -1 ? rest : size)),
    site,
  );
};

const slice: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const begin = numbersAt(inputs, 1, site);
  const told = numbersAt(inputs, 2, site);
  const whole = begin[0] === 0 && told[0] === site.batch && dims[0] === 1;
  const size = whole ? [1, ...told.slice(1)] : told;
  const stop = begin.map((at, axis) => (size[axis] === -1 ? dims[axis] : at + size[axis]));
  const fits =
    begin.length === dims.length && begin.every((at, a) => at >= 0 && stop[a] <= dims[a]);
  if (!fits) {
    throw broken(
      site,
      `cuts [${stop.join(', ')}] from [${begin.join(', ')}] of [${dims.join(', ')}]`,
    );
  }
  return onnx('Slice', [x, knownInts(begin), knownInts(stop)], site);
};

const END = 2 ** 31;
const stridedSlice: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const [begin, end, step] = [1, 2, 3].map((i) => numbersAt(inputs, i, site));
  const { attributes } = site;
  const set = (name: string, i: number): boolean => ((attributes.int(name, 0) >> i) & 1) === 1;
  const specs = range(begin.length);
  const isNew = (i: number): boolean => set('new_axis_mask', i) && !set('ellipsis_mask', i);
  const taken = specs.filter((i) => !isNew(i) && !set('ellipsis_mask', i)).length;
  const result: number[] = [];
  const cuts: { axis: number; start: number; stop: number; step: number }[] = [];
  let axis = 0;
  const keepAll = (count: number): void => {
    for (let k = 0; k < count; k++) result.push(axis++);
  };
  for (const i of specs) {
    if (set('ellipsis_mask', i)) keepAll(dims.length - taken);
    else if (isNew(i)) result.push(-1);
    else {
      if (axis >= dims.length) throw broken(site, `cuts more axes than [${dims.join(', ')}] has`);
      const n = dims[axis];
      const by = step[i];
      if (set('shrink_axis_mask', i)) {
        const row = begin[i] < 0 ? begin[i] + n : begin[i];
        if (!(row >= 0 && row < n)) throw broken(site, `takes row ${begin[i]} of ${n}`);
        cuts.push({ axis, start: row, stop: row + 1, step: 1 });
      } else {
        const start = set('begin_mask', i) ? (by > 0 ? 0 : END) : begin[i];
        const stop = set('end_mask', i) ? (by > 0 ? END : -END) : end[i];
        cuts.push({ axis, start, stop, step: by });
        result.push(axis);
      }
      axis++;
    }
  }
  keepAll(dims.length - axis);
  const list = (key: 'axis' | 'start' | 'stop' | 'step'): Known =>
    knownInts(cuts.map((one) => one[key]));
  const [y] = onnx('Slice', [x, list('start'), list('stop'), list('axis'), list('step')], site);
  const left = dimsOf(y);
  return [
    shaped(
      y,
      result.map((a) => (a === -1 ? 1 : left[a])),
      site,
    ),
  ];
};

const gather: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const axis = plainAxis(inputs.length > 2 ? numberAt(inputs, 2, site) : 0, dims.length, site);
  const rows = numbersAt(inputs, 1, site);
  const own = dimsOf(inputs[1]);
  const shared = site.attributes.int('batch_dims', 0);
  if (shared > 0 && sizeOf(own.slice(0, shared)) !== 1) {
    throw refused(site, 'takes other rows of each of several batches');
  }
  const indices = known(own.slice(Math.max(shared, 0)), rows, ELEMENT.int32);
  return onnx('Gather', [x, indices], site, { axis });
};
const gatherNd: Operation = (inputs, site) => {
  const indices = known(dimsOf(need(inputs, 1, site)), numbersAt(inputs, 1, site), ELEMENT.int32);
  return onnx('GatherND', [need(inputs, 0, site), indices], site);
};
/** Rows added up into zeros. */
const scatterNd: Operation = (inputs, site) => {
  const shape = numbersAt(inputs, 2, site);
  const indices = known(dimsOf(need(inputs, 0, site)), numbersAt(inputs, 0, site), ELEMENT.int32);
  const zeros = everywhere(shape, 0, ELEMENT.float);
  return onnx('ScatterND', [asTraced(zeros), indices, need(inputs, 1, site)], site, {
    reduction: 'add',
  });
};
const scatterUpdate: Operation = (inputs, site) => {
  const indices = known(dimsOf(need(inputs, 1, site)), numbersAt(inputs, 1, site), ELEMENT.int32);
  return onnx('ScatterND', [need(inputs, 0, site), indices, need(inputs, 2, site)], site);
};

const tile: Operation = (inputs, site) =>
  onnx('Tile', [need(inputs, 0, site), knownInts(numbersAt(inputs, 1, site))], site);
const broadcastTo: Operation = (inputs, site) =>
  onnx('Expand', [need(inputs, 0, site), knownInts(numbersAt(inputs, 1, site))], site);
const broadcastArgs: Operation = (inputs, site) => {
  const [p, q] = [numbersAt(inputs, 0, site), numbersAt(inputs, 1, site)];
  return [knownInts([...b.broadcast(p, q)])];
};
const reverseAxes = (x0: Operand, axes: Dims): Operand => {
  let x = asTraced(x0);
  for (const axis of axes) {
    const at = withAxis(x, axis);
    x = withValue(at.x, b.reverse(at.x.value, [at.at]));
  }
  return settled(x);
};
const reverse: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const rank = dimsOf(x).length;
  return [
    reverseAxes(
      x,
      numbersAt(inputs, 1, site).map((axis) => plainAxis(axis, rank, site)),
    ),
  ];
};
/** The old form says for each axis whether it is reversed. */
const reverseOld: Operation = (inputs, site) => {
  const turned = numbersAt(inputs, 1, site).flatMap((yes, axis) => (yes === 0 ? [] : [axis]));
  return [reverseAxes(need(inputs, 0, site), turned)];
};

/** `[before, after]` of every axis. */
function pairs(inputs: readonly Operand[], site: Site): { low: number[]; high: number[] } {
  const flat = numbersAt(inputs, 1, site);
  const rank = dimsOf(need(inputs, 0, site)).length;
  if (flat.length !== 2 * rank || flat.some((n) => n < 0)) {
    throw broken(site, `pads ${rank} axes by [${flat.join(', ')}]`);
  }
  return {
    low: range(rank).map((axis) => flat[2 * axis]),
    high: range(rank).map((axis) => flat[2 * axis + 1]),
  };
}
function padded(
  x0: Operand,
  { low, high }: { low: Dims; high: Dims },
  f: (x: Traced, low: number[], high: number[]) => Traced,
): Operand {
  let x = asTraced(x0);
  requireSize(dimsOf(x).map((n, i) => n + low[i] + high[i]));
  low.forEach((n, axis) => {
    if (n !== 0 || high[axis] !== 0) x = withAxis(x, axis).x;
  });
  const pick = (list: Dims): number[] => x.order.map((axis) => list[axis]);
  return settled(f(x, pick(low), pick(high)));
}
const pad: Operation = (inputs, site) => {
  const fill = inputs.length > 2 ? numberAt(inputs, 2, site) : 0;
  return [
    padded(need(inputs, 0, site), pairs(inputs, site), (x, low, high) =>
      withValue(x, b.pad(x.value, low, high, undefined, fill)),
    ),
  ];
};
const mirrorPad: Operation = (inputs, site) => {
  const mode = site.attributes.choice('mode', 'REFLECT') === 'SYMMETRIC' ? 'symmetric' : 'reflect';
  return [
    padded(need(inputs, 0, site), pairs(inputs, site), (x, low, high) =>
      withValue(x, c.padRepeating(x.value, low, high, mode)),
    ),
  ];
};

/** Space and channels change places in blocks; whichever format, the place in the block varies slowest. */
const depthToSpace =
  (back: boolean): Operation =>
  (inputs, site) => {
    const x = asTraced(need(inputs, 0, site));
    const block = site.attributes.int('block_size', 1);
    const first = /^NC/.test(site.attributes.choice('data_format', 'NHWC'));
    const turned = first ? x : transposed(x, [0, 3, 1, 2]);
    const [y] = onnx(back ? 'SpaceToDepth' : 'DepthToSpace', [turned], site, {
      blocksize: block,
      mode: 'DCR',
    });
    return [first ? y : onnx('Transpose', [y], site, { perm: [0, 2, 3, 1] })[0]];
  };

/** `on` in the named row, also if the number is computed. */
const oneHot: Operation = (inputs, site) => {
  const indices = need(inputs, 0, site);
  const depth = numberAt(inputs, 1, site);
  const [on, off] = [numberAt(inputs, 2, site), numberAt(inputs, 3, site)];
  const rank = dimsOf(indices).length;
  const axis = plainAxis(site.attributes.int('axis', -1), rank + 1, site);
  const dims = dimsOf(indices);
  const wide = shaped(indices, [...dims.slice(0, axis), 1, ...dims.slice(axis)], site);
  const rows = known(
    range(rank + 1).map((a) => (a === axis ? depth : 1)),
    range(depth),
    ELEMENT.float,
  );
  return [
    settled(
      joined([wide, rows], ([p, q]) =>
        b.add(b.mul(b.compare('equal', p, q), b.scalar(on - off)), b.scalar(off)),
      ),
    ),
  ];
};

const typeOf = (site: Site, name: string): number =>
  isWholeType(site.attributes.type(name)) ? ELEMENT.int32 : ELEMENT.float;
const fill: Operation = (inputs, site) => {
  const dims = numbersAt(inputs, 0, site);
  const value = settled(need(inputs, 1, site), true);
  return value.kind === 'known'
    ? [everywhere(dims, value.weight.data[0], value.type)]
    : onnx('Expand', [value, knownInts(dims)], site);
};
const like =
  (number: number): Operation =>
  (inputs, site) => [everywhere(dimsOf(need(inputs, 0, site)), number, typeOf(site, 'T'))];
const sequence: Operation = (inputs, site) => {
  const [from, to, step] = [0, 1, 2].map((i) => numberAt(inputs, i, site));
  const count = Math.max(0, Math.ceil((to - from) / step));
  requireSize([count]);
  return [
    known(
      [count],
      range(count).map((i) => from + i * step),
      typeOf(site, 'Tidx'),
    ),
  ];
};
const linSpace: Operation = (inputs, site) => {
  const [from, to, count] = [0, 1, 2].map((i) => numberAt(inputs, i, site));
  requireSize([count]);
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  return [
    known(
      [count],
      range(count).map((i) => from + i * step),
      ELEMENT.float,
    ),
  ];
};

export const SHAPE: Readonly<Record<string, Operation>> = {
  Shape: (inputs, site) => [knownInts(dimsOf(need(inputs, 0, site)))],
  ShapeN: (inputs) => inputs.map((x) => knownInts(dimsOf(x))),
  Size: (inputs, site) => [asInt(sizeOf(dimsOf(need(inputs, 0, site))))],
  Rank: (inputs, site) => [asInt(dimsOf(need(inputs, 0, site)).length)],
  Reshape: reshape,
  Flatten: (inputs, site) => {
    const x = need(inputs, 0, site);
    const [first, ...rest] = dimsOf(x);
    return [shaped(x, [first, sizeOf(rest)], site)];
  },
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Transpose: transpose,
  ConcatV2: (inputs, site) => {
    const last = inputs.length - 1;
    return concat(inputs.slice(0, last), numberAt(inputs, last, site), site);
  },
  Concat: (inputs, site) => concat(inputs.slice(1), numberAt(inputs, 0, site), site),
  Pack: pack,
  Unpack: unpack,
  Split: split,
  SplitV: splitV,
  Slice: slice,
  StridedSlice: stridedSlice,
  Gather: gather,
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: scatterNd,
  TensorScatterUpdate: scatterUpdate,
  Tile: tile,
  BroadcastTo: broadcastTo,
  BroadcastArgs: broadcastArgs,
  ReverseV2: reverse,
  Reverse: reverseOld,
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
  DepthToSpace: depthToSpace(false),
  SpaceToDepth: depthToSpace(true),
  OneHot: oneHot,
  Fill: fill,
  OnesLike: like(1),
  ZerosLike: like(0),
  Range: sequence,
  LinSpace: linSpace,
};
