/** Which regions of a picture are shown together: rows of 0 (taken away) and 1 (shown). */
import { seededRandom, type SeededRandom } from './random.js';

/** Different coalitions and how much each counts. */
export interface Coalitions {
  readonly rows: readonly Uint8Array[];
  readonly weights: Float64Array;
}

/**
 * `count` coalitions, every player in or out with even chances; equal ones are
 * counted and not repeated. If there are no more than `count` in all, each of them once.
 */
export function evenCoalitions(players: number, count: number, seed: number): Coalitions {
  const tally = new Tally();
  if (2 ** players <= count) {
    for (let bits = 0; bits < 2 ** players; bits++) {
      tally.add(
        Uint8Array.from({ length: players }, (_, i) => (bits >> i) & 1),
        1,
      );
    }
  } else {
    const random = seededRandom(seed);
    for (let i = 0; i < count; i++) {
      tally.add(
        Uint8Array.from({ length: players }, () => (random.uniform() < 0.5 ? 1 : 0)),
        1,
      );
    }
  }
  return tally.result();
}

/**
 * Coalitions for the Shapley kernel (Lundberg and Lee 2017, theorem 2),
 * neither empty nor full, at most `count`. Sizes are taken from the outside in, since the kernel
 * is heaviest outside: all coalitions of a size (and their complements) while the budget holds
 * them; the other sizes are drawn, each draw with its complement. Weights sum to 1.
 */
export function shapleyCoalitions(players: number, count: number, seed: number): Coalitions {
  const tally = new Tally();
  const sizes: { size: number; mass: number; number: number }[] = [];
  for (let size = 1; 2 * size <= players; size++) {
    const sides = 2 * size === players ? 1 : 2;
    // the kernel of one coalition times their number: (M − 1) / (s (M − s))
    const mass = (sides * (players - 1)) / (size * (players - size));
    sizes.push({ size, mass, number: sides * binomial(players, size) });
  }
  let left = sizes.reduce((sum, { mass }) => sum + mass, 0);
  const whole = left;
  let budget = count;
  while (sizes.length > 0 && sizes[0].number <= (budget * sizes[0].mass) / left + 1e-9) {
    const { size, mass, number } = sizes.shift()!;
    eachSubset(players, size, (row) => {
      tally.add(row, mass / whole / number);
      if (2 * size !== players) tally.add(complement(row), mass / whole / number);
    });
    budget -= number;
    left -= mass;
  }
  if (sizes.length > 0 && budget > 0) draw(tally, players, sizes, budget, left / whole, seed);
  return tally.result();
}

/** Draws until `budget` different coalitions were seen, or drawing brings hardly any new ones. */
function draw(
  tally: Tally,
  players: number,
  sizes: readonly { size: number; mass: number }[],
  budget: number,
  mass: number,
  seed: number,
): void {
  const random = seededRandom(seed);
  const total = sizes.reduce((sum, size) => sum + size.mass, 0);
  const drawn = new Tally();
  let draws = 0;
  for (; draws < 4 * budget && drawn.size + 2 <= Math.max(2, budget); draws += 2) {
    let at = random.uniform() * total;
    const { size } = sizes.find((s) => (at -= s.mass) < 0) ?? sizes[sizes.length - 1];
    const row = subset(players, size, random);
    drawn.add(row, 1);
    drawn.add(complement(row), 1);
  }
  const { rows, weights } = drawn.result();
  rows.forEach((row, i) => tally.add(row, (weights[i] / draws) * mass));
}

class Tally {
  private readonly at = new Map<string, number>();
  private readonly rows: Uint8Array[] = [];
  private readonly weights: number[] = [];

  get size(): number {
    return this.rows.length;
  }

  add(row: Uint8Array, weight: number): void {
    const key = row.join('');
    const index = this.at.get(key);
    if (index !== undefined) {
      this.weights[index] += weight;
      return;
    }
    this.at.set(key, this.rows.length);
    this.rows.push(row);
    this.weights.push(weight);
  }

  result(): Coalitions {
    return { rows: this.rows, weights: Float64Array.from(this.weights) };
  }
}

function complement(row: Uint8Array): Uint8Array {
  return row.map((v) => 1 - v);
}

/** `size` of the players, every subset equally likely. */
function subset(players: number, size: number, random: SeededRandom): Uint8Array {
  const row = new Uint8Array(players);
  for (let chosen = 0; chosen < size;) {
    const player = random.integer(players);
    if (row[player] === 1) continue;
    row[player] = 1;
    chosen++;
  }
  return row;
}

function eachSubset(
  players: number,
  size: number,
  each: (row: Uint8Array) => void,
  from = 0,
  row = new Uint8Array(players),
): void {
  if (size === 0) {
    each(row.slice());
    return;
  }
  for (let player = from; player <= players - size; player++) {
    row[player] = 1;
    eachSubset(players, size - 1, each, player + 1, row);
    row[player] = 0;
  }
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}
