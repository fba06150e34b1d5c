/** Values as an ONNX model: one rule for each primitive; if one is missing, this does not compile. */
import { WhylensError } from '../../../errors.js';
import { range, same, scalarOf, sizeOf } from '../../graph/build.js';
import type { Comparison, Name, Primitives, Shape, Unary } from '../../graph/primitives.js';
import { ordered, usesOf, type Value } from '../../graph/value.js';
import { writeConv, writeMaxPool } from './convolutions.js';
import { Emitter, first, plain, type Attributes, type Finished, type Perm } from './emitter.js';
import { writeMaxPoolGradient } from './max-pool-gradient.js';

/** Writes the value and says in which order its axes lie. */
type Rule<K extends Name> = (v: Value<K>, w: Emitter) => readonly [Perm, string];
type Rules = { readonly [K in Name]: Rule<K> };

/** The order in which an operation on several values moves the fewest numbers. */
function bestPerm(inputs: readonly Value[], rank: number, w: Emitter): number[] {
  const live = inputs.filter((x) => x.live && x.shape.length === rank);
  const candidates = live.flatMap((x) => w.permsOf(x));
  const cost = (perm: Perm): number =>
    live.reduce((sum, x) => sum + (w.lies(x, perm) ? 0 : sizeOf(x.shape)), 0);
  // of equal ones that with the channels first, which a convolution asks for next
  return candidates.reduce(
    (best, perm) => {
      const gain = cost(best) - cost(perm);
      return gain > 0 || (gain === 0 && perm[0] === rank - 1 && best[0] !== rank - 1) ? perm : best;
    },
    candidates[0] ?? plain(rank),
  );
}

const elementwise =
  <K extends Name>(op: string) =>
  (v: Value<K>, w: Emitter): readonly [Perm, string] => {
    const perm = bestPerm(v.inputs, v.shape.length, w);
    return [
      perm,
      w.node(
        op,
        v.inputs.map((x) => w.operand(x, perm)),
      ),
    ];
  };
const single = (
  v: Value,
  w: Emitter,
  op: string,
  more: readonly string[] = [],
  attributes?: Attributes,
): readonly [Perm, string] => {
  const { name, perm } = w.any(v.inputs[0]);
  return [perm, w.node(op, [name, ...more], attributes)];
};
/** Places of axes in a tensor whose axes lie in this order. */
const placed = (axes: Shape, perm: Perm): number[] => axes.map((a) => perm.indexOf(a) + 1);
const reordered = (list: Shape, perm: Perm): number[] => perm.map((a) => list[a]);

const UNARY: Readonly<Record<Unary, string>> = {
  exp: 'Exp',
  log: 'Log',
  neg: 'Neg',
  abs: 'Abs',
  sign: 'Sign',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  sqrt: 'Sqrt',
  reciprocal: 'Reciprocal',
  erf: 'Erf',
  sin: 'Sin',
  cos: 'Cos',
  atan: 'Atan',
  floor: 'Floor',
  ceil: 'Ceil',
  round: 'Round',
};
const COMPARE: Readonly<Record<Comparison, string>> = {
  less: 'Less',
  lessEqual: 'LessOrEqual',
  greater: 'Greater',
  greaterEqual: 'GreaterOrEqual',
  equal: 'Equal',
  notEqual: 'Equal',
};
const FLOAT = { ints: { to: 1 } };
const BOOL = { ints: { to: 9 } };
/** Large enough that any positive number counts as one. */
const STEEP = { floats: { alpha: 2 ** 100, beta: 0 } };

function condition(v: Value, perm: Perm, w: Emitter): string {
  if (v.op !== 'compare' || !v.live) return w.node('Cast', [w.operand(v, perm)], BOOL);
  const { how } = v.attrs;
  const name = w.node(
    COMPARE[how],
    v.inputs.map((x) => w.operand(x, perm)),
  );
  return how === 'notEqual' ? w.node('Not', [name]) : name;
}

const onlyTfjs = ({ attrs }: Value<'opaque' | 'opaqueGradient'>): never => {
  throw new WhylensError(
    'UNSUPPORTED_OPERATION',
    `a layer of kind '${attrs.layer.kind}' is only run by TensorFlow.js: take engine 'tfjs'`,
    { facts: { kind: attrs.layer.kind } },
  );
};

