/** Shapley values from orders drawn at random, each walked forwards and backwards. */
import { seededRandom } from './random.js';
import type { ShapleyPlan } from './shapley.js';

export interface PermutationPlan extends ShapleyPlan {
  /** Values and their standard errors over the orders. */
  estimate(values: ArrayLike<number>): {
    readonly weights: Float64Array;
    readonly errors: Float64Array;
  };
}

/**
 * The coalitions of `permutations` random orders: players come in one after
 * the other, then in the reverse order (antithetic). The empty coalition is
 * first, the full one last. The values sum exactly to v(all) − v(none).
 */
export function permutationPlan(
  players: number,
  permutations: number,
  seed: number,
): PermutationPlan {
  const random = seededRandom(seed);
  const orders: number[][] = [];
  for (let p = 0; p < permutations; p++) {
    const order = Array.from({ length: players }, (_, i) => i);
    for (let i = players - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    orders.push(order, [...order].reverse());
  }
  const inner = Math.max(0, players - 1);
  const count = 2 + orders.length * inner;
  const shown = new Uint8Array(count * players);
  orders.forEach((order, o) => {
    for (let step = 0; step < inner; step++) {
      const at = (1 + o * inner + step) * players;
      for (let i = 0; i <= step; i++) shown[at + order[i]] = 1;
    }
  });
  shown.fill(1, (count - 1) * players);
  const estimate = (values: ArrayLike<number>) => {
    const weights = new Float64Array(players);
    const squares = new Float64Array(players);
    for (let p = 0; p < permutations; p++) {
      // forwards and backwards together are one draw
      const pair = new Float64Array(players);
      for (const o of [2 * p, 2 * p + 1]) {
        let before = values[0];
        orders[o].forEach((player, step) => {
          const after = step === players - 1 ? values[count - 1] : values[1 + o * inner + step];
          pair[player] += (after - before) / 2;
          before = after;
        });
      }
      pair.forEach((value, i) => {
        weights[i] += value / permutations;
        squares[i] += value * value;
      });
    }
    const errors = weights.map((mean, i) =>
      permutations < 2
        ? 0
        : Math.sqrt(Math.max(0, squares[i] / permutations - mean * mean) / (permutations - 1)),
    );
    return { weights, errors };
  };
  return {
    players,
    shown,
    count,
    exact: false,
    solve: (values) => estimate(values).weights,
    estimate,
  };
}
