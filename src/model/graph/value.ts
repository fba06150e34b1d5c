/**
 * A value of a model: what computes it, from what, and its shape. Immutable and
 * interned: equal expressions over the same leaves are one object. It knows
 * nothing of names or of who uses it; names lie beside the graph (`model-graph.ts`).
 */
import type { Name, Primitives, Shape } from './primitives.js';

/** One value, or with a type parameter one of that primitive. */
export type Value<K extends Name = Name> = {
  [P in K]: {
    readonly op: P;
    readonly inputs: readonly Value[];
    readonly attrs: Primitives[P];
    /** Of one sample. */
    readonly shape: Shape;
    /** False if it depends on constants alone: it is folded before anything runs, and has no batch axis. */
    readonly live: boolean;
  };
}[K];

/**
 * Values that were built from a value are kept weakly at that value: a model that is not used any
 * more is freed with all that was derived from it.
 */
const built = new WeakMap<object, Map<string, Value>>();
const ids = new WeakMap<object, number>();
let lastId = 0;

/** A number for an object, the same each time. */
function idOf(thing: object): number {
  let id = ids.get(thing);
  if (id === undefined) ids.set(thing, (id = ++lastId));
  return id;
}

/** The value of this primitive with these inputs, attributes and shape; made only once. */
export function value<K extends Name>(
  op: K,
  inputs: readonly Value[],
  attrs: Primitives[K],
  shape: Shape,
): Value<K> {
  const make = () => ({ op, inputs, attrs, shape, live: isLive(op, inputs) }) as unknown as Value;
  const host = hostOf(op, inputs, attrs);
  // an input is itself: two of the same name are two
  if (host === undefined) return make() as Value<K>;
  let siblings = built.get(host);
  if (siblings === undefined) built.set(host, (siblings = new Map()));
  const told = Object.values(attrs).map((a: unknown) =>
    typeof a === 'object' && a !== null && !Array.isArray(a) ? `#${idOf(a)}` : String(a),
  );
  const key = `${op} ${inputs.map(idOf).join(',')} ${told.join(';')} ${shape.join(',')}`;
  let found = siblings.get(key);
  if (found === undefined) siblings.set(key, (found = make()));
  return found as Value<K>;
}

function isLive(op: Name, inputs: readonly Value[]): boolean {
  return op === 'input' || op === 'opaque' || inputs.some((x) => x.live);
}

/** The value at which a new one is kept: never a shared number if there is a value of the model's own. */
function hostOf(op: Name, inputs: readonly Value[], attrs: object): object | undefined {
  if (op === 'constant') return (attrs as Primitives['constant']).weight;
  return (
    inputs.find((x) => x.live) ?? inputs.find((x) => x.shape.length > 0) ?? inputs[0] ?? undefined
  );
}

/** All values that the outputs need, inputs before what uses them, each once; nothing below what is in `cut`. */
export function ordered(
  outputs: readonly Value[],
  cut?: { readonly has: (v: Value) => boolean },
): Value[] {
  const seen = new Set<Value>();
  // not recursive: the graph of a deep network is deeper than the call stack
  const stack: [Value, number][] = [];
  for (const output of outputs) {
    if (seen.has(output)) continue;
    stack.push([output, 0]);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const [v, next] = top;
      if (next === v.inputs.length || cut?.has(v) === true) {
        seen.add(v);
        stack.pop();
        continue;
      }
      top[1]++;
      const x = v.inputs[next];
      if (!seen.has(x)) stack.push([x, 0]);
    }
  }
  return [...seen];
}

/** How often each value is used by others, the outputs counting once each. */
export type Uses = ReadonlyMap<Value, number>;

export function usesOf(outputs: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const count = (v: Value): unknown => uses.set(v, (uses.get(v) ?? 0) + 1);
  for (const v of ordered(outputs)) v.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}

/**
 * The outputs with every value replaced for which `change` has another. Inputs
 * come first, so that `change` sees values whose inputs are replaced already.
 */
export function rewrite(
  outputs: readonly Value[],
  change: (v: Value, uses: Uses) => Value | undefined,
): Value[] {
  const uses = usesOf(outputs);
  const made = new Map<Value, Value>();
  for (const v of ordered(outputs)) {
    const inputs = v.inputs.map((x) => made.get(x)!);
    const same = inputs.every((x, i) => x === v.inputs[i])
      ? v
      : value(v.op, inputs, v.attrs as never, v.shape);
    if (same !== v) uses.set(same, Math.max(uses.get(same) ?? 0, uses.get(v)!));
    const other = change(same, uses) ?? same;
    if (other !== same) uses.set(other, Math.max(uses.get(other) ?? 0, uses.get(v)!));
    made.set(v, other);
  }
  return outputs.map((v) => made.get(v)!);
}

/** Running on from a layer: its value becomes another, usually an input. */
export function substitute(outputs: readonly Value[], by: ReadonlyMap<Value, Value>): Value[] {
  const made = new Map<Value, Value>(by);
  for (const v of ordered(outputs, by)) {
    if (made.has(v)) continue;
    const inputs = v.inputs.map((x) => made.get(x)!);
    const same = inputs.every((x, i) => x === v.inputs[i]);
    made.set(v, same ? v : value(v.op, inputs, v.attrs as never, v.shape));
  }
  return outputs.map((v) => made.get(v)!);
}