const RULES: Rules = {
  input: () => {
    throw new Error('inputs are named beforehand');
  },
  constant: () => {
    throw new Error('constants are written where they are used');
  },
  opaque: onlyTfjs,
  opaqueGradient: onlyTfjs,
  conv: (v, w) => writeConv(v, w),
  maxPool: (v, w) => writeMaxPool(v, w),
  maxPoolGradient: (v, w) => writeMaxPoolGradient(v, w),
  matMul: (v, w) => {
    const [a, b] = v.inputs;
    const own = (x: Value, turn: boolean): string => {
      const rank = x.shape.length;
      return w.as(x, turn ? [...range(rank - 2), rank - 1, rank - 2] : plain(rank));
    };
    const { transposeA, transposeB } = v.attrs;
    return [plain(v.shape.length), w.node('MatMul', [own(a, transposeA), own(b, transposeB)])];
  },
  along: (v, w) => {
    const [x, matrix] = v.inputs;
    const { name, perm } = w.any(x);
    const at = perm.indexOf(v.attrs.axis);
    const rank = perm.length;
    if (at === rank - 1) return [perm, w.node('MatMul', [name, w.as(matrix, [1, 0])])];
    const left = w.as(matrix, [0, 1]);
    if (at === rank - 2) return [perm, w.node('MatMul', [left, name])];
    // the axes behind become one
    const sizes = reordered(x.shape, perm);
    const inner = sizeOf(sizes.slice(at + 1));
    const flat = w.reshaped(name, [...sizes.slice(0, at + 1), inner]);
    return [perm, w.reshaped(w.node('MatMul', [left, flat]), reordered(v.shape, perm))];
  },
  add: (v, w) => writeBiased(v, w) ?? elementwise<'add'>('Add')(v, w),
  mul: (v, w) => writeMask(v, w) ?? writeMean(v, w) ?? elementwise<'mul'>('Mul')(v, w),
  div: elementwise('Div'),
  max: elementwise('Max'),
  compare: (v, w) => {
    const [y, bound] = v.inputs;
    // read off a rectifier's output, 0 < y
    if (v.attrs.how === 'greater' && y.op === 'relu' && scalarOf(bound) === 0) {
      return single(v, w, 'HardSigmoid', [], STEEP);
    }
    const perm = bestPerm(v.inputs, v.shape.length, w);
    return [perm, w.node('Cast', [condition(v, perm, w)], FLOAT)];
  },
  select: (v, w) => {
    const [c, a, b] = v.inputs;
    const perm = bestPerm(v.inputs, v.shape.length, w);
    return [perm, w.node('Where', [condition(c, perm, w), w.operand(a, perm), w.operand(b, perm)])];
  },
  unary: (v, w) => single(v, w, UNARY[v.attrs.fn]),
  power: (v, w) => single(v, w, 'Pow', [w.floats([], [v.attrs.exponent])]),
  relu: (v, w) =>
    v.attrs.ceiling === Infinity
      ? single(v, w, 'Relu')
      : single(v, w, 'Clip', [w.floats([], [0]), w.floats([], [v.attrs.ceiling])]),
  softmax: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    return [perm, w.node('Softmax', [name], { ints: { axis: perm.indexOf(perm.length - 1) + 1 } })];
  },
  sum: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    return [perm, w.node('ReduceSum', [name, w.ints(placed(v.attrs.axes, perm))])];
  },
  reduceMax: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    return [perm, w.node('ReduceMax', [name], { ints: { axes: placed(v.attrs.axes, perm) } })];
  },
  expand: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    return [perm, w.node('Expand', [name, w.ints([1, ...reordered(v.shape, perm)])])];
  },
  reshape: (v, w) => {
    const [x] = v.inputs;
    const perm = w.permsOf(x).flatMap((own) => {
      const after = regrouped(x.shape, v.shape, own);
      return after === undefined ? [] : [[own, after] as const];
    })[0] ?? [plain(x.shape.length), plain(v.shape.length)];
    return [perm[1], w.reshaped(w.as(x, perm[0]), reordered(v.shape, perm[1]))];
  },
  // only the names of the axes change: an operation that needs another order transposes
  transpose: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    return [perm.map((a) => v.attrs.order.indexOf(a)), name];
  },
  reverse: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    const { axes } = v.attrs;
    const fill = (n: number): string => w.ints(axes.map(() => n));
    const start = fill(-1);
    const stop = fill(-(2 ** 31));
    return [perm, w.node('Slice', [name, start, stop, w.ints(placed(axes, perm)), start])];
  },
  pad: (v, w) => {
    const { low, high, inner, value } = v.attrs;
    const source = w.any(v.inputs[0]);
    const { perm } = source;
    const fill = value === 0 ? [] : [w.floats([], [value])];
    const name = spread(
      source.name,
      reordered(v.inputs[0].shape, perm),
      reordered(inner, perm),
      fill,
      w,
    );
    if ([...low, ...high].every((n) => n === 0)) return [perm, name];
    const pads = [0, ...reordered(low, perm), 0, ...reordered(high, perm)];
    return [perm, w.node('Pad', [name, w.ints(pads), ...fill])];
  },
  slice: (v, w) => {
    const { start, stop, step } = v.attrs;
    const { name, perm } = w.any(v.inputs[0]);
    const axes = range(v.shape.length).filter((a) => v.shape[a] !== v.inputs[0].shape[a]);
    const list = (of: Shape): string => w.ints(axes.map((a) => of[a]));
    return [
      perm,
      w.node('Slice', [name, list(start), list(stop), w.ints(placed(axes, perm)), list(step)]),
    ];
  },
  concat: (v, w) => {
    const perm = bestPerm(v.inputs, v.shape.length, w);
    const names = alike(v.inputs, perm, w);
    return [perm, w.node('Concat', names, { ints: { axis: perm.indexOf(v.attrs.axis) + 1 } })];
  },
  gather: (v, w) => {
    const { name, perm } = w.any(v.inputs[0]);
    const axis = perm.indexOf(v.attrs.axis) + 1;
    return [perm, w.node('Gather', [name, w.ints(v.attrs.indices)], { ints: { axis } })];
  },
};

