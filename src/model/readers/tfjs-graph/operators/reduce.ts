/** Reductions, running sums, the largest and where it is. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import {
  asTraced,
  dimsOf,
  known,
  range,
  reshaped,
  withAxis,
  withValue,
  type Operand,
} from '../../onnx/tensor.js';
import { ELEMENT } from '../../../files/onnx.js';
import {
  broken,
  need,
  numberAt,
  numbersAt,
  onnx,
  plainAxis,
  settled,
  type Operation,
} from '../site.js';

const reducing =
  (op: string): Operation =>
  (inputs, site) => {
    const x = need(inputs, 0, site);
    const axes = numbersAt(inputs, 1, site);
    const keep = site.attributes.bool('keep_dims');
    // over no axis at all nothing is reduced
    if (axes.length === 0) return [x];
    return onnx(op, [x], site, { axes, keepdims: Number(keep) });
  };
/** 1 if it holds, so that the smallest or largest means all or any. */
const truths =
  (op: string): Operation =>
  (inputs, site) => {
    const x = asTraced(need(inputs, 0, site));
    const truth = settled(withValue(x, b.compare('notEqual', x.value, b.scalar(0))));
    return reducing(op)([truth, ...inputs.slice(1)], site);
  };

/** The softmax is over the last axis. */
const overLast =
  (f: (x: Value, axis: number) => Value): Operation =>
  (inputs, site) => {
    const x = asTraced(need(inputs, 0, site));
    const axis = plainAxis(-1, x.rank, site);
    const at = withAxis(x, axis);
    return [settled(withValue(at.x, f(at.x.value, at.at)))];
  };

const running =
  (op: 'sum' | 'product'): Operation =>
  (inputs, site) => {
    const x0 = asTraced(need(inputs, 0, site));
    const { x, at } = withAxis(x0, plainAxis(numberAt(inputs, 1, site), x0.rank, site));
    const [exclusive, backwards] = ['exclusive', 'reverse'].map((n) => site.attributes.bool(n));
    const value =
      op === 'sum'
        ? c.cumulativeSum(x.value, at, exclusive, backwards)
        : product(x.value, at, exclusive, backwards);
    return [settled(withValue(x, value))];
  };
function product(x: Value, axis: number, exclusive: boolean, backwards: boolean): Value {
  const rows = c.rows(x, axis);
  const own = backwards ? rows.reverse() : rows;
  const ones = b.expand(b.scalar(1), own[0].shape);
  const found: Value[] = [];
  own.reduce<Value>((before, row) => {
    const now = b.mul(before, row);
    found.push(exclusive ? before : now);
    return now;
  }, ones);
  return b.concat(backwards ? found.reverse() : found, axis);
}

/** Numbers 0, 1, … along one axis of `rank`. */
const numbered = (rank: number, axis: number, n: number): Value =>
  b.tensor(
    range(rank).map((a) => (a === axis ? n : 1)),
    range(n),
  );
/** The first row with the largest value, as a number. */
function firstLargest(x: Value, axis: number): Value {
  const n = x.shape[axis];
  const places = b.expand(numbered(x.shape.length, axis, n), x.shape);
  const largest = b.compare('equal', x, b.reduceMax(x, [axis]));
  return c.reduceMinimum(b.select(largest, places, b.scalar(n)), [axis]);
}
const argument =
  (sign: 1 | -1): Operation =>
  (inputs, site) => {
    const x0 = asTraced(need(inputs, 0, site));
    const axis = plainAxis(inputs.length > 1 ? numberAt(inputs, 1, site) : 0, x0.rank, site);
    const { x, at } = withAxis(x0, axis);
    const place = firstLargest(sign === 1 ? x.value : b.neg(x.value), at);
    const y = withValue(x, place);
    return [
      settled(
        reshaped(
          y,
          dimsOf(y).filter((_, a) => a !== axis),
        ),
      ),
    ];
  };

/** More would unroll to a graph that takes too long. */
const MOST_TOP = 64;
/** One after the other: the largest is taken, and left out from then on. */
const top: Operation = (inputs, site) => {
  const x0 = asTraced(need(inputs, 0, site));
  const count = numberAt(inputs, 1, site);
  const { x, at } = withAxis(x0, x0.rank - 1);
  const n = x.value.shape[at];
  if (!(count >= 1 && count <= Math.min(n, MOST_TOP))) {
    throw broken(site, `takes the ${count} largest of ${n}`);
  }
  const places = numbered(x.value.shape.length, at, n);
  let rest = x.value;
  const [values, indices]: [Value[], Value[]] = [[], []];
  for (let i = 0; i < count; i++) {
    const place = firstLargest(rest, at);
    const taken = b.compare('equal', b.expand(places, rest.shape), place);
    values.push(c.reduceSum(b.select(taken, x.value, b.scalar(0)), [at]));
    indices.push(place);
    rest = b.select(taken, b.scalar(-Infinity), rest);
  }
  return [values, indices].map((list): Operand => settled(withValue(x, b.concat(list, at))));
};

const where: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const dims = dimsOf(x);
  const found = numbersAt(inputs, 0, site).flatMap((value, flat) => (value === 0 ? [] : [flat]));
  const rows = found.flatMap((flat) => {
    let rest = flat;
    return [...dims]
      .reverse()
      .map((n) => {
        const own = rest % n;
        rest = Math.floor(rest / n);
        return own;
      })
      .reverse();
  });
  return [known([found.length, dims.length], rows, ELEMENT.int32)];
};

export const REDUCE: Readonly<Record<string, Operation>> = {
  Sum: reducing('ReduceSum'),
  Mean: reducing('ReduceMean'),
  Max: reducing('ReduceMax'),
  Min: reducing('ReduceMin'),
  Prod: reducing('ReduceProd'),
  EuclideanNorm: reducing('ReduceL2'),
  All: truths('ReduceMin'),
  Any: truths('ReduceMax'),
  ArgMax: argument(1),
  ArgMin: argument(-1),
  Cumsum: running('sum'),
  Cumprod: running('product'),
  Softmax: overLast(b.softmax),
  LogSoftmax: overLast(c.logSoftmax),
  TopKV2: top,
  Where: where,
};
