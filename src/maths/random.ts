/** Random numbers that a seed repeats on every machine: nothing here looks at `Math.random`. */
export interface SeededRandom {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal: mean 0, variance 1. */
  normal(): number;
  /** A whole number from 0 to `n` − 1, each equally likely. */
  integer(n: number): number;
}

/**
 * xoshiro128** (Blackman and Vigna 2018), its state filled by splitmix32 from
 * the seed, so that neighbouring seeds give unrelated sequences.
 *
 * @example
 * const random = seededRandom(7);
 * const noise = Float32Array.from({ length: 10 }, () => random.normal());
 */
export function seededRandom(seed: number): SeededRandom {
  const next = xoshiro128(seed);
  let spare: number | undefined;
  const uniform = () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 2 ** 53;
  return {
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Marsaglia's polar method: two normals from a point inside the unit circle
      for (;;) {
        const x = 2 * uniform() - 1;
        const y = 2 * uniform() - 1;
        const square = x * x + y * y;
        if (square > 0 && square < 1) {
          const factor = Math.sqrt((-2 * Math.log(square)) / square);
          spare = y * factor;
          return x * factor;
        }
      }
    },
    integer: (n) => Math.floor(uniform() * n),
  };
}

function xoshiro128(seed: number): () => number {
  // both halves of the seed as float64, so that 0.5 and 2 ** 40 are seeds of their own
  const [low, high] = new Uint32Array(new Float64Array([seed + 0]).buffer);
  const fill = splitmix32(low ^ Math.imul(high, 0x9e3779b1));
  let a = fill(),
    b = fill(),
    c = fill(),
    d = fill();
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

function splitmix32(state: number): () => number {
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
