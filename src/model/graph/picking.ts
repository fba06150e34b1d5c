/**
 * Rows chosen by numbers that the network computes itself: the largest of a list, rows whose
 * number is a value. Each choice is a matrix of zeros and ones, so the values that are chosen
 * have their derivatives; the choice itself has none, as everywhere.
 */
import {
  add,
  compare,
  matMul,
  mul,
  neg,
  plainAxis,
  range,
  reshape,
  scalar,
  select,
  sizeOf,
  sum,
  tensor,
  transpose,
  inverse,
} from './build.js';
import { reduceMinimum } from './composites.js';
import type { Value } from './value.js';

/** 0, 1, …, n − 1. */
const counted = (n: number): Value => tensor([n], range(n));

/** A last axis of `size` is added, with 1 where the index says and 0 elsewhere. */
export const oneHot = (indices: Value, size: number): Value =>
  compare('equal', reshape(indices, [...indices.shape, 1]), counted(size));

/** Counted from the end if negative. */
export const fromEnd = (indices: Value, size: number): Value =>
  select(compare('less', indices, scalar(0)), add(indices, scalar(size)), indices);

/** An axis moved to the end, and the function that moves it back. */
function last(x: Value, axis: number): { readonly y: Value; readonly back: (y: Value) => Value } {
  const rank = x.shape.length;
  const a = plainAxis(axis, rank);
  const order = [...range(rank).filter((i) => i !== a), a];
  return { y: transpose(x, order), back: (y) => transpose(y, inverse(order)) };
}

/** Along the last axis: how many come before each, the first of equal ones first. */
function ranks(x: Value, largest: boolean): Value {
  const n = x.shape[x.shape.length - 1];
  const own = reshape(x, [...x.shape, 1]);
  const others = reshape(x, [...x.shape.slice(0, -1), 1, n]);
  const better = compare(largest ? 'greater' : 'less', others, own);
  const earlier = tensor(
    [n, n],
    range(n * n).map((k) => Number(k % n < Math.floor(k / n))),
  );
  const alike = mul(compare('equal', others, own), earlier);
  return reshape(sum(add(better, alike), [-1]), x.shape);
}

/** The `count` largest (or smallest) along an axis in order, and their row numbers. */
export function topK(
  x: Value,
  axis: number,
  count: number,
  largest = true,
): { readonly values: Value; readonly indices: Value } {
  const { y, back } = last(x, axis);
  const n = y.shape[y.shape.length - 1];
  // [..., count, n]: 1 where the row has this rank
  const place = compare(
    'equal',
    reshape(ranks(y, largest), [...y.shape.slice(0, -1), 1, n]),
    tensor([count, 1], range(count)),
  );
  const shape = [...y.shape.slice(0, -1), count];
  const chosen = (from: Value): Value => back(reshape(sum(mul(place, from), [-1]), shape));
  return {
    values: chosen(reshape(y, [...y.shape.slice(0, -1), 1, n])),
    indices: chosen(counted(n)),
  };
}

/** Number of the largest (or smallest) row, of equal ones the first (or the last); the axis is kept with size 1. */
export function argMax(
  x: Value,
  axis: number,
  { largest = true, lastOfEqual = false }: { largest?: boolean; lastOfEqual?: boolean } = {},
): Value {
  const { y, back } = last(x, axis);
  const n = y.shape[y.shape.length - 1];
  const signed = largest ? neg(y) : y;
  const isBest = compare('equal', signed, reduceMinimum(signed, [-1]));
  const numbered = lastOfEqual
    ? tensor(
        [n],
        range(n).map((i) => -i),
      )
    : counted(n);
  const found = reduceMinimum(select(isBest, numbered, scalar(n)), [-1]);
  return back(lastOfEqual ? neg(found) : found);
}

/** Rows of an axis by computed numbers: that axis is replaced by those of `indices`. */
export function gatherLive(x: Value, axis: number, indices: Value): Value {
  const a = plainAxis(axis, x.shape.length);
  const n = x.shape[a];
  const others = range(x.shape.length).filter((i) => i !== a);
  const rows = reshape(transpose(x, [a, ...others]), [n, sizeOf(x.shape) / n]);
  const count = sizeOf(indices.shape);
  const places = oneHot(reshape(fromEnd(indices, n), [count]), n);
  const rest = others.map((i) => x.shape[i]);
  const picked = reshape(matMul(places, rows), [...indices.shape, ...rest]);
  const lead = indices.shape.length;
  // the axes of the indices go where the axis was
  const order = [...range(a, lead), ...range(lead), ...range(others.length - a, lead + a)];
  return transpose(picked, order);
}

/** One row number for each element of the result, along an axis. */
export function gatherElementsLive(x: Value, axis: number, indices: Value): Value {
  const a = plainAxis(axis, x.shape.length);
  const source = last(x, a);
  const { y: at, back } = last(indices, a);
  const n = x.shape[a];
  const count = at.shape[at.shape.length - 1];
  const lead = at.shape.slice(0, -1);
  const places = oneHot(fromEnd(at, n), n);
  const values = reshape(source.y, [...source.y.shape.slice(0, -1), 1, n]);
  return back(reshape(sum(mul(places, values), [-1]), [...lead, count]));
}
