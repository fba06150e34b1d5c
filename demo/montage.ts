/** Pictures side by side in rows, on white. */
import type { Picture } from '../src/explanation.js';

const GAP = 8;

/** All pictures RGB and of one size. */
export function montage(rows: readonly (readonly Picture[])[]): Picture {
  const [{ width, height }] = rows[0];
  const columns = Math.max(...rows.map(({ length }) => length));
  const total = columns * (width + GAP) - GAP;
  const tall = rows.length * (height + GAP) - GAP;
  const data = new Uint8ClampedArray(total * tall * 3).fill(255);
  for (const [r, row] of rows.entries()) {
    for (const [c, picture] of row.entries()) {
      for (let y = 0; y < height; y++) {
        const to = ((r * (height + GAP) + y) * total + c * (width + GAP)) * 3;
        data.set(picture.data.subarray(y * width * 3, (y + 1) * width * 3), to);
      }
    }
  }
  return { width: total, height: tall, mode: 'RGB', data };
}
