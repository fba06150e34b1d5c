/**
 * Where the axes of values come from: "is this axis space?" answered by
 * following the axes of the inputs through the graph, operation by operation.
 */
import { range } from './build.js';
import type { Shape } from './primitives.js';
import { ordered, type Value } from './value.js';

/**
 * What an axis is: axis `k` of the input's space (0, 1, …), channels, the rows
 * of a map laid out one after the other (`tokens`), space and channels in one
 * (`mixed`), or something that is not known.
 */
export type AxisOrigin = number | 'channels' | 'tokens' | 'mixed' | undefined;

/** The origin of every axis of every value that the outputs need. */
export function axisOrigins(
  outputs: readonly Value[],
  inputs: readonly Value[],
): ReadonlyMap<Value, readonly AxisOrigin[]> {
  const found = new Map<Value, readonly AxisOrigin[]>();
  for (const v of ordered(outputs)) {
    if (v.op === 'input') {
      const rank = v.shape.length;
      const told = inputs.includes(v)
        ? v.shape.map((_, a): AxisOrigin => (a === rank - 1 ? 'channels' : a))
        : v.shape.map(() => undefined);
      found.set(v, told);
    } else if (v.live) {
      found.set(
        v,
        originsOf(v, (x) => found.get(x) ?? x.shape.map(() => undefined)),
      );
    }
  }
  return found;
}

type Origins = (x: Value) => readonly AxisOrigin[];

function originsOf(v: Value, of: Origins): readonly AxisOrigin[] {
  const [x] = v.inputs;
  switch (v.op) {
    case 'conv':
      return [...of(x).slice(0, -1), 'channels'];
    case 'transpose':
      return v.attrs.order.map((a) => of(x)[a]);
    case 'sum':
    case 'reduceMax':
      return of(x).map((origin, a) => (v.attrs.axes.includes(a) ? undefined : origin));
    case 'expand':
      return of(x).map((origin, a) => (x.shape[a] === v.shape[a] ? origin : undefined));
    case 'reshape':
      return regrouped(x.shape, v.shape, of(x));
    case 'matMul':
      return product(v, of);
    case 'concat':
      // a class token before the others makes no map of them
      return joined(v, of).map((origin, a) =>
        a === v.attrs.axis && origin !== 'channels' && v.inputs.some((y) => !y.live)
          ? origin === 'tokens'
            ? 'tokens'
            : undefined
          : origin,
      );
    case 'gather':
      return of(x).map((origin, a) =>
        a === v.attrs.axis && origin !== 'channels' ? undefined : origin,
      );
    case 'opaque':
    case 'opaqueGradient':
      return v.shape.map(() => undefined);
    case 'maxPool':
    case 'maxPoolGradient':
    case 'along':
    case 'pad':
    case 'slice':
    case 'reverse':
    case 'softmax':
    case 'relu':
    case 'power':
    case 'unary':
      return of(x);
    default:
      return joined(v, of);
  }
}

/** Operands that broadcast: each axis comes from those that have it; two origins count as none. */
function joined(v: Value, of: Origins): AxisOrigin[] {
  const rank = v.shape.length;
  return range(rank).map((a) => {
    const told = v.inputs.filter((x) => x.live && x.shape.length === rank && x.shape[a] !== 1);
    const origins = new Set(told.map((x) => of(x)[a]));
    if (told.length === 0) {
      // if it has size 1 everywhere, the origin that one of them knows
      return v.inputs.filter((x) => x.live && x.shape.length === rank).map((x) => of(x)[a])[0];
    }
    return origins.size === 1 ? [...origins][0] : undefined;
  });
}

function product({ inputs, attrs, shape }: Value<'matMul'>, of: Origins): AxisOrigin[] {
  const side = (x: Value, turn: boolean, take: 'row' | 'column'): AxisOrigin => {
    if (!x.live) return take === 'column' ? 'channels' : undefined;
    const origins = of(x);
    const last = (take === 'column') !== turn;
    return origins[origins.length - (last ? 1 : 2)];
  };
  const [a, b] = inputs;
  const live = a.live && a.shape.length === shape.length ? a : b;
  return [
    ...of(live).slice(0, -2),
    side(a, attrs.transposeA, 'row'),
    side(b, attrs.transposeB, 'column'),
  ];
}

/** Axes that stay alone keep their origin; a whole map laid out in one row is tokens. */
function regrouped(from: Shape, to: Shape, origins: readonly AxisOrigin[]): AxisOrigin[] {
  const wide = (shape: Shape): number[] => range(shape.length).filter((a) => shape[a] !== 1);
  const [sources, targets] = [wide(from), wide(to)];
  const found: AxisOrigin[] = to.map(() => undefined);
  for (let [i, j] = [0, 0]; i < sources.length && j < targets.length;) {
    const [startFrom, startTo] = [i, j];
    let [p, q] = [from[sources[i++]], to[targets[j++]]];
    while (p !== q) {
      if (p < q) p *= from[sources[i++]];
      else q *= to[targets[j++]];
    }
    const group = sources.slice(startFrom, i).map((a) => origins[a]);
    if (j - startTo !== 1) continue;
    const [first] = group;
    const inOrder = group.every((origin, k) => typeof origin === 'number' && origin === k);
    const mixed = group.includes('channels') && group.some((o) => o !== 'channels');
    found[targets[startTo]] =
      group.length === 1 ? first : inOrder ? 'tokens' : mixed ? 'mixed' : undefined;
  }
  return found;
}

/**
 * True if a value is known not to be a map of the input: its last axis holds something else than
 * channels, or another axis holds channels. Unknown axes are not refused.
 */
export function isNoMap(origins: readonly AxisOrigin[], shape: Shape): boolean {
  const last = shape.length - 1;
  return origins.some((origin, a) => {
    if (origin === undefined || shape[a] === 1) return false;
    return a === last ? origin !== 'channels' : origin === 'channels' || origin === 'mixed';
  });
}

/** True for the places of a whole map in one row, and their features. */
export function isTokens(origins: readonly AxisOrigin[]): boolean {
  return origins.length === 2 && origins[0] === 'tokens';
}
