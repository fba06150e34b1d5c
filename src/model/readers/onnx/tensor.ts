/**
 * A tensor of the file while it is read: numbers that are known already (weights, shape
 * arithmetic), or a value of the graph. A value remembers which of the file's axes its own axes
 * are, so that a Transpose moves no number and a convolution finds its channels last.
 */
import { WhylensError } from '../../../errors.js';
import { sizeOf } from '../../../maths/ndarray.js';
import { ELEMENT, type OnnxTensor } from '../../files/onnx.js';
import { externalBytes } from '../../files/onnx-external.js';
import { requireComplete, tensorNumbers, type Numbers } from '../../files/onnx-tensor.js';
import { constant, gather, reshape, transpose } from '../../graph/build.js';
import type { Weight } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';

export type Dims = readonly number[];

/** Numbers that depend on no input. */
export interface Known {
  readonly kind: 'known';
  /** Element type, as in the file. */
  readonly type: number;
  readonly weight: Weight;
}

/** What is known about an axis: `space` and `channels` of a picture or signal, `tokens` a sequence made from space. */
export type Axis = 'space' | 'channels' | 'tokens';

/** A value of the graph. */
export interface Traced {
  readonly kind: 'traced';
  readonly value: Value;
  readonly rank: number;
  /** The file's axes in the order in which the value has them; those left out have size 1. */
  readonly order: Dims;
  /** The meaning of the file's axes, as far as it is known. */
  readonly axes: readonly (Axis | undefined)[];
  /** The same numbers in the same order under other axes: what a Reshape took apart. */
  readonly origin?: Traced;
}

export type Operand = Known | Traced;

export function known(dims: Dims, data: Numbers | readonly number[], type: number): Known {
  const kept = data instanceof Float32Array || data instanceof Float64Array;
  return {
    kind: 'known',
    type,
    weight: { shape: dims, data: kept ? data : Float64Array.from(data) },
  };
}
export const knownInts = (data: readonly number[]): Known =>
  known([data.length], data, ELEMENT.int64);

/** A tensor of the file; its numbers are read when they are needed. */
export function stored(tensor: OnnxTensor, files: ReadonlyMap<string, Uint8Array>): Known {
  let data: Numbers | undefined;
  requireComplete(tensor, externalBytes(tensor, files));
  return {
    kind: 'known',
    type: tensor.type,
    weight: {
      shape: tensor.dims,
      get data() {
        return (data ??= tensorNumbers(tensor, externalBytes(tensor, files)));
      },
    },
  };
}

/** Most numbers that one constant may spread out to, and that reading computes by itself. */
export const MOST_SPREAD = 2 ** 27;
const MOST_FOLDED = 2 ** 24;

/** The same number everywhere, spread out when it is needed. */
export function everywhere(dims: Dims, number: number, type: number): Known {
  requireSize(dims, MOST_SPREAD);
  let data: Numbers | undefined;
  const make = (): Numbers =>
    type === ELEMENT.float
      ? new Float32Array(sizeOf(dims)).fill(number)
      : new Float64Array(sizeOf(dims)).fill(number);
  return {
    kind: 'known',
    type,
    weight: {
      shape: dims,
      get data() {
        return (data ??= make());
      },
    },
  };
}

export function requireSize(dims: Dims, most = MOST_FOLDED): void {
  const size = sizeOf(dims);
  if (!(size <= most) || dims.some((n) => !Number.isSafeInteger(n) || n < 0)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `the model would compute a tensor of shape [${dims.join(', ')}], which is beyond ${most} values: the file is damaged, or made for another input size`,
      { facts: { shape: dims } },
    );
  }
}

export function dimsOf(x: Operand): number[] {
  if (x.kind === 'known') return [...x.weight.shape];
  const dims = new Array<number>(x.rank).fill(1);
  x.order.forEach((axis, i) => (dims[axis] = x.value.shape[i]));
  return dims;
}

export function traced(
  value: Value,
  rank: number,
  order: Dims,
  axes: readonly (Axis | undefined)[] = new Array<undefined>(rank).fill(undefined),
): Traced {
  return { kind: 'traced', value, rank, order, axes };
}

