/** Filled outlines with smooth edges: how much of each pixel lies inside, exactly. */
import type { Rgb } from '../display/tint.js';
import type { Contour } from './font-outlines.js';

/** An opaque picture being painted, `[height, width, 3]`. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/**
 * Paints the inside of closed contours in pixels. Each edge adds the signed
 * area it leaves to its right, pixel by pixel; the running sum along a row is
 * then the coverage. What lies between a contour and one of the other
 * direction inside it is a hole; overlaps of one direction are painted once.
 */
export function fill(
  canvas: Canvas,
  contours: readonly Contour[],
  [red, green, blue]: Rgb,
  opacity = 1,
): void {
  const box = boundsOf(contours, canvas);
  if (box === undefined) return;
  const { left, top, right, bottom } = box;
  const width = right - left;
  const sums = new Float32Array((width + 2) * (bottom - top));
  for (const contour of contours) {
    for (let i = 0; i < contour.length; i++) {
      const [x0, y0] = contour[i];
      const [x1, y1] = contour[(i + 1) % contour.length];
      edge(sums, width, bottom - top, x0 - left, y0 - top, x1 - left, y1 - top);
    }
  }
  const { data } = canvas;
  for (let y = top; y < bottom; y++) {
    let covered = 0;
    let from = (y - top) * (width + 2);
    for (let x = left, to = (y * canvas.width + left) * 3; x < right; x++, to += 3) {
      covered += sums[from++];
      const share = Math.min(1, Math.abs(covered)) * opacity;
      if (share < 1 / 512) continue;
      data[to] += (red - data[to]) * share;
      data[to + 1] += (green - data[to + 1]) * share;
      data[to + 2] += (blue - data[to + 2]) * share;
    }
  }
}

function boundsOf(
  contours: readonly Contour[],
  { width, height }: Canvas,
): { left: number; top: number; right: number; bottom: number } | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const contour of contours) {
    for (const [x, y] of contour) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  left = Math.max(0, Math.floor(left));
  top = Math.max(0, Math.floor(top));
  right = Math.min(width, Math.ceil(right));
  bottom = Math.min(height, Math.ceil(bottom));
  return left < right && top < bottom ? { left, top, right, bottom } : undefined;
}

/** Adds one edge, cut at the rows and columns of pixels; what lies left of the box counts at its first column. */
function edge(
  sums: Float32Array,
  width: number,
  height: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  if (y0 === y1) return;
  const direction = y0 < y1 ? 1 : -1;
  if (direction < 0) [x0, y0, x1, y1] = [x1, y1, x0, y0];
  const slope = (x1 - x0) / (y1 - y0);
  const first = Math.max(0, Math.floor(y0));
  const last = Math.min(height, Math.ceil(y1));
  for (let row = first; row < last; row++) {
    const from = Math.max(y0, row);
    const to = Math.min(y1, row + 1);
    const dy = (to - from) * direction;
    if (dy === 0) continue;
    const clamp = (x: number): number => Math.min(Math.max(x, 0), width);
    const a = clamp(x0 + (from - y0) * slope);
    const b = clamp(x0 + (to - y0) * slope);
    const [near, far] = a < b ? [a, b] : [b, a];
    const start = row * (width + 2);
    const cell = Math.floor(near);
    if (far <= cell + 1) {
      // within one pixel: a trapezium to its right edge, the rest to the next
      const inside = 1 - ((near + far) / 2 - cell);
      sums[start + cell] += dy * inside;
      sums[start + cell + 1] += dy * (1 - inside);
      continue;
    }
    // across several: the area grows from pixel to pixel as a parabola does
    let before = 0;
    for (let x = cell; x < far; x++) {
      const reach = Math.min(x + 1, far);
      const begin = Math.max(x, near);
      const span = (reach - begin) / (far - near);
      const crossed = (begin - near) / (far - near);
      const area = crossed + span * (x + 1 - (begin + reach) / 2);
      sums[start + x] += dy * (area - before);
      before = area;
    }
    sums[start + Math.ceil(far)] += dy * (1 - before);
  }
}
