/** The part of a map of a volume that belongs to one slice. */

/** A slice of values `[depth, …]` among `slices`: linear between its own slices, half-cell centres. */
export function sliceOf<T extends Float32Array | Float64Array>(
  data: T,
  depth: number,
  slice: number,
  slices: number,
): T {
  const size = data.length / depth;
  const at = Math.min(Math.max(((slice + 0.5) * depth) / slices - 0.5, 0), depth - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, depth - 1);
  const share = at - below;
  const result = data.slice(0, size) as T;
  for (let i = 0; i < size; i++) {
    result[i] = data[below * size + i] * (1 - share) + data[above * size + i] * share;
  }
  return result;
}
