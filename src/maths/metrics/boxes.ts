/** Three metrics that compare a map with the true boxes of the object. */
import type { Heatmap } from '../../explanation.js';

/** Columns `left … right`, rows `top … bottom`, as borders: a box of one pixel has `right` = `left` + 1. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * One for each position `[h, w]` whose centre lies in a box.
 *
 * @param picture width and height that the boxes are measured in
 * @param tolerance by which boxes are widened, in the picture's pixels
 */
export function insideBoxes(
  [height, width]: readonly number[],
  boxes: readonly Box[],
  picture: { readonly width: number; readonly height: number },
  tolerance = 0,
): Uint8Array {
  const inside = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const px = ((x + 0.5) * picture.width) / width;
      const py = ((y + 0.5) * picture.height) / height;
      const hit = boxes.some(
        ({ left, top, right, bottom }) =>
          px >= left - tolerance &&
          px < right + tolerance &&
          py >= top - tolerance &&
          py < bottom + tolerance,
      );
      if (hit) inside[y * width + x] = 1;
    }
  }
  return inside;
}

/**
 * The pointing game (Zhang et al. 2016): 1 if the largest value lies inside, else 0. Several
 * equally large ones count by their share inside,
 * so that a constant map scores as chance does: the boxes' share of the picture.
 */
export function pointingGame({ data }: Heatmap, inside: Uint8Array): number {
  let best = -Infinity;
  let hits = 0;
  let peaks = 0;
  data.forEach((value, i) => {
    if (value > best) [best, hits, peaks] = [value, 0, 0];
    if (value < best) return;
    peaks++;
    hits += inside[i];
  });
  return hits / peaks;
}

/** The energy-based pointing game (Wang et al. 2020): the share of the positive values that lies inside; 0 without any. */
export function energyInside({ data }: Heatmap, inside: Uint8Array): number {
  let all = 0;
  let within = 0;
  data.forEach((value, i) => {
    if (value <= 0) return;
    all += value;
    within += value * inside[i];
  });
  return all === 0 ? 0 : within / all;
}

/**
 * Intersection over union of the boxes and the region where the map reaches
 * `threshold` of its maximum; 0 if nothing is positive. (Zhou 2016 draws a
 * box around the largest such region first, which rewards maps that are torn
 * into small parts; here every position counts.)
 */
export function regionOverlap({ data }: Heatmap, inside: Uint8Array, threshold: number): number {
  const top = data.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(top > 0)) return 0;
  let both = 0;
  let either = 0;
  data.forEach((value, i) => {
    const marked = value >= threshold * top;
    if (marked && inside[i] === 1) both++;
    if (marked || inside[i] === 1) either++;
  });
  return both / either;
}
