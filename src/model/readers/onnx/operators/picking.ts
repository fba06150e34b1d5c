/** Operators that choose rows by values: the largest, or those whose numbers the network computes. */
import * as b from '../../../graph/build.js';
import * as p from '../../../graph/picking.js';
import type { Value } from '../../../graph/value.js';
import { broken } from '../attributes.js';
import { elementPlaces, ints, numbers, plainAxis } from '../fold.js';
import { needKnown, needTraced, type Operator } from '../site.js';
import {
  arranged,
  dimsOf,
  flatValue,
  range,
  requireSize,
  reshaped,
  traced,
  unflat,
  withAxis,
  withValue,
  type Traced,
} from '../tensor.js';

/** Comparisons of all with all, and products with rows of zeros and ones. */
const MOST = 2 ** 26;

const topK: Operator = (inputs, site) => {
  const { attributes } = site;
  const given = needTraced(inputs, 0, site);
  const axis = plainAxis(attributes.int('axis', -1), given.rank, attributes);
  const { x, at } = withAxis(given, axis);
  const n = dimsOf(x)[axis];
  const told =
    inputs[1] === undefined ? attributes.int('k', 1) : ints(needKnown(inputs, 1, site))[0];
  if (!(told >= 1 && told <= n)) throw broken(attributes.node, `takes ${told} of ${n} rows`);
  requireSize([...x.value.shape, n], MOST);
  const { values, indices } = p.topK(x.value, at, told, attributes.int('largest', 1) === 1);
  return [withValue(x, values), withValue(x, indices)];
};

const argument =
  (largest: boolean): Operator =>
  (inputs, site) => {
    const { attributes } = site;
    const given = needTraced(inputs, 0, site);
    const axis = plainAxis(attributes.int('axis', 0), given.rank, attributes);
    const { x, at } = withAxis(given, axis);
    const lastOfEqual = attributes.int('select_last_index', 0) === 1;
    const y = withValue(x, p.argMax(x.value, at, { largest, lastOfEqual }));
    if (attributes.int('keepdims', 1) === 1) return [y];
    return [
      reshaped(
        y,
        dimsOf(y).filter((_, a) => a !== axis),
      ),
    ];
  };

const hardmax: Operator = (inputs, site) => {
  const { attributes, opset } = site;
  const given = needTraced(inputs, 0, site);
  const dims = dimsOf(given);
  const modern = opset >= 13;
  const axis = plainAxis(attributes.int('axis', modern ? -1 : 1), given.rank, attributes);
  if (!modern) {
    const flat = reshaped(given, [b.sizeOf(dims.slice(0, axis)), b.sizeOf(dims.slice(axis))]);
    return [reshaped(hardest(flat, 1), dims)];
  }
  return [hardest(given, axis)];
};
function hardest(given: Traced, axis: number): Traced {
  const { x, at } = withAxis(given, axis);
  const n = x.value.shape[at];
  const counted = b.tensor(
    x.value.shape.map((_, a) => (a === at ? n : 1)),
    range(n),
  );
  return withValue(x, b.compare('equal', p.argMax(x.value, at), counted));
}

const oneHot: Operator = (inputs, site) => {
  const { attributes } = site;
  const indices = needTraced(inputs, 0, site);
  const depth = ints(needKnown(inputs, 1, site))[0];
  const [off, on] = numbers(needKnown(inputs, 2, site));
  const rank = indices.rank + 1;
  const axis = plainAxis(attributes.int('axis', -1), rank, attributes);
  requireSize([...dimsOf(indices), depth], MOST);
  const at = p.fromEnd(arranged(indices, range(indices.rank)), depth);
  const y = b.add(b.mul(p.oneHot(at, depth), b.scalar(on - off)), b.scalar(off));
  const others = range(rank).filter((a) => a !== axis);
  return [traced(y, rank, [...others, axis])];
};

/** `Gather` by row numbers that depend on the picture. */
export function gatherComputed(x: Traced, indices: Traced, axis: number): Traced {
  const [dims, wanted] = [dimsOf(x), dimsOf(indices)];
  requireSize([b.sizeOf(dims), b.sizeOf(wanted)], MOST);
  const y = p.gatherLive(arranged(x, range(x.rank)), axis, arranged(indices, range(indices.rank)));
  return unflat(y, [...dims.slice(0, axis), ...wanted, ...dims.slice(axis + 1)]);
}

