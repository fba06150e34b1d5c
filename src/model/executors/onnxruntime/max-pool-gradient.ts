/**
 * The way back through a max pool without scattering: for each place of the
 * window one comparison with the maximum, the first that equals it taking the
 * gradient. Places whose rows coincide modulo the stride share one map; the maps
 * are dealt out between each other at the end.
 */
import { sizeOf } from '../../../maths/ndarray.js';
import { range } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { strideOf } from '../../graph/evaluate.js';
import { first, type Emitter, type Perm } from './emitter.js';

export function writeMaxPoolGradient(
  v: Value<'maxPoolGradient'>,
  w: Emitter,
): readonly [Perm, string] {
  const [x, y, dy] = v.inputs;
  const { window, strides, dilations } = v.attrs;
  const rank = window.length;
  const perm = first(rank + 1);
  const [input, output, gradient] = [x, y, dy].map((value) => w.as(value, perm));
  const out = y.shape.slice(0, rank);
  const axes = w.ints(range(rank, 2));
  const zero = w.floats([], [0]);
  const steps = strideOf(window);
  const cells = sizeOf(window);
  // rows that a map of one phase has
  const rows = x.shape.slice(0, rank).map((n, a) => Math.ceil(n / strides[a]));
  const phases = new Map<string, string>();
  let free: string | undefined;
  for (let tap = 0; tap < cells; tap++) {
    const at = window.map((k, a) => (Math.floor(tap / steps[a]) % k) * dilations[a]);
    const stop = at.map((n, a) => n + (out[a] - 1) * strides[a] + 1);
    const seen = w.node('Slice', [input, w.ints(at), w.ints(stop), axes, w.ints(strides)]);
    const equal = w.node('Equal', [seen, output]);
    const takes = free === undefined ? equal : w.node('And', [equal, free]);
    const shut = w.node('Not', [equal]);
    free = free === undefined ? shut : w.node('And', [free, shut]);
    const part = w.node('Where', [takes, gradient, zero]);
    const low = at.map((n, a) => Math.floor(n / strides[a]));
    const high = rows.map((n, a) => n - low[a] - out[a]);
    const placed = [...low, ...high].every((n) => n === 0)
      ? part
      : w.node('Pad', [part, w.ints([0, 0, ...low, 0, 0, ...high])]);
    const key = at.map((n, a) => n % strides[a]).join();
    const before = phases.get(key);
    phases.set(key, before === undefined ? placed : w.node('Add', [before, placed]));
  }
  const channels = x.shape[rank];
  const dealt = deal(phases, strides, [channels, ...rows], [], w);
  const whole = rows.map((n, a) => n * strides[a]);
  const sizes = x.shape.slice(0, rank);
  if (whole.every((n, a) => n === sizes[a])) return [perm, dealt];
  return [perm, w.node('Slice', [dealt, w.ints(sizes.map(() => 0)), w.ints(sizes), axes])];
}

/** Maps by phase dealt out between each other, the last axis innermost. */
function deal(
  phases: ReadonlyMap<string, string>,
  strides: readonly number[],
  sizes: readonly number[],
  phase: readonly number[],
  w: Emitter,
): string {
  const axis = phase.length;
  if (axis === strides.length) {
    return phases.get(phase.join()) ?? w.node('Mul', [[...phases.values()][0], w.floats([], [0])]);
  }
  const inner = sizes.map((n, i) => (i > axis + 1 ? n * strides[i - 1] : n));
  const parts = range(strides[axis]).map((p) => deal(phases, strides, sizes, [...phase, p], w));
  if (parts.length === 1) return parts[0];
  const wide = [...inner.slice(0, axis + 2), 1, ...inner.slice(axis + 2)];
  const joined = w.node(
    'Concat',
    parts.map((part) => w.reshaped(part, wide)),
    { ints: { axis: axis + 3 } },
  );
  return w.reshaped(
    joined,
    inner.map((n, i) => (i === axis + 1 ? n * strides[axis] : n)),
  );
}
