/** Gradients as values: a graph in, a graph out. */
import { add, reshape, sum } from './build.js';
import { CALCULUS, type GradientRules } from './gradient-rules.js';
import type { Shape } from './primitives.js';
import { ordered, type Value } from './value.js';

/**
 * The gradients of Σ seed · y with respect to `wrt`; undefined if no path leads there. Values that
 * are never differentiated cost nothing.
 */
export function gradient(
  seeds: ReadonlyMap<Value, Value>,
  wrt: readonly Value[],
  rules: GradientRules = CALCULUS,
): (Value | undefined)[] {
  const order = ordered([...seeds.keys()]);
  const on = new Set<Value>(wrt);
  for (const v of order) if (v.inputs.some((x) => on.has(x))) on.add(v);
  const found = new Map<Value, Value>(seeds);
  for (const v of order.reverse()) {
    const dy = found.get(v);
    if (dy === undefined || !v.inputs.some((x) => on.has(x))) continue;
    const rule = rules[v.op] as (
      dy: Value,
      y: Value,
      needs: (input: number) => boolean,
    ) => readonly (Value | undefined)[];
    rule(dy, v, (i) => on.has(v.inputs[i])).forEach((dx, i) => {
      const x = v.inputs[i];
      if (dx === undefined || !on.has(x)) return;
      const own = summedTo(dx, x.shape);
      const before = found.get(x);
      found.set(x, before === undefined ? own : add(before, own));
    });
  }
  return wrt.map((v) => found.get(v));
}

/** A value that was broadcast on the way forward is summed on the way back. */
function summedTo(dx: Value, shape: Shape): Value {
  const lead = dx.shape.length - shape.length;
  const axes = dx.shape.flatMap((n, i) =>
    i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : [],
  );
  return reshape(sum(dx, axes), shape);
}
