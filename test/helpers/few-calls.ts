/** Options that make a long method short: those that say how often the model is called. */
import type { Explainer } from '../../src/container/plugin.js';

/** Every option that is declared with `calls`, at most `most`. */
export function fewCalls(
  { options }: Pick<Explainer, 'options'>,
  most: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, spec]) =>
      spec.type === 'number' && spec.calls === true
        ? [[name, Math.max(Math.min(spec.default ?? most, most), spec.min ?? 1)]]
        : [],
    ),
  );
}
