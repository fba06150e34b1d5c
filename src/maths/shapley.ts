/** Shapley values of games whose coalitions can be asked for one by one. */
import { shapleyCoalitions } from './coalitions.js';
import { withFixedSum } from './least-squares.js';

/** Coalitions to be scored, as bits or as rows of 0 and 1; the empty one first, the full one last. */
export interface ShapleyPlan {
  readonly players: number;
  /** `[coalitions, players]` of 0 and 1. */
  readonly shown: Uint8Array;
  readonly count: number;
  /** True where all 2^players coalitions are there. */
  readonly exact: boolean;
  /** From `values[coalition]` to a Shapley value for each player. */
  solve(values: ArrayLike<number>): Float64Array;
}

/**
 * Which coalitions to score: all of them if there are at most `budget`, else the heaviest of the
 * Shapley kernel and pairs drawn with their
 * complements (Lundberg and Lee 2017; Covert and Lee 2021, arXiv 2012.01536),
 * solved by least squares with the sum held exactly.
 */
export function shapleyPlan(players: number, budget: number, seed: number): ShapleyPlan {
  if (2 ** players <= budget) return exactPlan(players);
  // the empty and the full coalition are the constraint of the fit, not part of it
  const { rows, weights } = shapleyCoalitions(players, Math.max(2, budget - 2), seed);
  const count = rows.length + 2;
  const shown = new Uint8Array(count * players);
  rows.forEach((row, i) => shown.set(row, (i + 1) * players));
  shown.fill(1, (count - 1) * players);
  return {
    players,
    shown,
    count,
    exact: false,
    solve: (values) => {
      const gain = values[count - 1] - values[0];
      const own = rows.map((_, i) => values[i + 1] - values[0]);
      return withFixedSum({ rows, weights, values: [own] }, [gain])[0];
    },
  };
}

function exactPlan(players: number): ShapleyPlan {
  const count = 2 ** players;
  const shown = new Uint8Array(count * players);
  for (let bits = 0; bits < count; bits++) {
    for (let i = 0; i < players; i++) shown[bits * players + i] = (bits >> i) & 1;
  }
  return { players, shown, count, exact: true, solve: (values) => shapleyOf(players, values) };
}

/**
 * The Shapley value by its definition,
 * φ_i = Σ_{S∌i} |S|! (M − |S| − 1)! / M! · (v(S ∪ i) − v(S)).
 *
 * @param values v by bit mask: entry `k` is of the coalition of all players whose bit is set in `k`
 */
export function shapleyOf(players: number, values: ArrayLike<number>): Float64Array {
  const weights = new Float64Array(players);
  // |S|! (M − |S| − 1)! / M! = 1 / (M · C(M − 1, |S|))
  let choose = 1;
  for (let size = 0; size < players; size++) {
    weights[size] = 1 / (players * choose);
    choose = (choose * (players - 1 - size)) / (size + 1);
  }
  const result = new Float64Array(players);
  const sizes = new Uint8Array(2 ** players);
  for (let bits = 1; bits < sizes.length; bits++) sizes[bits] = sizes[bits >> 1] + (bits & 1);
  for (let i = 0; i < players; i++) {
    const bit = 1 << i;
    let sum = 0;
    for (let bits = 0; bits < sizes.length; bits++) {
      if ((bits & bit) === 0) sum += weights[sizes[bits]] * (values[bits | bit] - values[bits]);
    }
    result[i] = sum;
  }
  return result;
}
