/** Token sequences of vision transformers as maps. */
import type { NdArray } from '../explanation.js';
import { sizeOf } from './ndarray.js';

const MOST_EXTRA_TOKENS = 16;

/** Where the patches are in a sequence: after `skip` class and register tokens, row by row on `grid`. */
export interface TokenGrid {
  readonly skip: number;
  readonly grid: readonly number[];
}

/**
 * The grid of `count` tokens over a picture (or volume) of size `space`: the
 * fewest leading extra tokens with which square patches of one size fill it.
 * Undefined if none does. `known` holds what is given and not inferred.
 *
 * @example inferTokenGrid(197, [224, 224]) // { skip: 1, grid: [14, 14] }
 */
export function inferTokenGrid(
  count: number,
  space: readonly number[],
  known: Partial<TokenGrid> = {},
): TokenGrid | undefined {
  if (known.grid !== undefined) {
    const skip = known.skip ?? count - sizeOf(known.grid);
    return skip >= 0 && skip + sizeOf(known.grid) === count
      ? { skip, grid: known.grid }
      : undefined;
  }
  const first = known.skip ?? 0;
  for (let skip = first; skip <= (known.skip ?? MOST_EXTRA_TOKENS); skip++) {
    // the finest patches first: the number of patches only falls from here
    for (let patch = 1; patch <= Math.max(...space); patch++) {
      const grid = space.map((size) => Math.floor(size / patch));
      const patches = sizeOf(grid);
      if (patches === count - skip && patches > 0) return { skip, grid };
      if (patches < count - skip) break;
    }
  }
  return undefined;
}

/** `[tokens, k]` to `[...grid, k]`; shares memory. */
export function tokensToGrid({ shape, data }: NdArray, { skip, grid }: TokenGrid): NdArray {
  const channels = shape[shape.length - 1];
  const start = skip * channels;
  return {
    shape: [...grid, channels],
    data: data.subarray(start, start + sizeOf(grid) * channels),
  };
}
