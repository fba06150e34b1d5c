/** The layers from which a map can be drawn: those whose axes are known to be space and are used after them. */
import type { GraphOutput, GraphLayer } from '../../graph/model-graph.js';
import { ordered, type Value } from '../../graph/value.js';
import type { Traced } from './tensor.js';

/** A node that gave a value of the graph. */
interface Step {
  readonly output: Traced;
}

export function spaceOf<S extends Step>(
  steps: readonly S[],
  outputs: readonly GraphOutput[],
): Map<S, GraphLayer['space']> {
  const ends = outputs.flatMap(({ value, logits }) => [value, logits]);
  const readers = new Map<Value, Value[]>();
  for (const v of ordered(ends)) {
    for (const x of v.inputs) {
      const list = readers.get(x);
      if (list === undefined) readers.set(x, [v]);
      else list.push(v);
    }
  }
  // the final activation itself shows nothing that its input does not
  const final = new Set(outputs.flatMap(({ value, logits }) => (value === logits ? [] : [value])));
  return new Map(
    steps.map((step) => {
      const kind = kindOf(step);
      const isSeen = kind !== 'tokens' || isMixed(step.output.value, readers, new Set(ends));
      return [step, final.has(step.output.value) || !isSeen ? 'none' : kind];
    }),
  );
}

/** Channels last, and before them space or tokens alone. */
function kindOf({ output: { value, order, axes } }: Step): 'space' | 'tokens' | 'none' {
  if (order.length < 2 || order.length > 4) return 'none';
  const kinds = order.slice(0, -1).map((axis) => axes[axis]);
  const last = axes[order[order.length - 1]];
  if (last === 'space' || last === 'tokens') return 'none';
  const wide = kinds.filter((_, i) => value.shape[i] > 1);
  if (wide.length === 0) return 'none';
  if (wide.every((kind) => kind === 'space')) return 'space';
  return order.length === 2 && kinds[0] === 'tokens' ? 'tokens' : 'none';
}

/** Operations value by value, or over the features of each token alone. */
const APART = new Set([
  'add',
  'mul',
  'div',
  'max',
  'compare',
  'select',
  'unary',
  'power',
  'relu',
  'softmax',
]);

/**
 * Whether tokens still meet after this value. After the last attention only the
 * class token goes on: no gradient comes back to the others, so no map can be drawn there.
 */
function isMixed(
  from: Value,
  readers: ReadonlyMap<Value, readonly Value[]>,
  ends: ReadonlySet<Value>,
): boolean {
  const count = from.shape[0];
  const seen = new Set<string>();
  const ids = new Map<Value, number>();
  const stack: { v: Value; projected: boolean }[] = [{ v: from, projected: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { v, projected } = top;
    if (ends.has(v)) return true;
    for (const y of readers.get(v) ?? []) {
      if (!ids.has(y)) ids.set(y, ids.size);
      // one token is taken and the others are dropped
      if (y.op === 'slice' && y.shape[0] === 1 && count > 1) continue;
      const isReduced = y.op === 'sum' || y.op === 'reduceMax';
      const isProjected =
        y.op === 'matMul' && y.inputs[0] === v && !y.attrs.transposeA && !y.inputs[1].live;
      const keeps =
        (APART.has(y.op) && y.shape[0] === count) ||
        isProjected ||
        (isReduced && !y.attrs.axes.includes(0));
      // queries, keys and values meet as they are: they are the inside of an attention
      if (!keeps && (projected || isReduced)) return true;
      if (!keeps) continue;
      const key = `${ids.get(y)} ${projected || isProjected}`;
      if (seen.has(key)) continue;
      seen.add(key);
      stack.push({ v: y, projected: projected || isProjected });
    }
  }
  return false;
}
