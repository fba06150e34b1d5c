/** Pictures side by side in rows, on white. */
import type { Picture } from '../src/explanation.js';

const GAP = 8;

/** Opaque pictures, RGB or RGBA, all of one size. */
export function montage(rows: readonly (readonly Picture[])[]): Picture {
  const [{ width, height }] = rows[0];
  const columns = Math.max(...rows.map(({ length }) => length));
  const total = columns * (width + GAP) - GAP;
  const tall = rows.length * (height + GAP) - GAP;
  const data = new Uint8ClampedArray(total * tall * 3).fill(255);
  for (const [r, row] of rows.entries()) {
    for (const [c, picture] of row.entries()) {
      const channels = picture.data.length / (width * height);
      for (let i = 0; i < width * height; i++) {
        const y = r * (height + GAP) + Math.floor(i / width);
        const to = (y * total + c * (width + GAP) + (i % width)) * 3;
        for (let k = 0; k < 3; k++) data[to + k] = picture.data[i * channels + k];
      }
    }
  }
  return { width: total, height: tall, mode: 'RGB', data };
}
