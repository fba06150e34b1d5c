/** Minimising a smooth function of many unknowns. */

const MEMORY = 10;

/** Value and gradient at `x`; the gradient is written into `gradient`. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

/**
 * L-BFGS (Liu and Nocedal 1989) with a line search that halves the step until
 * the value has fallen enough (Armijo), for convex functions.
 *
 * @param tolerance stops where no entry of the gradient is larger than this
 * @returns the point where it stopped, and whether within tolerance
 */
export function minimise(
  f: Smooth,
  start: Float64Array,
  { tolerance = 1e-9, rounds = 1000 }: { tolerance?: number; rounds?: number } = {},
): { readonly x: Float64Array; readonly converged: boolean } {
  let x = Float64Array.from(start);
  let gradient = new Float64Array(x.length);
  let value = f(x, gradient);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    if (largest(gradient) <= tolerance) return { x, converged: true };
    const direction = descend(gradient, steps);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      steps.length = 0;
      direction.set(gradient.map((g) => -g));
      slope = -dot(gradient, gradient);
    }
    const next = new Float64Array(x.length);
    const there = new Float64Array(x.length);
    let size = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let found = Infinity;
    for (let halved = 0; halved < 60; halved++, size /= 2) {
      for (let i = 0; i < x.length; i++) next[i] = x[i] + size * direction[i];
      found = f(next, there);
      // near the minimum values differ by less than their rounding: the gradient decides
      if (found <= value + 1e-4 * size * slope) break;
      if (
        Math.abs(found - value) <= 1e-14 * Math.abs(value) &&
        dot(there, there) < dot(gradient, gradient)
      )
        break;
      found = Infinity;
    }
    if (found === Infinity) return { x, converged: largest(gradient) <= 1e3 * tolerance };
    const s = next.map((v, i) => v - x[i]);
    const y = there.map((v, i) => v - gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 0) {
      steps.push({ s, y, rho: 1 / curvature });
      if (steps.length > MEMORY) steps.shift();
    }
    [x, gradient, value] = [next, there, found];
  }
  return { x, converged: false };
}

/** −H·g by the two-loop recursion. */
function descend(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.map((g) => -g);
  const alphas = new Float64Array(steps.length);
  for (let k = steps.length - 1; k >= 0; k--) {
    const { s, y, rho } = steps[k];
    alphas[k] = rho * dot(s, q);
    for (let i = 0; i < q.length; i++) q[i] -= alphas[k] * y[i];
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < q.length; i++) q[i] *= scale;
  }
  steps.forEach(({ s, y, rho }, k) => {
    const beta = rho * dot(y, q);
    for (let i = 0; i < q.length; i++) q[i] += (alphas[k] - beta) * s[i];
  });
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function largest(a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]));
  return most;
}
