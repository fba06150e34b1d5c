/** Which values lie on the way from an input to an output. */
import type { ModelGraph } from './model-graph.js';
import { ordered, type Value } from './value.js';

/** Positions of the inputs that a value depends on, and of the outputs that depend on it. */
export interface Way {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * The way of every layer's value. An output depends on the values before its final activation;
 * values at that place or after it are not on the way.
 */
export function waysOf({ inputs, outputs, layers }: ModelGraph): (v: Value) => Way {
  const behind = outputs.map(({ logits }) => {
    const before = new Set(ordered([logits]));
    before.delete(logits);
    return before;
  });
  const sources = new Map<Value, readonly number[]>(inputs.map(({ value }, i) => [value, [i]]));
  for (const v of ordered([...layers.values()].map(({ value }) => value))) {
    if (sources.has(v)) continue;
    const found = new Set(v.inputs.flatMap((x) => sources.get(x) ?? []));
    sources.set(v, [...found]);
  }
  return (v) => ({
    inputs: sources.get(v) ?? [],
    outputs: behind.flatMap((before, i) => (before.has(v) ? [i] : [])),
  });
}
