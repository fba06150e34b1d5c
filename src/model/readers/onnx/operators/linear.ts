/** Matrix products: MatMul, Gemm, Einsum and their fused forms. */
import * as b from '../../../graph/build.js';
import type { Value } from '../../../graph/value.js';
import { broken, refused } from '../attributes.js';
import { need, needTraced, type Operator, type Site } from '../site.js';
import {
  arranged,
  asTraced,
  dimsOf,
  range,
  reshaped,
  traced,
  transposed,
  withValue,
  type Operand,
  type Traced,
} from '../tensor.js';
import { joined } from './pointwise.js';

/** The product over the last axis of one and the last but one of the other. */
export function product(a: Operand, c: Operand, site: Site): Traced {
  const [left, right] = [asTraced(a), asTraced(c)];
  if (left.rank === 0 || right.rank === 0) {
    throw broken(site.attributes.node, 'multiplies a number without axes');
  }
  if (left.rank === 1) {
    const y = product(reshaped(left, [1, ...dimsOf(left)]), right, site);
    const dims = dimsOf(y);
    return reshaped(
      y,
      dims.filter((_, i) => i !== dims.length - 2),
    );
  }
  if (right.rank === 1) {
    const y = product(left, reshaped(right, [...dimsOf(right), 1]), site);
    return reshaped(y, dimsOf(y).slice(0, -1));
  }
  const rank = Math.max(left.rank, right.rank);
  const [x, y] = [left, right].map((t) => shifted(t, rank));
  const [dx, dy] = [dimsOf(x), dimsOf(y)];
  if (dx[rank - 1] !== dy[rank - 2]) {
    throw broken(site.attributes.node, `multiplies [${dx.join(', ')}] by [${dy.join(', ')}]`);
  }
  const lead = range(rank - 2);
  const [rows, last] = [rank - 2, rank - 1];
  if (lead.every((axis) => dy[axis] === 1)) {
    // one matrix for all: whatever else there is of the left side counts as rows and stays in place
    const others = x.order.filter((axis) => axis !== last);
    const order = others.length === 0 ? [rows] : others;
    const swapped = y.order.indexOf(last) < y.order.indexOf(rows) && y.order.includes(last);
    const matrix = arranged(y, swapped ? [last, rows] : [rows, last]);
    const value = b.matMul(arranged(x, [...order, last]), matrix, false, swapped);
    const axes = x.axes.map((kind, axis) => (axis === last ? undefined : kind));
    return tidied(traced(value, rank, [...order, last], axes), others.length === 0);
  }
  const batch = lead.filter((axis) => dx[axis] !== 1 || dy[axis] !== 1);
  const turned = (t: Traced): boolean => {
    const own = t.order.filter((axis) => dimsOf(t)[axis] !== 1);
    return String(own) === String([...own.filter((axis) => axis < rows), last, rows]);
  };
  const [p, q] = [turned(x), turned(y)];
  const value = b.matMul(
    arranged(x, p ? [...batch, last, rows] : [...batch, rows, last]),
    arranged(y, q ? [...batch, last, rows] : [...batch, rows, last]),
    p,
    q,
  );
  return traced(value, rank, [...batch, rows, last]);
}

const shifted = (t: Traced, rank: number): Traced =>
  t.rank === rank ? t : reshaped(t, [...range(rank - t.rank).map(() => 1), ...dimsOf(t)]);

/** One vector alone has no axis of rows. */
function tidied(t: Traced, single: boolean): Traced {
  if (!single) return t;
  return { ...t, value: b.reshape(t.value, [t.value.shape[1]]), order: [t.rank - 1] };
}

const turned = (x: Operand, isTurned: boolean): Traced => {
  const t = asTraced(x);
  return isTurned ? transposed(t, [...range(t.rank - 2), t.rank - 1, t.rank - 2]) : t;
};
export const scaled = (x: Traced, by: number): Traced =>
  by === 1 ? x : withValue(x, b.mul(x.value, b.scalar(by)));