/** 0 < y < ceiling of a rectifier with a ceiling, as one product. */
function writeMask(v: Value<'mul'>, w: Emitter): readonly [Perm, string] | undefined {
  const [above, under] = v.inputs;
  if (above.op !== 'compare' || under.op !== 'compare') return undefined;
  const [y] = above.inputs;
  const fits =
    y.op === 'relu' &&
    under.inputs[0] === y &&
    above.attrs.how === 'greater' &&
    under.attrs.how === 'less' &&
    scalarOf(above.inputs[1]) === 0 &&
    scalarOf(under.inputs[1]) === y.attrs.ceiling;
  if (!fits) return undefined;
  const { name, perm } = w.any(y);
  const left = w.node('Sub', [w.floats([], [y.attrs.ceiling]), name]);
  return [perm, w.node('HardSigmoid', [w.node('Mul', [name, left])], STEEP)];
}

/** Σ x / n over axes. */
function writeMean(v: Value<'mul'>, w: Emitter): readonly [Perm, string] | undefined {
  const [y, factor] = v.inputs;
  if (y.op !== 'sum' || w.uses.get(y) !== 1) return undefined;
  const [x] = y.inputs;
  const n = y.attrs.axes.reduce((count, a) => count * x.shape[a], 1);
  if (Math.abs((scalarOf(factor) ?? 0) * n - 1) > 1e-12) return undefined;
  const { name, perm } = w.any(x);
  const rank = perm.length;
  const overSpace = same(y.attrs.axes, range(rank - 1)) && perm[0] === rank - 1 && rank > 1;
  return [
    perm,
    overSpace
      ? w.node('GlobalAveragePool', [name])
      : w.node('ReduceMean', [name], { ints: { axes: placed(y.attrs.axes, perm) } }),
  ];
}

/** Rows put between rows, axis by axis: one axis more, padded, folded back, the last rows cut. */
function spread(
  x: string,
  sizes: number[],
  inner: Shape,
  fill: readonly string[],
  w: Emitter,
): string {
  const now = [...sizes];
  return inner.reduce((name, n, a) => {
    if (n === 0 || now[a] === 1) return name;
    const size = now[a];
    const rank = now.length;
    const wide = w.reshaped(name, [...now.slice(0, a + 1), 1, ...now.slice(a + 1)]);
    const pads = new Array<number>(2 * (rank + 2)).fill(0);
    pads[rank + 2 + a + 2] = n;
    const padded = w.node('Pad', [wide, w.ints(pads), ...fill]);
    now[a] = size * (n + 1);
    const folded = w.reshaped(padded, now);
    now[a] -= n;
    return w.node('Slice', [folded, w.ints([0]), w.ints([now[a]]), w.ints([a + 1])]);
  }, x);
}

