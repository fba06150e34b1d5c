/**
 * A map read at other places (`grid_sample`, spatial transformers). Places that are known become
 * rows with weights; places that the network computes become a hat over each axis, which is 1 at
 * the place and falls to 0 one row away, so that the derivative at the place is right too.
 */
import {
  add,
  gather,
  maximum,
  minimum,
  mul,
  neg,
  matMul,
  range,
  relu,
  reshape,
  scalar,
  sizeOf,
  slice,
  sub,
  sum,
  tensor,
  unary,
  compare,
} from './build.js';
import { abs, cubic } from './composites.js';
import { WhylensError } from '../../errors.js';
import { evaluate, roundHalfEven } from './evaluate.js';
import type { Shape } from './primitives.js';
import type { Value } from './value.js';

export interface SampleOptions {
  readonly method: 'linear' | 'nearest' | 'cubic';
  /** The values outside: zero, the nearest row, or the map reflected. */
  readonly outside: 'zeros' | 'border' | 'reflection';
  /** Whether −1 and 1 are the middles of the corner cells rather than their outer edges. */
  readonly alignCorners: boolean;
}

/** Numbers in the hats of one axis, and in what lies between two axes. */
const MOST = 2 ** 26;
/** How often a row may be read before hats are the shorter way back. */
const MOST_READERS = 48;

/**
 * `x` is `[…space, channels]`, `grid` `[…places, rank]` with coordinates from −1 to 1, the last
 * axis of space first (x before y), as in ONNX and PyTorch.
 *
 * @throws WhylensError `UNSUPPORTED_OPERATION` for computed places of cubic sampling, or if they
 * would need matrices too large
 */
export function gridSample(x: Value, grid: Value, options: SampleOptions): Value {
  const space = x.shape.slice(0, -1);
  const rank = space.length;
  const places = grid.shape.slice(0, -1);
  const count = sizeOf(places);
  const flat = reshape(grid, [count, rank]);
  const at = (axis: number): Value => slice(flat, [0, rank - 1 - axis], [count, rank - axis]);
  const y = grid.live
    ? byHats(x, range(rank).map(at), options)
    : byRows(
        x,
        range(rank).map((axis) => evaluate([at(axis)])[0]),
        options,
      );
  return reshape(y, [...places, x.shape[rank]]);
}

/** From −1…1 to rows. */
const scaleOf = (n: number, alignCorners: boolean): number => (alignCorners ? (n - 1) / 2 : n / 2);

interface Tap {
  readonly row: number;
  readonly weight: number;
}

/** Rows that an axis is read at for one coordinate. */
function tapsOf(coordinate: number, n: number, options: SampleOptions): readonly Tap[] {
  const { method, outside, alignCorners } = options;
  let at = coordinate * scaleOf(n, alignCorners) + (n - 1) / 2;
  const bring = (row: number): number => {
    if (outside === 'border') return Math.min(Math.max(row, 0), n - 1);
    if (outside === 'reflection') return reflected(row, n, alignCorners);
    return row;
  };
  const held = (row: number, weight: number): Tap => {
    const inside = row >= 0 && row <= n - 1;
    return inside ? { row, weight } : { row: 0, weight: 0 };
  };
  if (method === 'cubic') {
    const first = Math.floor(at);
    return [-1, 0, 1, 2].map((step) =>
      held(Math.round(bring(first + step)), cubic(Math.abs(at - first - step))),
    );
  }
  at = bring(at);
  if (method === 'nearest') return [held(roundHalfEven(at), 1)];
  const first = Math.floor(at);
  return [held(first, first + 1 - at), held(first + 1, at - first)];
}
function reflected(row: number, n: number, alignCorners: boolean): number {
  const [low, high] = alignCorners ? [0, n - 1] : [-0.5, n - 0.5];
  const span = high - low;
  if (span === 0) return 0;
  const away = Math.abs(row - low) % (2 * span);
  const inside = low + (away > span ? 2 * span - away : away);
  return Math.min(Math.max(inside, 0), n - 1);
}

