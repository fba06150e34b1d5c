/** Patches that slide over a picture, a signal or a volume. */

/** A box of positions, `[start, end)` on every axis. */
export interface Patch {
  readonly start: readonly number[];
  readonly end: readonly number[];
}

/**
 * All places of a patch that moves by `stride`; a last place at the edge is added if the stride
 * would leave the edge uncovered.
 *
 * @param space sizes of the axes
 * @param patch size of the patch on each axis, cut to the axis
 * @param stride step on each axis, at least 1
 */
export function slidingPatches(
  space: readonly number[],
  patch: readonly number[],
  stride: readonly number[],
): Patch[] {
  let patches: Patch[] = [{ start: [], end: [] }];
  space.forEach((size, axis) => {
    const length = Math.min(patch[axis], size);
    const starts: number[] = [];
    for (let at = 0; at + length < size; at += stride[axis]) starts.push(at);
    starts.push(size - length);
    patches = patches.flatMap(({ start, end }) =>
      starts.map((at) => ({ start: [...start, at], end: [...end, at + length] })),
    );
  });
  return patches;
}

/** Calls `each` with the flat index of every position in the patch. */
export function eachPosition(
  { start, end }: Patch,
  space: readonly number[],
  each: (position: number) => void,
  axis = 0,
  flat = 0,
): void {
  if (axis === space.length) {
    each(flat);
    return;
  }
  for (let i = start[axis]; i < end[axis]; i++) {
    eachPosition({ start, end }, space, each, axis + 1, flat * space[axis] + i);
  }
}

/** Calls `each` with where every row of the patch along the last axis begins and ends: its positions lie side by side. */
export function eachRow(
  { start, end }: Patch,
  space: readonly number[],
  each: (from: number, to: number) => void,
): void {
  const last = space.length - 1;
  const length = end[last] - start[last];
  const rows = { start: [...start.slice(0, last), 0], end: [...end.slice(0, last), 1] };
  eachPosition(rows, space, (p) => each(p + start[last], p + start[last] + length));
}
