/** Random numbers that a seed repeats on every machine: nothing here looks at `Math.random`. */
export interface SeededRandom {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal: mean 0, variance 1. */
  normal(): number;
  /** Adds `scale` times a standard normal number to each value: the same numbers as one by one, in three quarters of the time. */
  addNormals(into: Float32Array, scale: number): void;
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
  const state = stateOf(seed);
  const next = xoshiro128(state);
  const uniform = () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 2 ** 53;
  return {
    uniform,
    normal: () => ziggurat(next(), next, uniform),
    addNormals: (into, scale) => addNormals(into, scale, state, next, uniform),
    integer: (n) => Math.floor(uniform() * n),
  };
}

/**
 * Layers of equal area under the right half of exp(−x²/2), widest first, and
 * where the widest of them ends: values for 128 layers from Marsaglia and Tsang 2000.
 */
const LAYERS = 128;
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;
const MAGNITUDES = 2 ** 24;

const density = (x: number) => Math.exp(-0.5 * x * x);

/** Right edges of the layers (the lowest as wide as if it had no tail), 0 at last. */
const EDGES = new Float64Array(LAYERS + 1);
/** The density at those edges. */
const HEIGHTS = new Float64Array(LAYERS + 1);
/** Magnitudes below this lie under the curve whatever their height. */
const INSIDE = new Int32Array(LAYERS);
/** The size of one step of the magnitude. */
const STEPS = new Float64Array(LAYERS);

EDGES[0] = AREA / density(TAIL);
EDGES[1] = TAIL;
for (let i = 2; i < LAYERS; i++) {
  EDGES[i] = Math.sqrt(-2 * Math.log(AREA / EDGES[i - 1] + density(EDGES[i - 1])));
}
for (let i = 0; i <= LAYERS; i++) HEIGHTS[i] = density(EDGES[i]);
for (let i = 0; i < LAYERS; i++) {
  INSIDE[i] = Math.floor((EDGES[i + 1] / EDGES[i]) * MAGNITUDES);
  STEPS[i] = EDGES[i] / MAGNITUDES;
}

/**
 * The ziggurat of Marsaglia and Tsang (2000): a point of a random layer, kept
 * if it lies under the curve. 32 bits do for layer (7), sign (1) and magnitude
 * (24) in 98 of 100 cases, without a logarithm.
 */
function ziggurat(first: number, next: () => number, uniform: () => number): number {
  for (let bits = first; ; bits = next()) {
    const layer = bits & 127;
    const magnitude = bits >>> 8;
    const x = (bits & 128) === 0 ? magnitude * STEPS[layer] : -magnitude * STEPS[layer];
    if (magnitude < INSIDE[layer]) return x;
    if (layer === 0) {
      const beyond = TAIL + beyondTail(uniform);
      return x < 0 ? -beyond : beyond;
    }
    const height = HEIGHTS[layer] + uniform() * (HEIGHTS[layer + 1] - HEIGHTS[layer]);
    if (height < density(x)) return x;
  }
}

/** `ziggurat` with the generator's state in local variables, for the 98 of 100 cases that need one number. */
function addNormals(
  into: Float32Array,
  scale: number,
  state: Int32Array,
  next: () => number,
  uniform: () => number,
): void {
  let [a, b, c, d] = state;
  for (let i = 0; i < into.length; i++) {
    const bits = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const e = c ^ a;
    const f = d ^ b;
    c = e ^ (b << 9);
    b ^= e;
    a ^= f;
    d = rotate(f, 11);
    const layer = bits & 127;
    const magnitude = bits >>> 8;
    if (magnitude < INSIDE[layer]) {
      const x = magnitude * STEPS[layer];
      into[i] += scale * ((bits & 128) === 0 ? x : -x);
      continue;
    }
    state.set([a, b, c, d]);
    into[i] += scale * ziggurat(bits, next, uniform);
    [a, b, c, d] = state;
  }
  state.set([a, b, c, d]);
}

/** How far behind the tail's start: Marsaglia's method of 1964. */
function beyondTail(uniform: () => number): number {
  for (;;) {
    // 1 − u is never 0
    const x = -Math.log(1 - uniform()) / TAIL;
    const y = -Math.log(1 - uniform());
    if (2 * y > x * x) return x;
  }
}

function stateOf(seed: number): Int32Array {
  // both halves of the seed as float64, so that 0.5 and 2 ** 40 are seeds of their own
  const [low, high] = new Uint32Array(new Float64Array([seed + 0]).buffer);
  const fill = splitmix32(low ^ Math.imul(high, 0x9e3779b1));
  // a typed array: numbers above 2³¹ in closures would each be an object
  return Int32Array.of(fill(), fill(), fill(), fill());
}

/** Signed 32-bit numbers. */
function xoshiro128(state: Int32Array): () => number {
  return () => {
    const b = state[1];
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const c = state[2] ^ state[0];
    const d = state[3] ^ b;
    state[1] = b ^ c;
    state[0] ^= d;
    state[2] = c ^ (b << 9);
    state[3] = rotate(d, 11);
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
