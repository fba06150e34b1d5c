/** Seeded random numbers for scenes and training: the same seed gives the same numbers anywhere. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  pick<T>(items: readonly T[]): T;
  /** `count` different items. */
  sample<T>(items: readonly T[], count: number): T[];
}

/** A 32-bit generator (splitmix32) started from any number of whole numbers. */
export function seededRandom(...seeds: readonly number[]): Random {
  let state = seeds.reduce((mixed, seed) => mix((mixed + 0x9e3779b9) ^ seed), 0x2545f491);
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    return (mix(state) >>> 0) / 4294967296;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    between: (low, high) => low + (high - low) * next(),
    pick: (items) => items[below(items.length)],
    sample: (items, count) => {
      const rest = [...items];
      return Array.from({ length: count }, () => rest.splice(below(rest.length), 1)[0]);
    },
  };
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