/** Numbers become a constant of the graph with the file's own axes. */
export function asTraced(x: Operand): Traced {
  if (x.kind === 'traced') return x;
  const rank = x.weight.shape.length;
  return traced(constant(x.weight), rank, range(rank));
}

export const range = (n: number, from = 0): number[] =>
  Array.from({ length: n }, (_, i) => from + i);

/** The value with exactly these of the file's axes in this order; the others must have size 1. */
export function arranged(x: Operand, order: Dims): Value {
  const t = asTraced(x);
  const dims = dimsOf(t);
  // the existing axes in the wanted order; the others have size 1 and may go anywhere
  const wanted = order.filter((axis) => t.order.includes(axis));
  const rest = t.order.filter((axis) => !order.includes(axis));
  const moved = transpose(
    t.value,
    [...rest, ...wanted].map((axis) => t.order.indexOf(axis)),
  );
  return reshape(
    moved,
    order.map((axis) => dims[axis]),
  );
}

/** Everything in one row, in the file's order. */
export const flatValue = (x: Traced): Value =>
  reshape(arranged(x, range(x.rank)), [sizeOf(dimsOf(x))]);
/** Back from one row, or from the file's own order of axes. */
export const unflat = (value: Value, dims: Dims): Traced => {
  const first = dims[0] === 1 ? 1 : 0;
  return traced(reshape(value, dims.slice(first)), dims.length, range(dims.length).slice(first));
};

export function withValue(x: Traced, value: Value): Traced {
  return { kind: 'traced', value, rank: x.rank, order: x.order, axes: x.axes };
}

/** The file's axes in another order: nothing moves. */
export function transposed(x: Traced, perm: Dims): Traced {
  return {
    kind: 'traced',
    value: x.value,
    rank: x.rank,
    order: x.order.map((axis) => perm.indexOf(axis)),
    axes: perm.map((axis) => x.axes[axis]),
  };
}

/** Operands that broadcast, with common axes: those of the largest computed value. */
export function aligned(operands: readonly Operand[]): {
  values: Value[];
  rank: number;
  order: number[];
  axes: (Axis | undefined)[];
} {
  const rank = Math.max(...operands.map((x) => dimsOf(x).length));
  const shifted = operands.map((x) => {
    const t = asTraced(x);
    const by = rank - t.rank;
    return {
      ...t,
      rank,
      order: t.order.map((axis) => axis + by),
      axes: [...new Array<undefined>(by).fill(undefined), ...t.axes],
    };
  });
  const weight = (t: Traced): number => (t.value.live ? 2 ** 40 : 0) + sizeOf(t.value.shape);
  const lead = shifted.reduce((a, b) => (weight(b) > weight(a) ? b : a));
  const order = [...lead.order];
  for (const t of shifted) {
    for (const axis of t.order) {
      if (order.includes(axis)) continue;
      if (dimsOf(t)[axis] === 1 && order.length > 0) continue;
      const before = order.findIndex((other) => other > axis);
      order.splice(before === -1 ? order.length : before, 0, axis);
    }
  }
  // an axis that none has wide stays away
  const values = shifted.map((t) => {
    const dims = dimsOf(t);
    const value = arranged(t, order);
    if (value.live) return value;
    // a constant needs no axes of size 1 in front
    const first = order.findIndex((axis) => dims[axis] !== 1);
    return reshape(value, first === -1 ? [] : value.shape.slice(first));
  });
  const axes = range(rank).map((axis) => {
    for (const t of [lead, ...shifted]) {
      if (t.axes[axis] !== undefined && dimsOf(t)[axis] > 1) return t.axes[axis];
    }
    return undefined;
  });
  return { values, rank, order, axes };
}

/**
 * Other axes over the same numbers in the file's order. Axes that are split, or merged with their
 * neighbours, stay where they are; only what lies elsewhere in the value has to move.
 */
