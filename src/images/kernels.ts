/**
 * The weights of Pillow's resampling filters: for each place of the new axis
 * which old places it reads, and their shares in 22-bit fixed point.
 */

/** Bits behind the point: a sum of 8-bit samples times weights stays within 32 bits. */
export const PRECISION_BITS = 22;

export interface Kernel {
  /** First old place that each new place reads. */
  readonly starts: Int32Array;
  /** How many it reads. */
  readonly counts: Int32Array;
  /** `stride` weights for each new place, unused ones 0. */
  readonly weights: Int32Array;
  readonly stride: number;
}

interface Filter {
  /** Reach to either side, in places of the coarser axis. */
  readonly support: number;
  readonly at: (x: number) => number;
}

export type SmoothFilter = 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

// C's float literals 0.54f and 0.46f
const HAMMING_A = Math.fround(0.54);
const HAMMING_B = Math.fround(0.46);

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const FILTERS: Readonly<Record<SmoothFilter, Filter>> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(1 - Math.abs(x), 0) },
  hamming: {
    support: 1,
    at: (x) =>
      Math.abs(x) >= 1 ? 0 : sinc(Math.abs(x)) * (HAMMING_A + HAMMING_B * Math.cos(x * Math.PI)),
  },
  bicubic: {
    support: 2,
    at: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const cache = new Map<string, Kernel>();
const CACHE_SIZE = 16;

/** The kernel that takes an axis of `from` places to `to`; recent ones are kept. */
export function kernelOf(filter: SmoothFilter, from: number, to: number): Kernel {
  const key = `${filter} ${from} ${to}`;
  let kernel = cache.get(key);
  if (kernel === undefined) {
    kernel = makeKernel(FILTERS[filter], from, to);
    if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value!);
    cache.set(key, kernel);
  }
  return kernel;
}

function makeKernel({ support, at }: Filter, from: number, to: number): Kernel {
  const scale = from / to;
  const spread = Math.max(scale, 1);
  const reach = support * spread;
  const stride = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const shares = new Float64Array(stride);
  const inverse = 1 / spread;
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const count = Math.min(Math.trunc(centre + reach + 0.5), from) - start;
    let total = 0;
    for (let j = 0; j < count; j++) {
      shares[j] = at((j + start - centre + 0.5) * inverse);
      total += shares[j];
    }
    for (let j = 0; j < count; j++) {
      const share = total === 0 ? shares[j] : shares[j] / total;
      const fixed = share * (1 << PRECISION_BITS);
      weights[i * stride + j] = Math.trunc(share < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, weights, stride };
}