/** `GatherElements` likewise. */
export function gatherElementsComputed(x: Traced, indices: Traced, axis: number): Traced {
  const wanted = dimsOf(indices);
  requireSize([b.sizeOf(wanted), dimsOf(x)[axis]], MOST);
  const source = arranged(x, range(x.rank));
  // only as many rows of the other axes as there are indices
  const cut = b.slice(
    source,
    wanted.map(() => 0),
    source.shape.map((n, a) => (a === axis ? n : wanted[a])),
  );
  return unflat(p.gatherElementsLive(cut, axis, arranged(indices, range(indices.rank))), wanted);
}

/** Values put at places along an axis, one number for each. */
const scatterElements: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = needTraced(inputs, 0, site);
  const indices = needKnown(inputs, 1, site);
  const updates = needTraced(inputs, 2, site);
  const axis = plainAxis(attributes.int('axis', 0), x.rank, attributes);
  const places = elementPlaces(dimsOf(x), indices, axis, attributes);
  const kind = attributes.text('reduction', 'none');
  return [unflat(scattered(flatValue(x), flatValue(updates), places, kind), dimsOf(x))];
};

const REDUCTIONS: Readonly<Record<string, (old: Value, fresh: Value) => Value>> = {
  add: b.add,
  mul: b.mul,
  max: b.maximum,
  min: b.minimum,
};
/** In rounds: the second number for one place is put onto the result of the first. */
function scattered(old: Value, fresh: Value, places: readonly number[], kind: string): Value {
  const count = old.shape[0];
  const rounds: Map<number, number>[] = [];
  const seen = new Map<number, number>();
  places.forEach((place, i) => {
    const turn = kind === 'none' ? 0 : (seen.get(place) ?? 0);
    seen.set(place, turn + 1);
    (rounds[turn] ??= new Map()).set(place, i);
  });
  const combine = (REDUCTIONS as Record<string, (typeof REDUCTIONS)[string] | undefined>)[kind];
  return rounds.reduce((y, round) => {
    const both = b.concat([y, fresh], 0);
    const source = range(count).map((place) => {
      const from = round.get(place);
      return from === undefined ? place : count + from;
    });
    const put = b.gather(both, 0, source);
    if (combine === undefined) return put;
    const isPut = b.tensor(
      [count],
      range(count).map((place) => Number(round.has(place))),
    );
    return b.select(isPut, combine(y, put), y);
  }, old);
}

/** Rows of an axis (or of everything in one row) by known truths. */
const compress: Operator = (inputs, site) => {
  const { attributes } = site;
  const given = needTraced(inputs, 0, site);
  const told = attributes.int('axis');
  const flat = told === undefined ? reshaped(given, [b.sizeOf(dimsOf(given))]) : given;
  const axis = plainAxis(told ?? 0, flat.rank, attributes);
  const { x, at } = withAxis(flat, axis);
  const rows = ints(needKnown(inputs, 1, site)).flatMap((yes, i) => (yes !== 0 ? [i] : []));
  if (rows.length === 0 || rows[rows.length - 1] >= dimsOf(x)[axis]) {
    throw broken(attributes.node, `keeps the rows [${rows.join(', ')}] of ${dimsOf(x)[axis]}`);
  }
  return [withValue(x, b.gather(x.value, at, rows))];
};

/** The first rows of each sequence the other way round. */
const reverseSequence: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = needTraced(inputs, 0, site);
  const time = attributes.int('time_axis', 0);
  const batch = attributes.int('batch_axis', 1);
  const dims = dimsOf(x);
  const lengths = ints(needKnown(inputs, 1, site));
  if (
    time + batch !== 1 ||
    lengths.length !== dims[batch] ||
    lengths.some((n) => !(n >= 1 && n <= dims[time]))
  ) {
    throw broken(attributes.node, `turns sequences of lengths [${lengths.join(', ')}] round`);
  }
  const inner = b.sizeOf(dims.slice(2));
  const source = range(dims[0] * dims[1]).map((flat) => {
    const index = [Math.floor(flat / dims[1]), flat % dims[1]];
    const length = lengths[index[batch]];
    if (index[time] < length) index[time] = length - 1 - index[time];
    return index[0] * dims[1] + index[1];
  });
  const rows = b.reshape(arranged(x, range(x.rank)), [dims[0] * dims[1], inner]);
  return [unflat(b.gather(rows, 0, source), dims)];
};

export const PICKING: Readonly<Record<string, Operator>> = {
  TopK: topK,
  ArgMax: argument(true),
  ArgMin: argument(false),
  Hardmax: hardmax,
  OneHot: oneHot,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  Compress: compress,
  ReverseSequence: reverseSequence,
};