function byRows(x: Value, coordinates: readonly Float64Array[], options: SampleOptions): Value {
  const space = x.shape.slice(0, -1);
  const count = coordinates[0].length;
  const cells = sizeOf(space);
  const taps = coordinates.map((list, axis) =>
    Array.from(list, (at) => tapsOf(at, space[axis], options)),
  );
  const perAxis = taps.map((list) => list[0].length);
  const readers = new Uint32Array(cells);
  const terms = range(sizeOf(perAxis)).map((combination) => {
    const rows = new Array<number>(count);
    const weights = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      let [rest, row, weight] = [combination, 0, 1];
      taps.forEach((list, axis) => {
        const tap = list[i][rest % perAxis[axis]];
        rest = Math.floor(rest / perAxis[axis]);
        row = row * space[axis] + tap.row;
        weight *= tap.weight;
      });
      // rows with weight 0 may be read anywhere, but not all at one place
      rows[i] = weight === 0 ? i % cells : row;
      weights[i] = weight;
      readers[rows[i]]++;
    }
    return { rows, weights };
  });
  const most = readers.reduce((a, b) => Math.max(a, b), 0);
  if (most > MOST_READERS * terms.length && options.method === 'linear') {
    const known = coordinates.map((list) => tensor([count, 1], list));
    if (fits(x, count)) return byHats(x, known, options);
  }
  const flat = reshape(x, [cells, x.shape[space.length]]);
  return terms
    .filter(({ weights }) => weights.some((weight) => weight !== 0))
    .map(({ rows, weights }) => mul(gather(flat, 0, rows), tensor([count, 1], weights)))
    .reduce((a, b) => add(a, b), tensor([1, 1], [0]) as Value);
}

const fits = (x: Value, count: number): boolean =>
  count * Math.max(sizeOf(x.shape.slice(1)), x.shape[0]) <= MOST;

/** One axis after the other is summed away under the hats of its coordinates. */
function byHats(x: Value, coordinates: readonly Value[], options: SampleOptions): Value {
  const { method } = options;
  const count = coordinates[0].shape[0];
  if (method === 'cubic' || !fits(x, count)) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      method === 'cubic'
        ? 'cubic sampling at places that the network computes is not understood'
        : `sampling ${count} computed places of a map of shape [${x.shape.join(', ')}] needs matrices too large to differentiate`,
    );
  }
  const hat = (axis: number): Value => {
    const n = x.shape[axis];
    const at = placed(coordinates[axis], n, options);
    const rows = tensor([1, n], range(n));
    if (method === 'nearest') return compare('equal', unary('round', at), rows);
    return relu(sub(scalar(1), abs(sub(at, rows))));
  };
  let rest: Shape = x.shape.slice(1);
  let y = matMul(hat(0), reshape(x, [x.shape[0], sizeOf(rest)]));
  for (let axis = 1; axis < coordinates.length; axis++) {
    const n = x.shape[axis];
    rest = rest.slice(1);
    const split = reshape(y, [count, n, sizeOf(rest)]);
    y = reshape(sum(mul(split, reshape(hat(axis), [count, n, 1])), [1]), [count, sizeOf(rest)]);
  }
  return y;
}

/** Rows of computed coordinates, those outside brought in. */
function placed(coordinate: Value, n: number, options: SampleOptions): Value {
  const { outside, alignCorners } = options;
  const row = add(mul(coordinate, scalar(scaleOf(n, alignCorners))), scalar((n - 1) / 2));
  if (outside === 'zeros') return row;
  const inside = (v: Value): Value => maximum(minimum(v, scalar(n - 1)), scalar(0));
  if (outside === 'border') return inside(row);
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? n - 1 : n;
  if (span === 0) return mul(row, scalar(0));
  const away = abs(sub(row, scalar(low)));
  const turns = unary('floor', mul(away, scalar(1 / (2 * span))));
  const left = sub(away, mul(turns, scalar(2 * span)));
  return inside(add(minimum(left, add(neg(left), scalar(2 * span))), scalar(low)));
}

/** Places of an affine map, `theta` `[rank, rank + 1]`: `[…sizes, rank]` for `gridSample`. */
export function affineGrid(theta: Value, sizes: Shape, alignCorners: boolean): Value {
  const rank = sizes.length;
  const count = sizeOf(sizes);
  const base = new Float64Array(count * (rank + 1));
  for (let i = 0; i < count; i++) {
    let rest = i;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const n = sizes[axis];
      const row = rest % n;
      rest = Math.floor(rest / n);
      base[i * (rank + 1) + rank - 1 - axis] = alignCorners
        ? n === 1
          ? 0
          : (2 * row) / (n - 1) - 1
        : (2 * row + 1) / n - 1;
    }
    base[i * (rank + 1) + rank] = 1;
  }
  return reshape(matMul(tensor([count, rank + 1], base), theta, false, true), [...sizes, rank]);
}
