import type { Heatmap } from '../explanation.js';
import { sizeOf } from './ndarray.js';

/** Part of the positive mass that the box of a summary holds. */
const SHARE = 0.5;
/** Longest axis, by rank, that the search for the box looks at cell by cell. */
const FINEST = [Infinity, Infinity, 192, 24];

/** One cell of a map. */
export interface HeatCell {
  /** One index for each axis. */
  readonly index: readonly number[];
  readonly value: number;
}

/** A box of cells, `[from, to)` on every axis. */
export interface HeatBox {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** The part of the positive mass really held, at least what was asked for. */
  readonly share: number;
}

/** Where the heat of a map is. */
export interface HeatSummary {
  /** Highest value. */
  readonly highest: HeatCell;
  /** Lowest value. */
  readonly lowest: HeatCell;
  /** Sum of the positive values. */
  readonly positive: number;
  /** Sum of the negative values: zero or below. */
  readonly negative: number;
  /** Centre of the positive mass, one number for each axis in cells from the edge (the middle of the first cell is 0.5); absent without positive values. */
  readonly centre?: readonly number[];
  /** Smallest box that holds the asked share of the positive mass; absent without positive values. */
  readonly box?: HeatBox;
}

/**
 * Where the positive evidence of a raw map lies: its centre of mass, the
 * smallest box that holds half of it, the strongest cells of either sign.
 * Rank-generic: `[n]`, `[h, w]`, `[d, h, w]`.
 *
 * @param map raw and signed; negative values count as no evidence for centre and box
 * @param share part of the positive mass the box must hold, above 0 and at most 1. Default 0.5
 * @example
 * const { centre, box } = summarizeHeat(target.heatmap);
 */
export function summarizeHeat(map: Heatmap, share = SHARE): HeatSummary {
  const { shape, data } = map;
  if (data.length === 0 || sizeOf(shape) !== data.length) {
    throw new RangeError(
      `a map must have as many values as its shape says, got shape [${shape.join(', ')}] and ${data.length} values`,
    );
  }
  let highest = 0;
  let lowest = 0;
  let positive = 0;
  let negative = 0;
  const moments = shape.map(() => 0);
  data.forEach((value, flat) => {
    if (value > data[highest]) highest = flat;
    if (value < data[lowest]) lowest = flat;
    if (value < 0) negative += value;
    if (!(value > 0)) return;
    positive += value;
    cellOf(shape, flat).forEach((at, axis) => (moments[axis] += value * (at + 0.5)));
  });
  const box = heatBox(map, share);
  return {
    highest: { index: cellOf(shape, highest), value: data[highest] },
    lowest: { index: cellOf(shape, lowest), value: data[lowest] },
    positive,
    negative,
    ...(positive > 0 && { centre: moments.map((moment) => moment / positive) }),
    ...(box !== undefined && { box }),
  };
}

/**
 * The smallest box of cells that holds `share` of the positive mass; of boxes
 * equally small the one holding most, then the first. Exact up to 192 cells on each axis (24 in
 * volumes); longer axes are searched in blocks of cells, so that
 * the work stays bounded. Undefined if nothing is positive.
 */
export function heatBox(map: Heatmap, share = SHARE): HeatBox | undefined {
  if (!(share > 0 && share <= 1)) {
    throw new RangeError(`share must be above 0 and at most 1, got ${share}`);
  }
  const { blocks, mass, sizes } = inBlocks(map);
  const total = mass.reduce((a, b) => a + b, 0);
  if (!(total > 0)) return undefined;
  const search: Search = {
    // slightly less, so that sums in another order cannot ask for more than there is
    need: share * total * (1 - 1e-9),
    cells: Infinity,
    held: 0,
    from: [],
    to: [],
  };
  seek(mass, sizes, [], [], 1, search);
  return {
    from: search.from.map((at, axis) => at * blocks[axis]),
    to: search.to.map((at, axis) => Math.min(at * blocks[axis], map.shape[axis])),
    share: Math.min(search.held / total, 1),
  };
}

interface Search {
  readonly need: number;
  cells: number;
  held: number;
  from: number[];
  to: number[];
}

/** Tries every range of the first axis, summing its slices, and goes on with the rest of the axes. */
function seek(
  mass: Float64Array,
  sizes: readonly number[],
  from: readonly number[],
  to: readonly number[],
  cells: number,
  search: Search,
): void {
  const [size, ...rest] = sizes;
  if (rest.length === 0) return seekWindow(mass, from, to, cells, search);
  const inner = mass.length / size;
  for (let first = 0; first < size; first++) {
    const sum = new Float64Array(inner);
    let held = 0;
    for (let last = first; last < size; last++) {
      if (cells * (last + 1 - first) > search.cells) break;
      for (let i = 0, at = last * inner; i < inner; i++, at++) {
        sum[i] += mass[at];
        held += mass[at];
      }
      if (held < search.need) continue;
      seek(sum, rest, [...from, first], [...to, last + 1], cells * (last + 1 - first), search);
    }
  }
}

/** The shortest window of a row that holds enough: two ends that only move forward. */
function seekWindow(
  row: Float64Array,
  from: readonly number[],
  to: readonly number[],
  cells: number,
  search: Search,
): void {
  let first = 0;
  let held = 0;
  for (let last = 0; last < row.length; last++) {
    held += row[last];
    while (first < last && held - row[first] >= search.need) held -= row[first++];
    if (held < search.need) continue;
    const size = cells * (last + 1 - first);
    if (size < search.cells || (size === search.cells && held > search.held * (1 + 1e-12))) {
      Object.assign(search, {
        cells: size,
        held,
        from: [...from, first],
        to: [...to, last + 1],
      });
    }
  }
}

/** Positive values, summed over blocks of cells where an axis is too long. */
function inBlocks(map: Heatmap): { blocks: number[]; sizes: number[]; mass: Float64Array } {
  const { shape, data } = map;
  const finest = FINEST[shape.length] ?? FINEST[FINEST.length - 1];
  const blocks = shape.map((size) => Math.max(1, Math.ceil(size / finest)));
  const sizes = shape.map((size, axis) => Math.ceil(size / blocks[axis]));
  const mass = new Float64Array(sizeOf(sizes));
  data.forEach((value, flat) => {
    if (!(value > 0)) return;
    const cell = cellOf(shape, flat);
    mass[cell.reduce((at, i, axis) => at * sizes[axis] + Math.floor(i / blocks[axis]), 0)] += value;
  });
  return { blocks, sizes, mass };
}

function cellOf(shape: readonly number[], flat: number): number[] {
  const cell = shape.map(() => 0);
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    cell[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return cell;
}