export const gemm: Operator = (inputs, site) => {
  const { attributes } = site;
  const y = scaled(
    product(
      turned(need(inputs, 0, site), attributes.int('transA', 0) === 1),
      turned(need(inputs, 1, site), attributes.int('transB', 0) === 1),
      site,
    ),
    attributes.float('alpha', 1),
  );
  const bias = inputs[2];
  if (bias === undefined) return [y];
  const c = scaled(asTraced(bias), attributes.float('beta', 1));
  return [joined([y, c], ([v, w]) => b.add(v, w))];
};

/** ONNX Runtime's product with its transposes and its factor inside. */
export const fusedMatMul: Operator = (inputs, site) => {
  const { attributes } = site;
  if (attributes.int('transBatchA', 0) === 1 || attributes.int('transBatchB', 0) === 1) {
    throw refused(attributes.node, 'moves the batch axis inside a product');
  }
  const y = product(
    turned(need(inputs, 0, site), attributes.int('transA', 0) === 1),
    turned(need(inputs, 1, site), attributes.int('transB', 0) === 1),
    site,
  );
  return [scaled(y, attributes.float('alpha', 1))];
};

/** One or two terms, in which no index stands twice. */
const einsum: Operator = (inputs, site) => {
  const { node } = site.attributes;
  const equation = site.attributes.text('equation', '').replaceAll(' ', '');
  const [terms, told] = equation.split('->');
  const names = terms.split(',').map((term) => [...term]);
  const plain = names.every((term) => new Set(term).size === term.length);
  if (names.length > 2 || names.length !== inputs.length || !plain || equation.includes('.')) {
    throw refused(
      node,
      `has the equation '${equation}'; whylens reads those of two tensors without repeated indices`,
    );
  }
  const all = names.flat();
  const out =
    told === undefined
      ? [...new Set(all)].filter((n) => all.indexOf(n) === all.lastIndexOf(n)).sort()
      : [...told];
  const given = names.map((term, i) => {
    const x = needTraced(inputs, i, site);
    if (x.rank !== term.length)
      throw broken(node, `has the equation '${equation}' for other shapes`);
    const others = names[1 - i] ?? [];
    const gone = term.filter((n) => !out.includes(n) && !others.includes(n));
    const kept = term.filter((n) => !gone.includes(n));
    const at = gone.map((n) => x.order.indexOf(term.indexOf(n))).filter((k) => k !== -1);
    return { x: withValue(x, b.sum(x.value, at)), term, kept };
  });
  const size = (name: string): number => {
    const { x, term } = given.find((one) => one.kept.includes(name))!;
    return dimsOf(x)[term.indexOf(name)];
  };
  const laid = ({ x, term }: (typeof given)[number], order: readonly string[]): Value =>
    arranged(
      x,
      order.map((n) => term.indexOf(n)),
    );
  const finished = (value: Value, order: readonly string[]): Traced => {
    // the batch is the first axis of size 1
    const first = out.length > 0 && size(out[0]) === 1 ? out[0] : undefined;
    const present = order.filter((n) => n !== first);
    return traced(
      b.reshape(value, present.map(size)),
      out.length,
      present.map((n) => out.indexOf(n)),
    );
  };
  if (given.length === 1) return [finished(laid(given[0], given[0].kept), given[0].kept)];
  const [p, q] = given;
  const batch = p.kept.filter((n) => q.kept.includes(n) && out.includes(n));
  const inner = p.kept.filter((n) => q.kept.includes(n) && !out.includes(n));
  const rows = p.kept.filter((n) => !q.kept.includes(n));
  const columns = q.kept.filter((n) => !p.kept.includes(n));
  const count = (list: readonly string[]): number => list.reduce((n, name) => n * size(name), 1);
  const lead = batch.map(size);
  const value = b.matMul(
    b.reshape(laid(p, [...batch, ...rows, ...inner]), [...lead, count(rows), count(inner)]),
    b.reshape(laid(q, [...batch, ...inner, ...columns]), [...lead, count(inner), count(columns)]),
  );
  return [finished(value, [...batch, ...rows, ...columns])];
};

export const LINEAR: Readonly<Record<string, Operator>> = {
  MatMul: (inputs, site) => [product(need(inputs, 0, site), need(inputs, 1, site), site)],
  Gemm: gemm,
  Einsum: einsum,
};
