/** Points and weights that turn an integral over [0, 1] into a weighted sum. */
export interface Quadrature {
  readonly nodes: readonly number[];
  /** Sum to 1. */
  readonly weights: readonly number[];
}

/** Trapezoid rule over `intervals` equal intervals: `intervals + 1` points, both ends among them. */
export function trapezoid(intervals: number): Quadrature {
  const nodes = Array.from({ length: intervals + 1 }, (_, i) => i / intervals);
  return {
    nodes,
    weights: nodes.map((_, i) => (i === 0 || i === intervals ? 0.5 : 1) / intervals),
  };
}

/**
 * Gauss–Legendre rule with `count` points, exact for polynomials up to degree
 * 2·count − 1; no point lies on an end.
 */
export function gaussLegendre(count: number): Quadrature {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    // Newton from Tricomi's estimate of the root; the roots run from 1 down to −1
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    for (let round = 0; round < 100; round++) {
      const { value, derivative } = legendre(count, x);
      const step = value / derivative;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    const slope = legendre(count, x).derivative;
    nodes.unshift((1 + x) / 2);
    weights.unshift(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** Legendre polynomial of degree n and its derivative at x, |x| < 1. */
function legendre(n: number, x: number): { value: number; derivative: number } {
  let before = 1;
  let value = x;
  for (let k = 2; k <= n; k++) {
    [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  }
  return { value, derivative: (n * (x * value - before)) / (x * x - 1) };
}
