/** Deletion and insertion curves (Petsiuk et al. 2018). */

/** How many positions have changed at each of the `steps` + 1 points, from none to all. */
export function curveCounts(positions: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => Math.round((i * positions) / steps));
}

/** Area under evenly spaced points over [0, 1], by the trapezoid rule. In units of the values. */
export function areaUnder(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 1; i < values.length; i++) sum += (values[i - 1] + values[i]) / 2;
  return sum / (values.length - 1);
}

/**
 * A picture on its way from `from` to `to`: the first `count` positions of
 * `order` are those of `to`. Written into `into`, all `channels` of a position together.
 */
export function writeMixed(
  from: Float32Array,
  to: Float32Array,
  order: Uint32Array,
  count: number,
  into: Float32Array,
): void {
  const channels = from.length / order.length;
  into.set(from);
  for (let rank = 0; rank < count; rank++) {
    const start = order[rank] * channels;
    for (let c = start; c < start + channels; c++) into[c] = to[c];
  }
}
