import { greatest } from '../extremes.js';

/**
 * Max-sensitivity (Yeh et al. 2019, definition 3.1), by sampling: the largest
 * distance of the maps of slightly perturbed inputs from the map of the input,
 * ‖Φ(y) − Φ(x)‖ / ‖Φ(x)‖ in the l2 norm.
 *
 * @returns undefined if the map itself is zero, so that there is nothing to compare with
 */
export function maxSensitivity(
  map: ArrayLike<number>,
  perturbed: readonly ArrayLike<number>[],
): number | undefined {
  const norm = length(map, () => 0);
  if (norm === 0) return undefined;
  return greatest(perturbed.map((other) => length(map, (i) => other[i]) / norm));
}

function length(values: ArrayLike<number>, from: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - from(i)) ** 2;
  return Math.sqrt(sum);
}
