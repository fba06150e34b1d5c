/** Regions of a picture as players: superpixels, grid cells, or regions given by the caller. */
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { splitShape } from './channels.js';
import { sizeOf } from './ndarray.js';
import { slic, type Segments } from './slic.js';

export type { Segments } from './slic.js';

/** About how many superpixels; cells of a grid such as `'7x7'`; or a region number for every position. */
export type SegmentChoice = number | string | NdArray | ArrayLike<number>;

/** For messages and help. */
export const SEGMENTS_EXPECTS =
  "a whole number of superpixels above 0, a grid such as '7x7', or an array with a region number for every position";

export function isSegmentChoice(value: unknown): value is SegmentChoice {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0;
  if (typeof value === 'string') return /^[1-9]\d*(x[1-9]\d*)*$/.test(value);
  return regionNumbers(value) !== undefined;
}

/** `'50'` is a number of superpixels, `'7x7'` a grid. */
export function parseSegments(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The regions of one sample `[..., k]`. */
export function segmentsOf(choice: SegmentChoice, sample: NdArray): Segments {
  const { space } = splitShape(sample.shape);
  if (typeof choice === 'number') return slic(sample, { count: choice });
  if (typeof choice === 'string') return gridSegments(space, choice.split('x').map(Number));
  const numbers = regionNumbers(choice) ?? [];
  const positions = sizeOf(space);
  if (numbers.length !== positions) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'segments' as an array needs one region number for each of the ${positions} positions [${space.join(', ')}], got ${numbers.length}`,
    );
  }
  const order = new Map<number, number>();
  const labels = Int32Array.from(numbers, (number) => {
    if (!order.has(number)) order.set(number, order.size);
    return order.get(number)!;
  });
  return { shape: space, labels, count: order.size };
}

/** Cells of nearly equal size, row by row; one number of cells for each axis, or one for all. */
export function gridSegments(space: readonly number[], cells: readonly number[]): Segments {
  const per = cells.length === 1 ? space.map(() => cells[0]) : cells;
  if (per.length !== space.length || per.some((count, axis) => count > space[axis])) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'segments' as a grid needs a number of cells for each axis of [${space.join(', ')}], none above its size, got '${cells.join('x')}'`,
    );
  }
  const labels = new Int32Array(sizeOf(space));
  labels.forEach((_, p) => {
    let rest = p;
    let label = 0;
    let below = 1;
    for (let axis = space.length - 1; axis >= 0; axis--) {
      const at = rest % space[axis];
      rest = Math.floor(rest / space[axis]);
      label += Math.floor((at * per[axis]) / space[axis]) * below;
      below *= per[axis];
    }
    labels[p] = label;
  });
  return { shape: space, labels, count: sizeOf(per) };
}

function regionNumbers(value: unknown): number[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const data = 'shape' in value && 'data' in value ? value.data : value;
  const numbers = Array.isArray(data)
    ? (data.flat(Infinity) as unknown[])
    : ArrayBuffer.isView(data) && !(data instanceof DataView)
      ? Array.from(data as unknown as ArrayLike<number>)
      : [];
  return numbers.length > 0 && numbers.every(Number.isInteger) ? (numbers as number[]) : undefined;
}