export function reshaped(x: Traced, dims: Dims): Traced {
  const own = dimsOf(x);
  if (String(own) === String(dims)) return x;
  if (x.origin !== undefined && String(dimsOf(x.origin)) === String(dims)) return x.origin;
  if (sizeOf(own) !== sizeOf(dims)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `the model reshapes [${own.join(', ')}] to [${dims.join(', ')}], which has another number of values: the file is damaged, or made for another input size`,
    );
  }
  const groups = groupsOf(own, dims);
  const home = (axis: number): number => groups.findIndex(({ from }) => from.includes(axis));
  const wide = x.order.filter((axis) => own[axis] !== 1);
  // groups in the order in which the value has their first axis, each in one piece
  const sequence = [...new Set(wide.map(home))];
  const order = sequence.flatMap((g) => groups[g].from);
  const after = sequence.flatMap((g) => groups[g].to.map((axis) => dims[axis]));
  const value = reshape(dealt(x, sequence, groups) ?? arranged(x, order), after);
  const axes: (Axis | undefined)[] = new Array<undefined>(dims.length).fill(undefined);
  for (const { from, to } of groups) {
    const kinds = from.map((axis) => x.axes[axis]);
    if (from.length === 1 && to.length === 1) axes[to[0]] = kinds[0];
    else if (to.length === 1 && kinds.every((kind) => kind === 'space')) axes[to[0]] = 'tokens';
  }
  return {
    ...traced(
      value,
      dims.length,
      sequence.flatMap((g) => groups[g].to),
      axes,
    ),
    origin: x,
  };
}

/** Channels that only change places among themselves are rows picked anew, so that space need not move. */
function dealt(
  x: Traced,
  sequence: Dims,
  groups: readonly { readonly from: number[] }[],
): Value | undefined {
  const own = dimsOf(x);
  const wide = x.order.filter((axis) => own[axis] !== 1);
  const inside = sequence.flatMap((g) => wide.filter((axis) => groups[g].from.includes(axis)));
  const turned = sequence.filter((g) => !isAscending(groups[g].from, wide));
  const isDealt =
    String(inside) === String(wide) &&
    x.axes.includes('space') &&
    turned.every((g) => groups[g].from.every((axis) => x.axes[axis] !== 'space'));
  if (!isDealt || turned.length === 0) return undefined;
  let value = reshape(
    arranged(x, wide),
    sequence.map((g) => sizeOf(groups[g].from.map((axis) => own[axis]))),
  );
  sequence.forEach((g, at) => {
    const { from } = groups[g];
    if (isAscending(from, wide)) return;
    const held = wide.filter((axis) => from.includes(axis));
    // where in the value each row of the file's order lies
    const rows = range(value.shape[at]).map((row) => {
      const index = new Map<number, number>();
      let rest = row;
      for (const axis of [...from].reverse()) {
        index.set(axis, rest % own[axis]);
        rest = Math.floor(rest / own[axis]);
      }
      return held.reduce((sum, axis) => sum * own[axis] + index.get(axis)!, 0);
    });
    value = gather(value, at, rows);
  });
  return value;
}
const isAscending = (from: Dims, wide: Dims): boolean =>
  String(wide.filter((axis) => from.includes(axis))) === String(from);

/** Runs of axes of more than 1 with equal products. */
function groupsOf(a: Dims, b: Dims): { from: number[]; to: number[] }[] {
  const [from, to] = [a, b].map((dims) => range(dims.length).filter((axis) => dims[axis] !== 1));
  const groups: { from: number[]; to: number[] }[] = [];
  for (let i = 0, j = 0; i < from.length || j < to.length;) {
    const group = { from: [] as number[], to: [] as number[] };
    let [p, q] = [1, 1];
    do {
      if (p <= q && i < from.length) {
        group.from.push(from[i]);
        p *= a[from[i++]];
      } else {
        group.to.push(to[j]);
        q *= b[to[j++]];
      }
    } while (p !== q);
    groups.push(group);
  }
  return groups;
}

/** Where an axis of the file lies in the value; it is given one of size 1 if it has none. */
export function withAxis(x: Traced, axis: number): { x: Traced; at: number } {
  const at = x.order.indexOf(axis);
  if (at !== -1) return { x, at };
  const before = x.order.findIndex((other) => other > axis);
  const order = [...x.order];
  order.splice(before === -1 ? order.length : before, 0, axis);
  return {
    x: { ...withValue(x, arranged(x, order)), order },
    at: order.indexOf(axis),
  };
}