/** Tensors with one and the same batch: a constant, or what comes of one sample, is repeated. */
function alike(inputs: readonly Value[], perm: Perm, w: Emitter): string[] {
  const live = inputs.filter((x) => x.live);
  const kinds = new Set(live.map((x) => w.rootsOf(x)));
  const names = inputs.map((x) => w.operand(x, perm));
  if (kinds.size === 1 && live.length === inputs.length) return names;
  const counts = [...kinds].map((kind) => {
    const x = live.find((one) => w.rootsOf(one) === kind)!;
    return w.node('Slice', [w.node('Shape', [w.any(x).name]), w.ints([0]), w.ints([1])]);
  });
  const count = counts.length === 1 ? counts[0] : w.node('Max', counts);
  return inputs.map((x, i) => {
    if (kinds.size === 1 && x.live) return names[i];
    const sizes = w.ints(reordered(x.shape, perm));
    return w.node('Expand', [names[i], w.node('Concat', [count, sizes], { ints: { axis: 0 } })]);
  });
}

/** A convolution and what is added to each channel. */
function writeBiased(v: Value<'add'>, w: Emitter): readonly [Perm, string] | undefined {
  for (const [y, bias] of [v.inputs, [...v.inputs].reverse()]) {
    const channels = v.shape[v.shape.length - 1];
    const fits =
      y.op === 'conv' &&
      w.uses.get(y) === 1 &&
      same(y.shape, v.shape) &&
      !bias.live &&
      sizeOf(bias.shape) === channels &&
      (bias.shape.at(-1) ?? 1) === channels;
    if (fits) return writeConv(y, w, bias);
  }
  return undefined;
}

/**
 * The order of the axes of `to` when a value of shape `from`, whose axes lie in
 * the order `perm`, is reshaped without moving a number; undefined if it must be moved.
 */
function regrouped(from: Shape, to: Shape, perm: Perm): number[] | undefined {
  const wide = (shape: Shape): number[] => range(shape.length).filter((a) => shape[a] !== 1);
  const [sources, targets] = [wide(from), wide(to)];
  const stored = perm.filter((a) => from[a] !== 1);
  const groups: { place: number; to: number[] }[] = [];
  for (let [i, j] = [0, 0]; i < sources.length || j < targets.length;) {
    // as few axes on each side as have the same product
    const [starts, startTo] = [i, j];
    let [p, q] = [from[sources[i++]], to[targets[j++]]];
    while (p !== q) {
      if (p < q) p *= from[sources[i++]];
      else q *= to[targets[j++]];
    }
    const place = stored.indexOf(sources[starts]);
    if (!sources.slice(starts, i).every((a, k) => stored[place + k] === a)) return undefined;
    groups.push({ place, to: targets.slice(startTo, j) });
  }
  const order = groups.sort((a, b) => a.place - b.place).flatMap((group) => group.to);
  const rank = to.length;
  const fits = (all: Perm): boolean =>
    same(
      all.filter((a) => to[a] !== 1),
      order,
    );
  if (fits(plain(rank))) return plain(rank);
  if (fits(first(rank))) return first(rank);
  return [...order, ...range(rank).filter((a) => to[a] === 1)];
}

/** An ONNX model in bytes that computes the outputs from inputs `in_0`, `in_1`, … (in the order of `inputs`). */
export interface Written extends Finished {
  readonly inputs: readonly Value<'input'>[];
}

export function writeOnnx(outputs: readonly Value[]): Written {
  const order = ordered(outputs);
  const w = new Emitter(usesOf(outputs));
  const inputs = order.filter((v): v is Value<'input'> => v.op === 'input');
  inputs.forEach((v, i) => w.set(v, plain(v.shape.length), `in_${i}`));
  for (const v of order) {
    if (!v.live || v.op === 'input' || v.op === 'constant') continue;
    const rule = RULES[v.op as Exclude<Name, 'input'>] as (
      v: Value,
      w: Emitter,
    ) => readonly [Perm, string];
    w.set(v, ...rule(v, w));
  }
  return { ...w.finish(outputs), inputs };
}

/** Primitives that ONNX Runtime has. */
export const runsInOnnx = (primitive: keyof Primitives): boolean =>
  primitive !== 'opaque' && primitive !== 'opaqueGradient';
