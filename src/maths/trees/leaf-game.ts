/** The share of each feature in one leaf of a tree. */
import { gaussLegendre } from '../quadrature.js';
import type { LeafPath } from './tree.js';

/** Up to this many features on a path, the patterns seen are kept in a plain table. */
const MOST_IN_TABLE = 10;
/** Bits that an integer holds. */
export const MOST_BITS = 30;

/**
 * The game of one leaf of value 1. With the features in S known, the leaf is
 * reached with probability Π_{j∈S} o_j · Π_{j∉S} z_j, where o_j says whether
 * the row follows the path at all its splits on j, and z_j how likely that is
 * for an unknown j. Its Shapley value is an integral along the diagonal of the
 * game's multilinear extension (Owen 1972),
 *
 *     φ_i = (o_i − z_i) · ∫₀¹ Π_{j≠i} (t·o_j + (1 − t)·z_j) dt,
 *
 * a polynomial that a few Gauss–Legendre points integrate exactly; no factor
 * is negative, so nothing is lost to rounding. The second derivative gives
 * the pairs' interaction in the same way. The row matters only through the
 * bits o_j, so each pattern of bits is worked out once (as FastTreeSHAP v2
 * does, arXiv 2109.09847).
 */
export class LeafGame {
  /** Probability of the leaf with nothing known. */
  expected = 1;
  /** Per pattern: one value for each slot, then the pairs (1,0), (2,0), (2,1), … */
  store: Float64Array;
  readonly size: number;
  private readonly stride: number;
  private readonly table: Int32Array | undefined;
  private readonly map = new Map<number, number>();
  private used = 0;
  private readonly bits: Uint8Array;
  /** The possible values of the unknown part: z, and how much it counts. */
  private unknown: readonly { readonly z: Float64Array; readonly weight: number }[] = [];
  private readonly nodes: readonly number[];
  private readonly weights: readonly number[];
  private readonly before: Float64Array;
  private readonly factors: Float64Array;

  constructor(
    { features }: LeafPath,
    private readonly pairs: boolean,
  ) {
    const size = features.length;
    this.size = size;
    this.stride = size + (pairs ? (size * (size - 1)) / 2 : 0);
    this.bits = new Uint8Array(size);
    this.before = new Float64Array(size + 1);
    this.factors = new Float64Array(size);
    this.table = size <= MOST_IN_TABLE ? new Int32Array(2 ** size).fill(-1) : undefined;
    this.store = new Float64Array(Math.max(1, this.stride) * 4);
    ({ nodes: this.nodes, weights: this.weights } = quadrature(size));
  }

  /** Unknown splits are averaged by cover. */
  byCover({ shares }: LeafPath): void {
    this.expected = shares.reduce((product, share) => product * share, 1);
    this.unknown = [{ z: shares, weight: 1 }];
  }

  /** Unknown features are those of background rows; `follows(n)` writes their bits. Rows that agree count together. */
  byBackground(count: number, follows: (n: number, bits: Uint8Array) => void): void {
    const groups = new Map<number | string, { z: Float64Array; weight: number }>();
    const bits = new Uint8Array(this.size);
    this.expected = 0;
    for (let n = 0; n < count; n++) {
      follows(n, bits);
      let on = 0;
      let key: number | string = 0;
      for (let j = 0; j < this.size; j++) {
        on += bits[j];
        key = 2 * key + bits[j];
      }
      if (on === this.size) this.expected += 1 / count;
      if (this.size > MOST_BITS) key = bits.join('');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { z: Float64Array.from(bits), weight: 1 / count });
      else group.weight += 1 / count;
    }
    this.unknown = [...groups.values()];
  }

  /** Where in `store` the values for these missed slots are. */
  at(missed: number): number {
    const known = this.table === undefined ? (this.map.get(missed) ?? -1) : this.table[missed];
    if (known !== -1) return known;
    const at = this.used;
    this.used += this.stride;
    if (this.used > this.store.length) {
      const larger = new Float64Array(2 * this.used);
      larger.set(this.store);
      this.store = larger;
    }
    for (let j = 0; j < this.size; j++) this.bits[j] = (missed >> j) & 1 ? 0 : 1;
    this.work(at, this.bits);
    if (this.table === undefined) this.map.set(missed, at);
    else this.table[missed] = at;
    return at;
  }

  /** The same for paths with more features than an integer has bits; kept until the next call. */
  forBits(bits: Uint8Array): number {
    if (this.store.length < this.stride) this.store = new Float64Array(this.stride);
    this.work(0, bits);
    return 0;
  }

  private work(at: number, bits: Uint8Array): void {
    const { size, store, factors, before, nodes, weights } = this;
    store.fill(0, at, at + this.stride);
    for (const { z, weight } of this.unknown) {
      // if a feature does not lead to the leaf, known or unknown, the leaf is never reached
      if (z.some((share, j) => share === 0 && bits[j] === 0)) continue;
      for (let q = 0; q < nodes.length; q++) {
        const t = nodes[q];
        before[0] = weight * weights[q];
        for (let j = 0; j < size; j++) {
          factors[j] = t * bits[j] + (1 - t) * z[j];
          before[j + 1] = before[j] * factors[j];
        }
        let after = 1;
        for (let i = size - 1; i >= 0; i--) {
          const difference = (bits[i] - z[i]) * after;
          store[at + i] += difference * before[i];
          if (this.pairs) this.addPairs(at, i, difference, z, bits);
          after *= factors[i];
        }
      }
    }
  }

  /** Pairs (i, j < i): `after` holds (o_i − z_i) times the factors above i. */
  private addPairs(at: number, i: number, after: number, z: Float64Array, bits: Uint8Array): void {
    const { size, store, factors, before } = this;
    let pair = at + size + (i * (i - 1)) / 2 + i - 1;
    let between = after;
    for (let j = i - 1; j >= 0; j--, pair--) {
      store[pair] += (bits[j] - z[j]) * before[j] * between;
      between *= factors[j];
    }
  }
}

const rules = new Map<number, ReturnType<typeof gaussLegendre>>();

/** Points enough for a polynomial of degree size − 1. */
function quadrature(size: number): ReturnType<typeof gaussLegendre> {
  const count = Math.max(1, Math.ceil(size / 2));
  let rule = rules.get(count);
  if (rule === undefined) rules.set(count, (rule = gaussLegendre(count)));
  return rule;
}
